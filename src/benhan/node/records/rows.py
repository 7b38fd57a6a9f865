"""The rows of records, papers, drafts and holds.

Every change of a record counts its version, so that of two at once one is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from benhan.kernel.actors import Actor
from benhan.node.records.admission import admitted_of_patient, admitted_work
from benhan.node.records.faults import ALREADY_OPEN, CHANGED_MEANWHILE, NO_SUCH_HOLD, NO_SUCH_RECORD
from benhan.node.records.lifecycle import State
from benhan.node.records.models import Medium, Paper, PaperState, Record
from benhan.store.database import Connection, Database
from benhan.store.ids import bucket_of
from benhan.store.resource_types import TYPE_NAMES, TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import Hook

_INSERT = query(
    "record_insert",
    """
    insert into medical_record
        (bucket, rid, patient, encounter, opened_at, version, papers, state, medium, form, department)
    values ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10)
    on conflict (bucket, encounter) where cancelled_at is null do nothing returning rid
    """,
)
_UPDATE = query(
    "record_update",
    """
    update medical_record set version = version + 1, papers = $4, state = $5, closed_at = $6, submitted_at = $7,
        archived_at = $8, cancelled_at = $9, keep_until = $10, retention = $11, storage_number = $12, form = $13,
        medium = $14, department = $15
    where bucket = $1 and rid = $2 and version = $3 returning version
    """,
)
_TOUCH = query(
    "record_touch",
    """
    update medical_record set version = version + 1
    where bucket = $1 and rid = $2 and state = $3 and (cancelled_at is not null) = $4 returning version
    """,
)
_READ = query("record_read", "select * from medical_record where bucket = $1 and rid = $2")
_OF_NUMBER = query(
    "records_of_number",
    "select * from medical_record where storage_number = $1 and storage_number <> ''",
    fan_out="a storage number names no patient",
)
_OF_ENCOUNTER = query(
    "record_of_encounter",
    "select * from medical_record where bucket = $1 and encounter = $2 and cancelled_at is null",
)
_COUNTS = query(
    "records_counted",
    """
    select state, department, count(*), min(closed_at) as oldest from medical_record
    where cancelled_at is null and state <> 'archived' and state <> 'destroyed' group by state, department
    """,
    fan_out="counts of work name no patient",
)
_PAPERS = query("papers_of_record", "select * from record_paper where bucket = $1 and record = $2 order by number")
_PAPER_PUT = query(
    "paper_put",
    """
    insert into record_paper (bucket, record, number, rid, type, added_at, changed_at, cancelled_at, version, state,
                              form, section, author)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict (bucket, record, number) do update set changed_at = excluded.changed_at,
        cancelled_at = excluded.cancelled_at, version = excluded.version, state = excluded.state,
        section = excluded.section, author = excluded.author, form = excluded.form
    """,
)
_ACT = query(
    "record_act_put",
    """
    insert into record_act (bucket, record, number, paper, at, act, actor, role, reason)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    """,
)
_ACTS = query(
    "acts_of_record", "select * from record_act where bucket = $1 and record = $2 order by number desc limit $3"
)
_DRAFT_PUT = query(
    "draft_put",
    """
    insert into paper_draft (bucket, record, number, actor, base, saved_at, content) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (bucket, record, number, actor) do update set base = excluded.base, saved_at = excluded.saved_at,
        content = excluded.content
    """,
)
_DRAFT_READ = query(
    "draft_read", "select * from paper_draft where bucket = $1 and record = $2 and number = $3 and actor = $4"
)
_DRAFTS_OF_OTHERS = query(
    "drafts_of_others",
    "select actor, saved_at from paper_draft where bucket = $1 and record = $2 and number = $3 and actor <> $4",
)
_DRAFT_DROP = query(
    "draft_drop", "delete from paper_draft where bucket = $1 and record = $2 and number = $3 and actor = $4"
)
_NUMBER = query(
    "storage_number_next",
    """
    insert into storage_number (bucket, year, last) values (0, $1, 1)
    on conflict (bucket, year) do update set last = storage_number.last + 1 returning last
    """,
)
_HOLDS = query("holds_of_record", "select * from record_hold where bucket = $1 and record = $2 order by placed_at")
_HOLD = query(
    "hold_place",
    """
    insert into record_hold (bucket, record, order_number, placed_at, placed_by) values ($1, $2, $3, $4, $5)
    on conflict (bucket, record, order_number) do update set released_at = null, released_by = ''
    """,
)
_RELEASE = query(
    "hold_release",
    """
    update record_hold set released_at = $4, released_by = $5
    where bucket = $1 and record = $2 and order_number = $3 and released_at is null returning record
    """,
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold by a written order."""

    order: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was done: on which paper (0: the record), by whom, why (sealed, None without a reason)."""

    paper: int
    at: datetime
    act: str
    actor: str
    role: str
    reason: bytes | None


_DONE = ("paper", "at", "act", "actor", "role", "reason")


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed and did not save: sealed content, the version it began from, when it was kept."""

    base: int
    saved_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many records of a department stand in a state, and since when the oldest is closed."""

    state: State
    department: str
    count: int
    oldest: datetime | None


class RecordRows:
    """Reads and writes the rows of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, rid: int) -> Record:
        """Raises NotFound BA-5205."""
        row = await self._database.fetchrow(_READ, bucket_of(rid), rid)
        if row is None:
            raise NO_SUCH_RECORD()
        return record_of(row)

    async def of_patient(self, patient: int, actor: Actor) -> list[Record]:
        """The records of a patient that the actor may read, newest first, cancelled ones too."""
        return [record_of(row) for row in await admitted_of_patient(self._database, patient, actor)]

    async def of_storage_number(self, number: str) -> list[Record]:
        """The record that was stored under a number; none where there is none."""
        return [record_of(row) for row in await self._database.fetch(_OF_NUMBER, number)]

    async def of_encounter(self, bucket: int, encounter: int) -> Record | None:
        """The record of an episode that is not cancelled."""
        row = await self._database.fetchrow(_OF_ENCOUNTER, bucket, encounter)
        return record_of(row) if row is not None else None

    async def work(
        self, states: Sequence[State], department: str, before: tuple[datetime, int], count: int, actor: Actor
    ) -> list[Record]:
        """Records in these states that the actor may read, of a department ("": all), newest first, opened before a
        place in the list."""
        names = [each.value for each in states]
        rows = await admitted_work(self._database, names, department, before, count, actor)
        return [record_of(row) for row in rows]

    async def waiting(self) -> list[Waiting]:
        """What is under way, by state and department."""
        rows = await self._database.fetch(_COUNTS)
        return [Waiting(State(row["state"]), row["department"], row["count"], row["oldest"]) for row in rows]

    async def papers(self, record: Record) -> list[Paper]:
        """The papers of a record by number, cancelled ones too."""
        return [_paper(row) for row in await self._database.fetch(_PAPERS, record.bucket, record.rid)]

    async def acts(self, record: Record, count: int = 200) -> list[Done]:
        """What was done to a record, newest first."""
        rows = await self._database.fetch(_ACTS, record.bucket, record.rid, count)
        return [Done(*(row[each] for each in _DONE)) for row in rows]

    async def draft(self, record: Record, number: int, actor: str) -> Draft | None:
        """The draft of an actor on a paper."""
        row = await self._database.fetchrow(_DRAFT_READ, record.bucket, record.rid, number, actor)
        return Draft(row["base"], row["saved_at"], row["content"]) if row is not None else None

    async def drafts_of_others(self, record: Record, number: int, actor: str) -> list[tuple[str, datetime]]:
        """Who else has something unsaved on this paper, and since when."""
        rows = await self._database.fetch(_DRAFTS_OF_OTHERS, record.bucket, record.rid, number, actor)
        return [(row["actor"], row["saved_at"]) for row in rows]

    async def keep_draft(
        self, record: Record, number: int, actor: str, base: int, at: datetime, content: bytes
    ) -> None:
        """Keep a draft over the one before; committed when this returns."""
        await self._database.execute(_DRAFT_PUT, record.bucket, record.rid, number, actor, base, at, content)

    async def drop_draft(self, record: Record, number: int, actor: str) -> None:
        await self._database.execute(_DRAFT_DROP, record.bucket, record.rid, number, actor)

    async def next_number(self, year: int) -> str:
        """A storage number of a year (`26.000123`), never given again."""
        last = await self._database.fetchval(_NUMBER, year)
        return f"{year % 100:02d}.{last:06d}"

    async def holds(self, record: Record) -> list[Hold]:
        """All legal holds that a record was ever under."""
        rows = await self._database.fetch(_HOLDS, record.bucket, record.rid)
        return [Hold(row["order_number"], row["placed_at"], row["placed_by"], row["released_at"]) for row in rows]


