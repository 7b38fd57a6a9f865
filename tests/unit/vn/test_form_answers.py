"""What answers to a form may be, and what a record needs when it is closed. Source: TT 32/2023/TT-BYT Đ52."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.vn.form_answering import answers, filled

from benhan.vn.forms.answers import check_answers, check_closing, is_empty
from benhan.vn.forms.catalogue import Catalogue
from benhan.vn.forms.form import Form

CATALOGUE = Catalogue()
SAN_KHOA = CATALOGUE.on("05/BV-01", date(2026, 11, 26))
NOI_KHOA = CATALOGUE.on("01/BV-01", date(2026, 11, 26))


def found(told: dict[str, Any], form: Form = NOI_KHOA) -> list[tuple[str, str]]:
    return [(issue.kind, issue.place.split()[-1]) for issue in check_answers(form, told)]


@pytest.mark.parametrize("form", CATALOGUE.forms(), ids=lambda form: form.key)
def test_a_form_that_is_filled_in_may_be_closed(form: Form) -> None:
    assert check_closing(form, filled(form)) == []


@pytest.mark.parametrize("key", [form.key for form in CATALOGUE.forms()])
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_what_fields_take_is_never_refused(key: str, data: st.DataObject) -> None:
    form = CATALOGUE.by_key(key)
    assert check_answers(form, data.draw(answers(form), "answers")) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ho_ten", 5),
        ("mach", "92"),
        ("mach", True),
        ("mach", float("nan")),
        ("mach", 351),
        ("nhiet_do", 19.9),
        ("ngay_sinh", "31/12/1990"),
        ("ngay_sinh", "1990-02-30"),
        ("ngay_sinh", "1990-02"),
        ("vao_vien_luc", "2026-11-20"),
        ("vao_vien_luc", "2026-11-20T24:00"),
        ("di_ung", "có"),
        ("ky_truong_khoa", "Trần Văn Thử"),
        ("ky_truong_khoa", {"name": "Trần Văn Thử", "at": "hôm qua"}),
        ("chuyen_khoa", {"khoa": "Nội"}),
        ("chuyen_khoa", ["Nội"]),
    ],
)
def test_a_value_that_a_field_cannot_hold_is_told_at_its_place(field: str, value: object) -> None:
    assert found({field: value}) == [("value", field)]


def test_an_option_must_be_on_the_form() -> None:
    assert found({"gioi_tinh": "3"}) == [("code-invalid", "gioi_tinh")]
    assert found({"bien_chung_phau_thuat": ["1", "9"]}, SAN_KHOA) == [("code-invalid", "bien_chung_phau_thuat")]


def test_a_field_must_be_on_the_form() -> None:
    assert found({"khong_co": "x"}) == [("structure", "khong_co")]
    assert found({"chuyen_khoa": [{"khong_co": "x"}]}) == [("structure", "chuyen_khoa[0].khong_co")]


def test_a_row_is_checked_like_a_field() -> None:
    rows = [{"nam": 2019}, {"nam": 19, "de_du_thang": "x"}]
    assert found({"tien_su_san_khoa": rows}, SAN_KHOA) == [
        ("value", "tien_su_san_khoa[1].nam"),
        ("value", "tien_su_san_khoa[1].de_du_thang"),
    ]


def test_a_code_is_looked_up_where_its_list_is_loaded() -> None:
    told = {"cd_ra_vien_ma": "J18.9", "dan_toc_ma": "77"}
    codes = {"icd10": lambda code: code == "J18.1"}
    assert [issue.place for issue in check_answers(NOI_KHOA, told, codes)] == ["01/BV-01 cd_ra_vien_ma"]


def test_a_text_has_a_limit() -> None:
    assert found({"tom_tat_benh_an": "x" * 100_001}) == [("too-long", "tom_tat_benh_an")]
    assert found({"chuyen_khoa": [{}] * 1001}) == [("too-long", "chuyen_khoa")]


def test_what_is_missing_is_asked_for_at_closing_only() -> None:
    assert check_answers(NOI_KHOA, {}) == []
    missing = {issue.place.split()[-1] for issue in check_closing(NOI_KHOA, {"ho_ten": "  ", "cd_ra_vien": "Cúm"})}
    assert {"ho_ten", "cd_ra_vien_ma", "ky_bac_sy_dieu_tri"} <= missing
    assert not {"cd_ra_vien", "tai_bien", "tu_vong_luc"} & missing


def test_issues_name_the_official_words_and_no_answer() -> None:
    (issue,) = check_answers(NOI_KHOA, {"mach": 999})
    assert issue.text.vi == "“Mạch” phải từ 0 đến 350 /min. Kiểm tra lại số đã nhập."
    assert "999" not in issue.text.vi + issue.text.en


@given(st.none() | st.text(alphabet=" \n\t", max_size=3) | st.sampled_from([[], {}]))
def test_blanks_are_no_answers(value: object) -> None:
    assert is_empty(value)


@given(st.booleans() | st.integers() | st.text(min_size=1).filter(str.strip))
def test_no_and_nought_are_answers(value: object) -> None:
    assert not is_empty(value)
