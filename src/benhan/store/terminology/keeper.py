"""Takes large CodeSystems into the tables soon after they were written, so that nobody who asks has to wait for it."""

from __future__ import annotations

import asyncio
from typing import Any

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.store.database import Database
from benhan.store.ids import SHARED
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.resources import Opener
from benhan.store.sql_texts import query
from benhan.store.terminology.epoch import read_epoch
from benhan.store.terminology.loading import clear_away
from benhan.store.terminology.terminology import Terminology

log = Log("terminology")

PAUSE_S = 5.0
SEALED_BYTES_LEAST = 50_000
"""Sealed size from which a CodeSystem may hold too many concepts for memory."""
AT_ONCE = 10

_LARGE = query(
    "code_systems_large",
    """
    select r.type, r.rid, r.version, r.patient, r.updated_at, r.content from resource r
    where r.bucket = $1 and r.type = $2 and r.until is null and octet_length(r.content) >= $3
        and r.rid <> all($4::bigint[])
        and not exists (select 1 from code_system s where s.source = 'CodeSystem ' || r.rid || ' ' || r.version)
    order by r.rid limit $5
    """,
)


class TerminologyKeeper:
    """The task; any number of processes may run it, one at a time takes a list in."""

    def __init__(self, database: Database, clock: Clock, opener: Opener, terminology: Terminology) -> None:
        self._database = database
        self._clock = clock
        self._opener = opener
        self._terminology = terminology
        self._epoch = 0
        self._looked_at: set[int] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever terminology has changed, until `stop`."""
        while not stop.is_set():
            try:
                await self.step()
            except Fault as fault:
                log.warning("terminology.delayed", fault=fault.code)
            await stopped_within(stop, PAUSE_S)

    async def step(self) -> int:
        """Take in what waits for it; gives how many CodeSystems were looked at."""
        epoch = await read_epoch(self._database)
        if epoch == self._epoch:
            return 0
        self._looked_at.clear()
        looked = 0
        while found := await self._some():
            looked += found
        await clear_away(self._database, self._clock.now())
        self._epoch = epoch
        return looked

    async def _some(self) -> int:
        number, seen = TYPE_NUMBERS["CodeSystem"], list(self._looked_at)
        async with self._database.connection() as connection:
            rows = await connection.fetch(_LARGE, SHARED, number, SEALED_BYTES_LEAST, seen, AT_ONCE)
            opened = await self._opener.open_all(rows, connection)
        for row, stored in zip(rows, opened, strict=True):
            self._looked_at.add(row["rid"])
            if stored is not None:
                await self._take_in(stored.read())
        return len(rows)

    async def _take_in(self, code_system: dict[str, Any]) -> None:
        """Take one in; one that cannot be is left to who asks for it."""
        try:
            await self._terminology.make_ready(str(code_system.get("url", "")), str(code_system.get("version", "")))
        except Fault as fault:
            if fault.retryable:
                raise
            log.warning("terminology.not_taken_in", fault=fault.code)
