"""What a column must hold: each kind of fault is named at its place, and alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.vn.bhyt.samples import CASES, claim_of, told

from benhan.vn.bhyt import texts
from benhan.vn.bhyt.claim import episode_day
from benhan.vn.bhyt.columns_check import check_columns
from benhan.vn.bhyt.dates import is_day, is_minute

ON = date(2026, 11, 5)


@pytest.mark.parametrize("case", CASES)
def test_the_generated_files_keep_their_columns(case: str) -> None:
    claim = claim_of(case)
    day = episode_day(claim)
    assert day is not None
    assert check_columns(claim, day) == []


@pytest.mark.parametrize(
    ("table", "column", "value", "text"),
    [
        ("XML1", "HO_TEN", "", texts.EMPTY),
        ("XML1", "MA_BN", "x" * 101, texts.TOO_LONG.filled(size=100)),
        ("XML1", "NGAY_VAO", "202602310730", texts.NOT_MINUTE),
        ("XML1", "NGAY_VAO", "2026-02-21", texts.NOT_MINUTE),
        ("XML1", "NGAY_SINH", "199013010000", texts.NOT_BIRTH),
        ("XML1", "NAM_NAM_LIEN_TUC", "20250229", texts.NOT_DAY),
        ("XML1", "NGAY_MIEN_CCT", "2026", texts.NOT_DAY_OR_MINUTE),
        ("XML1", "SO_NGAY_DTRI", "3.5", texts.NOT_INTEGER),
        ("XML1", "T_BHTT", "1,000", texts.NOT_NUMBER.filled(digits=2)),
        ("XML1", "T_BHTT", "1.234", texts.NOT_NUMBER.filled(digits=2)),
        ("XML2", "SO_LUONG", "1.2345", texts.NOT_NUMBER.filled(digits=3)),
        ("XML2", "SO_LUONG", "-1", texts.NOT_NUMBER.filled(digits=3)),
        ("XML1", "GIOI_TINH", "4", texts.NOT_IN_LIST.filled(code_list="GIOI_TINH")),
        ("XML1", "MA_LOAI_KCB", "3", texts.NOT_IN_LIST.filled(code_list="MA_LOAI_KCB")),
        ("XML1", "MA_BENH_KT", "I10;;E11", texts.EMPTY_ITEM),
        ("XML1", "MA_BENH_CHINH", " I10", texts.UNTRIMMED),
        ("XML1", "LY_DO_VV", "sốt\x85", texts.CONTROL),
        ("XML3", "MA_GIUONG", "H" * 51, texts.TOO_LONG.filled(size=50)),
    ],
)
def test_a_faulty_value_is_named_at_its_place_and_alone(table: str, column: str, value: str, text: object) -> None:
    claim = claim_of("B_inpatient")
    claim.tables[table][0][column] = value
    issues = check_columns(claim, ON)
    assert [(issue.place, issue.text) for issue in issues] == [(f"{table}[1].{column}", text)]
    assert issues[0].is_error


@pytest.mark.parametrize("value", ["199000000000", "199005000000", "199005060000", "200402291259"])
def test_unknown_parts_of_a_birth_are_zeros(value: str) -> None:
    claim = claim_of("B_inpatient")
    claim.summary["NGAY_SINH"] = value
    assert [issue.place for issue in check_columns(claim, ON)] == []


def test_a_missing_an_unknown_and_a_displaced_column_are_named() -> None:
    claim = claim_of("A_outpatient")
    row = claim.tables["XML14"][0]
    claim.tables["XML14"] = [{"STT": "1"} | {name: row[name] for name in reversed(row) if name != "DU_PHONG"}]
    assert told(check_columns(claim, ON)) == [
        ("error", "XML14[1].DU_PHONG"), ("error", "XML14[1].STT"), ("error", "XML14[1]"),
    ]  # fmt: skip


def test_what_sources_disagree_about_is_a_warning() -> None:
    claim = claim_of("A_outpatient")
    claim.summary["MA_NGHE_NGHIEP"] = "00000"
    assert told(check_columns(claim, ON)) == [("warning", "XML1[1].MA_NGHE_NGHIEP")]
    assert check_columns(claim, date(2024, 8, 1))[0].place != "XML1[1].MA_NGHE_NGHIEP"


def test_the_day_of_the_episode_decides_the_list_and_the_length() -> None:
    claim = claim_of("B_inpatient")
    claim.tables = {"XML1": claim.tables["XML1"], "XML2": claim.tables["XML2"]}
    claim.summary["MA_LOAI_KCB"] = "12"
    claim.tables["XML2"][0]["MUC_HUONG"] = "47.5"
    assert check_columns(claim, ON) == []
    assert told(check_columns(claim, date(2026, 6, 1))) == [
        ("error", "XML1[1].MA_LOAI_KCB"), ("error", "XML2[1].MUC_HUONG"),
    ]  # fmt: skip


def test_a_table_that_the_decision_has_not_is_named() -> None:
    assert ("error", "XML14") in told(check_columns(claim_of("A_outpatient"), date(2024, 6, 1)))


@given(st.dates())
def test_every_real_day_is_one(day: date) -> None:
    written = f"{day.year:04d}{day.month:02d}{day.day:02d}"
    assert is_day(written)
    assert is_minute(written + "2359")
    assert not is_minute(written + "2400")


@given(st.integers(0, 99999999))
def test_no_other_number_is_a_day(number: int) -> None:
    text = f"{number:08d}"
    try:
        date(number // 10000, number // 100 % 100, number % 100)
    except ValueError:
        assert not is_day(text)
    else:
        assert is_day(text)
