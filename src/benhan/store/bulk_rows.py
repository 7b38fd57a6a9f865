"""Rows for an export: what was current at a moment, by ranges of compartments or by patients, in bounded memory.

A content that is large does not come with its row: it is fetched by itself when its turn comes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import asyncpg

from benhan.store.care import Veil, reached, unveiled
from benhan.store.database import Connection
from benhan.store.ids import BUCKETS, SHARED, bucket_of, rids_of
from benhan.store.sql_texts import query

BATCH = 500
LARGE_BYTES = 64 * 1024
PART_ROWS = 50_000
ROW_BYTES = 450
PATIENTS_AT_ONCE = 200

_COLUMNS = f"""
    r.type, r.rid, r.version, r.patient, r.bucket, r.updated_at, octet_length(r.content) as size,
    case when octet_length(r.content) <= {LARGE_BYTES} then r.content end as content
"""
AT_MOMENT = """
    pg_visible_in_snapshot(r.since, (select {moment}::text::pg_snapshot))
    and (r.until is null or not pg_visible_in_snapshot(r.until, (select {moment}::text::pg_snapshot)))
"""
_WHAT = f"""
    {AT_MOMENT.format(moment="$1")}
    and {unveiled("r", 5)} and {reached("r", 5)}
    and ($2::timestamptz is null or r.updated_at > $2)
    and ((r.content is not null and ($3::smallint[] is null or r.type = any($3)))
         or (r.content is null and $2 is not null and ($4::smallint[] is null or r.type = any($4))))
"""
_OF_BUCKETS = query(
    "export_of_buckets",
    f"""
    select {_COLUMNS} from resource r
    where r.bucket between $12 and $13 and r.patient between $14 and $15 and {_WHAT}
    """,  # noqa: S608  # constants
)
_OF_PATIENTS = query(
    "export_of_patients",
    f"""
    select {_COLUMNS} from resource r
    where r.bucket = any($12::smallint[]) and r.patient = any($13::bigint[]) and {_WHAT}
    """,  # noqa: S608  # constants
)
_CONTENT = query(
    "export_content",
    """
    select content from resource where bucket = $1 and type = $2 and rid = $3 and version = $4
    union all
    select content from resource_history where bucket = $1 and type = $2 and rid = $3 and version = $4
    """,
)
_BEFORE_DELETION = query(
    "export_before_deletion",
    """
    select w.place, v.type, v.rid, v.version, v.patient, v.updated_at, v.content
    from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::int[]) with ordinality
        as w (bucket, type, rid, version, place)
    join lateral (
        select type, rid, version, patient, updated_at, content from resource r
        where r.bucket = w.bucket and r.type = w.type and r.rid = w.rid and r.version = w.version - 1
        union all
        select type, rid, version, patient, updated_at, content from resource_history h
        where h.bucket = w.bucket and h.type = w.type and h.rid = w.rid and h.version = w.version - 1
    ) v on v.content is not null
    """,
)
_SIZE = query("export_size", "select pg_relation_size('resource')", fan_out="it reads the catalogue, no patient's data")
_NO_CARE: tuple[Any, ...] = ([], [], None, None, 0, None)
_MOMENT = "select pg_current_snapshot()::text"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of the store an export takes. `types` None: all; `deleted_types` those whose deletions are told."""

    moment: str
    since: datetime | None = None
    types: Sequence[int] | None = None
    deleted_types: Sequence[int] | None = None
    of_patients_only: bool = False
    hidden: Sequence[int] | None = None
    """Tokens of rows that are kept from who asked; `veil` tells more of them, where a person asks."""
    veil: Veil | None = None


async def moment_now(connection: Connection) -> str:
    """The moment of what is committed now."""
    return str(await connection.fetchval(_MOMENT))


async def bucket_ranges(connection: Connection) -> list[tuple[int, int]]:
    """All compartments in ranges of about PART_ROWS resources each, the first and the last bucket of each."""
    size = int(await connection.fetchval(_SIZE))
    count = min(max(size // (ROW_BYTES * PART_ROWS), 1), 1024)
    edges = [BUCKETS * number // count for number in range(count + 1)]
    return [(first, last - 1) for first, last in pairwise(edges)]


async def rows_of_buckets(
    connection: Connection, what: Narrowing, first: int, last: int
) -> AsyncGenerator[list[asyncpg.Record], None]:
    """The rows of a range of compartments, in batches."""
    # the index of patients tells their buckets: a patient's rid begins with it, and what is of nobody (0) is in SHARED
    lowest = rids_of(first)[0] if first != SHARED else int(what.of_patients_only)
    cursor = await connection.cursor(_OF_BUCKETS, *_values(what), first, last, lowest, rids_of(last)[1])
    while rows := await cursor.fetch(BATCH):
        yield rows


async def rows_of_patients(
    connection: Connection, what: Narrowing, patients: Sequence[int]
) -> AsyncGenerator[list[asyncpg.Record], None]:
    """The rows of some patients' compartments, in batches."""
    buckets = sorted({bucket_of(each) for each in patients})
    cursor = await connection.cursor(_OF_PATIENTS, *_values(what), buckets, list(patients))
    while rows := await cursor.fetch(BATCH):
        yield rows


async def large_content(connection: Connection, row: Any) -> bytes:
    """The content of a row that came without it."""
    found: bytes = await connection.fetchval(_CONTENT, row["bucket"], row["type"], row["rid"], row["version"])
    return found


async def before_deletion(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    """The last versions with a content of deleted resources; `place` (from 1) is that of the deletion in `rows`."""
    columns = [[row[name] for row in rows] for name in ("bucket", "type", "rid", "version")]
    return await connection.fetch(_BEFORE_DELETION, *columns)


def _values(what: Narrowing) -> list[Any]:
    veil = what.veil.values if what.veil is not None else [what.hidden, *_NO_CARE]
    return [what.moment, what.since, what.types, what.deleted_types, *veil]
