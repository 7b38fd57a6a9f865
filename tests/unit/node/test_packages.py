"""A package is opened with distrust: each trick of a hostile sender has its refusal, nothing but Faults comes out."""

from __future__ import annotations

import contextlib
import io
import stat
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benhan.kernel.faults import Incorrect
from benhan.node.packages.arrivals import compared
from benhan.node.packages.contents import read_contents
from benhan.node.packages.format import (
    DOCUMENT,
    FORMAT,
    HOSO,
    About,
    File,
    Kind,
    Manifest,
    Named,
    Person,
    Sender,
    manifest_bytes,
)
from benhan.node.packages.joining import external_resources, joined_references
from benhan.node.packages.reading import open_package
from benhan.node.packages.writing import package_to_bytes
from benhan.vn import systems

Json = dict[str, Any]

CCCD = "001184012345"
PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": systems.CCCD, "value": CCCD}],
    "name": [{"text": "Trần Thị Mận"}],
    "gender": "female",
    "birthDate": "1984-03-02",
}
ENCOUNTER: Json = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "IMP"},
    "subject": {"reference": "Patient/p1"},
    "serviceProvider": {"reference": "Organization/o1"},
}
CONDITION: Json = {
    "resourceType": "Condition",
    "id": "c1",
    "code": {"text": "Viêm phổi"},
    "subject": {"reference": "Patient/p1"},
    "encounter": {"reference": "https://noi-gui.example/fhir/Encounter/e1"},
}
COMPOSITION: Json = {
    "resourceType": "Composition",
    "id": "r1",
    "status": "final",
    "type": {"text": "Bệnh án"},
    "subject": {"reference": "Patient/p1"},
    "date": "2026-11-20",
    "author": [{"display": "Bệnh viện Gửi"}],
    "title": "Bệnh án nội khoa",
    "section": [{"entry": [{"reference": "Condition/c1"}]}],
}
ALL = (COMPOSITION, PATIENT, ENCOUNTER, CONDITION)


def document(*resources: Json) -> bytes:
    entries = [
        {"fullUrl": f"https://noi-gui.example/fhir/{each['resourceType']}/{each['id']}", "resource": each}
        for each in resources or ALL
    ]
    return orjson.dumps({"resourceType": "Bundle", "type": "document", "entry": entries})


def files(*resources: Json) -> list[File]:
    return [File(DOCUMENT, Kind.DOCUMENT, "application/fhir+json", document(*resources))]


def manifest_of(parts: list[File], **changed: Any) -> bytes:
    told = {
        "format": FORMAT,
        "made_at": "2026-11-26T08:00:00.000Z",
        "sender": Sender("79001", "Bệnh viện Gửi"),
        "patient": Person("Trần Thị Mận", "1984-03-02", "female", (Named(systems.CCCD, CCCD),)),
        "record": About("r1", "01/BV-01", "Bệnh án nội khoa", "26.000001", "archived", "2026-11-20T01:00:00Z", ""),
        "parts": tuple(each.part for each in parts),
    }
    return manifest_bytes(Manifest(**{**told, **changed}))


def package(*resources: Json, more: tuple[File, ...] = (), **changed: Any) -> bytes:
    parts = [*files(*resources), *more]
    return package_to_bytes(parts, manifest_of(parts, **changed))


def with_entry(name: str, content: bytes = b"x", change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    """A good package with one more entry behind."""
    out = io.BytesIO(package())
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        change(info)
        archive.writestr(info, content)
    return out.getvalue()


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Incorrect) as told:
        act()
    return told.value.code


def test_a_package_is_read_as_it_was_written_and_is_the_same_bytes_each_time() -> None:
    scan = File("files/001.pdf", Kind.FILE, "application/pdf", b"%PDF-1.7 x", "Giấy", "DocumentReference/d1")
    made = package(more=(scan,))
    opened = open_package(made)
    assert opened.contents == {DOCUMENT: document(), "files/001.pdf": scan.content}
    assert opened.of_kind(Kind.FILE) == [(scan.part, scan.content)]
    assert made == package(more=(scan,))
    assert read_contents(opened).patient_reference == "Patient/p1"


