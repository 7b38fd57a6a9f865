"""Days and hours of an account, and what a person is to the matrix."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import asyncpg
import pytest

from benhan.access.cares import is_open, person_of
from benhan.access.staff import BAD_STAFF, day_of, hours_of
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Incorrect


def at(hour: int, minute: int = 0, day: int = 27) -> datetime:
    """An hour of a day in Vietnam."""
    return datetime(2026, 11, day, (hour - 7) % 24, minute, tzinfo=UTC)


def row(**more: Any) -> asyncpg.Record:
    known = {"valid_from": None, "valid_until": None, "hours_from": None, "hours_until": None}
    return cast("asyncpg.Record", {**known, **more})


@pytest.mark.parametrize(
    ("hours", "hour", "is_in"),
    [
        ("07:00-19:00", 7, True),
        ("07:00-19:00", 6, False),
        ("07:00-19:00", 19, False),
        ("22:00-06:00", 23, True),
        ("22:00-06:00", 5, True),
        ("22:00-06:00", 6, False),
        ("22:00-06:00", 12, False),
        ("", 3, True),
    ],
)
def test_hours_are_those_of_vietnam_and_may_go_over_midnight(hours: str, hour: int, *, is_in: bool) -> None:
    start, end = hours_of(hours) or (None, None)
    assert is_open(row(hours_from=start, hours_until=end), at(hour)) == is_in


def test_an_account_is_open_from_its_first_moment_until_before_its_last() -> None:
    window = row(valid_from=at(8), valid_until=at(17))
    assert [is_open(window, each) for each in (at(7, 59), at(8), at(16, 59), at(17))] == [False, True, True, False]


@pytest.mark.parametrize("text", ["7-19", "25:00-26:00", "07:00", "07:60-08:00"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Incorrect, match=BAD_STAFF.code):
        hours_of(text)


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(Incorrect, match=BAD_STAFF.code):
        day_of("31/12/2026")


def test_a_person_is_known_by_licence_and_by_their_practitioner() -> None:
    told = row(account_kind="outside", licence="001", fhir_user="Practitioner/a", departments=["K02", "K01"])
    person = person_of(Actor("account:7", Role.DOCTOR), told)
    assert (person.account, person.kind, person.departments) == (7, "outside", ("K01", "K02"))
    assert person.names == ("001", "Practitioner/a")
