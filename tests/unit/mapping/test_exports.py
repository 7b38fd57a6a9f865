"""The record of an encounter written out: `HoSoBenhAn` in two forms that hold the same, and the FHIR document."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from tests.unit.mapping.making import FACILITY, OBR, PID, PV1, mapped, record, result
from tests.unit.mapping.test_adt import AL1, DG1, IN1, LEFT, NK1

from benhan.fhir.resource import resource_of, to_bytes
from benhan.fhir.validation import check_structure
from benhan.mapping.fhir_document import composition, document
from benhan.mapping.fhir_to_hoso_benh_an import Record, age, date_time, fhir_to_hoso_benh_an, stay_days
from benhan.vn.hoso_benh_an.check import check_hoso_benh_an
from benhan.vn.hoso_benh_an.document import hoso_to_json, hoso_to_xml
from benhan.vn.hoso_benh_an.fields import GROUPS
from benhan.vn.hoso_benh_an.reading import parse_hoso_json, parse_hoso_xml

AT = "2026-01-09T03:00:00.000Z"
BASE = "http://node/fhir"
OBX = "OBX|1|NM|14771-0^Glucose^LN||6.10|mmol/L|3.9-6.4|H|||F|||20260105071500||^Trần^Bảo^Quốc"


@pytest.fixture
def whole() -> Record:
    adt = mapped("ADT^A03", PID, LEFT, NK1, DG1, AL1, IN1)
    return record(adt, result("SPM|1|S1||BLD^Máu^L", OBX))


def fhir_document(whole: Record) -> dict[str, Any]:
    head = composition(FACILITY, "Bệnh viện Thử", whole.patient, whole.encounter, whole.resources, AT)
    return document("x", AT, BASE, head, [whole.patient, whole.encounter, *whole.resources])


def test_a_hoso_benh_an_has_all_eleven_groups_in_order(whole: Record) -> None:
    exported = fhir_to_hoso_benh_an(whole).document
    assert len(GROUPS) == 11
    assert list(parse_hoso_json(hoso_to_json(exported))) == list(GROUPS)
    assert [child.tag for child in etree.fromstring(hoso_to_xml(exported))] == list(GROUPS)


def test_xml_and_json_hold_the_same(whole: Record) -> None:
    exported = fhir_to_hoso_benh_an(whole).document
    assert parse_hoso_xml(hoso_to_xml(exported)) == parse_hoso_json(hoso_to_json(exported))


@pytest.mark.parametrize(
    "text", ["a<b>&\"'c", "dòng 1\ndòng 2", "a\r\nb\rc", "\x00\x01\x1f", "\ufffe\uffff", "𝄞 é ứ", "]]>", "  x  "]
)
def test_any_text_is_written_well_formed_and_reads_the_same_from_both_forms(whole: Record, text: str) -> None:
    whole.patient["address"][0]["text"] = text
    exported = fhir_to_hoso_benh_an(whole).document
    from_xml, from_json = parse_hoso_xml(hoso_to_xml(exported)), parse_hoso_json(hoso_to_json(exported))
    assert from_xml == from_json
    kept = "".join(
        letter for letter in text.replace("\r\n", "\n").replace("\r", "\n") if letter.isprintable() or letter == "\n"
    )
    assert from_xml["ThongTinBenhNhan"]["diachi"] == kept


def test_what_the_record_holds_stands_in_its_fields(whole: Record) -> None:
    exported = fhir_to_hoso_benh_an(whole).document
    person, stay = exported["ThongTinBenhNhan"], exported["ThongTinDieuTri"]
    assert (person["hoten"], person["ngaysinh"], person["gioitinh"]) == ("Nguyễn Văn Thử", "02/01/1990", "Nam")
    assert (person["sovaovien"], person["mabenhnhan"], person["cccd_so"]) == ("V1", "BN1", "001090000001")
    assert (person["tuoi"], person["mabhyt"]) == ("36", "GD4010123456789")
    assert (stay["maicd"], stay["songaydieutri"], stay["ngayravien"]) == ("E11.9", "5", "09/01/2026 10:00:00.000")
    (sheet,) = exported["KetQuaXetNghiem"]["danhsach"]
    (line,) = sheet["danhsach"]
    assert (sheet["sophieu"], sheet["masobenhpham"], sheet["nguoithuchienxetnghiem"]) == ("F1", "S1", "Trần Quốc Bảo")
    assert (line["machiso"], line["ketqua"], line["donvi"], line["trisothamchieu"], line["ketquabatthuong"]) == (
        "14771-0", "6.10", "mmol/L", "3.9-6.4", "H",
    )  # fmt: skip


def test_an_export_of_a_full_record_has_no_fault_and_is_the_same_each_time(whole: Record) -> None:
    exported = fhir_to_hoso_benh_an(whole).document
    assert [issue.place for issue in check_hoso_benh_an(exported) if issue.is_error] == []
    assert hoso_to_xml(exported) == hoso_to_xml(fhir_to_hoso_benh_an(whole).document)


def test_an_imaging_report_stands_in_the_imaging_group() -> None:
    obr = OBR.replace("||LAB|F", "||RAD|F")
    exported = fhir_to_hoso_benh_an(
        record(mapped("ADT^A01", PID, PV1), result("OBX|1|TX|X^Phổi^L||Bình thường||||||F", obr=obr))
    ).document
    assert exported["KetQuaXetNghiem"]["danhsach"] == []
    assert exported["KetQuaChanDoanHinhAnh"]["danhsach"][0]["kqcls_mota"] == "Bình thường"


def test_what_does_not_fit_its_field_is_cut_and_told_in_the_manifest(whole: Record) -> None:
    (condition,) = whole.of("Condition")
    condition["code"] = {"coding": [{"code": "E11.9-DÀI"}], "text": "Đái tháo đường " * 50}
    exported = fhir_to_hoso_benh_an(whole)
    told = {each["place"]: each for each in exported.manifest["too_long"]}
    stay = exported.document["ThongTinDieuTri"]
    assert (len(stay["tenicd"]), stay["tenicd"][:8]) == (255, "Đái tháo")
    assert stay["maicd"] == ""  # a code cut short would be another code
    assert told["ThongTinDieuTri.maicd"] == {"place": "ThongTinDieuTri.maicd", "size": 7, "value": "E11.9-DÀI"}
    assert told["ThongTinDieuTri.tenicd"]["value"] == "Đái tháo đường " * 50
    assert not [issue for issue in check_hoso_benh_an(exported.document) if issue.is_error]


def test_the_manifest_names_every_resource_with_its_hash(whole: Record) -> None:
    manifest = fhir_to_hoso_benh_an(whole).manifest
    assert len(manifest["resources"]) == 2 + len(whole.resources)
    assert len({each["sha256"] for each in manifest["resources"]}) == len(manifest["resources"])
    before = manifest["resources"][0]["sha256"]
    whole.patient["gender"] = "female"
    assert fhir_to_hoso_benh_an(whole).manifest["resources"][0]["sha256"] != before


def test_the_first_entry_of_a_document_is_its_composition_and_every_reference_resolves(whole: Record) -> None:
    made = fhir_document(whole)
    entries = made["entry"]
    assert (made["type"], entries[0]["resource"]["resourceType"]) == ("document", "Composition")
    there = {entry["fullUrl"] for entry in entries}
    assert len(there) == len(entries)
    asked = list(_references(entries))
    assert len(asked) > 10
    assert {f"{BASE}/{reference}" for reference in asked} <= there


def test_every_section_names_what_is_in_the_document(whole: Record) -> None:
    sections = {each["title"]: len(each["entry"]) for each in fhir_document(whole)["entry"][0]["resource"]["section"]}
    assert sections == {"Chẩn đoán": 1, "Chỉ định": 1, "Kết quả cận lâm sàng": 1, "Chỉ số": 1, "Dị ứng": 1}


def test_a_document_is_valid_fhir_and_keeps_the_digits(whole: Record) -> None:
    read = resource_of(fhir_document(whole))
    assert check_structure(read.plain) == []
    (one,) = [each for each in whole.resources if each["resourceType"] == "Observation"]
    assert str(one["valueQuantity"]["value"]) == "6.10"
    assert b'"value":6.10' in to_bytes(read.body)


@pytest.mark.parametrize(
    ("fhir", "written"),
    [
        ("", ""),
        ("2026", "01/01/2026"),
        ("2026-02", "01/02/2026"),
        ("2026-02-03", "03/02/2026"),
        ("2026-02-03T04:05:06+07:00", "03/02/2026 04:05:06.000"),
        ("2026-02-03T04:05:06.78Z", "03/02/2026 11:05:06.780"),
        ("2026-02-03T22:05:06-05:00", "04/02/2026 10:05:06.000"),
        ("2026-02-03T04:05:06.1234567+07:00", "03/02/2026 04:05:06.123"),
        ("2026-02-03T23:59:60Z", "04/02/2026 06:59:59.000"),
    ],
)
def test_a_date_is_written_as_the_annex_writes_it(fhir: str, written: str) -> None:
    assert date_time(fhir) == written


def test_age_and_days_of_treatment() -> None:
    assert age("1990-01-06", "2026-01-05") == "35"
    assert age("1990", "2026-01-05") == "36"
    assert age("", "2026-01-05") == age("1990", "") == ""
    assert stay_days("2026-01-05", "2026-01-05") == "1"
    assert stay_days("2026-02-27T08:00:00Z", "2026-03-01") == "3"
    assert stay_days("2026-01-05", "") == ""


def test_numbers_without_a_value_and_gaps_in_a_name_do_not_stop_an_export(whole: Record) -> None:
    whole.encounter["identifier"].insert(0, {"system": whole.encounter["identifier"][0]["system"]})
    whole.patient["name"] = [{"family": "Nguyễn", "given": [None, "Thử"]}]
    person = fhir_to_hoso_benh_an(whole).document["ThongTinBenhNhan"]
    assert (person["sovaovien"], person["hoten"]) == ("V1", "Nguyễn Thử")


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
