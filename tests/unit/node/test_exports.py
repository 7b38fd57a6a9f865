"""What an export is made of: the document in its form, and the manifest beside it or alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from benchmarks.stays import FACILITY, inpatient_stay

from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.node.exports import Exports, Format
from benhan.store.store import Store
from benhan.vn.hoso_benh_an.reading import read_hoso_json, read_hoso_xml


@pytest.fixture
def record() -> Record:
    patient, encounter, *rest = inpatient_stay()
    return Record(FACILITY, patient, encounter, rest)


@pytest.fixture
def exports() -> Exports:
    return Exports(cast(Store, None), FACILITY, "Bệnh viện Thử", "http://node/fhir")


def test_xml_and_json_hold_one_document_and_carry_one_manifest(exports: Exports, record: Record) -> None:
    xml, as_json = exports.written(record, Format.HOSO_XML), exports.written(record, Format.HOSO_JSON)
    assert read_hoso_xml(xml.content).document == read_hoso_json(as_json.content).document
    assert xml.manifest == as_json.manifest
    told: dict[str, Any] = json.loads(xml.manifest)
    assert len(told["resources"]) == 2 + len(record.resources)
    assert (told["issues"], told["too_long"]) == ([], [])


def test_the_manifest_alone_is_the_one_beside_the_document(exports: Exports, record: Record) -> None:
    alone = exports.written(record, Format.HOSO_MANIFEST)
    assert alone.content == exports.written(record, Format.HOSO_XML).manifest
    assert alone.name == "HoSoBenhAn-encounter-1-001.manifest.json"


def test_an_export_is_never_withheld_for_what_the_checker_finds_but_says_it(exports: Exports, record: Record) -> None:
    record.encounter["period"]["end"] = "2026-01-01T00:00:00+07:00"
    told = json.loads(exports.written(record, Format.HOSO_XML).manifest)
    assert {each["place"] for each in told["issues"] if each["severity"] == "error"} == {
        "ThongTinDieuTri.ngayravien",
    }


def test_every_format_has_a_file_name_of_its_own(exports: Exports) -> None:
    names = {exports.path_in(Path("x"), "e1", each).name for each in Format}
    assert len(names) == len(Format)
