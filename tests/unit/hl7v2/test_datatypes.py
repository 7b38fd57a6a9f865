"""The datatypes the mappings read: times, numbers, codes, identifiers, names."""

from __future__ import annotations

import pytest

from benhan.hl7v2.datatypes import (
    Coded,
    PersonName,
    coded,
    date_time,
    entity,
    first_coded,
    identifier,
    number,
    person,
    person_name,
)
from benhan.hl7v2.message import Delimiters, Segment

MARKS = Delimiters()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026", "2026"),
        ("202601", "2026-01"),
        ("20260105", "2026-01-05"),
        ("2026010507", "2026-01-05"),
        ("202601050730", "2026-01-05T07:30:00+07:00"),
        ("20260105073015", "2026-01-05T07:30:15+07:00"),
        ("20260105073015.1234", "2026-01-05T07:30:15.1234+07:00"),
        ("20260105073015+0000", "2026-01-05T07:30:15+00:00"),
        ("202601050730-0530", "2026-01-05T07:30:00-05:30"),
        (" 20260105 ", "2026-01-05"),
        ("20240229", "2024-02-29"),
    ],
)
def test_a_time_keeps_its_precision_and_its_zone(written: str, read: str) -> None:
    assert date_time(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "", "26", "20261301", "20260230", "20250229", "202601052460", "2026010525", "20260105076060", "05/01/2026",
        "2026-01-05", "00000101", "20260105073015+9999", "20260105073015+1460", "202601050730+07", "٢٠٢٦٠١٠٥", "x",
    ],
)  # fmt: skip
def test_what_is_no_real_time_is_none(written: str) -> None:
    assert date_time(written) is None


def test_a_time_without_a_zone_is_in_the_zone_of_the_facility() -> None:
    assert date_time("202601050730", "+08:00") == "2026-01-05T07:30:00+08:00"


@pytest.mark.parametrize(
    ("written", "read"),
    [("6.10", "6.10"), ("+5", "5"), ("-5.0", "-5.0"), (".5", "0.5"), ("007", "7"), ("0", "0"), (" 1 ", "1")],
)
def test_a_number_keeps_its_digits(written: str, read: str) -> None:
    assert number(written) == read


@pytest.mark.parametrize("written", ["", "5.", "1e5", "1,5", "NaN", "<5", "--5", "٣", "1 2", "0x1F"])
def test_what_is_no_number_is_none(written: str) -> None:
    assert number(written) is None


def test_a_coded_element_gives_both_codes_and_ignores_what_follows() -> None:
    segment = Segment(("OBX", "718-7^Hb^LN^HGB^Huyết sắc tố^L^x^y", ""), MARKS)
    assert first_coded(segment, 1) == Coded("718-7", "Hb", "LN", "HGB", "Huyết sắc tố", "L")
    assert first_coded(segment, 2) == Coded("", "", "")
    assert coded(segment, 'A^""') == Coded("A", "", "")


def test_identifiers_and_names_are_taken_by_their_places() -> None:
    segment = Segment(("PID", "BN1^^^01901&x^MR", "F9^LIS", "004512^Lê^Châu^Minh^^BS"), MARKS)
    assert (identifier(segment, segment.raw(1)).value, identifier(segment, segment.raw(1)).authority) == (
        "BN1",
        "01901",
    )
    assert (entity(segment, 2).value, entity(segment, 2).authority) == ("F9", "LIS")
    assert person(segment, segment.raw(3)) == PersonName("Lê", "Châu", "Minh", "", "BS", "004512")
    assert person_name(segment, "Nguyễn^Thử^Văn") == PersonName("Nguyễn", "Thử", "Văn", "", "")
