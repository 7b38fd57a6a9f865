"""One holder of a lock among all sessions of a database."""

from __future__ import annotations

import asyncio

from benhan.store.database import Database
from benhan.store.session_lock import session_lock

KEY = 0x74657374


async def test_only_one_holds_it_and_the_next_has_it_afterwards(database: Database) -> None:
    async with session_lock(database, KEY) as first, session_lock(database, KEY) as second:
        assert first is not None
        assert second is None
    async with session_lock(database, KEY) as third:
        assert third is not None


async def test_it_is_given_back_by_who_fails_and_by_who_is_cancelled(database: Database) -> None:
    async def hold(held: asyncio.Event) -> None:
        async with session_lock(database, KEY) as lock:
            assert lock is not None
            held.set()
            await asyncio.Event().wait()

    held = asyncio.Event()
    holder = asyncio.create_task(hold(held))
    await held.wait()
    holder.cancel()
    await asyncio.gather(holder, return_exceptions=True)
    async with session_lock(database, KEY) as lock:
        assert lock is not None


async def test_who_loses_the_connection_loses_the_lock(database: Database) -> None:
    async with session_lock(database, KEY) as lock:
        assert lock is not None
        pid = await lock.fetchval("select pg_backend_pid()")
        await database.execute("select pg_terminate_backend($1, 5000)", pid)
        async with session_lock(database, KEY) as other:
            assert other is not None
