"""A lock that a session holds, among all processes on a database: taken at once or not at all, always given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from benhan.store.database import Connection, Database


@asynccontextmanager
async def session_lock(database: Database, key: int) -> AsyncIterator[Connection | None]:
    """The connection that holds the advisory lock `key`, or None where another holds it.

    The lock goes with the connection: who finds the connection dead has lost the lock.
    """
    async with database.connection() as connection:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", key):
            yield None
            return
        try:
            yield connection
        finally:
            await asyncio.shield(_give_back(connection, key))


async def _give_back(connection: Connection, key: int) -> None:
    """Unlock; where that fails the connection is ended, and the lock with it."""
    try:
        await connection.fetchval("select pg_advisory_unlock($1)", key)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        with suppress(asyncpg.InterfaceError):  # the pool has noticed already
            connection.terminate()
