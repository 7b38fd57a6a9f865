"""Records as a whole: opened, moved through their states, marked, held. Papers in them are `papers`.

Every act is one unit of work: the row, the record's own list of acts, its Composition and the ledger together.
Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69; TT 33/2025/TT-BYT (terms); CV 365/TTYQG-GPQLCL III.1.1 c, đ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from benhan.fhir.dates import range_of
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Actor, outgoing, system
from benhan.kernel.care import ARCHIVE_KEY, EVERY_USE, REVIEW_KEY, Use, department_key
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.permissions import Permission
from benhan.mapping.encounter_to_care import FOR_EVER
from benhan.mapping.form_answers import response_to_answers
from benhan.node.access.faults import NO_RIGHT as NO_USE
from benhan.node.records import rows
from benhan.node.records.admission import read_admitted, relaxed, why_of
from benhan.node.records.closing import FilledForm, Finding, Signing, check_record, lacks_signature
from benhan.node.records.composed import composition_of
from benhan.node.records.content import CONTENT_TYPES, belonging, is_external
from benhan.node.records.faults import (
    IS_DESTROYED,
    IS_EXTERNAL,
    NO_RIGHT,
    NO_SUCH_RECORD,
    NOT_A_RECORD_FORM,
    NOT_TO_BE_CLOSED,
)
from benhan.node.records.lifecycle import Act, State, Step, step_for
from benhan.node.records.models import Medium, Paper, Record
from benhan.node.records.order import Order, is_inpatient, is_main
from benhan.node.records.rows import Done, Hold, RecordRows
from benhan.node.signatures.chain import Chains, usual_chains
from benhan.node.signatures.faults import UNSIGNED_PAPERS
from benhan.store.care import archive, end, may_use, put
from benhan.store.compartment import ALWAYS, read_compartment
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.store.unit_of_work import Hook, Stored, UnitOfWork
from benhan.vn import systems
from benhan.vn.forms.answers import Codes
from benhan.vn.forms.catalogue import Catalogue, named_forms
from benhan.vn.retention import Occurrence, RecordFacts, RetentionClass, occurrences_of, retention_of

Json = dict[str, Any]

_EPISODE = tuple(each for each in CONTENT_TYPES if each not in ("Claim", "Composition"))
_DATED = (
    "DiagnosticReport",
    "MedicationAdministration",
    "MedicationRequest",
    "Observation",
    "Procedure",
    "ServiceRequest",
)
EARLIER = timedelta(days=7)
"""What is dated so much before an episode is none of it: results of years need not be opened."""
_REASON_AAD = b"record-act"
WHOLE = system("records")
"""Whose sight checks and terms are by: what is kept from who closes a record is in it all the same."""


def sight_of(actor: Actor) -> Actor:
    """A task of the system that sees what `actor` may of a record in their reach: the caller records the view."""
    seeing = WHOLE if actor.may(Permission.SECRECY_VIEW) else outgoing("records")
    return replace(seeing, care=relaxed(actor).care)


class Admitted(NamedTuple):
    """A record that somebody may use; `actor` reads what is of it, `by` is the relation, "" where none was needed."""

    record: Record
    actor: Actor
    by: str


@dataclass(frozen=True, slots=True)
class Facility:
    """Whose records these are."""

    code: str
    name: str


@dataclass(slots=True)
class Opened:
    """A record with its papers, whose resources stand in `stored` by reference."""

    record: Record
    papers: list[Paper]
    patient: Stored
    encounter: Stored
    stored: Mapping[str, Stored]


class Episode(NamedTuple):
    """What the patient's compartment holds of a record's episode: resources, and their bytes by reference."""

    resources: list[Json]
    contents: dict[str, bytes]


class Records:
    """The records of one store."""

    def __init__(
        self,
        store: Store,
        facility: Facility,
        forms: Catalogue,
        order: Order,
        chains: Chains | None = None,
        *,
        must_sign: bool = False,
    ) -> None:
        """`must_sign`: a record whose papers lack signatures is neither submitted nor archived."""
        self.store = store
        self.chains = chains or usual_chains()
        self.must_sign = must_sign
        self.facility = facility
        self.forms = forms
        self.order = order
        self.rows = RecordRows(store.database)

    async def open(
        self,
        encounter_id: str,
        number: str,
        department: str,
        actor: Actor,
        *,
        medium: Medium = Medium.ELECTRONIC,
    ) -> Record:
        """A new record of an episode on the bệnh án `number`, which has no papers yet.

        Active where the patient is there already. Raises NotFound BA-0401, BA-3351; Incorrect BA-5215, BA-5419;
        Conflict BA-5207; Forbidden BA-5213.
        """
        require(actor, Permission.RECORD_CREATE)
        encounter = await self.store.resources.read("Encounter", encounter_id, actor)
        if not encounter.patient:
            raise NO_SUCH_RESOURCE(type="Patient", id="?")
        async with self.store.database.connection() as connection:
            if await may_use(connection, actor, encounter.patient, Use.WRITE) is None:
                raise NO_USE()
        now = self.store.clock.now()
        form = self.forms.on(number, day_in_vietnam(now))
        if not is_main(form):
            raise NOT_A_RECORD_FORM(form=form.number)
        content = encounter.read()
        if is_external(content):
            raise IS_EXTERNAL()
        is_there = content.get("status") in ("arrived", "triaged", "in-progress", "onleave", "finished")
        state = State.ACTIVE if is_there else State.DRAFT
        unit = self.store.begin(actor)
        record = Record(
            0, encounter.patient, encounter.rid, state, medium, form.key, department,
            now, None, None, None, None, None, "", "", 1, 0,
        )  # fmt: skip
        subject = content["subject"]["reference"]
        composition = composition_of(
            record, form, [], self.order, self._custodian, subject, f"Encounter/{encounter.id}", now
        )
        unit.create(resource_of(composition))
        record = replace(record, rid=unit.writes[-1].rid)
        unit.also(rows.insert(record, Done(0, now, "open", actor.id, actor.role.value, None)))
        if department:
            key = department_key(department)
            unit.also(put(record.patient, record.rid, key, now, FOR_EVER, uses=EVERY_USE))
        unit.record(Event.RECORD_ACT, patient=record.patient, type_="Composition", rid=record.rid, act="open")
        await self.store.commit(unit)
        return record

    async def read(self, record_id: str) -> Record:
        """A record by the id of its Composition, whoever asks. Raises NotFound BA-5205."""
        return await self.rows.read(self.store.workshop.ids.rid_of("Composition", record_id))

    async def admitted(self, record_id: str, actor: Actor, use: Use = Use.READ) -> Admitted:
        """A record that `actor` may use so. Raises NotFound BA-5205 where they may not even read it, Forbidden BA-5310
        where they may, but not use it so."""
        rid = self.store.workshop.ids.rid_of("Composition", record_id)
        found = await read_admitted(self.store.database, rid, actor, use)
        if found is None:
            if use != Use.READ and await read_admitted(self.store.database, rid, actor, Use.READ) is not None:
                raise NO_USE()
            raise NO_SUCH_RECORD()
        by = why_of(found)
        return Admitted(rows.record_of(found), relaxed(actor, by), by)

    async def opened(self, record: Record, actor: Actor) -> Opened:
        """A record with its papers but for what is kept from `actor`. Records no view: the caller does.

        Raises NotFound BA-0401 where the key is gone, BA-5440 where it was destroyed.
        """
        if record.state is State.DESTROYED:
            raise IS_DESTROYED()
        papers = await self.rows.papers(record)
        wanted = [("Patient", record.patient), ("Encounter", record.encounter)]
        wanted += [(each.type, each.rid) for each in papers]
        patient, encounter, *found = await self.store.resources.read_rids(wanted, sight_of(actor))
        if patient is None or encounter is None:
            raise NO_SUCH_RESOURCE(type="Patient" if patient is None else "Encounter", id="?")
        there = zip(papers, found, strict=True)
        return Opened(
            record, papers, patient, encounter, {paper.reference: each for paper, each in there if each is not None}
        )

    async def episode(self, opened: Opened, actor: Actor) -> Episode:
        """What belongs to an episode but for what is kept from `actor`. Records no view: the caller does."""
        encounter = opened.encounter.read()
        start = range_of(encounter.get("period", {}).get("start", ""))
        since = start[0] - EARLIER if start is not None else ALWAYS
        found = await read_compartment(self.store, actor, opened.record.patient, _EPISODE, since=since, dated=_DATED)
        resources = belonging([each.read() for each in found], opened.encounter.id)
        own = {f"{each['resourceType']}/{each['id']}" for each in resources}
        contents = {f"{each.type}/{each.id}": each.content for each in found if f"{each.type}/{each.id}" in own}
        return Episode(resources, contents)

    async def view(self, record_id: str, actor: Actor) -> Opened:
        """A record as somebody looks at it; the view is in the ledger. Raises NotFound BA-5205, BA-0503."""
        record, seeing, by = await self.admitted(record_id, actor)
        opened = await self.opened(record, seeing)
        unit = self.store.begin(actor)
        unit.record(Event.RECORD_VIEW, patient=record.patient, type_="Composition", rid=record.rid, by=by)
        await self.store.commit(unit)
        return opened

    async def findings(self, opened: Opened, codes: Codes | None = None) -> list[Finding]:
        """What the record still lacks before it can be submitted."""
        resources = (await self.episode(opened, WHOLE)).resources
        number = opened.record.form_number
        names = {each.number: each.name for each in named_forms()}
        signing = Signing(self.chains, blocks=self.must_sign)
        return check_record(number, opened.papers, self.filled(opened), resources, self.order, names, codes, signing)

    def filled(self, opened: Opened) -> list[FilledForm]:
        """The papers on forms with their answers; those whose key was destroyed are left out."""
        found = []
        for paper in opened.papers:
            stored = opened.stored.get(paper.reference)
            if paper.form and stored is not None:
                form = self.forms.by_key(paper.form)
                found.append(FilledForm(paper, form, response_to_answers(form, stored.read())))
        return found

    async def act(
        self, record_id: str, act: Act, actor: Actor, *, reason: str = "", codes: Codes | None = None
    ) -> Record:
        """Do an act on a record; gives the record after it.

        Raises NotFound BA-5205; Conflict BA-5201, BA-5202, BA-5203, BA-5208, BA-5212; Incorrect BA-5204; Forbidden
        BA-5213; Conflict BA-5109 where signatures are missing that must be there.
        """
        before = (await self.admitted(record_id, actor, Use.WRITE)).record
        step = step_for(act, before.state, is_cancelled=before.is_cancelled, reason=reason)
        require(actor, step.permission)
        opened = await self.opened(before, WHOLE)
        if act is Act.SUBMIT:
            blocking = [each for each in await self.findings(opened, codes) if each.blocks]
            if blocking:
                raise NOT_TO_BE_CLOSED(count=len(blocking))
        now = self.store.clock.now()
        after = _after(before, act, step, now)
        unit = self.store.begin(actor)
        if act is Act.ARCHIVE:
            self._hold_to_signatures(opened)
            number = before.storage_number or await self.rows.next_number(day_in_vietnam(now).year)
            after = await self._with_term(replace(after, storage_number=number), opened)
        await self.write(unit, before, after, opened, act.value, reason=reason)
        for hook in _relations_after(before, act, now):
            unit.also(hook)
        await self.store.commit(unit)
        return await self.rows.read(before.rid)

    async def change_form(self, record_id: str, number: str, actor: Actor, reason: str) -> Record:
        """Give a record another kind of bệnh án ("đổi vỏ"): papers and what was written stay as they are.

        Raises as `act`, and Incorrect BA-5215, NotFound BA-3351.
        """
        before = (await self.admitted(record_id, actor, Use.WRITE)).record
        step_for(Act.CANCEL, before.state, is_cancelled=before.is_cancelled, reason=reason)
        require(actor, Permission.RECORD_EDIT)
        form = self.forms.on(number, day_in_vietnam(before.opened_at))
        if not is_main(form):
            raise NOT_A_RECORD_FORM(form=form.number)
        opened = await self.opened(before, WHOLE)
        unit = self.store.begin(actor)
        await self.write(unit, before, replace(before, form=form.key), opened, "change-form", reason=reason)
        await self.store.commit(unit)
        return await self.rows.read(before.rid)

    async def hold(self, record_id: str, order: str, actor: Actor) -> None:
        """Forbid the destruction of a record by the written order of this number. Source: Luật Lưu trữ Đ16."""
        require(actor, Permission.RECORD_HOLD)
        record = (await self.admitted(record_id, actor, Use.WRITE)).record
        unit = self.store.begin(actor)
        unit.also(rows.place_hold(record, order, unit.at, actor.id))
        unit.record(Event.RECORD_ACT, patient=record.patient, type_="Composition", rid=record.rid, act="hold")
        await self.store.commit(unit)

    async def release(self, record_id: str, order: str, actor: Actor) -> None:
        """End a hold; others stay. Raises NotFound BA-5205, BA-5216; Forbidden BA-5213."""
        require(actor, Permission.RECORD_HOLD)
        record = (await self.admitted(record_id, actor, Use.WRITE)).record
        unit = self.store.begin(actor)
        unit.also(rows.release_hold(record, order, unit.at, actor.id))
        unit.record(Event.RECORD_ACT, patient=record.patient, type_="Composition", rid=record.rid, act="release")
        await self.store.commit(unit)

    async def holds(self, record: Record) -> list[Hold]:
        """The holds that are in force."""
        return [each for each in await self.rows.holds(record) if each.released_at is None]

    async def acts(self, record: Record) -> list[tuple[Done, str]]:
        """What was done to a record, newest first, each with its reason ("" without one)."""
        done = await self.rows.acts(record)
        async with self.store.database.connection() as connection:
            keys = await self.store.keyring.data_keys([record.patient], connection)
        key = keys.get(record.patient)
        return [
            (each, key.open(each.reason, _REASON_AAD).decode() if each.reason and key is not None else "")
            for each in done
        ]

    async def write(
        self,
        unit: UnitOfWork,
        before: Record,
        after: Record,
        opened: Opened,
        act: str,
        *,
        papers: Sequence[Paper] = (),
        paper: int = 0,
        reason: str = "",
    ) -> None:
        """Add to `unit` the record as it is `after`, `papers` put into it, its Composition and the notes of the act."""
        numbers = {each.number for each in papers}
        told = sorted([each for each in opened.papers if each.number not in numbers] + list(papers), key=_number)
        sealed = await self.sealed(before.patient, reason) if reason.strip() else None
        done = Done(paper, unit.at, act, unit.actor.id, unit.actor.role.value, sealed)
        has_changed = after != before or _shows(before, opened.papers) != _shows(after, told)
        unit.also(rows.update(before, after, done) if has_changed else rows.touch(before, done))
        for each in papers:
            unit.also(rows.put_paper(before, each))
        if has_changed:
            form = self.forms.by_key(after.form)
            named = {reference: f"{one.type}/{one.id}" for reference, one in opened.stored.items()}
            composition = composition_of(
                after, form, told, self.order, self._custodian, f"Patient/{opened.patient.id}",
                f"Encounter/{opened.encounter.id}", unit.at, named,
            )  # fmt: skip
            unit.update(resource_of(composition))
        unit.record(Event.RECORD_ACT, patient=before.patient, type_="Composition", rid=before.rid, act=act, paper=paper)

    def _hold_to_signatures(self, opened: Opened) -> None:
        """Raises Conflict BA-5109 where papers lack signatures and the hospital wants them."""
        lacking = [each for each in opened.papers if lacks_signature(each, self.chains)] if self.must_sign else []
        if lacking:
            raise UNSIGNED_PAPERS(count=len(lacking))

    async def reason(self, patient: int, sealed: bytes | None) -> str:
        """A sealed reason in words; "" without one, or where the patient's key was destroyed."""
        if sealed is None:
            return ""
        async with self.store.database.connection() as connection:
            key = (await self.store.keyring.data_keys([patient], connection)).get(patient)
        return key.open(sealed, _REASON_AAD).decode() if key is not None else ""

    async def sealed(self, patient: int, reason: str) -> bytes:
        """A reason, sealed with the patient's key as it stands in the record's list of acts."""
        async with self.store.database.connection() as connection:
            key = await self.store.keyring.data_key(patient, connection)
        return key.seal(reason.strip().encode(), _REASON_AAD)

    async def _with_term(self, record: Record, opened: Opened) -> Record:
        """The record with its class and the last day on which it must be there."""
        retention = retention_of(_facts(record, opened, (await self.episode(opened, WHOLE)).resources))
        return replace(record, keep_until=retention.until, retention=retention.rules.name)

    @property
    def _custodian(self) -> tuple[str, str]:
        return self.facility.code, self.facility.name


