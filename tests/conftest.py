"""What all tests share: one embedded PostgreSQL with a migrated template, and a last word on what was missing."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.postgres import embedded_server, fresh, server_folder
from tests.tries import REPEATABLE
from tests.vectors import VECTORS

from benhan.store.database import Database

# `make test` tries the same examples each time, so that what it says of a change is about the change;
# `make test-all` looks for new ones.
settings.register_profile(REPEATABLE, derandomize=True)
settings.load_profile(REPEATABLE)


@pytest.fixture(scope="session")
def embedded_url() -> Iterator[str]:
    """The address of an embedded server with a migrated template database."""
    with embedded_server() as url:
        yield url


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder for a test that starts an embedded server."""
    with server_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    """A folder for an embedded server that many tests use."""
    with server_folder() as folder:
        yield folder


@pytest.fixture
async def fresh_url(embedded_url: str) -> AsyncIterator[str]:
    """The address of a database of one's own with our schema; dropped after the test."""
    async with fresh(embedded_url) as url:
        yield url


@pytest.fixture
async def fresh_database(fresh_url: str) -> AsyncIterator[Database]:
    """A pool of connections to a database of one's own."""
    database = await Database.connect(fresh_url, pool_size=6)
    yield database
    await database.close()


OUTSIDE = (
    ("PostgreSQL 15 (Debian: postgresql-15)", lambda: Path("/usr/lib/postgresql/15/bin/initdb").exists()),
    ("SoftHSM2 (Debian: softhsm2)", lambda: Path("/usr/lib/softhsm/libsofthsm2.so").exists()),
    ("Chromium (Debian: chromium)", lambda: shutil.which("chromium") is not None),
    ("test vectors from outside (BENHAN_VECTORS or ../shared/vectors)", VECTORS.is_dir),
)
"""What tests use from outside the package, and how to see that it is there."""


def missing_tools() -> list[str]:
    """What is not on this machine; the tests that need it skip."""
    return [name for name, is_there in OUTSIDE if not is_there()]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what was missing from outside, so that a skipped test is no surprise."""
    missing = missing_tools()
    if not missing:
        terminalreporter.write_line("Tools from outside: all were there (PostgreSQL 15, SoftHSM2, Chromium, vectors).")
        return
    terminalreporter.write_line("Missing here; the tests that need them were skipped:", yellow=True)
    for name in missing:
        terminalreporter.write_line(f"  - {name}", yellow=True)
