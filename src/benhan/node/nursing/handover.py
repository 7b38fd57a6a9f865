"""The handover of a shift (bàn giao ca): what changed since the last one, a note for each patient, read and accepted.

A note is a Communication of its patient, sealed as everything of theirs; the handover itself only names the notes, who
gave and who accepted. Source: TT 31/2021/TT-BYT (nurses hand over their shift); FHIR R4 communication.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from benhan.fhir.dates import range_of
from benhan.fhir.resource import instant, resource_of
from benhan.kernel.actors import Actor
from benhan.kernel.permissions import Permission
from benhan.mapping.result_views import value_of
from benhan.node.nursing.faults import ACCEPTED_ALREADY, NO_SUCH_HANDOVER, OWN_HANDOVER
from benhan.node.orders.lines import ORDER_TYPES, is_open_order, resource_to_line, words_of
from benhan.node.records.composed import author_of
from benhan.node.records.content import is_taken_back
from benhan.node.records.life import require
from benhan.node.ward.board import BedLine
from benhan.node.ward.wards import Wards
from benhan.store.care import reached, unveiled
from benhan.store.database import Connection
from benhan.store.ids import bucket_of, encode_rid
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store

Json = dict[str, Any]

SHIFT = timedelta(hours=12)
"""How far back the first handover of a department looks."""
BACK_MAX = timedelta(days=3)
NOTE_MAX = 2_000
SHOWN = 20
CHANGING = (*ORDER_TYPES, "Observation", "DiagnosticReport")

_CHANGED = query(
    "handover_changed",
    f"""
    select r.type, r.rid, r.version, r.patient, r.updated_at, r.content
    from unnest($1::smallint[], $2::bigint[]) as w (bucket, patient)
    join resource r on r.bucket = w.bucket and r.patient = w.patient and r.type = any($3::smallint[])
        and r.updated_at >= $4 and r.until is null and r.content is not null
        and {unveiled("r", 5)} and {reached("r", 5)}
    """,  # noqa: S608  # constants
)
_LIST = query(
    "handovers",
    """
    select id, department, since, given_at, given_by, accepted_at, accepted_by, notes from handover
    where bucket = 0 and department = $1 order by id desc limit $2
    """,
)
_READ = query(
    "handover",
    """
    select id, department, since, given_at, given_by, accepted_at, accepted_by, notes from handover
    where bucket = 0 and id = $1
    """,
)
_PUT = query(
    "handover_put",
    """
    insert into handover (bucket, department, since, given_at, given_by, notes) values (0, $1, $2, $3, $4, $5)
    returning id
    """,
)
_ACCEPT = query(
    "handover_accept",
    """
    update handover set accepted_at = $2, accepted_by = $3 where bucket = 0 and id = $1 and accepted_at is null
    returning id
    """,
)


@dataclass(frozen=True, slots=True)
class Handover:
    """A shift that was handed over: since when changes are told, when and by which actor, accepted when and by whom."""

    id: int
    department: str
    since: datetime
    given_at: datetime
    given_by: str
    accepted_at: datetime | None
    accepted_by: str
    notes: tuple[int, ...]


@dataclass(slots=True)
class Changes:
    """What changed of a patient since the last handover."""

    ordered: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """A patient on the page of a handover: where, what changed, what was noted ("" before it is given)."""

    bed: BedLine
    changes: Changes
    note: str = ""


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note of a handover that was given: of which patient (logical ids), in words."""

    patient: str
    name: str
    place: str
    text: str


