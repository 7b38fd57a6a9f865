"""The connections of searches: few, kept open, taken and given back at the price of a list.

A search changes nothing of a session, so there is nothing to put right between two of them. Whatever goes wrong on a
connection sends it back to its pool, which knows how to cancel, close and open again.
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


class Readers:
    """At most `count` connections of a database at work, opened as they are wanted; the last given back goes first."""

    def __init__(self, database: Database, count: int) -> None:
        self._database = database
        self._turn = asyncio.Semaphore(count)
        self._idle: list[Pooled] = []

    async def take(self) -> Pooled:
        """A connection for one search, once it is its turn. Raises Unavailable BA-0420 where none can be opened."""
        await self._turn.acquire()
        try:
            with translated():
                return await self._taken()
        except BaseException:
            self._turn.release()
            raise

    async def give_back(self, connection: Pooled, *, is_sound: bool) -> None:
        """Take the connection back; one on which something went wrong goes to its pool."""
        try:
            if is_sound:
                self._idle.append(connection)
            else:
                await self._database.pool.release(connection)
        finally:
            self._turn.release()

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
