"""What nurses write: vital signs of a whole ward at once, fluids, doses given or not, notes on the care slip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from benhan.fhir.resource import instant, resource_of
from benhan.fhir.terms import code_term, system_code_term
from benhan.kernel.actors import Actor
from benhan.kernel.clock import OFFSET, VIETNAM, day_in_vietnam
from benhan.kernel.issues import error
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.mapping.mapped import identifier, without_empty
from benhan.node.nursing.faults import IMPOSSIBLE_SIGNS, NO_SUCH_DOSE, NOTHING_TYPED, TOLD_ALREADY, WHY_NOT
from benhan.node.nursing.signs import (
    FLUID_WORDS,
    Impossible,
    Measured,
    fluid_to_observation,
    read_sign,
    read_volume,
    sign_to_observation,
    signs_by_time,
)
from benhan.node.orders.due import dose_key, times_today
from benhan.node.orders.faults import NO_RECORD
from benhan.node.orders.lines import care_level_of, is_open_order, resource_to_line
from benhan.node.records.composed import author_of
from benhan.node.records.growing import add_row
from benhan.node.records.life import require
from benhan.node.records.models import Paper
from benhan.node.records.papers import Papers
from benhan.node.ward.stays import Stay, open_stay
from benhan.store.care import reached, unveiled
from benhan.store.identities import Identities
from benhan.store.ids import bucket_of
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store

Json = dict[str, Any]

CELLS_MAX = 1_000
BACK = timedelta(days=2)
"""So far back something may be written that was not written at the time."""
CARE_TYPES = ("MedicationAdministration", "MedicationRequest", "Observation", "ServiceRequest")
CARE_SLIPS = {"1": "37/BV-02"}
OTHER_SLIP = "38/BV-02"

BAD_TIME = Text("Giờ đo không thể ở tương lai hay trước hơn hai ngày.", "Not a time of the last two days.")

_SIGNS = query(
    "ward_signs",
    f"""
    select r.type, r.rid, r.version, r.patient, r.updated_at, r.content
    from unnest($1::smallint[], $2::bigint[]) as w (bucket, patient)
    join resource r on r.bucket = w.bucket and r.patient = w.patient and r.type = $3 and r.at_from >= $4
        and r.tokens && $5::bigint[] and r.until is null and r.content is not null
        and {unveiled("r", 6)} and {reached("r", 6)}
    """,  # noqa: S608  # constants
)


@dataclass(frozen=True, slots=True)
class DoseLine:
    """A dose of today: what, when; what was told of it ("" for nothing), by whom and why not."""

    order: str
    text: str
    at: datetime
    state: str
    by: str
    why: str
    is_late: bool


class Bedside:
    """Nursing on one store."""

    def __init__(self, store: Store, papers: Papers) -> None:
        self._store = store
        self._papers = papers
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)

    def now(self) -> datetime:
        """What time it is at the bedside."""
        return self._store.clock.now()

    async def last_signs(self, patients: Sequence[str], actor: Actor) -> dict[str, dict[str, str]]:
        """The last sign of each kind since yesterday, by patient (a logical id) and sign."""
        of = self._store.workshop.tokens.of
        rids = [self._store.workshop.ids.rid_of("Patient", each) for each in patients]
        since = datetime.combine(day_in_vietnam(self.now()), time(), VIETNAM) - timedelta(days=1)
        signs = [
            of(code_term("Observation.category", "vital-signs")),
            of(system_code_term("Observation.category", _CATEGORY, "vital-signs")),
        ]
        veil = self._store.workshop.rules.veil(actor).values
        async with self._store.database.connection() as connection:
            rows = await connection.fetch(
                _SIGNS, [bucket_of(each) for each in rids], rids, TYPE_NUMBERS["Observation"], since, signs, *veil
            )
            opened = await self._store.opener.open_all(rows, connection)
        names = dict(zip(rids, patients, strict=True))
        by_patient: dict[str, list[Json]] = {}
        for each in opened:
            if each is not None:
                by_patient.setdefault(names[each.patient], []).append(each.read())
        found: dict[str, dict[str, str]] = {}
        for patient, observations in by_patient.items():
            for line in reversed(signs_by_time(observations)):
                found.setdefault(patient, {}).update(line.signs)
        return found

    async def save_signs(self, at: str, cells: Mapping[tuple[str, str], str], actor: Actor, name: str) -> int:
        """Save the cells of a grid, by encounter and sign, all or none; gives how many. `at` is Vietnam's time.

        Raises Incorrect BA-5370 with an issue for each cell (`encounter.sign`), BA-5371; NotFound BA-0401; Forbidden
        BA-5213.
        """
        require(actor, Permission.CARE_WRITE)
        issues = self._time_issues(at)
        values: dict[tuple[str, str], tuple[Decimal, ...]] = {}
        for (encounter, sign), text in list(cells.items())[:CELLS_MAX]:
            if text.strip():
                try:
                    values[encounter, sign] = read_sign(sign, text)
                except Impossible as told:
                    issues.append(error("value", f"{encounter}.{sign}", told.text))
        if issues:
            raise IMPOSSIBLE_SIGNS(*issues, count=len(issues))
        if not values:
            raise NOTHING_TYPED()
        encounters = list(dict.fromkeys(encounter for encounter, _ in values))
        stays = {each: await self._store.resources.read("Encounter", each, actor) for each in encounters}
        author = {**author_of(actor), "display": name}
        found = []
        for (encounter, sign), numbers in values.items():
            measured = Measured(
                stays[encounter].read()["subject"], {"reference": f"Encounter/{encounter}"}, f"{at}:00{OFFSET}", author
            )
            found.append(sign_to_observation(sign, numbers, measured))
        return await self._put(found, actor)

    async def save_fluids(self, encounter_id: str, at: str, ways: Mapping[str, str], actor: Actor, name: str) -> int:
        """Save volumes by way, all or none; gives how many. Raises as `save_signs`."""
        require(actor, Permission.CARE_WRITE)
        issues = self._time_issues(at)
        volumes: dict[str, Decimal] = {}
        for way, text in ways.items():
            if text.strip() and way in FLUID_WORDS:
                try:
                    volumes[way] = read_volume(text)
                except Impossible as told:
                    issues.append(error("value", way, told.text))
        if issues:
            raise IMPOSSIBLE_SIGNS(*issues, count=len(issues))
        if not volumes:
            raise NOTHING_TYPED()
        stored = await self._store.resources.read("Encounter", encounter_id, actor)
        author = {**author_of(actor), "display": name}
        measured = Measured(
            stored.read()["subject"], {"reference": f"Encounter/{encounter_id}"}, f"{at}:00{OFFSET}", author
        )
        return await self._put([fluid_to_observation(way, each, measured) for way, each in volumes.items()], actor)

    async def _put(self, resources: Iterable[Json], actor: Actor) -> int:
        """Write observations; one that was written before with the same key (sent twice) is written over."""
        keys = {
            ("Observation", each["identifier"][0]["system"], each["identifier"][0]["value"]): each for each in resources
        }
        known = await self._identities.find(keys)
        unit = self._store.begin(actor)
        for key, each in keys.items():
            if key in known:
                unit.update(resource_of({**each, "id": known[key].id}))
            else:
                unit.create(resource_of(each))
        await self._store.commit(unit)
        return len(keys)

    def _time_issues(self, at: str) -> list[Any]:
        when = datetime.fromisoformat(at).replace(tzinfo=VIETNAM)
        now = self.now()
        is_wrong = when > now + timedelta(minutes=5) or when < now - BACK
        return [error("value", "at", BAD_TIME)] if is_wrong else []

    async def open(self, encounter_id: str, actor: Actor) -> tuple[Stay, list[DoseLine]]:
        """A stay with what care needs, and the doses of today by time. Raises NotFound BA-0401."""
        stay = await open_stay(self._store, encounter_id, actor, "care", CARE_TYPES)
        return stay, doses_today(stay, self.now())

    async def tell_dose(
        self, encounter_id: str, order: str, at: datetime, actor: Actor, name: str, *, given: bool, why: str = ""
    ) -> None:
        """Tell that a dose of today was given now, or was not and why.

        Raises NotFound BA-0401, BA-5372; Conflict BA-5373; Incorrect BA-5374; Forbidden BA-5213.
        """
        require(actor, Permission.CARE_WRITE)
        if not given and not why.strip():
            raise WHY_NOT()
        stay, doses = await self.open(encounter_id, actor)
        dose = next((each for each in doses if each.order == order and each.at == at), None)
        if dose is None:
            raise NO_SUCH_DOSE()
        key = dose_key(order, at)

        async def check() -> None:
            if await self._identities.find([("MedicationAdministration", *key)]):
                raise TOLD_ALREADY()

        request = next(each for each in stay.resources if f"{each.type}/{each.id}" == order).read()
        dosage = (request.get("dosageInstruction") or [{}])[0]
        quantity = (dosage.get("doseAndRate") or [{}])[0].get("doseQuantity")
        unit = self._store.begin(actor)
        unit.only_if([unit.token(system_code_term("MedicationAdministration.identifier", *key))], check)
        told = without_empty({"text": dosage.get("text"), "route": dosage.get("route"), "dose": quantity})
        unit.create(
            resource_of(
                without_empty(
                    {
                        "resourceType": "MedicationAdministration",
                        "identifier": [identifier(key)],
                        "status": "completed" if given else "not-done",
                        "statusReason": [{"text": why.strip()}] if why.strip() else [],
                        "medicationCodeableConcept": request["medicationCodeableConcept"],
                        "subject": request["subject"],
                        "context": {"reference": stay.reference},
                        "effectiveDateTime": instant(unit.at),
                        "performer": [{"actor": {**author_of(actor), "display": name}}],
                        "request": {"reference": order},
                        "dosage": told if given else {},
                    }
                )
            )
        )
        await self._store.commit(unit)

    async def note(self, encounter_id: str, at: str, seen: str, done: str, actor: Actor) -> Paper:
        """Write a row on the care slip: of level 1 where that is ordered, else of level 2.

        Raises NotFound BA-0401; Conflict BA-5365, BA-5208; Incorrect BA-5370, BA-5371; Forbidden BA-5213.
        """
        require(actor, Permission.CARE_WRITE)
        if not (seen.strip() or done.strip()):
            raise NOTHING_TYPED()
        issues = self._time_issues(at)
        if issues:
            raise IMPOSSIBLE_SIGNS(*issues, count=len(issues))
        stay, _ = await self.open(encounter_id, actor)
        if stay.record is None or not stay.is_written:
            raise NO_RECORD()
        opened = await self._papers.records.opened(stay.record, actor)
        unit = self._store.begin(actor)
        row = {"luc": at, "dien_bien": seen.strip(), "cham_soc": done.strip()}
        paper = await add_row(self._papers, unit, opened, CARE_SLIPS.get(care_level(stay), OTHER_SLIP), row)
        await self._store.commit(unit)
        return paper


_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def care_level(stay: Stay) -> str:
    """The level of care that is ordered, "" for none."""
    orders = (each.read() for each in stay.resources if each.type == "ServiceRequest")
    return next((level for each in orders if is_open_order(each) and (level := care_level_of(each))), "")


def doses_today(stay: Stay, now: datetime) -> list[DoseLine]:
    """The doses of today by time: those to come, those told of, those late; of orders that ended, what was told."""
    contents = [each.read() for each in stay.resources]
    told = {
        one.get("value"): each
        for each in contents
        if each["resourceType"] == "MedicationAdministration"
        for one in each.get("identifier", [])
    }
    found = []
    for order in contents:
        if (
            order["resourceType"] != "MedicationRequest"
            or order.get("encounter", {}).get("reference") != stay.reference
        ):
            continue
        reference, line = f"MedicationRequest/{order['id']}", resource_to_line(order)
        began = datetime.fromisoformat(order["authoredOn"]) if len(order.get("authoredOn", "")) > 10 else None
        for at in times_today(line.times, now):
            done = told.get(dose_key(reference, at)[1])
            if done is None and (not is_open_order(order) or (began is not None and at < began)):
                continue
            state = done["status"] if done is not None else ""
            by = (((done or {}).get("performer") or [{}])[0]).get("actor", {}).get("display", "")
            why = ((done or {}).get("statusReason") or [{}])[0].get("text", "")
            found.append(DoseLine(reference, line.text, at, state, by, why, done is None and at < now))
    return sorted(found, key=lambda each: (each.at, each.text))
