"""Patients as the pages show them: the list, the banner, timeline, results, who has looked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor, outgoing
from benhan.kernel.clock import day_in_vietnam
from benhan.mapping.fhir_to_hoso_benh_an import age, name_of
from benhan.store.ledger.events import Event
from benhan.store.ledger.find import ids_of
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.store import Store
from benhan.vn import systems
from benhan.vn.identifiers.fhir_identifier import current_value

Json = dict[str, Any]

PAGE = 30


@dataclass(frozen=True, slots=True)
class PatientLine:
    """A patient in a list or a banner."""

    id: str
    name: str
    gender: str
    birth_date: str
    age: str
    number: str
    cccd: str
    bhyt: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class PatientPage:
    """A page of the list; `next` continues it, "" at its end."""

    patients: list[PatientLine]
    next: str


class Patients:
    """Reads patients of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listed(self, text: str, actor: Actor, *, page: str = "") -> PatientPage:
        """Patients whose name, number, CCCD, card or phone is `text`; all for "". Accents and case do not matter."""
        query = parse_search("Patient", [*_criteria(text), ("_count", str(PAGE)), *([("_page", page)] if page else [])])
        found = await self._store.search.search(query, actor)
        today = day_in_vietnam(self._store.clock.now()).isoformat()
        return PatientPage([line_of(each.read(), today) for each in found.matches], found.next)

    async def lines(self, patients: Iterable[int], actor: Actor, *, page: str) -> dict[int, PatientLine]:
        """Patients by their rid as lines of a list that is the actor's work whoever they treat; each view is in the
        ledger. Those whose key was destroyed are missing."""
        rids = [(TYPE_NUMBERS["Patient"], each) for each in set(patients)]
        async with self._store.database.connection() as connection:
            names = await ids_of(connection, self._store.opener, rids) if rids else {}
        wanted = [("Patient", each.partition("/")[2]) for each in names.values()]
        found = await self._store.resources.read_many(wanted, outgoing("patients"))
        today = day_in_vietnam(self._store.clock.now()).isoformat()
        unit = self._store.begin(actor)
        lines: dict[int, PatientLine] = {}
        for each in found:
            if each is not None and not each.deleted:
                lines[each.rid] = line_of(each.read(), today)
                unit.record(Event.PATIENT_VIEW, patient=each.rid, type_="Patient", rid=each.rid, page=page)
        if lines:
            await self._store.commit(unit)
        return lines

    def rid_of(self, patient_id: str) -> int:
        """The rid of a patient."""
        return self._store.workshop.ids.rid_of("Patient", patient_id)

    def line_of_record(self, patient: dict[str, Any]) -> PatientLine:
        """What a banner tells of a patient today."""
        return line_of(patient, day_in_vietnam(self._store.clock.now()).isoformat())

    async def names_of(self, actors: set[str]) -> dict[str, str]:
        """The names of the accounts among `actors`."""
        numbers = [int(each.removeprefix("account:")) for each in actors if each.startswith("account:")]
        rows = await self._store.database.fetch("select id, name from account where id = any($1::bigint[])", numbers)
        return {f"account:{row['id']}": row["name"] for row in rows}


def _criteria(text: str) -> list[tuple[str, str]]:
    """A number is looked for among identifiers, anything else among names."""
    text = " ".join(text.split())[:100]
    if not text:
        return []
    escaped = text.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")
    digits = text.replace(" ", "")
    if any(letter.isdigit() for letter in digits):
        if digits.isdigit() and len(digits) in (10, 11) and digits.startswith("0"):
            return [("phone", digits)]
        return [("identifier", escaped.replace(" ", ""))]
    return [("name", escaped)]


def line_of(patient: Json, today: str) -> PatientLine:
    """A Patient as a line."""
    birth = patient.get("birthDate", "")
    return PatientLine(
        patient["id"],
        name_of(patient) or "—",
        patient.get("gender", ""),
        birth,
        age(birth, today),
        current_value(patient, systems.patient_number("")),
        current_value(patient, systems.CCCD),
        current_value(patient, systems.BHYT_CARD),
        (patient.get("address") or [{}])[0].get("text", ""),
        next((each.get("value", "") for each in patient.get("telecom", []) if each.get("system") == "phone"), ""),
    )