@pytest.mark.parametrize(
    "name",
    ["../etc/passwd", "/etc/passwd", "files/../../x.pdf", "files\\..\\x.pdf", "C:/x.pdf", "files/.x.pdf", "x.exe",
     "files/a/b.pdf", "files/ẩn.pdf", "files/", "manifest.json/x", "DOCUMENT.FHIR.JSON"],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_or_comes_twice_is_refused(name: str) -> None:
    assert code_of(lambda: open_package(with_entry(name))) in ("BA-5403", "BA-5400")


def link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def device(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFCHR | 0o666) << 16


def strange(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_BZIP2


@pytest.mark.parametrize("change", [link, device, strange])
def test_links_devices_and_strange_compressions_are_refused(change: Callable[[zipfile.ZipInfo], None]) -> None:
    assert code_of(lambda: open_package(with_entry("files/001.pdf", b"/etc/passwd", change))) == "BA-5404"


def test_a_locked_file_is_refused() -> None:
    made = bytearray(with_entry("files/001.pdf"))
    place = made.rindex(b"PK\x01\x02")
    made[place + 8] |= 1
    assert code_of(lambda: open_package(bytes(made))) == "BA-5404"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    assert code_of(lambda: open_package(with_entry("files/001.txt", bytes(30_000_000)))) == "BA-5402"


def test_a_file_that_says_it_is_smaller_than_it_is_gives_no_more_than_it_said() -> None:
    made = bytearray(with_entry("files/001.txt", b"0123456789" * 1000))
    place = made.rindex(b"PK\x01\x02")
    made[place + 24 : place + 28] = struct.pack("<I", 5)
    assert code_of(lambda: open_package(bytes(made))) in ("BA-5402", "BA-5400")


def test_entries_that_share_their_bytes_are_refused() -> None:
    made = bytearray(with_entry("files/001.txt", b"0123456789" * 1000))
    place = made.rindex(b"PK\x01\x02")
    made[place + 42 : place + 46] = struct.pack("<I", 0)
    assert code_of(lambda: open_package(bytes(made))) in ("BA-5402", "BA-5400")


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benhan.node.packages.reading.FILES_MAX", 2)
    assert code_of(lambda: open_package(with_entry("files/001.txt"))) == "BA-5401"


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benhan.node.packages.reading.BYTES_MAX", 1000)
    assert code_of(lambda: open_package(with_entry("files/001.txt", b"x" * 1000))) == "BA-5401"


def test_what_is_missing_altered_or_put_in_later_is_told_by_its_name() -> None:
    scan = File("files/001.pdf", Kind.FILE, "application/pdf", b"%PDF-1.7 x")
    other = File("files/001.pdf", Kind.FILE, "application/pdf", b"%PDF-1.7 y")
    listed = manifest_of([*files(), scan])
    for held, code in (
        (files(), "BA-5406"),
        ([*files(), other], "BA-5407"),
        ([*files(), scan, File("files/002.pdf", Kind.FILE, "application/pdf", b"z")], "BA-5408"),
        ([scan], "BA-5406"),
    ):
        with pytest.raises(Incorrect) as told:
            open_package(package_to_bytes(held, listed))
        assert told.value.code == code


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{}", b"[" * 100_000, manifest_of(files(), format="other 1"), b"\xff"]
)
def test_a_manifest_that_is_none_is_refused(manifest: bytes) -> None:
    assert code_of(lambda: open_package(package_to_bytes(files(), manifest))) == "BA-5405"


def test_a_zip_without_manifest_and_what_is_no_zip_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(DOCUMENT, document())
    assert code_of(lambda: open_package(out.getvalue())) == "BA-5405"
    assert code_of(lambda: open_package(b"%PDF-1.7")) == "BA-5400"
    assert code_of(lambda: open_package(b"")) == "BA-5400"


@settings(max_examples=60, deadline=None)
@given(place=st.integers(min_value=0), junk=st.binary(min_size=1, max_size=6), cut=st.sampled_from([0, 1]))
def test_a_damaged_package_gives_nothing_but_declared_faults(place: int, junk: bytes, cut: int) -> None:
    made = bytearray(package())
    at = place % len(made)
    made[at : at + len(junk)] = junk
    with contextlib.suppress(Incorrect):
        read_contents(open_package(bytes(made[: at + 1] if cut else made)))


def changed(resource: Json, **fields: Any) -> Json:
    return {**resource, **fields}


OTHER = changed(PATIENT, id="p2")


@pytest.mark.parametrize(
    ("resources", "code"),
    [
        ((COMPOSITION, PATIENT, OTHER), "BA-5410"),
        ((COMPOSITION, ENCOUNTER), "BA-5410"),
        ((*ALL[:3], changed(CONDITION, subject={"reference": "Patient/p2"})), "BA-5410"),
        ((*ALL[:3], changed(CONDITION, asserter={"reference": "https://x.example/fhir/Patient/9"})), "BA-5410"),
        ((changed(COMPOSITION, section=[{"entry": [{"reference": "Patient/p9"}]}]), PATIENT), "BA-5410"),
        ((PATIENT, COMPOSITION), "BA-5409"),
        ((*ALL, CONDITION), "BA-5409"),
        ((*ALL[:3], changed(CONDITION, code="Viêm phổi")), "BA-5409"),
        ((changed(PATIENT, text={"status": "generated", "div": ""}), COMPOSITION), "BA-5409"),
    ],
)
def test_what_is_of_another_person_or_no_document_is_refused(resources: tuple[Json, ...], code: str) -> None:
    opened = open_package(package(*resources))
    assert code_of(lambda: read_contents(opened)) == code


@pytest.mark.parametrize(
    "inner",
    ["<script>alert(1)</script>", '<p onclick="x()">a</p>', '<a href="javascript:alert(1)">a</a>',
     "<iframe src='x'/>", '<img src="x" onerror="y"/>', "&lol;"],
)  # fmt: skip
def test_a_script_in_a_text_is_refused_wherever_it_hides(inner: str) -> None:
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}
    hidden = (
        (COMPOSITION, changed(PATIENT, text=text)),
        (changed(COMPOSITION, section=[{"text": text}]), PATIENT),
        (COMPOSITION, PATIENT, changed(CONDITION, contained=[{"resourceType": "Patient", "id": "x", "text": text}])),
    )
    for resources in hidden:
        opened = open_package(package(*resources))
        assert code_of(lambda opened=opened: read_contents(opened)) == "BA-5412"


def hoso(content: bytes) -> bytes:
    return package(more=(File(HOSO, Kind.HOSO, "application/xml", content),))


BOMB = b"""<?xml version="1.0"?><!DOCTYPE HoSoBenhAn [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">
<!ENTITY x SYSTEM "file:///etc/passwd">]><HoSoBenhAn><ThongTinBenhNhan><hoten>&b;&x;</hoten></ThongTinBenhNhan></HoSoBenhAn>"""


def test_entities_in_xml_are_refused_and_another_persons_number_too() -> None:
    assert code_of(lambda: read_contents(open_package(hoso(BOMB)))) == "BA-5411"
    assert code_of(lambda: read_contents(open_package(hoso(b"<html/>")))) == "BA-5411"
    other = b"<HoSoBenhAn><ThongTinBenhNhan><cccd_so>001184099999</cccd_so></ThongTinBenhNhan></HoSoBenhAn>"
    assert code_of(lambda: read_contents(open_package(hoso(other)))) == "BA-5410"


def test_a_manifest_that_names_another_person_than_the_document_is_refused() -> None:
    person = Person("Trần Thị Mận", "1984-03-02", "female", (Named(systems.CCCD, "001184099999"),))
    assert code_of(lambda: read_contents(open_package(package(patient=person)))) == "BA-5410"


def test_what_is_joined_points_to_what_stands_here_and_keeps_where_it_came_from() -> None:
    claim = {
        "resourceType": "Claim",
        "id": "m1",
        "status": "active",
        "use": "claim",
        "patient": {"reference": "Patient/p1"},
    }
    subscription = {"resourceType": "Subscription", "id": "s1"}
    contents = read_contents(open_package(package(*ALL)))
    contents.resources.extend([claim, subscription])
    assert joined_references(contents) == ["Composition/r1", "Encounter/e1", "Condition/c1"]
    local = {
        "Patient/p1": "Patient/our",
        "Composition/r1": "Composition/a",
        "Encounter/e1": "Encounter/b",
        "Condition/c1": "Condition/c",
    }
    found = dict(external_resources(contents, Sender("79001", "Bệnh viện Gửi"), "ab" * 32, local))
    condition = found["Condition/c1"]
    assert condition["subject"] == {"reference": "Patient/our"}
    assert condition["encounter"] == {"reference": "Encounter/b"}
    assert condition["identifier"] == [{"system": systems.EXTERNAL, "value": "79001/Condition/c1"}]
    assert condition["meta"]["source"].startswith("urn:benhan:co-so:79001#abab")
    assert condition["meta"]["tag"][0]["code"] == "external"
    assert found["Encounter/e1"]["serviceProvider"] == {"display": "Organization"}
    assert found["Composition/r1"]["section"] == [{"entry": [{"reference": "Condition/c"}]}]
    assert found["Composition/r1"]["identifier"]["value"] == "79001/Composition/r1"


@pytest.mark.parametrize(
    ("ours", "verdict", "differs"),
    [
        (PATIENT, "same", []),
        (changed(PATIENT, name=[{"text": "TRAN THI MAN"}]), "same", []),
        (changed(PATIENT, birthDate="1984-02-03"), "same", ["birthDate"]),
        (changed(PATIENT, identifier=[]), "same", []),
        (changed(PATIENT, identifier=[], birthDate="1984-02-03"), "other", ["birthDate"]),
        (changed(PATIENT, identifier=[{"system": systems.CCCD, "value": "001184099999"}]), "other", ["cccd"]),
    ],
)
def test_two_persons_are_one_by_a_telling_number_or_by_name_sex_and_birth(
    ours: Json, verdict: str, differs: list[str]
) -> None:
    found = compared(PATIENT, ours)
    assert ("same" if found.is_possible else "other", [each.what for each in found.differences]) == (verdict, differs)
