"""Connections to PostgreSQL, and its errors in our words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from benhan.kernel.faults import Fault
from benhan.store.faults import DATABASE_AWAY, DATABASE_REFUSED, DISK_FULL, NO_SUCH_CHARACTER, TOO_SLOW

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.Connection  # generic in its stubs only

SETTINGS = {
    "application_name": "benhan",
    "timezone": "UTC",
    "jit": "off",
    "default_transaction_isolation": "read committed",
}


async def _as_it_is(_connection: Connection) -> None:
    """Nothing of a session is ever changed but locks, which `session_lock` gives back: one round trip less."""


class Database:
    """A pool of connections to one database."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], url: str, settings: Mapping[str, str] = SETTINGS) -> None:
        self.pool = pool
        self.url = url
        self._settings = settings

    @classmethod
    async def connect(cls, url: str, *, pool_size: int = 12, statement_timeout_s: float = 20.0) -> Database:
        """A Database on `url`. Raises Unavailable BA-0420 when the server does not answer."""
        return await cls._open(url, pool_size, {**SETTINGS, "statement_timeout": str(int(statement_timeout_s * 1000))})

    async def sibling(self, pool_size: int, **settings: str) -> Database:
        """A further Database on the same one, with other settings of its sessions. Raises Unavailable BA-0420."""
        return await self._open(self.url, min(pool_size, self.pool.get_max_size()), {**self._settings, **settings})

    @classmethod
    async def _open(cls, url: str, pool_size: int, settings: dict[str, str]) -> Database:
        with translated():
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=pool_size,
                server_settings=settings,
                max_inactive_connection_lifetime=300,
                statement_cache_size=300,
                timeout=5,
                reset=_as_it_is,
            )
        return cls(pool, url, settings)

    async def close(self) -> None:
        """Close every connection; statements that still run are given five seconds."""
        try:
            async with asyncio.timeout(5):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool, errors translated."""
        with translated():
            async with self.pool.acquire() as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction, committed at the end, rolled back on any exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, sql: str, *parameters: Any) -> list[asyncpg.Record]:
        async with self.connection() as connection:
            return await connection.fetch(sql, *parameters)

    async def fetchrow(self, sql: str, *parameters: Any) -> asyncpg.Record | None:
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *parameters)

    async def fetchval(self, sql: str, *parameters: Any) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(sql, *parameters)

    async def execute(self, sql: str, *parameters: Any) -> str:
        async with self.connection() as connection:
            return await connection.execute(sql, *parameters)


async def ensure_database(server_url: str, name: str) -> str:
    """Create database `name` on the server of `server_url` where it is missing; gives its url."""
    with translated():
        connection = await asyncpg.connect(server_url, timeout=5)
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
            quoted = '"' + name.replace('"', '""') + '"'
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # another worker was first
                await connection.execute(f"create database {quoted} template template0 encoding 'UTF8'")
    finally:
        await connection.close()
    return url_of(server_url, name)


def url_of(server_url: str, database: str) -> str:
    """`server_url` with another database in its path."""
    parts = urlsplit(server_url)
    return urlunsplit(parts._replace(path=f"/{database}"))


CONNECTION_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a connection says that dies in the middle of a word
    OSError,
    TimeoutError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what asyncpg raises into Faults that say what to do; Faults pass as they are."""
    try:
        yield
    except Fault:
        raise
    except CONNECTION_LOST as cause:
        raise DATABASE_AWAY() from cause
    except asyncpg.PostgresError as cause:
        raise fault_of(cause) from cause


def fault_of(cause: asyncpg.PostgresError) -> Fault:
    """The Fault that a PostgreSQL error means."""
    sqlstate = getattr(cause, "sqlstate", None) or "?????"
    if sqlstate == "53100":
        return DISK_FULL()
    if sqlstate == "22021":
        return NO_SUCH_CHARACTER()
    if sqlstate == "57014":
        return TOO_SLOW()
    if sqlstate[:2] in {"08", "57", "53"}:
        return DATABASE_AWAY()
    return DATABASE_REFUSED(sqlstate=sqlstate)
