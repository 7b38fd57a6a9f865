"""Real PostgreSQL for the tests: the embedded one, and Debian's 15 where it is installed; a fresh database a test."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.clocks import StoppedClock
from tests.postgres import fresh, make_template, server_folder

from benhan.kernel.ids import SystemRandom
from benhan.store.database import Database
from benhan.store.key_encryption import FileKek, make_kek_file
from benhan.store.keyring import Keyring
from benhan.store.store import Store

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session", params=["embedded", "debian15"])
def server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server with a migrated template database."""
    if request.param == "embedded":
        yield request.getfixturevalue("embedded_url")
        return
    with server_folder() as folder:
        for url in _debian_server(folder):
            asyncio.run(make_template(url))
            yield url


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


@pytest.fixture
async def database_url(server_url: str) -> AsyncIterator[str]:
    """The address of a fresh database with our schema; dropped after the test."""
    async with fresh(server_url) as url:
        yield url


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
