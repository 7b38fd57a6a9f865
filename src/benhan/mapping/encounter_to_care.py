"""Encounter to relations of care: the departments of the stay, transfers too, and the people who take part.

A relation lasts as long as the place or the person is named without an end, and for some time after it: a record is
completed after its patient has left. Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69 k3; FHIR R4 Encounter.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from benhan.fhir.dates import range_of
from benhan.kernel.care import department_key, licence_key
from benhan.vn import systems

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
ALWAYS = datetime(1900, 1, 1, tzinfo=UTC)
MOST = 200
"""So many places and people of one Encounter are looked at."""

Json = dict[str, Any]


class Relation(NamedTuple):
    """Who is related, by their key, from when until when."""

    key: str
    from_at: datetime
    until_at: datetime


def encounter_to_care(encounter: Json, now: datetime, grace: timedelta) -> list[Relation]:
    """The relations of an Encounter, each key once; none where it was cancelled or never was."""
    if encounter.get("status") in ("cancelled", "entered-in-error", "planned"):
        return []
    start, end = _period(encounter, ALWAYS)
    if encounter.get("status") == "finished":
        end = min(end, now) if end == FOR_EVER else end
    found: dict[str, Relation] = {}
    for key, entry in _named(encounter):
        since, until = _period(entry, start)
        until = min(until, end)
        until = until + grace if until < FOR_EVER - grace else FOR_EVER
        known = found.get(key)
        if known is not None:
            since, until = min(since, known.from_at), max(until, known.until_at)
        found[key] = Relation(key, min(since, now), until)  # who tells it has begun may have a clock that is ahead
    return list(found.values())


def _named(encounter: Json) -> list[tuple[str, Json]]:
    places = [
        (department_key(code), entry)
        for entry in encounter.get("location", ())[:MOST]
        if (code := _value(entry.get("location", {}), systems.DEPARTMENT))
    ]
    people: list[tuple[str, Json]] = []
    for entry in encounter.get("participant", ())[:MOST]:
        who = entry.get("individual", {})
        names = (_value(who, systems.PRACTITIONER_LICENCE), who.get("reference", ""))
        people += [(licence_key(name), entry) for name in names if name]
    return places + people


def _value(reference: Json, system: str) -> str:
    """The value of a logical reference in a system; one without a system is taken for it."""
    identifier = reference.get("identifier", {})
    return str(identifier.get("value", "")) if identifier.get("system", system) == system else ""


def _period(holder: Json, earliest: datetime) -> tuple[datetime, datetime]:
    period = holder.get("period", {})
    start, end = (range_of(period.get(each, "")) if period.get(each) else None for each in ("start", "end"))
    return (start[0] if start is not None else earliest), (end[1] if end is not None else FOR_EVER)
