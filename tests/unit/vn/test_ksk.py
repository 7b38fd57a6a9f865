"""The health check-up file: written, read back the same, every fault at its place, signed in two steps."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.unit.vn.ksk_making import check_up

from benhan.kernel.faults import Fault
from benhan.kernel.texts import Text
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry, Head
from benhan.vn.ksk.check import age_group, check_ksk
from benhan.vn.ksk.document import ksk_to_xml, parse_ksk
from benhan.vn.ksk.fields import REQUIRED_PARTS, AgeGroup, parts
from benhan.vn.ksk.signing_places import DoctorSigned, unsigned


def test_a_right_check_up_has_no_issue() -> None:
    assert check_ksk(check_up()) == []


def test_a_file_is_read_back_as_it_was_and_written_the_same() -> None:
    written = ksk_to_xml(check_up())
    assert parse_ksk(written) == check_up()
    assert ksk_to_xml(parse_ksk(written)) == written


def test_the_parts_stand_in_their_order_under_their_roots() -> None:
    root = etree.fromstring(ksk_to_xml(check_up()))
    names = [each.text for each in root.iter("LOAIHOSO")]
    assert names == ["XML1", "XML2", "XML3", "XML4", "XML5", "XML8", "XML11"]
    for name, file in zip(names, root.iter("NOIDUNGFILE"), strict=True):
        assert etree.fromstring(base64.b64decode(file.text or "")).tag == parts()[str(name)].root


@given(st.dictionaries(st.sampled_from(list(parts()["XML1"].fields)), st.text(min_size=1), min_size=1))
def test_any_text_is_written_well_formed_and_read_back_but_for_what_xml_cannot_hold(values: dict[str, str]) -> None:
    check = check_up()
    check.parts["XML1"] = values
    read = parse_ksk(ksk_to_xml(check)).parts["XML1"]
    for name, value in values.items():
        kept = value.replace("\r\n", "\n").replace("\r", "\n")
        assert read[name] == "".join(
            each for each in kept if each in "\n\t" or (each >= " " and each not in "\ufffe\uffff")
        )


MANDATORY = [
    f"{part.name}.{field.name}" for part in parts().values() for field in part.fields.values() if field.need == "1"
]


def test_the_mandatory_fields_are_those_of_the_decision() -> None:
    """Seventeen; SO_CCCD is one of them by age, MA_LK is the key that the table adds."""
    assert len(MANDATORY) == 17
    assert "XML1.SO_CCCD" not in MANDATORY
    assert "XML2.MA_LK" in MANDATORY


@pytest.mark.parametrize("place", MANDATORY)
def test_a_missing_mandatory_field_is_named(place: str) -> None:
    part, _, name = place.partition(".")
    check = check_up()
    check.parts[part][name] = " "
    assert place in [issue.place for issue in check_ksk(check) if issue.kind == "required"]


@pytest.mark.parametrize("part", REQUIRED_PARTS)
def test_a_missing_part_is_named(part: str) -> None:
    check = check_up()
    del check.parts[part]
    assert part in [issue.place for issue in check_ksk(check)]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("XML1.HO_TEN", "Nguyễn Văn Thử"),
        ("XML1.GIOI_TINH", "Nam"),
        ("XML1.NGAY_SINH", "19900231"),
        ("XML1.NGAY_SINH", "02/01/1990"),
        ("XML1.MA_DAN_TOC", "77"),
        ("XML1.SO_CCCD", "12345"),
        ("XML1.NGAYCAP_CCCD", "20260231"),
        ("XML1.MATINH_CU_TRU", "03"),
        ("XML1.MAXA_CU_TRU", "4"),
        ("XML1.MA_NGHE_NGHIEP", "XX"),
        ("XML1.DIEN_THOAI", "0" * 16),
        ("XML2.MA_GTIN_CSKCB", "8934285008136"),
        ("XML2.DOI_TUONG", "13;77"),
        ("XML2.NGUON_CHI_TRA", "7"),
        ("XML2.MA_LOAI_KCB", "1"),
        ("XML2.NGAY_VAO", "202602310800"),
        ("XML2.NGAY_RA", "202603020700"),
        ("XML2.MA_CSKCB", "0190123"),
        ("XML2.TYPE", "Old"),
        ("XML2.TYPE", "Minor"),
        ("XML3.LA", "1"),
        ("XML5.TSGD_LAO", "2"),
        ("XML8.PHAN_LOAI_SK", "6"),
        ("XML8.KET_LUAN_BENH", "I10,E11"),
    ],
)
def test_a_wrong_value_is_named_at_its_place(place: str, value: str) -> None:
    part, _, name = place.partition(".")
    check = check_up()
    check.parts[part][name] = value
    assert {issue.place for issue in check_ksk(check)} == {place}


def test_a_wrong_value_in_a_result_is_named_with_its_number() -> None:
    check = check_up()
    check.results.append({"MA_DICH_VU": "x" * 51})
    assert [issue.place for issue in check_ksk(check)] == ["XML11[1].MA_DICH_VU"]


def test_a_file_of_another_facility_is_named() -> None:
    check = check_up()
    check.facility = "79001"
    assert [issue.place for issue in check_ksk(check)] == ["XML2.MA_CSKCB"]


@pytest.mark.parametrize(
    ("birth", "group"),
    [
        ("2020-03-03", AgeGroup.CHILD),
        ("202003020000", AgeGroup.MINOR),
        ("200803030000", AgeGroup.MINOR),
        ("20080302", AgeGroup.ADULT),
        ("199000000000", AgeGroup.ADULT),
        ("", None),
    ],
)
def test_the_age_group_is_of_the_day_of_the_examination(birth: str, group: AgeGroup | None) -> None:
    assert age_group(birth, "202603020800") is group


def test_a_child_may_have_the_guardians_number_and_must_have_a_guardian() -> None:
    check = check_up()
    check.parts["XML1"] |= {"NGAY_SINH": "202301010000", "SO_CCCD": "", "SO_CCCD_NGH": "001090000009"}
    check.parts["XML2"]["TYPE"] = "ChildUnder"
    assert [issue.place for issue in check_ksk(check)] == ["XML1.NGUOI_GIAM_HO"]
    check.parts["XML1"]["NGUOI_GIAM_HO"] = "TRẦN THỊ MẪU"
    assert check_ksk(check) == []
    check.parts["XML1"]["NGAY_SINH"] = "201001010000"
    check.parts["XML2"]["TYPE"] = "Minor"
    assert [issue.place for issue in check_ksk(check)] == ["XML1.SO_CCCD"]


def test_a_part_twice_is_an_error_and_its_first_is_taken() -> None:
    file = ksk_to_xml(check_up())
    first = file[file.index(b"<FILEHOSO>") : file.index(b"</FILEHOSO>") + len(b"</FILEHOSO>")]
    read = parse_ksk(file.replace(b"</HOSO>", first + b"</HOSO>"))
    assert read.parts == check_up().parts
    assert [issue.place for issue in check_ksk(read)] == ["XML1"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a/>",
        b"<KHAMSUCKHOE/>",
        b'<!DOCTYPE a [<!ENTITY e "x">]><KHAMSUCKHOE/>',
        ksk_to_xml(check_up()).replace(b"<NOIDUNGFILE>", b"<NOIDUNGFILE>*", 1),
        ksk_to_xml(check_up()).replace(b"<HOSO>", b"<HOSO/><HOSO>"),
        ksk_to_xml(check_up())[:-20],
    ],
)
def test_what_is_no_check_up_file_is_refused(data: bytes) -> None:
    with pytest.raises(Fault, match="BA-3560"):
        parse_ksk(data)


def test_a_name_that_would_break_the_xml_is_refused() -> None:
    check = check_up()
    check.parts["XML3"] = {"A><B": "1"}
    with pytest.raises(Fault, match="BA-3560"):
        ksk_to_xml(check)


def test_doctor_then_facility_sign_and_no_other_byte_changes() -> None:
    empty = unsigned(check_up())
    doctor = empty.with_doctor(b"doctor")
    assert isinstance(doctor, DoctorSigned)
    both = doctor.with_facility(b"facility")
    read = parse_ksk(both.content)
    assert base64.b64decode(read.doctor_signature) == b"doctor"
    assert base64.b64decode(read.facility_signature) == b"facility"
    assert both.content.replace(base64.b64encode(b"facility"), b"") == doctor.to_sign
    assert doctor.to_sign.replace(base64.b64encode(b"doctor"), b"") == empty.to_sign
    read.doctor_signature = read.facility_signature = ""
    assert read == check_up()


def test_a_place_that_is_taken_is_not_signed_again() -> None:
    doctor = unsigned(check_up()).with_doctor(b"doctor")
    again: Any = copy.copy(unsigned(check_up()))
    with pytest.raises(Fault, match="BA-3561"):
        type(again)(doctor.to_sign).with_doctor(b"other")


def test_a_place_of_that_name_elsewhere_in_the_file_is_no_place() -> None:
    check = check_up()
    check.facility = "<CKS_NGUOI_KET_LUAN/>"
    assert b"doctor" not in unsigned(check).with_doctor(b"x").to_sign.split(b"CHUKYDONVI")[0]


def loaded(name: str, content: Content, *codes: str) -> Catalogue:
    return Catalogue(
        Head(name, f"urn:{name}", Text(name, name), "thử", content), tuple(Entry(code, code) for code in codes)
    )


def test_codes_are_held_against_the_lists_that_the_hospital_loaded_on_the_day_of_the_examination() -> None:
    check = check_up()
    whole = {
        "DICH_VU": loaded("DICH_VU", Content.WHOLE, "23.0075.1494"),
        "KSK.DOI_TUONG": loaded("KSK.DOI_TUONG", Content.WHOLE, "13"),
        "ICD10": loaded("ICD10", Content.WHOLE, "I10", "E11.9"),
    }
    assert check_ksk(check, whole) == []
    check.results[0]["MA_DICH_VU"] = "99.9999.9999"
    check.parts["XML8"]["KET_LUAN_BENH"] = "I10;Z99.9"
    check.parts["XML2"]["DOI_TUONG"] = "12"
    places = {"XML11[0].MA_DICH_VU", "XML8.KET_LUAN_BENH", "XML2.DOI_TUONG"}
    assert {issue.place for issue in check_ksk(check, whole) if issue.is_error} == places
    part = {"ICD10": loaded("ICD10", Content.PART, "I10")}
    assert [(issue.place, issue.is_error) for issue in check_ksk(check, part)] == [("XML8.KET_LUAN_BENH", False)]
