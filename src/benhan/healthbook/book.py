"""The book of one citizen: read from the repository, each reading in the ledger that the citizen sees too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benhan.access.faults import NOT_OWN_BOOK
from benhan.kernel.actors import Actor
from benhan.kernel.clock import day_in_vietnam
from benhan.mapping.fhir_to_hoso_benh_an import age, name_of
from benhan.mapping.result_views import Analyte, Panel, Value, panels_of
from benhan.store.compartment import read_compartment
from benhan.store.ledger.events import Event
from benhan.store.ledger.read import entries_of_patient
from benhan.store.store import Store
from benhan.vn import systems
from benhan.vn.identifiers.fhir_identifier import current_value

Json = dict[str, Any]

SLIGHTLY = 0.15
"""Up to this share beyond its bound a value is "a little" high or low."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay or visit: where, from when until when."""

    facility: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Looked:
    """Who looked into the book: a facility or a role, when, doing what."""

    at: datetime
    who: str
    role: str
    event: str


@dataclass(slots=True)
class Book:
    """What a citizen sees."""

    name: str
    age: str
    gender: str
    birth_date: str
    cccd: str
    bhyt: str
    visits: list[Visit]
    panels: list[Panel]

    def analyte(self, key: str) -> Analyte | None:
        return next((each for panel in self.panels for each in panel.analytes if each.key == key), None)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a facility tells the citizen of: when, which facility, in words."""

    sent: str
    facility: str
    text: str


class Books:
    """Opens books of one repository."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self, actor: Actor, *, page: str = "book") -> Book:
        """The citizen's own book. Raises Forbidden BA-0908 for anybody who has none; NotFound where it is gone."""
        if not actor.patient:
            raise NOT_OWN_BOOK()
        stored = await self._store.resources.read("Patient", actor.patient, actor)
        types = ("Encounter", "Observation", "DiagnosticReport")
        found = await read_compartment(self._store, actor, stored.rid, types)
        unit = self._store.begin(actor)
        unit.record(Event.BOOK_VIEW, patient=stored.rid, type_="Patient", rid=stored.rid, page=page)
        await self._store.commit(unit)
        today = day_in_vietnam(self._store.clock.now()).isoformat()
        return book_of(stored.read(), [each.read() for each in found], today)

    async def looked(self, actor: Actor, *, count: int = 100) -> list[Looked]:
        """Who looked into the citizen's book, newest first."""
        rid = self._store.workshop.ids.rid_of("Patient", actor.patient)
        found = await entries_of_patient(self._store.database, rid, count=count)
        return [Looked(each.at, each.actor, each.role, each.label) for each in found.entries]

    async def notices(self, actor: Actor) -> list[Notice]:
        """What facilities have told the citizen of their records, newest first."""
        rid = self._store.workshop.ids.rid_of("Patient", actor.patient)
        found = [each.read() for each in await read_compartment(self._store, actor, rid, ("Communication",))]
        told = [each for each in found if _codes(each, systems.NOTICE)]
        return sorted((_notice(each) for each in told), key=lambda each: each.sent, reverse=True)


def _codes(communication: Json, system: str) -> list[str]:
    codings = [coding for each in communication.get("category", []) for coding in each.get("coding", [])]
    return [each.get("code", "") for each in codings if each.get("system") == system]


def _notice(communication: Json) -> Notice:
    texts = [each.get("contentString", "") for each in communication.get("payload", [])]
    sender = communication.get("sender", {})
    return Notice(communication.get("sent", ""), sender.get("display", ""), " ".join(texts))


def book_of(patient: Json, resources: list[Json], today: str) -> Book:
    """A book out of FHIR resources."""
    birth = patient.get("birthDate", "")
    return Book(
        name_of(patient),
        age(birth, today),
        patient.get("gender", ""),
        birth,
        current_value(patient, systems.CCCD),
        current_value(patient, systems.BHYT_CARD),
        sorted((_visit(each) for each in resources if each["resourceType"] == "Encounter"), key=_start, reverse=True),
        panels_of(resources),
    )


def _visit(encounter: Json) -> Visit:
    period = encounter.get("period", {})
    provider = encounter.get("serviceProvider", {})
    facility = provider.get("display") or provider.get("identifier", {}).get("value", "")
    return Visit(facility, period.get("start", ""), period.get("end", ""))


def _start(visit: Visit) -> str:
    return visit.start


def in_words(value: Value) -> str:
    """How a value lies to its band: normal, a_little_high, high, a_little_low, low, unknown."""
    if value.number is None or (value.low is None and value.high is None):
        return "unknown"
    if value.high is not None and value.number > value.high:
        is_little = value.number <= value.high * (1 + SLIGHTLY) and not value.is_critical
        return "a_little_high" if is_little else "high"
    if value.low is not None and value.number < value.low:
        is_little = value.number >= value.low * (1 - SLIGHTLY) and not value.is_critical
        return "a_little_low" if is_little else "low"
    return "normal"
