"""A package that came from outside, opened with distrust: nothing is unpacked to disk, nothing beyond its bounds.

Held against: bombs by ratio, size, count and overlapping entries; names that lead elsewhere; links, locked files and
strange compressions; files that the manifest does not list, that are missing or were altered.
Source: APPNOTE.TXT (ZIP) 4.3, 4.4; CWE-22, CWE-409.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass

import msgspec

from benhan.node.packages.faults import (
    BAD_MANIFEST,
    BAD_PATH,
    BOMB,
    NOT_A_PACKAGE,
    PART_CHANGED,
    PART_MISSING,
    PART_UNLISTED,
    SPECIAL_FILE,
    TOO_MUCH,
)
from benhan.node.packages.format import (
    BYTES_MAX,
    DOCUMENT,
    FILES_MAX,
    FOLDERS,
    FORMAT,
    HOSO,
    HOSO_MANIFEST,
    MANIFEST,
    MANIFEST_BYTES_MAX,
    RATIO_MAX,
    README,
    RECORD,
    SIGNATURE,
    SMALL_BYTES,
    Kind,
    Manifest,
    Part,
)

_TOP = frozenset((MANIFEST, SIGNATURE, DOCUMENT, HOSO, HOSO_MANIFEST, RECORD, README))
_NAME = re.compile(rf"(?:{'|'.join(FOLDERS)})/[A-Za-z0-9][A-Za-z0-9_-]{{0,79}}(?:\.[a-z0-9]{{1,10}}){{1,3}}")
_LOCAL_HEADER_BYTES = 30
_LOCKED = 0x1 | 0x40 | 0x2000
"""Flags of encryption. Source: APPNOTE.TXT 4.4.4."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package whose files are those that its manifest lists; `signature` is b"" where it has none."""

    manifest: Manifest
    manifest_bytes: bytes
    signature: bytes
    contents: dict[str, bytes]

    def of_kind(self, kind: Kind) -> list[tuple[Part, bytes]]:
        """The files of a kind, in the order of the manifest."""
        return [(each, self.contents[each.path]) for each in self.manifest.parts if each.kind is kind]


def open_package(content: bytes) -> Package:
    """The package in a ZIP. Raises Incorrect BA-5400 to BA-5408."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = _checked(archive.infolist(), len(content))
            contents = {name: _read(archive, each) for name, each in entries.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as cause:
        raise NOT_A_PACKAGE(reason=type(cause).__name__) from cause
    if MANIFEST not in contents:
        raise BAD_MANIFEST(reason=MANIFEST)
    manifest_bytes, signature = contents.pop(MANIFEST), contents.pop(SIGNATURE, b"")
    manifest = _manifest(manifest_bytes)
    _hold_to(manifest, contents)
    return Package(manifest, manifest_bytes, signature, contents)


def _checked(entries: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, none of which has been unpacked yet."""
    if len(entries) > FILES_MAX:
        raise TOO_MUCH(what=f"{len(entries)} tệp (files)", limit=FILES_MAX)
    if sum(each.file_size for each in entries) > BYTES_MAX:
        raise TOO_MUCH(what="tổng cỡ (size)", limit=f"{BYTES_MAX >> 20} MB")
    found: dict[str, zipfile.ZipInfo] = {}
    for each in entries:
        name = each.orig_filename
        if (name not in _TOP and not _NAME.fullmatch(name)) or name.lower() in found:
            raise BAD_PATH(path=_shown(name))
        kind = stat.S_IFMT(each.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or each.flag_bits & _LOCKED:
            raise SPECIAL_FILE(path=name)
        if each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SPECIAL_FILE(path=name)
        if each.file_size > max(SMALL_BYTES, RATIO_MAX * each.compress_size):
            raise BOMB(path=name)
        found[name.lower()] = each
    end = 0
    for each in sorted(entries, key=lambda entry: entry.header_offset):
        if each.header_offset < end:  # entries that share their bytes multiply them
            raise BOMB(path=each.orig_filename)
        end = each.header_offset + _LOCAL_HEADER_BYTES + each.compress_size
    if end > size:
        raise NOT_A_PACKAGE(reason="size")
    return {each.orig_filename: each for each in entries}


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """What an entry holds, never more than it says. Raises Incorrect BA-5402."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) > entry.file_size:
        raise BOMB(path=entry.orig_filename)
    return content


def _manifest(content: bytes) -> Manifest:
    if len(content) > MANIFEST_BYTES_MAX:
        raise TOO_MUCH(what=MANIFEST, limit=f"{MANIFEST_BYTES_MAX >> 20} MB")
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise BAD_MANIFEST(reason=_shown(str(cause))) from cause
    if manifest.format != FORMAT:
        raise BAD_MANIFEST(reason=_shown(f"format {manifest.format}"))
    return manifest


def _hold_to(manifest: Manifest, contents: dict[str, bytes]) -> None:
    """Raises Incorrect BA-5405 to BA-5408 where the files are not those that the manifest lists."""
    listed = {each.path: each for each in manifest.parts}
    if len(listed) != len(manifest.parts):
        raise BAD_MANIFEST(reason="parts")
    for path, part in listed.items():
        if path not in contents:
            raise PART_MISSING(path=_shown(path))
        content = contents[path]
        if len(content) != part.size or hashlib.sha256(content).hexdigest() != part.sha256:
            raise PART_CHANGED(path=path)
    for path in contents:
        if path not in listed:
            raise PART_UNLISTED(path=path)
    if DOCUMENT not in contents:
        raise PART_MISSING(path=DOCUMENT)


def _shown(text: str) -> str:
    """A text from outside, short and of plain characters."""
    return "".join(each if each.isprintable() else "?" for each in text)[:80]
