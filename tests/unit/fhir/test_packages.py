"""FHIR packages: what is taken, what is passed over, what is refused."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from benhan.fhir import packages
from benhan.fhir.packages import read_package
from benhan.kernel.faults import Incorrect

MANIFEST = {"name": "vn.test", "version": "0.1.0"}
PROFILE = {"resourceType": "StructureDefinition", "url": "http://vn.example/StructureDefinition/p", "version": "0.1.0"}


def archive(path: Path, members: dict[str, Any]) -> Path:
    """A .tgz whose members are JSON, or bytes as they are."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_a_package_gives_its_definitions_and_not_its_examples(tmp_path: Path) -> None:
    package = read_package(
        archive(
            tmp_path / "p.tgz",
            {
                "package/package.json": MANIFEST,
                "package/StructureDefinition-p.json": PROFILE,
                "package/Patient-x.json": {"resourceType": "Patient"},
                "package/.index.json": {"index-version": 1},
                "package/example/StructureDefinition-q.json": {**PROFILE, "url": "http://vn.example/q"},
                "other/StructureDefinition-r.json": {**PROFILE, "url": "http://vn.example/r"},
                "package/readme.md": b"# not JSON",
            },
        )
    )
    assert (package.name, package.version) == ("vn.test", "0.1.0")
    assert package.resources == {("StructureDefinition", PROFILE["url"], "0.1.0"): PROFILE}


def test_a_folder_of_loose_files_is_a_package_named_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "drafts"
    folder.mkdir()
    (folder / "p.json").write_text(json.dumps(PROFILE))
    package = read_package(folder)
    assert (package.name, package.version, len(package.resources)) == ("drafts", "local", 1)


def test_an_unpacked_package_is_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/package.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "package/p.json").write_text(json.dumps(PROFILE))
    assert read_package(tmp_path).name == "vn.test"


def test_a_link_in_an_archive_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "p.tgz"
    with tarfile.open(path, "w:gz") as tar:
        link = tarfile.TarInfo("package/StructureDefinition-x.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(Incorrect, match="BA-2210"):
        read_package(path)


@pytest.mark.parametrize(
    "members",
    [
        {"package/p.json": PROFILE},
        {"package/package.json": {"name": "../x", "version": "1"}, "package/p.json": PROFILE},
        {"package/package.json": MANIFEST},
        {"package/package.json": MANIFEST, "package/p.json": b"{"},
        {"package/package.json": [], "package/p.json": PROFILE},
    ],
)
def test_what_is_no_package_is_refused_with_a_reason(tmp_path: Path, members: dict[str, Any]) -> None:
    with pytest.raises(Incorrect, match="BA-2210"):
        read_package(archive(tmp_path / "p.tgz", members))


@pytest.mark.parametrize("damage", [b"", b"not gzip", None])
def test_a_damaged_archive_is_refused(tmp_path: Path, damage: bytes | None) -> None:
    path = archive(tmp_path / "p.tgz", {"package/package.json": MANIFEST, "package/p.json": PROFILE})
    path.write_bytes(path.read_bytes()[:60] if damage is None else damage)
    with pytest.raises(Incorrect, match="BA-2210"):
        read_package(path)


def test_more_than_the_limits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "p.tgz", {"package/package.json": MANIFEST, "package/p.json": PROFILE})
    monkeypatch.setattr(packages, "PACKAGE_BYTES_MAX", 50)
    with pytest.raises(Incorrect, match="BA-2211"):
        read_package(path)
