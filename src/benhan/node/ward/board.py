"""The board of a ward (sơ đồ khoa): a line for each patient who lies there, out of what the store holds. Pure.

A line tells what somebody who begins a shift looks for: bed, name, age, day of stay, who treats, level of care, results
out of their range since yesterday, orders that are open, doses that are due, papers that wait.
Source: TT 31/2021/TT-BYT (levels of care).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from benhan.fhir.dates import range_of
from benhan.kernel.clock import day_in_vietnam
from benhan.mapping.result_views import value_of
from benhan.node.orders.due import Dose, doses_of
from benhan.node.orders.lines import care_level_of, is_open_order, words_of
from benhan.node.patients import PatientLine, line_of
from benhan.node.records.composed import ACCOUNT
from benhan.node.records.content import is_taken_back
from benhan.node.ward.places import Place, place_of

Json = dict[str, Any]


class RecordMark(NamedTuple):
    """The record of a stay: its logical id, papers done and not signed, papers still being written."""

    id: str
    unsigned: int
    writing: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A result out of its range: what, the value as text with its unit, its mark, whether it is critical."""

    name: str
    text: str
    unit: str
    mark: str
    is_critical: bool


@dataclass(slots=True)
class BedLine:
    """A patient on the board; `day` counts the days of the stay from 1."""

    encounter: str
    patient: PatientLine
    place: Place
    since: datetime | None
    day: int
    treats: str
    is_mine: bool
    record: RecordMark | None
    care_level: str = ""
    allergies: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    orders: int = 0
    due: list[Dose] = field(default_factory=list)

    @property
    def late(self) -> int:
        """How many doses should have been given and are not told of."""
        return sum(each.is_late for each in self.due)

    @property
    def next_dose(self) -> Dose | None:
        """The first dose that is still to come today."""
        return next((each for each in self.due if not each.is_late), None)


def lines_of(
    encounters: Iterable[Json],
    resources: Iterable[Json],
    records: Mapping[str, RecordMark],
    actor: str,
    now: datetime,
) -> list[BedLine]:
    """A line for each encounter whose patient is among `resources`, by bed; `records` by the encounter's id."""
    today = day_in_vietnam(now)
    by_patient: dict[str, list[Json]] = defaultdict(list)
    patients: dict[str, PatientLine] = {}
    for each in resources:
        if each["resourceType"] == "Patient":
            patients[f"Patient/{each['id']}"] = line_of(each, today.isoformat())
        elif not is_taken_back(each):
            by_patient[_subject(each)].append(each)
    found = []
    for encounter in encounters:
        subject = encounter.get("subject", {}).get("reference", "")
        if subject not in patients:
            continue
        since = range_of(encounter.get("period", {}).get("start", ""))
        began = since[0] if since is not None else None
        line = BedLine(
            encounter["id"],
            patients[subject],
            place_of(encounter),
            began,
            (today - day_in_vietnam(began)).days + 1 if began is not None else 1,
            treats(encounter),
            is_treated_by(encounter, actor),
            records.get(encounter["id"]),
        )
        _tell(line, by_patient[subject], now)
        found.append(line)
    return sorted(found, key=lambda each: (each.place.in_order, each.patient.name))


def _tell(line: BedLine, resources: list[Json], now: datetime) -> None:
    """What the patient's resources say of the day."""
    own = f"Encounter/{line.encounter}"
    orders = [each for each in resources if is_open_order(each) and each.get("encounter", {}).get("reference") == own]
    line.orders = len(orders)
    line.care_level = next((level for each in orders if (level := care_level_of(each))), "")
    line.due = doses_of(orders, [each for each in resources if each["resourceType"] == "MedicationAdministration"], now)
    line.allergies = list(
        dict.fromkeys(words_of(each) for each in resources if each["resourceType"] == "AllergyIntolerance")
    )
    flags: dict[str, Flag] = {}
    observations = [each for each in resources if each["resourceType"] == "Observation"]
    for each in sorted(observations, key=lambda one: str(one.get("effectiveDateTime", "")), reverse=True):
        value = value_of(each)
        if value.is_abnormal:
            name = words_of(each)
            flags.setdefault(name, Flag(name, value.text, value.unit, value.mark, value.is_critical))
    line.flags = sorted(flags.values(), key=lambda each: not each.is_critical)


def _subject(resource: Json) -> str:
    return str((resource.get("subject") or resource.get("patient") or {}).get("reference", ""))


def treats(encounter: Json) -> str:
    """Who treats: the doctor here who took the patient, else the attending one of the HIS; "" where nobody is told."""
    attending = [each for each in encounter.get("participant", []) if _is_attending(each)]
    own = [each for each in attending if _account(each)]
    return str((own or attending or [{}])[-1].get("individual", {}).get("display", ""))


def is_treated_by(encounter: Json, actor: str) -> bool:
    """Whether an actor has taken the patient of an encounter and has not handed them on."""
    return any(_account(each) == actor and _is_attending(each) for each in encounter.get("participant", []))


def taken_by(encounter: Json, actor: str, name: str, now: str) -> Json:
    """The encounter treated by another doctor of this house from `now` (an instant) on; the one before is ended."""
    told = treats_no_more(encounter, now).get("participant", [])
    role = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
        "code": "ATND",
        "display": "attender",
    }
    who = {"type": "Practitioner", "identifier": {"system": ACCOUNT, "value": actor}, "display": name}
    new = {"type": [{"coding": [role]}], "period": {"start": now}, "individual": who}
    return {**encounter, "participant": [*told, new]}


def treats_no_more(encounter: Json, now: str) -> Json:
    """The encounter whose doctor of this house treats no more from `now` (an instant) on."""
    told = []
    for each in encounter.get("participant", []):
        is_own = _account(each) and _is_attending(each)
        told.append({**each, "period": {**each.get("period", {}), "end": now}} if is_own else each)
    return {**encounter, "participant": told} if told else encounter


def _is_attending(participant: Json) -> bool:
    codes = {coding.get("code") for each in participant.get("type", []) for coding in each.get("coding", [])}
    return "ATND" in codes and "end" not in participant.get("period", {})


def _account(participant: Json) -> str:
    named = participant.get("individual", {}).get("identifier", {})
    return str(named.get("value", "")) if named.get("system") == ACCOUNT else ""
