"""Where a patient lies: the present place of an Encounter, and the next. Pure.

A place is an entry of `Encounter.location`; the last that has not ended is the present one. Its display is
`department · room · bed`, as messages of a HIS make it. Source: FHIR R4 encounter.html (location.status, .period).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from benhan.fhir.resource import instant
from benhan.mapping.mapped import without_empty
from benhan.vn import systems

Json = dict[str, Any]

BETWEEN = " · "
_NUMBERS = re.compile(r"([0-9]+)")


class Place(NamedTuple):
    """A department, a room, a bed; "" for what is not known."""

    department: str = ""
    room: str = ""
    bed: str = ""

    @property
    def text(self) -> str:
        return BETWEEN.join(filter(None, self))

    @property
    def in_order(self) -> tuple[object, ...]:
        """A key by which `H2` stands before `H10`, and who has no bed last."""
        parts = [
            (int(each), "") if each.isdecimal() else (0, each) for each in _NUMBERS.split(f"{self.room} {self.bed}")
        ]
        return (not self.bed, self.department, *parts)


def place_of(encounter: Json) -> Place:
    """Where the patient of an encounter lies now, or lay last."""
    entries = encounter.get("location") or [{}]
    present = [each for each in entries if each.get("status") != "completed"] or entries
    location = present[-1].get("location", {})
    department = str(location.get("identifier", {}).get("value", ""))
    told = [each.strip() for each in str(location.get("display", "")).split(BETWEEN.strip())]
    if told[:1] == [department] or not department:
        department, told = told[0], told[1:]
    elif len(told) > 2:  # the department by its name, beside its code
        told = told[1:]
    room, bed = [*told, "", ""][:2]
    return Place(department, room, bed)


def location_of(place: Place) -> Json:
    """The Reference to a place."""
    logical = {"system": systems.DEPARTMENT, "value": place.department} if place.department else None
    return without_empty({"identifier": logical, "display": place.text})


def moved(encounter: Json, place: Place, at: datetime) -> Json:
    """The encounter with its patient in another place from `at` on; where they were stays told, with its end."""
    now = instant(at)
    before = [_ended(each, now) for each in encounter.get("location", [])]
    here = {"location": location_of(place), "status": "active", "period": {"start": now}}
    return {**encounter, "location": [*before, here]}


def _ended(entry: Json, now: str) -> Json:
    if entry.get("status") == "completed":
        return entry
    return {**entry, "status": "completed", "period": {**entry.get("period", {}), "end": now}}
