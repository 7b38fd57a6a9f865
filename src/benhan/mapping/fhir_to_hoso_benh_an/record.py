"""What an encounter's record holds, and what is learnt of it once for all groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from benhan.mapping.fhir_to_hoso_benh_an.values import code_and_text, first, identifier_of, who
from benhan.mapping.hoso_terms import INSURED, OBSERVED
from benhan.vn import systems

Json = dict[str, Any]
Held = dict[str, Json]
"""The resources of a record by their references."""

Stood = tuple[Json | list[Json], str]
"""A resource and where it was written; or several, and the list whose entries they are."""

_READ_SYSTEMS = frozenset({systems.LOINC, systems.RELATED_TRAIT})


@dataclass(slots=True)
class Record:
    """What an encounter's record holds, as read (`read_own` keeps the digits of decimals)."""

    facility: str
    patient: Json
    encounter: Json
    resources: list[Json] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    """The stored bytes of resources by their references, where the reader of the store kept them."""

    def of(self, type_: str) -> list[Json]:
        return [each for each in self.resources if each["resourceType"] == type_]


class Stay(NamedTuple):
    """A time in one ward: code and name of the ward, room, bed, from and until (FHIR, "" where not told)."""

    code: str
    ward: str
    room: str
    bed: str
    start: str
    end: str


class Sources:
    """A record while it is written: its resources by type and reference, and where each was written."""

    def __init__(self, record: Record) -> None:
        self.patient = record.patient
        self.encounter = record.encounter
        self.visit = visit_number(record.encounter)
        self.start: str = record.encounter.get("period", {}).get("start", "")
        self.end: str = record.encounter.get("period", {}).get("end", "")
        self.held: Held = {}
        self.stood: list[Stood] = []
        """What was written where; of a resource that was written twice its first place counts."""
        self._by_type: dict[str, list[Json]] = {}
        by_type, held = self._by_type, self.held
        for each in record.resources:
            type_ = each["resourceType"]
            if type_ in by_type:
                by_type[type_].append(each)
            else:
                by_type[type_] = [each]
            held[f"{type_}/{each['id']}"] = each

    def of(self, type_: str) -> list[Json]:
        """The resources of a type in the record's order."""
        return self._by_type.get(type_, [])

    def in_order(self, type_: str, *times: str) -> list[Json]:
        """The resources of a type by the first of `times` that each tells, then by id."""
        found = self.of(type_)
        if len(found) < 2:
            return found
        time, other = times[0], times[-1]
        return sorted(found, key=lambda each: (each.get(time) or each.get(other) or "", each["id"]))

    @cached_property
    def observations(self) -> dict[str, list[tuple[str, str, str, Json]]]:
        """The Observations that tell a code which has a field of its own, by it: time, id, code and the Observation."""
        found: dict[str, list[tuple[str, str, str, Json]]] = {}
        for each in self.of("Observation"):
            if "code" not in each or "coding" not in each["code"]:
                continue
            for coding in each["code"]["coding"]:
                code = coding.get("code")
                if code in OBSERVED and coding.get("system") in _READ_SYSTEMS:
                    at = each.get("effectiveDateTime") or each.get("issued") or ""
                    found.setdefault(code, []).append((at, each["id"], code, each))
        return found

    def observed(self, *codes: str) -> list[tuple[str, Json]]:
        """The Observations of some of those codes, each with its code, by their time."""
        known = self.observations
        found = [told for code in codes if code in known for told in known[code]]
        if len(found) > 1:
            found.sort(key=itemgetter(0, 1))
        return [(code, each) for _, _, code, each in found]

    def stands(self, resource: Json, place: str) -> None:
        """Say that `resource` is written at `place`."""
        self.stood.append((resource, place))

    def stand(self, resources: list[Json], place: str) -> None:
        """Say that `resources` are the entries of the list at `place`."""
        self.stood.append((resources, place))

    def referred(self, links: Iterable[Json]) -> list[Json]:
        """The resources of the record that are referred to."""
        return [self.held[link["reference"]] for link in links if link.get("reference") in self.held]

    def first_referred(self, links: Iterable[Json]) -> Json | None:
        """The first resource of the record that is referred to."""
        for link in links:
            if (found := self.held.get(link.get("reference", ""))) is not None:
                return found
        return None

    @cached_property
    def stays(self) -> list[Stay]:
        """The wards that the patient was in, in the encounter's order; at least one, perhaps of nothing known."""
        return _stays(self.encounter.get("location", [])) or [Stay("", "", "", "", "", "")]

    @cached_property
    def coverage_kind(self) -> str:
        """doituongbn: the words of the Coverage, BHYT for a card alone."""
        coverage = first(self.of("Coverage"))
        told = code_and_text(coverage.get("type", {}))[1]
        has_card = coverage.get("subscriberId") or identifier_of(self.patient, systems.BHYT_CARD)
        return told or (INSURED if has_card else "")


_PARTS = {"ro": "room", "bd": "bed"}


def _stays(locations: list[Json]) -> list[Stay]:
    """Wards, rooms and beds: joined by ` · ` as `v2_encounter` joins them, or each a location of its physical type."""
    found: list[Stay] = []
    for each in locations:
        location, period = each.get("location", {}), each.get("period", {})
        name, number = who(location)
        part = _PARTS.get(first(each.get("physicalType", {}).get("coding")).get("code", ""))
        if part is not None and found:
            last = found[-1]
            room, bed = (name, last.bed) if part == "room" else (last.room, name)
            found[-1] = Stay(last.code, last.ward, room, bed, last.start, last.end)
            continue
        ward, room, bed = [*name.split(" · "), "", "", ""][:3]
        found.append(Stay(number or ward, ward, room, bed, period.get("start", ""), period.get("end", "")))
    return found


def visit_number(encounter: Json) -> str:
    """The sovaovien of an encounter: its number, else its id."""
    return identifier_of(encounter, systems.encounter_number("")) or str(encounter["id"])
