"""Patients as the pages show them: the list, the banner, timeline, results, who has looked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from benhan.fhir.dates import range_of
from benhan.fhir.folding import fold
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor
from benhan.kernel.clock import day_in_vietnam
from benhan.mapping.fhir_to_hoso_benh_an import age, name_of
from benhan.mapping.result_views import Panel, panels_of
from benhan.node.records.content import CONTENT_TYPES, is_external, is_taken_back
from benhan.store.compartment import read_compartment
from benhan.store.ledger.events import Event
from benhan.store.ledger.read import entries_of_patient
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


@dataclass(frozen=True, slots=True)
class Moment:
    """Something in a patient's timeline."""

    at: datetime | None
    kind: str
    title: str
    detail: str
    id: str
    is_open: bool = False
    until: datetime | None = None
    roles: tuple[str, ...] = ()
    """Of a diagnosis: what it was to the encounter, as `ROLES` has it."""
    is_external: bool = False
    """Whether it is of another facility's record."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody who looked, wrote or took out: when, who, in which role, doing what."""

    at: datetime
    actor: str
    role: str
    event: str


@dataclass(slots=True)
class Chart:
    """Everything a patient's page shows."""

    patient: PatientLine
    allergies: list[str]
    encounters: list[Moment]
    moments: list[Moment]
    panels: list[Panel]

    @property
    def flagged(self) -> list[tuple[str, Any]]:
        """The latest values that are out of their range: panel, analyte."""
        return [(panel.name, each) for panel in self.panels for each in panel.analytes if each.latest.is_abnormal]


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

    async def chart(self, patient_id: str, actor: Actor, *, page: str = "overview") -> Chart:
        """A patient's whole chart; the view is in the ledger. Raises NotFound BA-0401, BA-0402, BA-0503."""
        stored = await self._store.resources.read("Patient", patient_id, actor)
        resources = [
            each.read() for each in await read_compartment(self._store, actor, stored.rid, ("Encounter", *SHOWN_TYPES))
        ]
        unit = self._store.begin(actor)
        unit.record(Event.PATIENT_VIEW, patient=stored.rid, type_="Patient", rid=stored.rid, page=page)
        await self._store.commit(unit)
        today = day_in_vietnam(self._store.clock.now()).isoformat()
        return chart_of(line_of(stored.read(), today), resources)

    async def looks(self, patient_id: str, *, count: int = 100) -> list[Look]:
        """Who looked at a patient, newest first."""
        rid = self._store.workshop.ids.rid_of("Patient", patient_id)
        found = await entries_of_patient(self._store.database, rid, count=count)
        names = await self.names_of({each.actor for each in found.entries})
        return [Look(each.at, names.get(each.actor, each.actor), each.role, each.label) for each in found.entries]

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


def chart_of(line: PatientLine, resources: list[Json]) -> Chart:
    """A chart out of what the compartment holds."""
    encounters = [_encounter(each) for each in resources if each["resourceType"] == "Encounter"]
    known = [each for each in resources if each["resourceType"] in _KINDS and not is_taken_back(each)]
    others = [_other(each) for each in known if each["resourceType"] != "Condition"]
    others += _diagnoses([each for each in known if each["resourceType"] == "Condition"], roles_of(resources))
    moments = [*encounters, *(each for each in others if each.at is not None)]
    allergies = [
        each["code"].get("text", "")
        for each in resources
        if each["resourceType"] == "AllergyIntolerance" and "code" in each
    ]
    newest_first = sorted(moments, key=lambda each: (_when(each), each.id), reverse=True)
    return Chart(line, allergies, sorted(encounters, key=_when, reverse=True), newest_first, panels_of(resources))


_KINDS = {
    "DiagnosticReport": "effectiveDateTime",
    "ServiceRequest": "authoredOn",
    "Condition": "recordedDate",
    "MedicationRequest": "authoredOn",
    "Composition": "date",
}
_TITLES = {"MedicationRequest": "medicationCodeableConcept", "Composition": "type"}
ROLES = {"AD": "AD", "DD": "DD", "CC": "CC", "CM": "CC", "pre-op": "pre_op", "post-op": "post_op", "billing": "billing"}
"""HL7's diagnosis-role, in the words of the pages."""
SHOWN_TYPES = tuple(each for each in CONTENT_TYPES if each not in ("ChargeItem", "Claim", "Invoice"))
"""A claim is large, and all that it and the bills tell of care stands in other resources."""


def _when(moment: Moment) -> str:
    return moment.at.isoformat() if moment.at is not None else ""


def _encounter(encounter: Json) -> Moment:
    period = encounter.get("period", {})
    place = (encounter.get("location") or [{}])[0].get("location", {}).get("display", "")
    reason = (encounter.get("reasonCode") or [{}])[0].get("text", "")
    return Moment(
        _instant(period.get("start", "")),
        "Encounter",
        encounter.get("class", {}).get("code", ""),
        " — ".join(text for text in (place, reason) if text),
        encounter["id"],
        encounter.get("status") not in ("finished", "cancelled") and not is_external(encounter),
        _instant(period.get("end", "")),
        is_external=is_external(encounter),
    )


def _other(resource: Json) -> Moment:
    title = resource.get(_TITLES.get(resource["resourceType"], "code"), {}).get("text", "")
    return Moment(
        _instant(resource.get(_KINDS[resource["resourceType"]], "")),
        resource["resourceType"],
        title,
        resource.get("status", ""),
        resource["id"],
    )


def roles_of(resources: list[Json]) -> dict[str, str]:
    """The role that an Encounter gives each of its diagnoses, by reference."""
    found = {}
    for encounter in resources:
        for each in encounter.get("diagnosis", []) if encounter["resourceType"] == "Encounter" else []:
            role = (each.get("use", {}).get("coding") or [{}])[0].get("code", "")
            if role:
                found[each.get("condition", {}).get("reference", "")] = ROLES.get(role, "unknown")
    return found


def _diagnoses(conditions: list[Json], roles: dict[str, str]) -> list[Moment]:
    """The diagnoses, each once for an encounter: a stay that came with what it left with has it in both roles."""
    found: dict[tuple[str, str], list[Json]] = {}
    for each in sorted(conditions, key=lambda one: (one.get("recordedDate", ""), one["id"])):
        encounter = each.get("encounter", {}).get("reference", each["id"])
        codes = [coding.get("code", "") for coding in each.get("code", {}).get("coding", [])]
        names = [name for name in (fold(_title_of(each)), *codes) if name] or [each["id"]]
        same = next((found[encounter, name] for name in names if (encounter, name) in found), [])
        same.append(each)
        found |= {(encounter, name): same for name in names}
    groups = {id(group): group for group in found.values()}
    return [_diagnosis(group, roles) for group in groups.values()]


def _diagnosis(group: list[Json], roles: dict[str, str]) -> Moment:
    told = dict.fromkeys(roles.get(f"Condition/{each['id']}", "") for each in group)
    title = max((_title_of(each) for each in group), key=len)
    first = group[0]
    return replace(_other(first), title=title, roles=tuple(filter(None, told)))


def _title_of(condition: Json) -> str:
    """What a diagnosis is called: its words, else its code."""
    code = condition.get("code", {})
    coding = (code.get("coding") or [{}])[0]
    return str(code.get("text", "") or coding.get("display", "") or coding.get("code", ""))


def _instant(text: str) -> datetime | None:
    found = range_of(text) if text else None
    return found[0] if found is not None else None


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
