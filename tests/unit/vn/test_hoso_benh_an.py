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


def warned(document: dict[str, Any]) -> list[str]:
    return [issue.place for issue in check_hoso_benh_an(document) if not issue.is_error]


def with_values(values: dict[str, Any]) -> dict[str, Any]:
    """A good document with some values at their places (`ThongTinDieuTri.ngayravien`)."""
    document = good()
    for place, value in values.items():
        group, _, name = place.partition(".")
        visit = {} if group == "ThongTinDieuTri" else {"sovaovien": "V1"}
        document[group] = {**visit, **document[group], name: value}
    return document


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"ThongTinBenhNhan.thoigianvaovien": "01/01/1990"}, "ThongTinBenhNhan.thoigianvaovien"),
        (
            {"ThongTinBenhNhan.tungaybhyt": "02/01/2026", "ThongTinBenhNhan.denngaybhyt": "01/01/2026"},
            "ThongTinBenhNhan.denngaybhyt",
        ),
        (
            {
                "ThongTinBenhNhan.thoigianvaovien": "05/01/2026 08:00:00.000",
                "ThongTinDieuTri.ngaynhapkhoa": "05/01/2026 07:59:59.999",
            },
            "ThongTinDieuTri.ngaynhapkhoa",
        ),
        (
            {"ThongTinBenhNhan.thoigianvaovien": "05/01/2026", "ThongTinDieuTri.ngayravien": "04/01/2026"},
            "ThongTinDieuTri.ngayravien",
        ),
        (
            {"ThongTinDieuTri.ngaynhapkhoa": "05/01/2026", "ThongTinDieuTri.ngayravien": "04/01/2026"},
            "ThongTinDieuTri.ngayravien",
        ),
        ({"YLenhThuocVatTu.sovaovien": "V2"}, "YLenhThuocVatTu.sovaovien"),
        ({"PhieuChiDinh.sovaovien": "", "PhieuChiDinh.danhsach": [{"sophieu": "1"}]}, "PhieuChiDinh.sovaovien"),
        (
            {"ThongTinBenhNhan.tiensubenhtatcuabanthan": [{"thongtin_giatri": "2"}]},
            "ThongTinBenhNhan.tiensubenhtatcuabanthan[0].thongtin_giatri",
        ),
        ({"ThongTinBenhNhan.cccd_so": "00109000000A"}, "ThongTinBenhNhan.cccd_so"),
        ({"ThongTinDieuTri.tinhtrangravien": "Khỏi"}, "ThongTinDieuTri.tinhtrangravien"),
        ({"KetQuaXetNghiem.danhsach": ["1"]}, "KetQuaXetNghiem.danhsach[0]"),
        (
            {"PhieuPhauThuat.danhsach": [{"ngaygiophauthuat": "31/04/2026"}]},
            "PhieuPhauThuat.danhsach[0].ngaygiophauthuat",
        ),
    ],
)
def test_what_cannot_be_is_an_error_at_its_place(values: dict[str, Any], named: str) -> None:
    assert places(with_values(values)) == [named]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"ThongTinBenhNhan.gioitinh": "M"}, "ThongTinBenhNhan.gioitinh"),
        ({"ThongTinBenhNhan.dantoc_ma": "77"}, "ThongTinBenhNhan.dantoc_ma"),
        ({"ThongTinBenhNhan.nghenghiep_ma": "AB"}, "ThongTinBenhNhan.nghenghiep_ma"),
        ({"ThongTinBenhNhan.tinhthanh_ma": "03"}, "ThongTinBenhNhan.tinhthanh_ma"),
        ({"ThongTinBenhNhan.cccd_so": "00109000"}, "ThongTinBenhNhan.cccd_so"),
        ({"ThongTinBenhNhan.tuoi": "36 tuổi"}, "ThongTinBenhNhan.tuoi"),
        ({"ThongTinVaoVien.nhietdo": "385"}, "ThongTinVaoVien.nhietdo"),
        ({"ThongTinVaoVien.nhietdo": "38,5"}, "ThongTinVaoVien.nhietdo"),
        ({"ThongTinDieuTri.maicd": "E11-9"}, "ThongTinDieuTri.maicd"),
        ({"ThongTinDieuTri.maicd_khac": "I10;E1"}, "ThongTinDieuTri.maicd_khac"),
        (
            {"ThongTinDieuTri.tinhtrangravien": {"ketquadieutri": "Rất khoẻ"}},
            "ThongTinDieuTri.tinhtrangravien.ketquadieutri",
        ),
        (
            {"YLenhThuocVatTu.danhsach": [{"danhsach": [{"soluongthuocvattu": "hai"}]}]},
            "YLenhThuocVatTu.danhsach[0].danhsach[0].soluongthuocvattu",
        ),
        (
            {"ThongTinBenhNhan.thoigianvaovien": "01/07/2025", "ThongTinBenhNhan.quanhuyen": "Ba Đình"},
            "ThongTinBenhNhan.quanhuyen",
        ),
        (
            {
                "ThongTinBenhNhan.thoigianvaovien": "05/01/2026",
                "PhieuChiDinh.danhsach": [{"danhsach": [{"ngaychidinh": "04/01/2026"}]}],
            },
            "PhieuChiDinh.danhsach[0].danhsach[0].ngaychidinh",
        ),
        (
            {
                "ThongTinDieuTri.ngayravien": "05/01/2026",
                "PhieuPhauThuat.danhsach": [{"ngaygiophauthuat": "06/01/2026"}],
            },
            "PhieuPhauThuat.danhsach[0].ngaygiophauthuat",
        ),
        (
            {
                "ThongTinBenhNhan.thoigianvaovien": "05/01/2026",
                "ThongTinDieuTri.ngayravien": "08/01/2026",
                "ThongTinDieuTri.tongsongaydieutri": "9",
            },
            "ThongTinDieuTri.tongsongaydieutri",
        ),
        ({"KetQuaXetNghiem.danhsach": [{"sophieu": "1"}, {"sophieu": "1"}]}, "KetQuaXetNghiem.danhsach[1].sophieu"),
        (
            {"KetQuaChanDoanHinhAnh.danhsach": [{"ngaychidinh": "05/01/2026", "ngaythuchien": "04/01/2026"}]},
            "KetQuaChanDoanHinhAnh.danhsach[0].ngaythuchien",
        ),
        (
            {
                "PhieuChiDinh.danhsach": [{"danhsach": [{"machidinh": "A"}]}],
                "KetQuaChanDoanHinhAnh.danhsach": [{"machidinh": "B"}],
            },
            "KetQuaChanDoanHinhAnh.danhsach[0].machidinh",
        ),
    ],
)
def test_what_is_unlikely_is_a_warning_at_its_place(values: dict[str, Any], named: str) -> None:
    document = with_values(values)
    assert (places(document), warned(document)) == ([], [named])


