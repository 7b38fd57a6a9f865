"""Bodies compressed on the wire: what comes in is bounded by what comes out of it, what goes out costs little.

Source: RFC 9110 8.4, 12.5.3; RFC 1952 (gzip), RFC 8878 and RFC 9659 (zstd with a window of 8 MiB at most).
"""

from __future__ import annotations

import io
import zlib
from functools import lru_cache

import zstandard

from benhan.fhir_api.faults import BAD_COMPRESSION, BODY_TOO_LARGE, WRONG_ENCODING

CODINGS = ("zstd", "gzip")
SIZE_BYTES_MIN = 2_048
"""Below this an answer goes out as it is: it fits two packets, and packing would cost more than it saves."""
LEVEL = 1
_WINDOW_BYTES_MAX = 8 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


def decompressed(data: bytes, coding: str, limit_bytes: int) -> bytes:
    """What `data` holds in a coding of `Content-Encoding`, never more of it in memory than the limit.

    Raises WrongMediaType BA-2071 for another coding, Incorrect BA-2072 where it is damaged, TooLarge BA-0301.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return data
    if coding in ("gzip", "x-gzip"):
        return _gunzipped(data, limit_bytes)
    if coding == "zstd":
        return _unzstd(data, limit_bytes)
    raise WRONG_ENCODING()


def _gunzipped(data: bytes, limit_bytes: int) -> bytes:
    """All members of a gzip file. Source: RFC 1952 2.2."""
    out = bytearray()
    while data:
        reading = zlib.decompressobj(_GZIP)
        try:
            out += reading.decompress(data, limit_bytes + 1 - len(out))
        except zlib.error as cause:
            raise BAD_COMPRESSION() from cause
        if len(out) > limit_bytes:
            raise BODY_TOO_LARGE(limit=limit_bytes)
        if not reading.eof:
            raise BAD_COMPRESSION()
        data = reading.unused_data
    return bytes(out)


def _unzstd(data: bytes, limit_bytes: int) -> bytes:
    reading = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
    out = bytearray()
    try:
        with reading.stream_reader(io.BytesIO(data), read_across_frames=True) as stream:
            while piece := stream.read(_PIECE_BYTES):
                out += piece
                if len(out) > limit_bytes:
                    raise BODY_TOO_LARGE(limit=limit_bytes)
    except zstandard.ZstdError as cause:
        raise BAD_COMPRESSION() from cause
    return bytes(out)


@lru_cache(256)
def coding_of(accept_encoding: str) -> str:
    """The coding to answer with, "" for none: the one that `Accept-Encoding` weighs highest, zstd before gzip."""
    weights: dict[str, float] = {}
    for part in accept_encoding[:1_000].lower().split(","):
        name, _, parameter = part.partition(";")
        key, _, weight = parameter.partition("=")
        weights[name.strip()] = _weight(weight.strip()) if key.strip() == "q" else 1.0
    best = max(CODINGS, key=lambda coding: weights.get(coding, 0.0))
    return best if weights.get(best, 0.0) > 0 else ""


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def compressed(data: bytes, coding: str) -> bytes:
    """`data` in one of CODINGS, at a low level."""
    if coding == "gzip":
        return zlib.compress(data, LEVEL, _GZIP)
    return zstandard.ZstdCompressor(level=LEVEL).compress(data)
