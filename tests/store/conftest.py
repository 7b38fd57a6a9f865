"""Real PostgreSQL for the tests: the embedded one, and Debian's 15 where it is installed; a fresh database a test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.clocks import StoppedClock

from benhan.kernel.ids import SystemRandom
from benhan.store.database import Database, ensure_database, url_of
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.key_encryption import FileKek, make_kek_file
from benhan.store.keyring import Keyring
from benhan.store.migrations import migrate
from benhan.store.store import Store

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
TEMPLATE = "benhan_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=["embedded", "debian15"])
def server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server with a migrated template database."""
    folder = Path(tempfile.mkdtemp(prefix="benhan-pg-"))
    folder.chmod(0o755)
    try:
        if request.param == "embedded":
            server = EmbeddedPostgres(folder / "pg")
            server.start()
            yield server.url("postgres")
            server.stop()
        else:
            yield from _debian_server(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _debian_server(folder: Path) -> Iterator[str]:
    if not (POSTGRES_15 / "initdb").exists():
        pytest.skip("Debian's postgresql-15 is not installed")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"
    _run_as_postgres(folder, "initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N", "-D", data)
    options = f"-c listen_addresses='' -k {folder} -c fsync=off -c max_connections=60"
    _run_as_postgres(folder, "pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        _run_as_postgres(folder, "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)


def _run_as_postgres(folder: Path, program: str, *arguments: str | Path) -> None:
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    command = [*as_user, str(POSTGRES_15 / program), *map(str, arguments)]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def template_url(server_url: str) -> str:
    """The server's address, once its template database is migrated."""

    async def prepare() -> None:
        database = await Database.connect(await ensure_database(server_url, TEMPLATE), pool_size=1)
        await migrate(database)
        await database.close()

    asyncio.run(prepare())
    return server_url


@pytest.fixture
async def database_url(template_url: str) -> AsyncIterator[str]:
    """The address of a fresh database with our schema; dropped after the test."""
    name = f"benhan_{next(_numbers)}"
    admin = await asyncpg.connect(template_url)
    try:
        await admin.execute(f"create database {name} template {TEMPLATE}")
        yield url_of(template_url, name)
        await admin.execute(f"drop database if exists {name} with (force)")
    finally:
        await admin.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A pool of connections to a fresh database."""
    database = await Database.connect(database_url, pool_size=6)
    yield database
    await database.close()


@pytest.fixture
def kek(tmp_path: Path) -> FileKek:
    """A fresh key-encryption key in a file."""
    return make_kek_file(tmp_path / "kek.json", SystemRandom())


@pytest.fixture
async def keyring(database: Database, kek: FileKek) -> Keyring:
    """The keyring of the fresh database."""
    return await Keyring.open(database, kek, SystemRandom())


@pytest.fixture
async def store(database_url: str, kek: FileKek) -> AsyncIterator[Store]:
    """A store on a fresh database."""
    store = await Store.open(await Database.connect(database_url, pool_size=8), kek)
    yield store
    await store.close()


@pytest.fixture
def clock() -> StoppedClock:
    """A clock that the test moves."""
    return StoppedClock()


@pytest.fixture
async def timed_store(database_url: str, kek: FileKek, clock: StoppedClock) -> AsyncIterator[Store]:
    """A store on a fresh database whose time is `clock`; its page links live 900 s."""
    store = await Store.open(await Database.connect(database_url, pool_size=8), kek, clock=clock, page_life_s=900)
    yield store
    await store.close()
