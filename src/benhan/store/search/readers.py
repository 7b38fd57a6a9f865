"""The connections of searches: few, kept open, taken and given back at the price of a list.

A search changes nothing of a session, so there is nothing to put right between two of them. Whatever goes wrong on a
connection sends it back to its pool, which knows how to cancel, close and open again.

FEW are at work while searches are short: each session of PostgreSQL parses, plans and keeps every statement for itself,
and what many sessions keep pushes one another out of the processor's caches. Those that take long do not count.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg

from benhan.store.database import Database, translated

if TYPE_CHECKING:
    Pooled = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pooled = asyncpg.pool.PoolConnectionProxy  # generic in its stubs only


FEW = 3
"""So many sessions keep one event loop busy."""
LONG_S = 0.1
"""A search at work for so long lets another go past it."""


class Readers:
    """At most `count` connections of a database at work, opened as they are wanted; the last given back goes first."""

    def __init__(self, database: Database, count: int) -> None:
        self._database = database
        few = min(FEW, count)
        self._turn = asyncio.Semaphore(few)
        self._past_max = count - few
        self._waiting = 0
        self._since_s: dict[Pooled, float] = {}
        """When each connection went to work."""
        self._long: set[Pooled] = set()
        """Those at work that let another past them."""
        self._watch: asyncio.TimerHandle | None = None
        self._idle: list[Pooled] = []

    async def take(self) -> Pooled:
        """A connection for one search, once it is its turn. Raises Unavailable BA-0420 where none can be opened."""
        self._waiting += 1
        if self._watch is None and self._turn.locked():
            self._look_later()
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            with translated():
                connection = await self._taken()
        except BaseException:
            self._turn.release()
            raise
        self._since_s[connection] = asyncio.get_running_loop().time()
        return connection

    async def give_back(self, connection: Pooled, *, is_sound: bool) -> None:
        """Take the connection back; one on which something went wrong goes to its pool."""
        del self._since_s[connection]
        try:
            if is_sound:
                self._idle.append(connection)
            else:
                await self._database.pool.release(connection)
        finally:
            if connection in self._long:
                self._long.remove(connection)  # who went past it has had its turn
            else:
                self._turn.release()

    async def close(self) -> None:
        """Close the connections."""
        if self._watch is not None:
            self._watch.cancel()
        while self._idle:
            await self._database.pool.release(self._idle.pop())
        await self._database.close()

    def _look_later(self) -> None:
        self._watch = asyncio.get_running_loop().call_later(LONG_S / 2, self._look)

    def _look(self) -> None:
        """While any wait: let one past each that is long at work."""
        self._watch = None
        if not self._waiting:
            return
        begun_s = asyncio.get_running_loop().time() - LONG_S
        for connection, since_s in self._since_s.items():
            if since_s <= begun_s and connection not in self._long and len(self._long) < self._past_max:
                self._long.add(connection)
                self._turn.release()
        self._look_later()

    async def _taken(self) -> Pooled:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            await self._database.pool.release(connection)  # the server has gone; the pool opens another
        return await self._database.pool.acquire()
