"""The connections of searches: few, kept open, taken and given back at the price of a list.

A search changes nothing of a session, so there is nothing to put right between two of them. Whatever goes wrong on a
connection sends it back to its pool, which knows how to cancel, close and open again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from benhan.store.database import Database, translated

if TYPE_CHECKING:
    Pooled = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pooled = asyncpg.pool.PoolConnectionProxy  # generic in its stubs only


class Readers:
    """At most `count` connections of a database at work, opened as they are wanted; the last given back goes first."""

    def __init__(self, database: Database, count: int) -> None:
        self._database = database
        self._turn = asyncio.Semaphore(count)
        self._idle: list[Pooled] = []

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Pooled]:
        """A connection for one search, errors translated. Raises Unavailable BA-0420 where none can be opened."""
        async with self._turn:
            with translated():
                connection = await self._taken()
                try:
                    yield connection
                except BaseException:
                    await self._database.pool.release(connection)
                    raise
                self._idle.append(connection)

    async def close(self) -> None:
        """Close the connections."""
        while self._idle:
            await self._database.pool.release(self._idle.pop())
        await self._database.close()

    async def _taken(self) -> Pooled:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            await self._database.pool.release(connection)  # the server has gone; the pool opens another
        return await self._database.pool.acquire()
