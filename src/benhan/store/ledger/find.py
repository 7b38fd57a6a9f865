"""Finding chained entries by patient, time, actor, event and resource; newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from benhan.store.database import Connection, Database
from benhan.store.ids import bucket_of
from benhan.store.ledger.canonical import Recorded
from benhan.store.ledger.read import recorded
from benhan.store.resource_types import TYPE_NAMES
from benhan.store.resources import Opener
from benhan.store.sql_texts import query

_FIELDS = "seq, at, patient, rid, version, bucket, event, type, actor, role, trace, detail, hash"
_WANTED = """
    and ($3::timestamptz is null or at >= $3) and ($4::timestamptz is null or at < $4)
    and ($5::text is null or actor = $5) and ($6::smallint[] is null or event = any($6))
    and ($7::smallint is null or (type = $7 and rid = $8::bigint))
    order by seq desc limit $2
"""
_OF_PATIENTS = query(
    "ledger_find_of_patients",
    f"select {_FIELDS} from ledger_entry where bucket = any($10::smallint[]) and patient = any($9::bigint[])"  # noqa: S608
    f" and patient <> 0 and seq < $1 {_WANTED}",
)
_OF_ALL = query(
    "ledger_find",
    f"select {_FIELDS} from ledger_entry where seq < $1 {_WANTED}",  # noqa: S608  # constants of this module
    fan_out="acts of no one patient are asked for by their keepers, in the order of the one chain",
)
_NAMES = query(
    "ids_of_rids",
    """
    select r.type, r.rid, r.version, r.patient, r.updated_at, r.content
    from unnest($1::smallint[], $2::smallint[], $3::bigint[]) as w (bucket, type, rid)
    left join placement p on p.bucket = w.bucket and p.type = w.type and p.rid = w.rid
    join resource r on r.bucket = coalesce(p.at_bucket, w.bucket) and r.type = w.type and r.rid = w.rid
    where r.until is null and r.content is not null
    """,
)


@dataclass(frozen=True, slots=True)
class LedgerQuestion:
    """Which entries: None asks for any. Rids of patients, half-open time, actor, numbers of events, type and rid."""

    patients: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    events: tuple[int, ...] | None = None
    resource: tuple[int, int] | None = None


async def find_entries(database: Database, question: LedgerQuestion, *, before: int, count: int) -> list[Recorded]:
    """The newest `count` entries with a number below `before` that are question."""
    type_, rid = question.resource or (None, None)
    events = list(question.events) if question.events is not None else None
    parameters = [before, count, question.since, question.until, question.actor, events, type_, rid]
    if question.patients is None:
        rows = await database.fetch(_OF_ALL, *parameters)
    else:
        buckets = sorted({bucket_of(patient) for patient in question.patients})
        rows = await database.fetch(_OF_PATIENTS, *parameters, list(question.patients), buckets)
    return [recorded(row) for row in rows]


async def ids_of(
    connection: Connection, opener: Opener, named: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], str]:
    """References (`Patient/1`) of (type number, rid) pairs whose current version can be read. No view is recorded."""
    wanted = sorted(set(named))
    rows = await connection.fetch(
        _NAMES, [bucket_of(rid) for _, rid in wanted], [type_ for type_, _ in wanted], [rid for _, rid in wanted]
    )
    opened = await opener.open_all(rows, connection)
    return {
        (row["type"], row["rid"]): f"{TYPE_NAMES[row['type']]}/{stored.id}"
        for row, stored in zip(rows, opened, strict=True)
        if stored is not None
    }
