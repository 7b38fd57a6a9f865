"""The one writer of the chain: moves what acts have left in `ledger_pending` to `ledger_entry`, within a second.

The hashes are computed in the database, in the statement that moves the rows, so that the event loop of the role stays
free. A crash undoes a round as a whole: the entries are pending again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.store.database import Database
from benhan.store.sql_texts import query

log = Log("ledger")

LOCK = 0x62656E68_6C656467  # "benh" "ledg"
ROWS_MAX = 5_000
PAUSE_S = 0.4
SETTLED_S = 10.0
WHOLE_S = 60.0

_MOVE = query(
    "chain_entries",
    """
    with head as (select seq, hash from ledger_head where bucket = 0),
    waiting as (
        select id, bucket, sum(size) over (order by id rows unbounded preceding) - size as before
        from (
            select id, bucket, coalesce(cardinality(patients), 1) as size
            from ledger_pending where id > $1 order by id limit $2
        ) w
    ),
    taken as (
        delete from ledger_pending p using waiting w where p.id = w.id and p.bucket = w.bucket and w.before < $2
        returning p.*
    ),
    numbered as (
        select t.id, (select seq from head) + row_number() over (order by t.id, s.place) as seq, t.at,
            coalesce(s.patient, t.patient) as patient, t.rid, t.version,
            case when s.patient is null then t.bucket else (s.patient >> 51)::smallint end as bucket,
            t.event, t.type, t.actor, t.role, t.trace,
            case when s.patient is null then t.detail
                else replace(t.detail, '"count":0', '"count":' || s.count::text) end as detail
        from taken t left join lateral unnest(t.patients, t.counts) with ordinality as s (patient, count, place) on true
    ),
    chained as (
        select n.*, ledger_chain((select hash from head), ledger_canonical(
            seq, at, patient, rid, version, bucket, event, type, actor, role, trace, detail
        )) over (order by seq rows unbounded preceding) as hash
        from numbered n
    ),
    added as (
        insert into ledger_entry
            (seq, at, patient, rid, version, bucket, event, type, actor, role, trace, detail, hash)
        select seq, at, patient, rid, version, bucket, event, type, actor, role, trace, detail, hash
        from chained order by seq
    ),
    last as (select seq, hash, id from chained order by seq desc limit 1)
    update ledger_head h set seq = last.seq, hash = last.hash from last, head where h.bucket = 0
    returning last.seq - head.seq as moved, last.id
    """,
    fan_out="the chain runs over all compartments; pending rows are few",
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a round did: how many entries it chained, and the highest pending id among them."""

    count: int
    last_id: int


async def chain_some(database: Database, above: int = 0, rows_max: int = ROWS_MAX) -> Moved:
    """Chain up to `rows_max` committed entries with a pending id above `above`; none while another process does.

    What one act showed of many patients is chained as a whole, so that there may be more.
    """
    async with database.transaction() as connection:
        if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
            return Moved(0, 0)
        await connection.execute("set local synchronous_commit = off")  # what a crash undoes is pending again
        row = await connection.fetchrow(_MOVE, above, rows_max)
    return Moved(row["moved"], row["id"]) if row is not None else Moved(0, 0)


async def chain_all(database: Database) -> int:
    """Chain everything that is committed now; gives how many. Waits for nobody: see `chain_some`."""
    count = 0
    while (moved := (await chain_some(database)).count) > 0:
        count += moved
    return count


class ChainWriter:
    """Keeps the chain up with the acts; one in every process does no harm, one at a time works."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._rounds: deque[tuple[float, int]] = deque()
        self._floor = 0
        self._whole_at = 0.0
        self.chained = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Chain until `stop`; then chain the rest."""
        while not stop.is_set():
            if await self._round() < ROWS_MAX:
                await stopped_within(stop, PAUSE_S)
            else:
                await asyncio.sleep(0)
        await chain_all(self._database)

    async def _round(self) -> int:
        try:
            moved = await chain_some(self._database, self._start())
        except Fault as fault:
            if not fault.retryable:
                raise
            log.warning("ledger.chain.delayed", fault=fault.code)
            return 0
        if moved.count:
            self._rounds.append((self._clock.monotonic_s(), moved.last_id))
        self.chained += moved.count
        return moved.count

    def _start(self) -> int:
        """The id above which to look: what was taken some time ago leaves dead rows that need not be stepped over.

        Ids are not committed in their order; once a minute the look begins at 0, so that nothing is left behind.
        """
        now = self._clock.monotonic_s()
        while self._rounds and self._rounds[0][0] < now - SETTLED_S:
            self._floor = max(self._floor, self._rounds.popleft()[1])
        if now - self._whole_at >= WHOLE_S:
            self._whole_at = now
            return 0
        return self._floor
