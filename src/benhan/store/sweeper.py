"""Moves superseded versions out of the searched table once no page link can ask for them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.store.database import Database
from benhan.store.jobs import moment_held
from benhan.store.sql_texts import query

log = Log("sweeper")

ROWS_MAX = 2_000
PAUSE_S = 20.0
LOCK = 0x62656E68_73776570  # "benh" "swep"

# A writer that came late may hold a lock on a superseded version while it waits for ours: whoever sweeps never waits.
_SWEEP = query(
    "sweep_superseded",
    """
    with old as materialized (
        select e.ctid as place, r.bucket, r.type, r.rid, r.version from resource_ended e
        join resource r on r.bucket = e.bucket and r.type = e.type and r.rid = e.rid and r.version = e.version
        where e.ended_at < $1
        order by e.ended_at limit $2 for update of e, r skip locked
    ),
    listed as (
        delete from resource_ended e using old o where e.ctid = o.place
    ),
    moved as (
        delete from resource r using old o
        where r.bucket = o.bucket and r.type = o.type and r.rid = o.rid and r.version = o.version
        returning r.rid, r.patient, r.updated_at, r.version, r.bucket, r.type, r.content
    ),
    ranges as (
        delete from range_index i using old o
        where i.bucket = o.bucket and i.type = o.type and i.rid = o.rid and i.version = o.version
    )
    insert into resource_history (rid, patient, updated_at, version, bucket, type, content) select * from moved
    """,
    fan_out="the sweeper goes over all compartments in bounded batches",
)
_FREEZE = query(
    "freeze_moments",
    "update resource set since = '3'::xid8 where since <> '3'::xid8",
    fan_out="after a restore every row's transaction ids are another cluster's",
)
_FREEZE_ENDS = query(
    "freeze_ends",
    "update resource set until = '3'::xid8 where until is not null and until <> '3'::xid8",
    fan_out="after a restore every row's transaction ids are another cluster's",
)


async def sweep_some(database: Database, clock: Clock, page_life_s: float, rows_max: int = ROWS_MAX) -> int:
    """Move up to `rows_max` versions whose successor is older than a page's life; gives how many were moved.

    The age is the successor's: a version is needed until every page that began before it ended is dead. What a job
    still reads at an earlier moment stays too.
    """
    before = clock.now() - timedelta(seconds=page_life_s)
    held = await moment_held(database, clock.now())
    if held is not None:
        before = min(before, held)
    async with database.transaction() as connection:
        if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
            return 0
        told = await connection.execute(_SWEEP, before, rows_max)
    return int(told.split()[-1])


async def freeze_moments(database: Database) -> int:
    """Make every version visible at every moment, as after a restore into another cluster; gives how many were set.

    Open page links lose their pin, so run it before serving.
    """
    async with database.transaction() as connection:
        await connection.execute("set local statement_timeout = 0")
        told = await connection.execute(_FREEZE)
        await connection.execute(_FREEZE_ENDS)
    return int(told.split()[-1])


class Sweeper:
    """The task that sweeps while the store works."""

    def __init__(self, database: Database, clock: Clock, page_life_s: float) -> None:
        self._database = database
        self._clock = clock
        self._page_life_s = page_life_s
        self.moved = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop`, in small steps."""
        while not stop.is_set():
            try:
                moved = await sweep_some(self._database, self._clock, self._page_life_s)
            except Fault as fault:
                log.warning("sweeper.delayed", fault=fault.code)
                moved = 0
            self.moved += moved
            await stopped_within(stop, 0.05 if moved == ROWS_MAX else PAUSE_S)
