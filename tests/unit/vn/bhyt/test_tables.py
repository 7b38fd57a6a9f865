"""The tables of the BHYT XML: their counts and the changes that each decision made."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from benhan.vn.bhyt.tables import Column, Form, Required, codes_on, generations, tables_on

ON_3176 = date(2025, 6, 1)


def column(day: date, table: str, name: str) -> Column:
    return tables_on(day).tables[table].by_name[name]


def test_qd_3176_has_sixteen_tables_and_479_columns() -> None:
    tables = tables_on(ON_3176).tables
    assert list(tables) == [f"XML{number}" for number in range(16)]
    assert sum(len(table.columns) for table in tables.values()) == 479


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2020, 1, 1), "130"),
        (date(2024, 6, 30), "130"),
        (date(2024, 7, 1), "4750"),
        (date(2024, 12, 31), "4750"),
        (date(2025, 1, 1), "3176"),
        (date(2026, 6, 30), "3176"),
        (date(2026, 7, 1), "1931"),
    ],
)
def test_the_day_of_the_episode_chooses_the_decision(day: date, name: str) -> None:
    assert tables_on(day).name == name


def test_tables_13_to_15_came_with_qd_4750() -> None:
    assert "XML13" not in tables_on(date(2024, 1, 1)).tables
    assert {"XML13", "XML14", "XML15"} <= set(tables_on(date(2024, 8, 1)).tables)


def test_qd_3176_renamed_three_columns_of_xml13_and_dropped_two() -> None:
    before = [each.name for each in tables_on(date(2024, 8, 1)).tables["XML13"].columns]
    after = [each.name for each in tables_on(ON_3176).tables["XML13"].columns]
    assert [name for name in before if name not in after] == [
        "MA_NOI_DI", "MA_NOI_DEN", "TEN_DICH_VU", "TEN_THUOC", "PP_DIEU_TRI",
    ]  # fmt: skip
    assert [name for name in after if name not in before] == ["MA_CSKCB_DI", "MA_CSKCB_DEN", "TINH_TRANG_CT"]
    assert before[26:30] == ["MA_BENH_YHCT", "TEN_DICH_VU", "TEN_THUOC", "PP_DIEU_TRI"]


@pytest.mark.parametrize(
    ("table", "name", "lengths"),
    [
        ("XML1", "MA_NGHE_NGHIEP", [5, 5, 2, 2]),
        ("XML1", "MA_TTDV", [10, 10, 255, 255]),
        ("XML1", "SO_CCCD", [15, 15, None, None]),
        ("XML2", "MUC_HUONG", [3, 3, 3, 4]),
        ("XML3", "TT_THAU", [25, 50, 50, 50]),
        ("XML4", "GIA_TRI", [50, 50, 255, 255]),
        ("XML7", "SO_NGAY_NGHI", [2, 2, 3, 3]),
    ],
)
def test_lengths_follow_the_decision(table: str, name: str, lengths: list[int | None]) -> None:
    assert [each.tables[table].by_name[name].max_len for each in generations()] == lengths


def test_the_return_appointment_is_a_date_since_qd_3176() -> None:
    assert column(date(2024, 8, 1), "XML14", "NGAY_HEN_KL").format == "datetime"
    assert column(ON_3176, "XML14", "NGAY_HEN_KL").format == "date"


def test_the_kinds_of_care_11_to_16_came_with_qd_1804() -> None:
    assert "11" not in codes_on("MA_LOAI_KCB", date(2026, 6, 18))
    assert codes_on("MA_LOAI_KCB", date(2026, 8, 1))["03"] == "Điều trị nội trú"


def test_every_column_speaks_only_the_known_words() -> None:
    for generation in generations():
        for table in generation.tables.values():
            assert len(table.by_name) == len(table.columns), table.name
            for each in table.columns:
                assert each.type in ("string", "number")
                assert each.format in get_args(Form)
                assert each.required in get_args(Required)
