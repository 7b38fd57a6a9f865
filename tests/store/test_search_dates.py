"""Dates: of the resource and of the query both are ranges, compared as FHIR says. Source: search.html#date, #prefix."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.store.searching import check, ids, put
from tests.store.writing import note, save

from benhan.kernel.clock import SystemClock
from benhan.store.store import Store

AN_INSTANT = "2026-03-10T00:30:00+07:00"  # the ninth in UTC
PERIODS: dict[str, dict[str, str]] = {
    "feb": {"start": "2026-02", "end": "2026-02"},
    "early": {"start": AN_INSTANT, "end": AN_INSTANT},
    "day": {"start": "2026-03-10", "end": "2026-03-10"},
    "stay": {"start": "2026-03-09", "end": "2026-03-11"},
    "open": {"start": "2026-03-20"},
    "none": {},
}
FOUND = [
    ("2026-03-10", {"early", "day"}),
    ("eq2026-03", {"early", "day", "stay"}),
    ("ne2026-03", {"feb", "open"}),
    ("gt2026-03-10", {"stay", "open"}),
    ("ge2026-03-10", {"early", "day", "stay", "open"}),
    ("lt2026-03-10", {"feb", "stay"}),
    ("le2026-03-10", {"feb", "early", "day", "stay"}),
    ("sa2026-03-10", {"open"}),
    ("eb2026-03-10", {"feb"}),
    ("2026-03-09T17:30:00Z", {"early"}),
    ("2026-03-10T00:30:00+07:00", {"early"}),
    ("ge2030", {"open"}),
    ("2026-02,2026-03-10", {"feb", "early", "day"}),
]
"""What a value finds of PERIODS, whether they are points or periods."""


def dated(period: dict[str, str]) -> dict[str, Any]:
    """The period as `effective[x]`: a date where it begins and ends with the same."""
    if not period:
        return {}
    return (
        {"effectiveDateTime": period["start"]} if period["start"] == period.get("end") else {"effectivePeriod": period}
    )


async def test_the_main_date_of_a_type(store: Store) -> None:
    """`date` of an Observation is kept in columns."""
    await put(store, *(note("an", id=id_, **dated(period)) for id_, period in PERIODS.items()))
    await check(store, "Observation", [("date", value, found) for value, found in FOUND])


async def test_a_stay_of_any_length_is_found_by_a_day_before_its_end(store: Store) -> None:
    """What ends after a day is sought near to the day, and what lasts longer by indexes of its own."""
    lengths = (1, 2, 3, 90, 399, 401, 4_000)
    stays = {f"of-{days}": (date(2026, 3, 11) - timedelta(days=days)).isoformat() for days in lengths}
    for id_, begin in stays.items():
        await put(store, note("an", id=id_, **dated({"start": begin, "end": "2026-03-11"})))
    await put(store, note("an", id="over", **dated({"start": "2025-01-01", "end": "2026-03-08"})))
    await check(store, "Observation", [("date", "gt2026-03-10", {*stays}), ("date", "ge2026-03-07", {*stays, "over"})])


async def test_the_other_dates_of_a_type(store: Store) -> None:
    """`location-period` of an Encounter is kept in the table of ranges."""
    for id_, period in PERIODS.items():
        body = {"resourceType": "Encounter", "id": id_, "status": "finished", "class": {"code": "IMP"}}
        await put(store, body | ({"location": [{"period": period}]} if period else {}))
    await check(store, "Encounter", [("location-period", value, found) for value, found in FOUND])


async def test_last_updated_is_the_moment_of_the_write(store: Store) -> None:
    first = await save(store, note("an", id="a"))
    assert await ids(store, "Observation", ("_lastUpdated", first.read()["meta"]["lastUpdated"])) == {"a"}
    assert await ids(store, "Observation", ("_lastUpdated", "lt2026-01-01")) == set()
    assert await ids(store, "Observation", ("_lastUpdated", f"ge{SystemClock().now().year}")) == {"a"}
