"""The search parameters of a store: R4's, and those that SearchParameter resources in it define.

Every process reads them anew every few seconds. A new one is written to the index at once, and searched only after
`reindex` has gone over what was there before; that begins when every process surely knows it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import orjson

from benhan.fhir.search_definition import definition_of
from benhan.fhir.search_limits import QueryLimits
from benhan.fhir.search_parameters import R4, SearchRegistry
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.store.database import Connection, Database
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import Hook

log = Log("search")
FRESH_S = 2.0

_READ = query(
    "search_parameters", "select record, is_built from search_parameter where bucket = 0 order by registered_at, rid"
)
_REGISTER = query(
    "register_search_parameter",
    """
    insert into search_parameter (bucket, rid, registered_at, record) values (0, $1, $2, $3)
    on conflict (bucket, rid) do update
        set is_built = search_parameter.is_built and search_parameter.record = excluded.record,
            registered_at = case when search_parameter.record = excluded.record
                then search_parameter.registered_at else excluded.registered_at end,
            record = excluded.record
    """,
)
_FORGET = query("forget_search_parameter", "delete from search_parameter where bucket = 0 and rid = $1")


class CustomParameters:
    """The registry of a store, kept fresh between `start` and `stop`."""

    def __init__(self, database: Database, limits: QueryLimits | None = None) -> None:
        self._database = database
        self._task: asyncio.Task[None] | None = None
        self._plain = R4 if limits is None or limits == R4.limits else SearchRegistry((), limits)
        self.current: SearchRegistry = self._plain

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="search parameters")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def refresh(self) -> None:
        """Read them now."""
        rows = await self._database.fetch(_READ)
        custom = [{**orjson.loads(row["record"]), "building": not row["is_built"]} for row in rows]
        if custom != [dict(each) for each in self.current.custom]:
            self.current = SearchRegistry(custom, self._plain.limits) if custom else self._plain

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FRESH_S)
            try:
                await self.refresh()
            except Fault as fault:
                log.warning("search_parameters.not_read", fault=fault.code)


def registration(rid: int, plain: dict[str, object], at: datetime) -> Hook:
    """What is done in the commit of a SearchParameter. Raises Incorrect BA-2120, BA-2121 at once."""
    record = definition_of(plain)

    async def register(connection: Connection) -> None:
        if record is None:
            await connection.execute(_FORGET, rid)
        else:
            await connection.execute(_REGISTER, rid, at, orjson.dumps(record).decode())

    return register


def removal(rid: int) -> Hook:
    """What is done in the commit of the deletion of a SearchParameter."""

    async def remove(connection: Connection) -> None:
        await connection.execute(_FORGET, rid)

    return remove
