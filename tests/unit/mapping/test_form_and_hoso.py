"""Forms filled from a HoSoBenhAn, and a HoSoBenhAn from forms. Source: CV 365/TTYQG-GPQLCL, annex."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.vn.form_answering import answers

from benhan.mapping.form_and_hoso import HABITS, answers_to_hoso, hoso_to_answers
from benhan.vn.forms.answers import is_empty
from benhan.vn.forms.catalogue import Catalogue
from benhan.vn.forms.form import Form, Kind
from benhan.vn.hoso_benh_an.document import hoso_to_xml
from benhan.vn.hoso_benh_an.reading import parse_hoso_xml

CATALOGUE = Catalogue()
NOI_KHOA = CATALOGUE.on("01/BV-01", date(2026, 11, 26))
TOLD: dict[str, Any] = {
    "ho_ten": "NGUYỄN THỊ MINH KHAI",
    "ngay_sinh": "1958-09-02",
    "gioi_tinh": "2",
    "vao_vien_luc": "2026-11-20T14:05",
    "mach": 92,
    "nhiet_do": 38.5,
    "tuan_hoan": "Tim đều",
    "tien_su_gia_dinh": "Mẹ tăng huyết áp",
    "thuoc_la": True,
    "thuoc_la_thang": 240,
    "ruou_bia": False,
    "chuyen_khoa": [{"khoa": "Hồi sức", "luc": "2026-11-21T03:10"}],
    "ket_qua": "2",
}


def test_each_answer_stands_in_the_column_that_its_field_feeds() -> None:
    document = answers_to_hoso(NOI_KHOA, TOLD)
    person, admission, treatment = (
        document[name] for name in ("ThongTinBenhNhan", "ThongTinVaoVien", "ThongTinDieuTri")
    )
    assert person["hoten"] == "NGUYỄN THỊ MINH KHAI"
    assert person["ngaysinh"] == "02/09/1958"
    assert person["gioitinh"] == "Nữ"
    assert person["thoigianvaovien"] == "20/11/2026 14:05:00.000"
    assert person["tiensubenhtatcuabanthan"] == [
        {"thongtin_noidung": "Thuốc lá", "thongtin_giatri": "1", "thongtin_ghichu": "240"},
        {"thongtin_noidung": "Rượu bia", "thongtin_giatri": "0", "thongtin_ghichu": ""},
    ]
    assert admission["nhietdo"] == "38.5"
    assert admission["khambenh_caccoquan"]["tuanhoan"] == {"dauchung": "Tim đều"}
    assert treatment["danhsachchuyenkhoa"] == [{"khoa": "Hồi sức", "tungay": "21/11/2026 03:10:00.000"}]
    assert treatment["tinhtrangravien"]["ketquadieutri"] == "Đỡ, giảm"


def test_a_form_opens_with_what_a_file_of_the_ministry_says() -> None:
    received = parse_hoso_xml(hoso_to_xml(answers_to_hoso(NOI_KHOA, TOLD)))
    assert hoso_to_answers(NOI_KHOA, received) == TOLD


def test_options_are_known_by_their_words_or_their_code() -> None:
    for told, code in (("Nữ", "2"), ("nữ", "2"), ("2", "2"), ("Khác", None)):
        document = {"ThongTinBenhNhan": {"gioitinh": told}}
        assert hoso_to_answers(NOI_KHOA, document).get("gioi_tinh") == code


def test_what_does_not_fit_a_field_is_left_out() -> None:
    document = {
        "ThongTinBenhNhan": {"ngaysinh": "1958", "thoigianvaovien": "20/11/2026"},
        "ThongTinVaoVien": {"mach": "nhanh", "huyetap_tamthu": "130 mmHg", "quatrinhbenhly": ""},
    }
    assert hoso_to_answers(NOI_KHOA, document) == {"huyet_ap_tam_thu": 130}


@pytest.mark.parametrize("key", [form.key for form in CATALOGUE.forms()])
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_what_is_exchanged_comes_back(key: str, data: st.DataObject) -> None:
    form = CATALOGUE.by_key(key)
    told = data.draw(answers(form))
    back = hoso_to_answers(form, answers_to_hoso(form, told))
    exchanged = {name: value for name, value in told.items() if is_alone(form, name) and not is_empty(value)}
    assert {name: back.get(name) for name in exchanged} == exchanged


def is_alone(form: Form, name: str) -> bool:
    """Whether a plain field feeds a column of its own. Words that a list parts, and options of one name, are shared."""
    feeds = Counter(field.source.cv365 for field in form.fields.values())
    field = form.fields[name]
    plain = (Kind.TEXT, Kind.LONG_TEXT, Kind.CODE, Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TICK)
    path = field.source.cv365
    return field.kind in plain and bool(path) and path != HABITS and feeds[path] == 1