class Handovers:
    """The handovers of one store."""

    def __init__(self, store: Store, wards: Wards) -> None:
        self._store = store
        self._wards = wards

    async def listed(self, department: str) -> list[Handover]:
        """The handovers of a department, newest first."""
        return [_handover(row) for row in await self._store.database.fetch(_LIST, department, SHOWN)]

    async def open(self, department: str, actor: Actor) -> tuple[datetime, list[HandoverLine]]:
        """What would be handed over now: since when, and a line for each patient, by bed."""
        last = next(iter(await self.listed(department)), None)
        now = self._store.clock.now()
        since = max(last.given_at, now - BACK_MAX) if last is not None else now - SHIFT
        beds = await self._wards.board(department, actor)
        changes = await self._changes([each.patient.id for each in beds], since, actor)
        return since, [HandoverLine(each, changes.get(each.patient.id, Changes())) for each in beds]

    async def give(self, department: str, notes: Mapping[str, str], actor: Actor, name: str) -> int:
        """Hand the shift over with `notes` by encounter; gives the number of the handover.

        A patient who left meanwhile has no note any more. Raises Forbidden BA-5213.
        """
        require(actor, Permission.CARE_WRITE)
        since, lines = await self.open(department, actor)
        unit = self._store.begin(actor)
        for each in lines:
            text = notes.get(each.bed.encounter, "").strip()[:NOTE_MAX]
            unit.create(
                resource_of(_communication(each, text, {**author_of(actor), "display": name}, instant(unit.at)))
            )
        rids = [each.rid for each in unit.writes]
        found: list[int] = []

        async def put(connection: Connection) -> None:
            found.append(await connection.fetchval(_PUT, department, since, unit.at, actor.id, rids))

        unit.also(put)
        unit.record(Event.SHIFT_GIVE, count=len(rids))
        await self._store.commit(unit)
        return found[-1]

    async def read(self, number: int, actor: Actor) -> tuple[Handover, list[NoteLine]]:
        """A handover with its notes but for what is kept from `actor`. Raises NotFound BA-5375."""
        row = await self._store.database.fetchrow(_READ, number)
        if row is None:
            raise NO_SUCH_HANDOVER()
        handover = _handover(row)
        stored = await self._store.resources.read_many(
            [("Communication", encode_rid(each)) for each in handover.notes], actor
        )
        lines = []
        for each in stored:
            if each is not None:
                told = each.read()
                text = "\n".join(one.get("contentString", "") for one in told.get("payload", []))
                patient = told["subject"]["reference"].removeprefix("Patient/")
                place = told.get("topic", {}).get("text", "")
                lines.append(NoteLine(patient, told["subject"].get("display", ""), place, text))
        return handover, lines

    async def accept(self, number: int, actor: Actor) -> None:
        """Accept a shift that somebody else handed over. Raises NotFound BA-5375; Conflict BA-5376, BA-5377;
        Forbidden BA-5213."""
        require(actor, Permission.CARE_WRITE)
        row = await self._store.database.fetchrow(_READ, number)
        if row is None:
            raise NO_SUCH_HANDOVER()
        if row["given_by"] == actor.id:
            raise OWN_HANDOVER()
        unit = self._store.begin(actor)

        async def put(connection: Connection) -> None:
            if await connection.fetchval(_ACCEPT, number, unit.at, actor.id) is None:
                raise ACCEPTED_ALREADY()

        unit.also(put)
        unit.record(Event.SHIFT_ACCEPT, handover=number)
        await self._store.commit(unit)

    async def _changes(self, patients: Sequence[str], since: datetime, actor: Actor) -> dict[str, Changes]:
        rids = [self._store.workshop.ids.rid_of("Patient", each) for each in patients]
        types = [TYPE_NUMBERS[each] for each in CHANGING]
        veil = self._store.workshop.rules.veil(actor).values
        async with self._store.database.connection() as connection:
            rows = await connection.fetch(_CHANGED, [bucket_of(each) for each in rids], rids, types, since, *veil)
            opened = await self._store.opener.open_all(rows, connection)
        names = dict(zip(rids, patients, strict=True))
        found: dict[str, Changes] = {}
        for each in opened:
            if each is not None:
                _tell(found.setdefault(names[each.patient], Changes()), each.read(), since)
        return found


def _tell(changes: Changes, resource: Json, since: datetime) -> None:
    if is_taken_back(resource):
        return
    if resource["resourceType"] in ORDER_TYPES:
        written = range_of(resource.get("authoredOn") or resource.get("dateTime") or "")
        text = resource_to_line(resource).text
        if is_open_order(resource):
            if written is not None and written[0] > since:
                changes.ordered.append(text)
        elif resource.get("status") in ("stopped", "revoked"):
            changes.stopped.append(text)
    elif resource["resourceType"] == "Observation":
        value = value_of(resource)
        if value.is_abnormal:
            changes.results.append(f"{value.mark} {words_of(resource)} {value.text} {value.unit}".strip())
    else:
        changes.results.append(words_of(resource))


def _communication(line: HandoverLine, text: str, sender: Json, now: str) -> Json:
    changed = [*line.changes.ordered, *(f"Ngừng: {each}" for each in line.changes.stopped)]
    told = "\n".join(filter(None, [text, *changed[:20]]))
    return {
        "resourceType": "Communication",
        "status": "completed",
        "category": [{"text": "Bàn giao ca"}],
        "topic": {"text": line.bed.place.text or "—"},
        "subject": {"reference": f"Patient/{line.bed.patient.id}", "display": line.bed.patient.name},
        "encounter": {"reference": f"Encounter/{line.bed.encounter}"},
        "sent": now,
        "sender": sender,
        "payload": [{"contentString": told or "Không có gì thay đổi."}],
    }


def _handover(row: asyncpg.Record) -> Handover:
    return Handover(
        row["id"], row["department"], row["since"], row["given_at"], row["given_by"], row["accepted_at"],
        row["accepted_by"], tuple(row["notes"]),
    )  # fmt: skip