def test_a_value_of_a_list_may_be_its_code_or_its_words_in_any_case() -> None:
    for outcome in ("1", "Khỏi", "KHỎI"):
        assert check_hoso_benh_an(with_values({"ThongTinDieuTri.tinhtrangravien": {"ketquadieutri": outcome}})) == []
    assert warned(with_values({"ThongTinBenhNhan.tinhthanh_ma": "02"})) == []  # a province that ended in 2025


@pytest.mark.parametrize(("code", "warnings"), [("387713003", 0), ("387713004", 1), ("12", 1), ("0387713003", 1)])
def test_a_snomed_code_is_held_to_its_check_digit(code: str, warnings: int) -> None:
    finding = {"tuanhoan": {"dauchung_ma": {"SNOMED": code}}}
    assert len(warned(with_values({"ThongTinVaoVien.khambenh_caccoquan": finding}))) == warnings


def test_a_day_alone_and_a_time_of_that_day_are_in_order() -> None:
    values = {
        "ThongTinBenhNhan.thoigianvaovien": "05/01/2026 08:00:00.000",
        "ThongTinDieuTri.ngaynhapkhoa": "05/01/2026",
    }
    assert check_hoso_benh_an(with_values(values)) == []


def test_every_issue_says_in_two_languages_what_to_do_and_names_the_annex() -> None:
    document = with_values(
        {"ThongTinBenhNhan.ngaysinh": "31/02/1990", "ThongTinDieuTri.maicd": "X" * 9, "HoSoCapCuu.la": "1"}
    )
    issues = check_hoso_benh_an(document)
    assert len(issues) == 4
    for issue in issues:
        assert issue.clause.startswith("CV 365")
        assert "{" not in issue.text.vi + issue.text.en
        assert issue.text.vi != issue.text.en


def test_a_number_of_very_many_digits_is_told_and_no_crash() -> None:
    document = good()
    document["ThongTinBenhNhan"]["thoigianvaovien"] = "05/01/2026 08:00:00.000"
    document["ThongTinDieuTri"] = {"ngayravien": "08/01/2026 08:00:00.000", "tongsongaydieutri": "9" * 5_000}
    assert "ThongTinDieuTri.tongsongaydieutri" in [issue.place for issue in check_hoso_benh_an(document)]
