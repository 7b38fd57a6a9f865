"""Dates as half-open ranges of instants."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benhan.fhir.dates import FIRST, LAST, period_range, range_of


def span(text: str) -> tuple[str, str] | None:
    found = range_of(text)
    return (found[0].isoformat(), found[1].isoformat()) if found is not None else None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2025-12-31T17:00:00", "2026-12-31T17:00:00"),
        ("2026-02", "2026-01-31T17:00:00", "2026-02-28T17:00:00"),
        ("2024-02", "2024-01-31T17:00:00", "2024-02-29T17:00:00"),
        ("2026-12", "2026-11-30T17:00:00", "2026-12-31T17:00:00"),
        ("2026-01-05", "2026-01-04T17:00:00", "2026-01-05T17:00:00"),
        ("2026-01-05T10:30", "2026-01-05T03:30:00", "2026-01-05T03:31:00"),
        ("2026-01-05T10:30:15", "2026-01-05T03:30:15", "2026-01-05T03:30:16"),
        ("2026-01-05T10:30:15Z", "2026-01-05T10:30:15", "2026-01-05T10:30:16"),
        ("2026-01-05T10:30:15-05:00", "2026-01-05T15:30:15", "2026-01-05T15:30:16"),
        ("2026-01-05T10:30:15.25Z", "2026-01-05T10:30:15.250000", "2026-01-05T10:30:15.260000"),
        ("2026-01-05T23:59:60Z", "2026-01-05T23:59:59", "2026-01-06T00:00:00"),
    ],
)
def test_a_date_covers_what_its_precision_says_and_is_vietnamese_where_no_zone_is_written(
    text: str, start: str, end: str
) -> None:
    assert span(text) == (f"{start}+00:00", f"{end}+00:00")


@pytest.mark.parametrize(
    "text",
    ["", "26", "2026-13", "2026-00", "2026-02-30", "2026-1-5", "05/01/2026", "2026-01-05T", "2026-01-05T10",
     "2026-01-05T24:00", "2026-01-05T10:60", "2026-01-05T25:61:00Z", "2026-01-05T10:30:61", "2026-01-05T10:30Z+07:00",
     "2026-01-05T10:30:00+99:00", "0000", "٢٠٢٦", "now", "2026 "],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert range_of(text) is None


def test_the_ends_of_time_are_held_within_bounds() -> None:
    assert range_of("9999") is not None
    assert range_of("9999-12-31") == (LAST, LAST)
    first = range_of("0001-01-01")
    assert first is not None
    assert first[0] == FIRST


def test_a_period_reaches_from_its_start_to_the_end_of_its_end() -> None:
    assert period_range("2026-01-05", "2026-01-06T10:00:00Z") == (
        datetime(2026, 1, 4, 17, tzinfo=UTC),
        datetime(2026, 1, 6, 10, 0, 1, tzinfo=UTC),
    )


def test_an_open_period_reaches_to_the_end_of_time() -> None:
    assert period_range(None, None) == (FIRST, LAST)
    assert period_range("2026-01-05T00:00:00Z", None) == (datetime(2026, 1, 5, tzinfo=UTC), LAST)


def test_a_period_whose_end_stands_before_its_start_is_empty_and_not_turned_around() -> None:
    found = period_range("2026-01-05T00:00:00Z", "2025-01-05T00:00:00Z")
    assert found == (datetime(2026, 1, 5, tzinfo=UTC),) * 2


def test_a_period_with_a_wrong_end_is_none() -> None:
    assert period_range("2026", "x") is None
    assert period_range("x", "2026") is None
