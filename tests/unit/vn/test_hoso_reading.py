"""Reading `HoSoBenhAn` as others write it: what is meant is read, every liberty is said, nothing is dropped unsaid."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Fault
from benhan.vn.hoso_benh_an import faults
from benhan.vn.hoso_benh_an.check import check_hoso_benh_an
from benhan.vn.hoso_benh_an.document import hoso_to_json, hoso_to_xml
from benhan.vn.hoso_benh_an.fields import GROUPS, group_fields
from benhan.vn.hoso_benh_an.reading import Reading, read_hoso_json, read_hoso_xml


def xml(inner: str) -> Reading:
    return read_hoso_xml(f"<HoSoBenhAn>{inner}</HoSoBenhAn>".encode())


def read_json(**groups: Any) -> Reading:
    return read_hoso_json(json.dumps({"HoSoBenhAn": groups}).encode())


def told(reading: Reading) -> list[tuple[str, object]]:
    return [(issue.place, issue.text) for issue in reading.issues]


def test_a_family_history_as_one_text_is_one_entry() -> None:
    text = "Bố tăng huyết áp"
    for reading in (
        xml(f"<ThongTinBenhNhan><tiensubenhtatcuagiadinh>{text}</tiensubenhtatcuagiadinh></ThongTinBenhNhan>"),
        read_json(ThongTinBenhNhan={"tiensubenhtatcuagiadinh": text}),
    ):
        (entry,) = reading.document["ThongTinBenhNhan"]["tiensubenhtatcuagiadinh"]
        assert entry["thongtin_noidung"] == text
        assert told(reading) == [("ThongTinBenhNhan.tiensubenhtatcuagiadinh[0]", faults.ONE_TEXT_HISTORY)]
        assert not any(issue.is_error for issue in reading.issues)


def test_the_link_of_a_picture_is_read_by_either_name() -> None:
    entry = {"kqcls_linkpacs": "https://pacs/1"}
    reading = read_json(KetQuaChanDoanHinhAnh={"danhsach": [entry]})
    (read,) = reading.document["KetQuaChanDoanHinhAnh"]["danhsach"]
    assert read["kqcls_linkhinhanh"] == "https://pacs/1"
    both = read_json(KetQuaChanDoanHinhAnh={"danhsach": [{"kqcls_linkhinhanh": "a", **entry}]})
    assert both.document["KetQuaChanDoanHinhAnh"]["danhsach"][0]["kqcls_linkhinhanh"] == "a"
    assert both.apart == [("KetQuaChanDoanHinhAnh.danhsach[0].kqcls_linkpacs", "https://pacs/1")]


def test_old_district_fields_are_read() -> None:
    reading = xml("<ThongTinBenhNhan><quanhuyen>Ba Đình</quanhuyen><quanhuyen_ma>001</quanhuyen_ma></ThongTinBenhNhan>")
    assert reading.document["ThongTinBenhNhan"]["quanhuyen_ma"] == "001"
    assert reading.issues == []


def test_unknown_groups_and_fields_are_kept_apart_whole_and_said() -> None:
    reading = xml("<La><a>1</a></La><ThongTinVaoVien><la><b>2</b><b>3</b></la><mach>80</mach></ThongTinVaoVien>")
    assert reading.apart == [("La", {"a": "1"}), ("ThongTinVaoVien.la", {"b": ["2", "3"]})]
    assert told(reading) == [("La", faults.UNKNOWN), ("ThongTinVaoVien.la", faults.UNKNOWN)]
    assert reading.document["ThongTinVaoVien"]["mach"] == "80"


def test_a_field_twice_is_an_error_and_its_first_is_used() -> None:
    reading = xml("<ThongTinVaoVien><mach>80</mach><mach>90</mach></ThongTinVaoVien>")
    assert reading.document["ThongTinVaoVien"]["mach"] == "80"
    assert reading.apart == [("ThongTinVaoVien.mach[1]", "90")]
    assert [issue.is_error for issue in reading.issues] == [True]


def test_a_group_twice_is_an_error_and_its_first_is_used() -> None:
    reading = xml("<HoSoCapCuu><sovaovien>1</sovaovien></HoSoCapCuu><HoSoCapCuu><sovaovien>2</sovaovien></HoSoCapCuu>")
    assert reading.document["HoSoCapCuu"]["sovaovien"] == "1"
    assert told(reading) == [("HoSoCapCuu", faults.DOUBLED)]


def test_the_first_field_and_group_out_of_order_is_said() -> None:
    reading = xml("<ThongTinVaoVien><mach/><sophieu>1</sophieu></ThongTinVaoVien><ThongTinBenhNhan/>")
    assert told(reading) == [("ThongTinBenhNhan", faults.MISPLACED), ("ThongTinVaoVien.sophieu", faults.MISPLACED)]


def test_the_order_that_the_annex_does_not_give_is_free() -> None:
    assert (
        xml("<KetQuaXetNghiem><danhsach><khoa>1</khoa><sophieu>2</sophieu></danhsach></KetQuaXetNghiem>").issues == []
    )


def test_one_entry_stands_for_a_list_of_one_and_empty_ones_for_none() -> None:
    reading = read_json(PhieuChiDinh={"danhsach": {"sophieu": "1", "danhsach": ""}})
    (sheet,) = reading.document["PhieuChiDinh"]["danhsach"]
    assert (sheet["sophieu"], sheet["danhsach"]) == ("1", [])
    assert xml("<PhieuChiDinh><danhsach/></PhieuChiDinh>").document["PhieuChiDinh"]["danhsach"] == []


def test_a_number_in_json_is_read_in_its_digits_and_said() -> None:
    reading = read_hoso_json(
        b'{"HoSoBenhAn":{"ThongTinVaoVien":{"nhietdo":38.50,"mach":80,"sophieu":null,"cannang":true}}}'
    )
    told_of = reading.document["ThongTinVaoVien"]
    assert (told_of["nhietdo"], told_of["mach"], told_of["sophieu"], told_of["cannang"]) == ("38.50", "80", "", "1")
    assert {issue.text for issue in reading.issues} == {faults.NUMBER_FOR_TEXT, faults.MISPLACED}


def test_parts_where_text_belongs_and_text_where_parts_belong_are_kept_apart() -> None:
    reading = read_json(ThongTinVaoVien={"mach": {"a": "1"}, "khambenh_caccoquan": "Bình thường"})
    assert dict(reading.apart) == {
        "ThongTinVaoVien.mach": {"a": "1"},
        "ThongTinVaoVien.khambenh_caccoquan": "Bình thường",
    }
    assert [issue.text for issue in reading.issues] == [faults.NOT_TEXT, faults.NOT_PARTS]


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"HoSoBenhAn":' * 50_000, b"{" * 9, b'\xff\xfe{"a"', b"nan"])
def test_json_that_nests_without_end_or_is_cut_is_refused(data: bytes) -> None:
    with pytest.raises(Fault, match="BA-0751"):
        read_hoso_json(data)


def test_xml_that_nests_without_end_is_refused() -> None:
    with pytest.raises(Fault, match="BA-0751"):
        read_hoso_xml(b"<HoSoBenhAn>" + b"<a>" * 100_000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_other_encodings_are_read_by_their_declaration(encoding: str) -> None:
    inner = "<HoSoBenhAn><ThongTinBenhNhan><hoten>Đỗ</hoten></ThongTinBenhNhan></HoSoBenhAn>"
    text = f'<?xml version="1.0" encoding="{encoding}"?>{inner}'
    assert read_hoso_xml(text.encode(encoding)).document["ThongTinBenhNhan"]["hoten"] == "Đỗ"


contents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["danhsach", "sophieu", "mach", "thongtin_ma", "mat", "la", "machidinh", "hinhanh"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*GROUPS, "La"]), contents, min_size=1))
def test_whatever_json_holds_every_text_of_it_is_in_the_document_or_apart(groups: dict[str, Any]) -> None:
    if not set(groups) & set(GROUPS):
        return
    reading = read_json(**groups)
    check_hoso_benh_an(groups)  # as it came, unread
    kept = str(reading.document) + str(reading.apart)
    for text in texts_in(groups):
        assert str(text)[:3] in kept or repr(text)[1:-1] in kept
    hoso_to_xml(reading.document)
    assert (
        read_hoso_json(hoso_to_json(reading.document)).document == read_hoso_xml(hoso_to_xml(reading.document)).document
    )


@given(st.dictionaries(st.sampled_from(GROUPS), contents))
def test_a_document_of_any_shape_gets_issues_and_never_a_traceback(groups: dict[str, Any]) -> None:
    assert isinstance(check_hoso_benh_an(groups), list)


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts_in(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts_in(each)]
    return [value] if isinstance(value, str) and value.strip() else []


def test_the_field_table_has_a_size_for_the_codes_of_every_finding() -> None:
    organs = group_fields()["ThongTinVaoVien"].inner["khambenh_caccoquan"].inner
    assert organs["tuanhoan"].inner["dauchung_ma"].inner["SNOMED"].size == 25
    assert organs["mat"].inner["matphai"].inner["dauchung_ma"].inner["VNCODE"].size == 25