# What a unit of work does in its own transaction


def insert(record: Record, done: Done) -> Hook:
    """The row of a new record, and its first act. Raises Conflict BA-5207 where its episode has one."""

    async def write(connection: Connection) -> None:
        there = await connection.fetchval(
            _INSERT,
            record.bucket,
            record.rid,
            record.patient,
            record.encounter,
            record.opened_at,
            record.papers,
            record.state.value,
            record.medium.value,
            record.form,
            record.department,
        )
        if there is None:
            raise ALREADY_OPEN()
        await _note(connection, record, record.version, done)

    return write


def update(before: Record, after: Record, done: Done) -> Hook:
    """The record as it is `after`, and the act in its own list.

    Raises Conflict BA-5208 where it is not as it was `before` any more, BA-5207 where a cancelled record shall be
    restored whose episode has another one by now.
    """
    values = (
        before.bucket,
        before.rid,
        before.version,
        after.papers,
        after.state.value,
        after.closed_at,
        after.submitted_at,
        after.archived_at,
        after.cancelled_at,
        after.keep_until,
        after.retention,
        after.storage_number,
        after.form,
        after.medium.value,
        after.department,
    )

    async def write(connection: Connection) -> None:
        try:
            version = await connection.fetchval(_UPDATE, *values)
        except asyncpg.UniqueViolationError as cause:
            raise ALREADY_OPEN() from cause
        await _note(connection, before, version, done)

    return write