def require(actor: Actor, permission: Permission) -> None:
    """Raises Forbidden BA-5213 where the actor has not the right."""
    if not actor.may(permission):
        raise NO_RIGHT()


def _number(paper: Paper) -> int:
    return paper.number


def _shows(record: Record, papers: Sequence[Paper]) -> tuple[object, ...]:
    """What of a record its Composition tells."""
    told = [(each.number, each.section) for each in papers if not each.is_cancelled]
    return record.form, record.state, record.is_cancelled, record.storage_number, told


def _after(record: Record, act: Act, step: Step, now: datetime) -> Record:
    """A record after an act, but for its term."""
    state = step.after or record.state
    changed = replace(record, state=state)
    match act:
        case Act.CLOSE:
            return replace(changed, closed_at=now)
        case Act.REOPEN:
            return replace(changed, closed_at=None, submitted_at=None)
        case Act.SUBMIT:
            return replace(changed, submitted_at=now)
        case Act.ARCHIVE:
            return replace(changed, archived_at=now)
        case Act.CANCEL:
            return replace(changed, cancelled_at=now)
        case Act.RESTORE:
            return replace(changed, cancelled_at=None)
        case _:
            return changed


def _relations_after(record: Record, act: Act, now: datetime) -> list[Hook]:
    """Who is related to a record after an act: who reviews while it waits, who keeps the archive from then on."""
    patient, rid = record.patient, record.rid
    reviewing = end(patient, rid, REVIEW_KEY, now)
    match act:
        case Act.SUBMIT:
            return [put(patient, rid, REVIEW_KEY, now, FOR_EVER, record=rid, uses=EVERY_USE)]
        case Act.RETURN | Act.CANCEL:
            return [reviewing]
        case Act.ARCHIVE:
            keeping = put(patient, rid, ARCHIVE_KEY, now, FOR_EVER, uses=EVERY_USE, archived=True)
            return [reviewing, archive(patient, (record.encounter, rid)), keeping]
        case _:
            return []


def _facts(record: Record, opened: Opened, resources: list[Json]) -> RecordFacts:
    """What decides how long a record is kept: its kind, what happened, when the work on it ended."""
    kind = RetentionClass.INPATIENT if is_inpatient(record.form_number) else RetentionClass.OUTPATIENT
    encounter = opened.encounter.read()
    codes = [
        coding.get("code", "")
        for each in resources
        if each["resourceType"] == "Condition"
        for coding in each.get("code", {}).get("coding", ())
        if coding.get("system") == systems.ICD10
    ]
    occurrences = set(occurrences_of(diagnoses=codes))
    disposition = encounter.get("hospitalization", {}).get("dischargeDisposition", {})
    if any(each.get("code") == "exp" for each in disposition.get("coding", ())) or _has_died(opened.patient.read()):
        occurrences.add(Occurrence.DEATH)
    ended: date = day_in_vietnam(record.closed_at or record.opened_at)
    return RecordFacts(kind, ended, frozenset(occurrences))


def _has_died(patient: Json) -> bool:
    return bool(patient.get("deceasedDateTime")) or patient.get("deceasedBoolean") is True
