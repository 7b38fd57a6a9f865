"""A resource's content on disk: the JSON after its head, compressed with its type's dictionary, sealed.

The first byte names the dictionary version (0: none), so that dictionaries can be trained anew at any time while old
rows stay readable; its highest bit says that the id a client chose follows (the server's own id is the rid).
What the row's column tells, the reference to its patient, is not written again: a mark stands for it that no JSON has.
Source: RFC 8878 (Zstandard); docs/decisions/0001-one-row-a-version.md.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path

import zstandard

from benhan.store.ids import encode_rid
from benhan.store.key_faults import DAMAGED
from benhan.store.sealing import DataKey

LEVEL = 3
TAIL_BYTES_MAX = 256 * 1024 * 1024
VERSION_MAX = 0x7F
FOLDER = Path(__file__).parent / "dictionaries"
_AAD = struct.Struct(">HQI")
_CHOSEN_ID = 0x80
_OF_ITS_PATIENT = b'"Patient/\0"'
"""A control character stands in no JSON."""


class ContentCodec:
    """Packs and opens tails; keeps one compressor and one decompressor per type."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._compressors: dict[str, tuple[int, zstandard.ZstdCompressor]] = {}
        self._decompress: dict[tuple[str, int], Callable[[bytes, int], bytes]] = {}

    def pack(self, type_: str, tail: bytes, patient: int, chosen_id: str = "") -> bytes:
        """`tail` compressed, to be sealed; in front the dictionary's version and an id that a client chose.

        `patient` is the rid of the row's patient, 0 for none.
        """
        tail = without_patient(tail, patient)
        known = self._compressors.get(type_)
        if known is None:
            known = self._compressors[type_] = self._compressor(type_)
        if not chosen_id:
            return bytes((known[0],)) + known[1].compress(tail)
        letters = chosen_id.encode()
        return bytes((known[0] | _CHOSEN_ID, len(letters))) + letters + known[1].compress(tail)

    def unpack(self, type_: str, packed: bytes, patient: int) -> tuple[str, bytes]:
        """The id that a client chose ("" for the server's own) and the tail. Raises Broken BA-0501."""
        version, start, chosen_id = packed[0], 1, ""
        if version & _CHOSEN_ID:
            start = 2 + packed[1]
            chosen_id = packed[2:start].decode()
            version ^= _CHOSEN_ID
        decompress = self._decompress.get((type_, version))
        if decompress is None:
            decompress = self._decompress[type_, version] = self._decompressor(type_, version).decompress
        try:
            tail = decompress(packed[start:], TAIL_BYTES_MAX)
        except zstandard.ZstdError as cause:
            raise DAMAGED() from cause
        return chosen_id, tail.replace(_OF_ITS_PATIENT, _reference_to(patient)) if patient else tail

    def apart(self) -> ContentCodec:
        """Another codec of the same dictionaries, for another thread: what compresses may not be shared by two."""
        return ContentCodec(self.folder)

    def _compressor(self, type_: str) -> tuple[int, zstandard.ZstdCompressor]:
        version = newest_version(self.folder, type_)
        dictionary = dictionary_of(self.folder, type_, version) if version else None
        options = zstandard.ZstdCompressionParameters.from_level(
            LEVEL, write_checksum=0, write_content_size=1, write_dict_id=0, format=zstandard.FORMAT_ZSTD1_MAGICLESS
        )
        if dictionary is None:
            return 0, zstandard.ZstdCompressor(compression_params=options)
        return version, zstandard.ZstdCompressor(dict_data=dictionary, compression_params=options)

    def _decompressor(self, type_: str, version: int) -> zstandard.ZstdDecompressor:
        if version == 0:
            return zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS)
        dictionary = dictionary_of(self.folder, type_, version)
        if dictionary is None:
            raise DAMAGED()
        return zstandard.ZstdDecompressor(dict_data=dictionary, format=zstandard.FORMAT_ZSTD1_MAGICLESS)


def without_patient(tail: bytes, patient: int) -> bytes:
    """`tail` with a mark wherever it refers to the patient that its row names, by the server's own id."""
    return tail.replace(_reference_to(patient), _OF_ITS_PATIENT) if patient else tail


@lru_cache(maxsize=4_096)
def _reference_to(patient: int) -> bytes:
    return f'"Patient/{encode_rid(patient)}"'.encode()


def newest_version(folder: Path, type_: str) -> int:
    """The newest dictionary version of a type, 0 where it has none."""
    versions = (path.name.split(".")[1] for path in folder.glob(f"{type_}.*.dict"))
    return max((int(version) for version in versions if version.isdigit() and int(version) <= VERSION_MAX), default=0)


@cache
def dictionary_of(folder: Path, type_: str, version: int) -> zstandard.ZstdCompressionDict | None:
    """The shipped or trained dictionary of a type, or None where there is none."""
    path = folder / f"{type_}.{version}.dict"
    if not path.is_file():
        return None
    dictionary = zstandard.ZstdCompressionDict(path.read_bytes())
    dictionary.precompute_compress(level=LEVEL)
    return dictionary


def train_dictionary(samples: Sequence[bytes], size_bytes: int = 24 * 1024) -> bytes:
    """A dictionary for tails like `samples` (some hundreds at least). Raises zstandard.ZstdError for too few."""
    return zstandard.train_dictionary(size_bytes, list(samples), level=LEVEL).as_bytes()


def aad_of(type_number: int, rid: int, version: int) -> bytes:
    """What a sealed content is bound to: its type, rid and version."""
    return _AAD.pack(type_number, rid, version)


def seal_tail(key: DataKey, packed: bytes, type_number: int, rid: int, version: int) -> bytes:
    """The bytes of column `content`."""
    return key.seal(packed, aad_of(type_number, rid, version))