def touch(record: Record, done: Done) -> Hook:
    """An act on a paper that leaves the record as it is; others may do theirs on other papers at the same time.

    Raises Conflict BA-5208 where the record went into another state meanwhile.
    """

    async def write(connection: Connection) -> None:
        version = await connection.fetchval(_TOUCH, record.bucket, record.rid, record.state.value, record.is_cancelled)
        await _note(connection, record, version, done)

    return write


async def _note(connection: Connection, record: Record, version: int | None, done: Done) -> None:
    """The act under the number of the version that it made. Raises Conflict BA-5208 where it made none."""
    if version is None:
        raise CHANGED_MEANWHILE()
    await connection.execute(
        _ACT,
        record.bucket,
        record.rid,
        version,
        done.paper,
        done.at,
        done.act,
        done.actor,
        done.role,
        done.reason,
    )


def put_paper(record: Record, paper: Paper) -> Hook:
    """A paper as it is now."""

    async def write(connection: Connection) -> None:
        await connection.execute(
            _PAPER_PUT,
            record.bucket,
            record.rid,
            paper.number,
            paper.rid,
            TYPE_NUMBERS[paper.type],
            paper.added_at,
            paper.changed_at,
            paper.cancelled_at,
            paper.version,
            paper.state.value,
            paper.form,
            paper.section,
            paper.author,
        )

    return write


def drop_draft(record: Record, number: int, actor: str) -> Hook:
    """An actor's draft is no more: what it held was saved."""

    async def write(connection: Connection) -> None:
        await connection.execute(_DRAFT_DROP, record.bucket, record.rid, number, actor)

    return write


def place_hold(record: Record, order: str, at: datetime, by: str) -> Hook:
    """A legal hold by the written order of this number; one that was released holds again."""

    async def write(connection: Connection) -> None:
        await connection.execute(_HOLD, record.bucket, record.rid, order, at, by)

    return write


def release_hold(record: Record, order: str, at: datetime, by: str) -> Hook:
    """The end of a legal hold. Raises NotFound BA-5216 where there is none."""

    async def write(connection: Connection) -> None:
        if await connection.fetchval(_RELEASE, record.bucket, record.rid, order, at, by) is None:
            raise NO_SUCH_HOLD()

    return write


def record_of(row: Mapping[str, Any] | asyncpg.Record) -> Record:
    """The record of a row."""
    keep_until: date | None = row["keep_until"]
    return Record(
        row["rid"],
        row["patient"],
        row["encounter"],
        State(row["state"]),
        Medium(row["medium"]),
        row["form"],
        row["department"],
        row["opened_at"],
        row["closed_at"],
        row["submitted_at"],
        row["archived_at"],
        row["cancelled_at"],
        keep_until,
        row["retention"],
        row["storage_number"],
        row["version"],
        row["papers"],
    )


def _paper(row: asyncpg.Record) -> Paper:
    return Paper(
        row["number"],
        TYPE_NAMES[row["type"]],
        row["rid"],
        row["version"],
        PaperState(row["state"]),
        row["form"],
        row["section"],
        row["author"],
        row["added_at"],
        row["changed_at"],
        row["cancelled_at"],
    )
