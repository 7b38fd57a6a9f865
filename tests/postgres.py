"""PostgreSQL for the tests: one embedded server a process, and databases that are copies of a migrated one."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from benhan.store.database import Database, ensure_database, url_of
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.migrations import migrate

TEMPLATE = "benhan_template"
HASTY = ("fsync", "full_page_writes", "wal_compression")
"""What a server does for the day on which the machine loses its power. No test takes that away from it, and without
it a fresh database costs a fourth."""
_numbers = itertools.count(1)


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder where an embedded server may live.

    Not pytest's: where root runs the tests the server has a user of its own, and each pytest that starts beside us
    closes the folder of all of root's runs to other users.
    """
    folder = Path(tempfile.mkdtemp(prefix="benhan-tests-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded_server() -> Iterator[str]:
    """The address of an embedded server with the template; stopped at the end."""
    with server_folder() as folder:
        server = EmbeddedPostgres(folder / "pg")
        try:
            server.start()
            asyncio.run(_prepare(server.url("postgres")))
            yield server.url("postgres")
        finally:
            server.stop()


async def _prepare(server_url: str) -> None:
    admin = await asyncpg.connect(server_url)
    for setting in HASTY:
        await admin.execute(f"alter system set {setting} = off")
    await admin.execute("select pg_reload_conf()")
    await admin.close()
    await make_template(server_url)


async def make_template(server_url: str) -> None:
    """The migrated database that `fresh` copies."""
    database = await Database.connect(await ensure_database(server_url, TEMPLATE), pool_size=1)
    await migrate(database)
    await database.close()


async def copy_of_template(server_url: str, name: str) -> str:
    """The address of a new database `name` with our schema, which stays until the server ends."""
    admin = await asyncpg.connect(server_url)
    try:
        await admin.execute(f"create database {name} template {TEMPLATE}")
    finally:
        await admin.close()
    return url_of(server_url, name)


@asynccontextmanager
async def fresh(server_url: str) -> AsyncIterator[str]:
    """The address of a database of one's own with our schema; dropped at the end."""
    name = f"fresh_{next(_numbers)}"
    url = await copy_of_template(server_url, name)
    try:
        yield url
    finally:
        admin = await asyncpg.connect(server_url)
        try:
            await admin.execute(f"drop database if exists {name} with (force)")
        finally:
            await admin.close()
