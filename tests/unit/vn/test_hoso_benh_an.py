"""`HoSoBenhAn`: reading refuses what is none, checking names every fault by its place."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.kernel.faults import Fault
from benhan.vn.hoso_benh_an.check import check_hoso_benh_an
from benhan.vn.hoso_benh_an.document import hoso_to_json, hoso_to_xml
from benhan.vn.hoso_benh_an.fields import GROUPS, REQUIRED
from benhan.vn.hoso_benh_an.fit import fitted
from benhan.vn.hoso_benh_an.reading import parse_hoso_json, parse_hoso_xml


def good() -> dict[str, Any]:
    first = {
        "sovaovien": "V1",
        "hoten": "Nguyễn Văn Thử",
        "ngaysinh": "02/01/1990",
        "gioitinh": "Nam",
        "mabenhnhan": "BN1",
    }
    return {**{name: {} for name in GROUPS}, "ThongTinBenhNhan": first}


def places(document: dict[str, Any]) -> list[str]:
    return [issue.place for issue in check_hoso_benh_an(document) if issue.is_error]


def test_a_document_of_only_what_is_required_has_no_fault() -> None:
    assert check_hoso_benh_an(good()) == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_missing_group_is_named(group: str) -> None:
    document = good()
    del document[group]
    assert group in places(document)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_required_value_is_named(name: str) -> None:
    document = good()
    document["ThongTinBenhNhan"][name] = ""
    assert places(document) == [f"ThongTinBenhNhan.{name}"]


@pytest.mark.parametrize(
    "date", ["1990-01-02", "31/02/1990", "2/1/1990", "02/01/1990 25:00:00.000", "02/01/1990 10:00", "02/01/1990 "]
)
def test_a_date_of_another_form_is_named(date: str) -> None:
    document = good()
    document["ThongTinBenhNhan"]["ngaysinh"] = date
    assert places(document) == ["ThongTinBenhNhan.ngaysinh"]


def test_a_value_too_long_for_its_field_is_named() -> None:
    document = good()
    document["ThongTinBenhNhan"]["cccd_so"] = "0" * 16
    document["ThongTinDieuTri"]["tenicd"] = "x" * 256
    named = ["ThongTinBenhNhan.cccd_so", "ThongTinDieuTri.tenicd"]
    assert places(document) == named
    cut, told = fitted(document)
    assert places(cut) == []
    assert [each["place"] for each in told] == named


def test_another_visit_number_in_a_group_is_named() -> None:
    document = good()
    document["KetQuaXetNghiem"] = {"sovaovien": "V2"}
    assert places(document) == ["KetQuaXetNghiem.sovaovien"]


def test_an_unknown_field_is_a_warning_at_its_place() -> None:
    document = good()
    document["KetQuaXetNghiem"] = {"sovaovien": "V1", "danhsach": [{}, {"la": "1"}]}
    issues = check_hoso_benh_an(document)
    assert [(issue.place, issue.is_error) for issue in issues] == [("KetQuaXetNghiem.danhsach[1].la", False)]


@pytest.mark.parametrize(
    "data",
    [b"", b"<a/>", b"<HoSoBenhAn>", b"\xff", b'<!DOCTYPE HoSoBenhAn [<!ENTITY a "b">]><HoSoBenhAn>&a;</HoSoBenhAn>'],
)
def test_xml_that_is_no_hoso_benh_an_is_refused(data: bytes) -> None:
    with pytest.raises(Fault, match="BA-0751"):
        parse_hoso_xml(data)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"1", b'{"HoSoBenhAn":1}', b'{"HoSoBenhAn":{}}', b"\xff"])
def test_json_that_is_no_hoso_benh_an_is_refused(data: bytes) -> None:
    with pytest.raises(Fault, match="BA-0751"):
        parse_hoso_json(data)


def test_the_file_of_another_place_is_never_read_through_an_entity(tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("benh nhan")
    data = f'<!DOCTYPE HoSoBenhAn [<!ENTITY a SYSTEM "file://{secret}">]><HoSoBenhAn><x>&a;</x></HoSoBenhAn>'
    with pytest.raises(Fault, match="BA-0751"):
        parse_hoso_xml(data.encode())


def test_repeated_parts_are_read_back_from_both_forms() -> None:
    document = good()
    document["KetQuaXetNghiem"] = {"sovaovien": "V1", "danhsach": [{"sophieu": "1"}, {"sophieu": "2", "danhsach": []}]}
    for read in (parse_hoso_xml(hoso_to_xml(document)), parse_hoso_json(hoso_to_json(document))):
        assert [each["sophieu"] for each in read["KetQuaXetNghiem"]["danhsach"]] == ["1", "2"]
        assert read["ThongTinBenhNhan"]["hoten"] == "Nguyễn Văn Thử"
