"""Who the patient is, for the head of each page: what nobody who treats may miss. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from benhan.kernel.clock import day_in_vietnam
from benhan.node.chart.moments import Moment, stays_of
from benhan.node.patients import PatientLine
from benhan.node.records.content import is_taken_back

Json = dict[str, Any]

_TREATS = ("ATND", "PPRF", "SPRF")
"""HL7's participation types of who treats, the first before the others."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The insurance that is known: until when it is told to hold, whether that is over today."""

    until: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Banner:
    """The head of a patient's pages; `day` counts from 1 the day of the stay that is open, 0 for none."""

    patient: PatientLine
    allergies: list[str]
    stay: Moment | None
    bed: str
    day: int
    treats: str
    cover: Cover | None
    is_secret: bool
    """Whether something of special secrecy is among what the reader sees."""
    counts: dict[str, int]
    """How many of each kind there are, up to the bound of counting."""


def banner_of(line: PatientLine, resources: list[Json], today: date, counts: dict[str, int], *, secret: bool) -> Banner:
    """The banner out of allergies, coverages and the newest encounters."""
    open_stays = [each for each in stays_of(resources) if each.is_open]
    stay = open_stays[0] if open_stays else None
    encounter = next((each for each in resources if stay is not None and each["id"] == stay.id), {})
    begun = day_in_vietnam(stay.at) if stay is not None and stay.at is not None else None
    return Banner(
        line,
        allergies_of(resources),
        stay,
        (encounter.get("location") or [{}])[-1].get("location", {}).get("display", ""),
        (today - begun).days + 1 if begun is not None and begun <= today else 0,
        _treats(encounter),
        _cover(resources, today.isoformat()),
        secret,
        counts,
    )


def allergies_of(resources: list[Json]) -> list[str]:
    """What somebody is allergic to, each once."""
    found = [each for each in resources if each["resourceType"] == "AllergyIntolerance" and not is_taken_back(each)]
    names = [each.get("code", {}).get("text", "") for each in found]
    return [*dict.fromkeys(name for name in names if name)]


def _treats(encounter: Json) -> str:
    named: dict[str, str] = {}
    for each in encounter.get("participant", []):
        code = ((each.get("type") or [{}])[0].get("coding") or [{}])[0].get("code", "")
        named.setdefault(code, each.get("individual", {}).get("display", ""))
    return next((named[code] for code in _TREATS if named.get(code)), "")


def _cover(resources: list[Json], today: str) -> Cover | None:
    """The coverage that holds longest."""
    found = [each for each in resources if each["resourceType"] == "Coverage" and not is_taken_back(each)]
    ends = [each.get("period", {}).get("end", "") for each in found if each.get("status") != "cancelled"]
    if not ends:
        return None
    until = "" if "" in ends else max(ends)
    return Cover(until, bool(until) and until[:10] < today)
