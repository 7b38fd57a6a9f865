"""Going over every row so that it is found as the index is written now: for new search parameters, after an upgrade.
Encounters that were written before relations of care were kept make theirs.

A job remembers its place with each batch, so that who is killed goes on where it was; it ends, and says what it did.
Rows whose index is right already are only read. What is written meanwhile has the new index from the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from benhan.fhir.indexing import Indexed, index_resource
from benhan.kernel.faults import Conflict, FaultCode
from benhan.kernel.texts import Text
from benhan.mapping.encounter_to_care import Relation, encounter_to_care
from benhan.store.care import settle
from benhan.store.database import Connection
from benhan.store.search.custom import FRESH_S
from benhan.store.session_lock import session_lock
from benhan.store.sql_texts import query

if TYPE_CHECKING:
    from benhan.store.store import Store

BATCH = 500
SETTLE_S = 2 * FRESH_S + 1
"""After so long every process writes the index of a parameter that was registered."""
LOCK = 0x62656E68_7265696E  # "benh" "rein"
SECOND = timedelta(seconds=1)

REINDEX_RUNS = FaultCode(
    "BA-2122",
    Conflict,
    Text("Đang có một lượt dựng lại chỉ mục. Chờ nó xong.", "The index is being rebuilt already. Wait until it ends."),
)

_OPEN_JOB = query(
    "reindex_open_job", "select * from reindex_job where bucket = 0 and finished_at is null order by id limit 1"
)
_LAST_JOB = query("reindex_last_job", "select * from reindex_job where bucket = 0 order by id desc limit 1")
_BEGIN = query("reindex_begin", "insert into reindex_job (bucket, started_at) values (0, $1) returning *")
_ADVANCE = query(
    "reindex_advance",
    """
    update reindex_job set place_bucket = $2, place_type = $3, place_rid = $4, place_version = $5,
        seen = seen + $6, changed = changed + $7
    where bucket = 0 and id = $1
    """,
)
_FINISH = query("reindex_finish", "update reindex_job set finished_at = $2 where bucket = 0 and id = $1 returning *")
_BUILT = query("reindex_built", "update search_parameter set is_built = true where bucket = 0 and registered_at <= $1")
_LEFT = query("reindex_left", "select exists (select 1 from search_parameter where bucket = 0 and not is_built)")
_NEWEST = query("reindex_newest", "select max(registered_at) from search_parameter where bucket = 0")
_ROWS = query(
    "reindex_rows",
    """
    select r.bucket, r.type, r.rid, r.version, r.patient, r.updated_at, r.content, r.tokens, r.present,
        r.until is null as is_current
    from resource r where (r.rid, r.bucket, r.type, r.version) > ($3::bigint, $1::smallint, $2::smallint, $4::int)
    order by r.rid, r.bucket, r.type, r.version limit $5
    """,
)
_UPDATE = query(
    "reindex_update",
    """
    update resource set tokens = $5, present = $6, at_from = $7, at_to = $8, quantity = $9
    where bucket = $1 and type = $2 and rid = $3 and version = $4
    """,
)
_CLEAR = query(
    "reindex_clear_ranges",
    """
    delete from range_index i using unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::int[])
        as w (bucket, type, rid, version)
    where i.bucket = w.bucket and i.type = w.type and i.rid = w.rid and i.version = w.version
    """,
)
_RANGE_COLUMNS = ("key", "low", "high", "rid", "version", "bucket", "type")


@dataclass(frozen=True, slots=True)
class Reindexed:
    """A job: when it began and ended (None: not yet), rows gone over and rows changed."""

    started_at: datetime
    finished_at: datetime | None
    seen: int
    changed: int


async def reindex(store: Store, progress: Callable[[int], object] = int) -> Reindexed:
    """Go over every row, or on from where a job stopped; gives what the last job did.

    `progress` is told the rows gone over. Raises Conflict BA-2122 where another runs.
    """
    async with session_lock(store.database, LOCK) as holder:
        if holder is None:
            raise REINDEX_RUNS()
        await _settle(store)
        done = await _go_over(store, progress)
        while await store.database.fetchval(_LEFT):  # registered while a job that is resumed had begun already
            await _settle(store)
            done = await _go_over(store, progress)
        return done


async def _go_over(store: Store, progress: Callable[[int], object]) -> Reindexed:
    """The open job, or a new one, to its end."""
    job = await store.database.fetchrow(_OPEN_JOB) or await store.database.fetchrow(_BEGIN, store.clock.now())
    assert job is not None
    place = (job["place_bucket"], job["place_type"], job["place_rid"], job["place_version"])
    seen = job["seen"]
    while True:
        async with store.database.transaction() as connection:
            rows = await connection.fetch(_ROWS, *place, BATCH)
            changed = await _rewrite(store, connection, rows)
            if rows:
                last = rows[-1]
                place = (last["bucket"], last["type"], last["rid"], last["version"])
            await connection.execute(_ADVANCE, job["id"], *place, len(rows), changed)
        seen += len(rows)
        progress(seen)
        if len(rows) < BATCH:
            break
    return await _finish(store, job)


async def last_reindex(store: Store) -> Reindexed | None:
    """The newest job, or None where there never was one."""
    row = await store.database.fetchrow(_LAST_JOB)
    return _told(row) if row is not None else None


async def _settle(store: Store) -> None:
    """Wait until every process knows what was registered last."""
    newest = await store.database.fetchval(_NEWEST)
    while newest is not None and store.clock.now() < newest + timedelta(seconds=SETTLE_S):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    await store.parameters.refresh()


async def _finish(store: Store, job: asyncpg.Record) -> Reindexed:
    """Close the job; parameters registered before it began are complete now."""
    async with store.database.transaction() as connection:
        row = await connection.fetchrow(_FINISH, job["id"], store.clock.now())
        await connection.execute(_BUILT, job["started_at"])
    await store.parameters.refresh()
    assert row is not None
    return _told(row)


def _told(row: asyncpg.Record) -> Reindexed:
    return Reindexed(row["started_at"], row["finished_at"], row["seen"], row["changed"])


async def _rewrite(store: Store, connection: Connection, rows: Sequence[asyncpg.Record]) -> int:
    """Write the index of those rows anew whose index is another; gives their number."""
    opened = await store.opener.open_all(rows, connection)
    updates: list[tuple[Any, ...]] = []
    ranges: list[tuple[Any, ...]] = []
    relations: list[tuple[int, int, Sequence[Relation], datetime]] = []
    now, grace = store.clock.now(), store.workshop.care_grace
    for row, stored in zip(rows, opened, strict=True):
        if stored is None or stored.deleted:
            continue
        plain = orjson.loads(stored.content)
        if stored.type == "Encounter" and stored.patient and row["is_current"] and grace is not None:
            relations.append((stored.patient, stored.rid, encounter_to_care(plain, now, grace), now))
        indexed = index_resource(plain, store.parameters.current)
        tokens = store.workshop.tokens.of_all(indexed.terms)
        if tokens == sorted(row["tokens"]) and indexed.present == row["present"]:
            continue
        bucket, type_, rid, version = row["bucket"], row["type"], row["rid"], row["version"]
        updates.append((bucket, type_, rid, version, tokens, indexed.present, *_main(indexed)))
        of = store.workshop.tokens.of
        ranges += [(of(each.key), each.low, each.high, rid, version, bucket, type_) for each in indexed.ranges]
    if relations:
        await settle(connection, relations)
    if updates:
        await connection.executemany(_UPDATE, updates)
        await connection.execute(_CLEAR, *(list(column) for column in list(zip(*updates, strict=True))[:4]))
        await connection.copy_records_to_table("range_index", records=ranges, columns=_RANGE_COLUMNS)
    return len(updates)


def _main(indexed: Indexed) -> tuple[datetime | None, datetime | None, float | None]:
    start, end = indexed.at if indexed.at is not None else (None, None)
    if start is not None and end == start + SECOND:
        end = None
    return start, end, indexed.quantity
