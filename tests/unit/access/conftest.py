"""Accounts and sessions on a database of their own; the clock is ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from tests.clocks import StoppedClock
from tests.postgres import copy_of_template

from benhan.access.accounts import Account, Accounts
from benhan.access.sessions import Sessions
from benhan.kernel.actors import Role
from benhan.kernel.ids import SystemRandom
from benhan.store.database import Database

RIGHT = "con-ngua-dung-pin-ghim"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="session")
async def access_database(embedded_url: str) -> AsyncIterator[Database]:
    """One database for all tests of this folder: making one for each would take most of their time."""
    database = await Database.connect(await copy_of_template(embedded_url, "access"), pool_size=6)
    yield database
    await database.close()


@pytest.fixture
async def fresh_database(access_database: Database) -> Database:
    """The database without accounts, sessions and tokens; its ledger keeps what was."""
    for table in ("session", "account", "machine_token"):
        await access_database.execute(f"delete from {table}")
    return access_database


@pytest.fixture
def accounts(fresh_database: Database, clock: StoppedClock) -> Accounts:
    return Accounts(fresh_database, clock)


@pytest.fixture
async def lan(accounts: Accounts) -> Account:
    """Somebody with an account, whose password is RIGHT."""
    return await accounts.create("lan", "BS. Lan", Role.DOCTOR, RIGHT)


OpenSessions = Callable[..., Sessions]


@pytest.fixture
def open_sessions(fresh_database: Database, clock: StoppedClock) -> OpenSessions:
    """Makes Sessions on the database of the test, with what differs."""

    def make(**how: float | bool) -> Sessions:
        return Sessions(fresh_database, clock, SystemRandom(), **how)  # type: ignore[arg-type]

    return make


@pytest.fixture
def sessions(open_sessions: OpenSessions) -> Sessions:
    return open_sessions()
