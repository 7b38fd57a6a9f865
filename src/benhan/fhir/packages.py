"""FHIR packages: the conformance resources of an NPM package (.tgz) or of its unpacked folder, read with bounds.

Nothing is unpacked to a disk: a member's name is looked at and never used as a path.
Source: https://hl7.org/fhir/packages.html (FHIR NPM Package Specification): `package/package.json`, one resource a
JSON file beside it; subfolders (`example`, `other`, `openapi`) are not part of the definitions.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benhan.fhir.resource import parse_json
from benhan.fhir.validation.faults import BAD_PACKAGE, PACKAGE_TOO_LARGE
from benhan.kernel.faults import Fault

Json = dict[str, Any]

MEMBERS_MAX = 50_000
MEMBER_BYTES_MAX = 64 * 1024 * 1024
PACKAGE_BYTES_MAX = 1024 * 1024 * 1024

KEPT = frozenset({"StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "SearchParameter", "NamingSystem"})
_MANIFEST = "package.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-@/]{0,127}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+\-]{0,63}")


@dataclass(slots=True)
class Package:
    """A package in memory: its name, version, and its conformance resources by (type, url, version)."""

    name: str
    version: str
    resources: dict[tuple[str, str, str], Json] = field(default_factory=dict)


def read_package(path: Path) -> Package:
    """The package in a .tgz file, or in a folder (its own `package` folder, or one of loose JSON files).

    A folder without package.json is named after itself, version "local".
    Raises Incorrect BA-2210 for what is no package, BA-2211 for what is too large.
    """
    return _package(path, _folder(path) if path.is_dir() else _archive(path))


def _package(path: Path, members: Iterable[tuple[str, bytes]]) -> Package:
    package = Package("", "")
    for name, data in members:
        content = _json(data, name)
        if name == _MANIFEST:
            package.name, package.version = _identity(content)
        elif isinstance(content, dict) and content.get("resourceType") in KEPT:
            _take(package, content)
    if not package.name:
        if not path.is_dir():
            raise BAD_PACKAGE(reason="package/package.json is missing")
        package.name, package.version = path.name if _NAME.fullmatch(path.name) else "folder", "local"
    if not package.resources:
        raise BAD_PACKAGE(reason="no StructureDefinition, ValueSet, CodeSystem or ConceptMap in it")
    return package


def _take(package: Package, content: Json) -> None:
    url, version = content.get("url"), content.get("version", "")
    if isinstance(url, str) and isinstance(version, str) and 0 < len(url) <= 500 and len(version) <= 100:
        package.resources[content["resourceType"], url, version] = content


def _identity(manifest: Any) -> tuple[str, str]:
    name = manifest.get("name") if isinstance(manifest, dict) else None
    version = manifest.get("version") if isinstance(manifest, dict) else None
    if not (isinstance(name, str) and isinstance(version, str)):
        raise BAD_PACKAGE(reason="package.json tells no name and version")
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        raise BAD_PACKAGE(reason="the name or version in package.json is not of the form")
    return name, version


def _json(data: bytes, name: str) -> Any:
    try:
        return parse_json(data, size_bytes_max=MEMBER_BYTES_MAX)[1]
    except Fault as fault:
        shown = name if _NAME.fullmatch(name) else "?"
        raise BAD_PACKAGE(reason=f"{shown}: {fault.text.en}") from fault


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    inner = path / "package"
    total = 0
    for number, file in enumerate(sorted((inner if inner.is_dir() else path).glob("*.json"))):
        if file.name.startswith(".") or not file.is_file():
            continue
        total = _counted(number, total, file.stat().st_size)
        yield file.name, file.read_bytes()


def _archive(path: Path) -> Iterator[tuple[str, bytes]]:
    """The members `package/<name>.json` of a .tgz; links, devices and deeper folders are passed over."""
    total = 0
    try:
        with tarfile.open(path, mode="r|gz") as archive:
            for number, member in enumerate(archive):
                total = _counted(number, total, member.size)
                folder, _, name = member.name.removeprefix("./").partition("/")
                if not member.isreg() or folder != "package" or "/" in name or not name.endswith(".json"):
                    continue
                content = archive.extractfile(member)
                if content is not None and not name.startswith("."):
                    yield name, content.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as cause:
        raise BAD_PACKAGE(reason=f"not a readable .tgz ({type(cause).__name__})") from cause


def _counted(number: int, total: int, size: int) -> int:
    if number >= MEMBERS_MAX or size > MEMBER_BYTES_MAX or total + size > PACKAGE_BYTES_MAX:
        raise PACKAGE_TOO_LARGE(members=MEMBERS_MAX, bytes=PACKAGE_BYTES_MAX)
    return total + size
