"""People's accounts: made, checked, locked after failures.

Source: argon2id (RFC 9106); QCVN and CV 365 III.2 on access control.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from benhan.access.faults import LOCKED, LOGIN_TAKEN, WEAK_PASSWORD, WRONG_PASSWORD
from benhan.access.roles import PERMISSIONS
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection, Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event

PASSWORD_CHARACTERS_MIN = 10
FAILURES_BEFORE_LOCK = 5
LOCK_FIRST = timedelta(minutes=1)
LOCK_MOST = timedelta(hours=1)

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Yx3WTNuWUN5wVVEbxhgGG4YLMNy5Zrh9HfWcDjKXpIM"


@dataclass(frozen=True, slots=True)
class Account:
    """An account without its password."""

    id: int
    login: str
    name: str
    role: Role
    patient: str

    @property
    def actor(self) -> Actor:
        return Actor(f"account:{self.id}", self.role, PERMISSIONS[self.role], patient=self.patient)


class Accounts:
    """Creates accounts and checks passwords."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, login: str, name: str, role: Role, password: str, *, patient: str = "") -> Account:
        """A new account. Raises Conflict BA-0906, Incorrect BA-0907."""
        if len(password) < PASSWORD_CHARACTERS_MIN:
            raise WEAK_PASSWORD(least=PASSWORD_CHARACTERS_MIN)
        hashed = await asyncio.to_thread(_HASHER.hash, password)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "insert into account (login, name, role, password_hash, patient, created_at)"
                " values ($1, $2, $3, $4, $5, $6) on conflict (login) do nothing returning *",
                login.strip().casefold(),
                name,
                role.value,
                hashed,
                patient,
                self._clock.now(),
            )
            if row is None:
                raise LOGIN_TAKEN()
            detail: dict[str, str | int] = {"account": row["id"], "role": role.value}
            await self._record(connection, Event.ACCOUNT_CREATE, row["id"], role, detail)
        return _account(row)

    async def find(self, login: str) -> Account | None:
        """The account of a login, or None."""
        row = await self._database.fetchrow("select * from account where login = $1", login.strip().casefold())
        return _account(row) if row is not None else None

    async def link_patient(self, account_id: int, patient: str) -> None:
        """Let a citizen's account see the book of `patient` (a logical id)."""
        await self._database.execute("update account set patient = $2 where id = $1", account_id, patient)

    async def check(self, login: str, password: str) -> Account:
        """The account of a right password. Raises BA-0903 or BA-0904.

        An unknown login costs as much time as a known one. Each failure is in the ledger.
        """
        row = await self._database.fetchrow(
            "select * from account where login = $1 and disabled_at is null", login.strip().casefold()[:200]
        )
        now = self._clock.now()
        if row is not None and row["locked_until"] is not None and row["locked_until"] > now:
            raise LOCKED(minutes=_minutes(row["locked_until"] - now))
        right = await asyncio.to_thread(_verify, row["password_hash"] if row is not None else _NOBODY, password[:1000])
        if row is None:
            raise WRONG_PASSWORD()
        if not right:
            await self._fail(row, now)
        await self._database.execute("update account set failures = 0, locked_until = null where id = $1", row["id"])
        return _account(row)

    async def _fail(self, row: asyncpg.Record, now: datetime) -> None:
        failures = row["failures"] + 1
        until = now + _lock_time(failures) if failures >= FAILURES_BEFORE_LOCK else None
        async with self._database.transaction() as connection:
            await connection.execute(
                "update account set failures = failures + 1, locked_until = $2 where id = $1", row["id"], until
            )
            role = Role(row["role"])
            await self._record(connection, Event.SESSION_FAIL, row["id"], role, {"fault": "BA-0903"})
            if until is not None:
                await self._record(connection, Event.SESSION_LOCK, row["id"], role, {"until": until.isoformat()})
        if until is not None:
            raise LOCKED(minutes=_minutes(until - now))
        raise WRONG_PASSWORD()

    async def _record(
        self, connection: Connection, event: Event, account: int, role: Role, detail: dict[str, str | int]
    ) -> None:
        entry = Entry(event, self._clock.now(), f"account:{account}", role.value, current_trace.get(), detail=detail)
        await append_many(connection, [entry])


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except VerificationError:
        return False


def _lock_time(failures: int) -> timedelta:
    return min(LOCK_FIRST * (1 << min(failures - FAILURES_BEFORE_LOCK, 10)), LOCK_MOST)


def _minutes(left: timedelta) -> int:
    return max(1, round(left.total_seconds() / 60 + 0.49))


def _account(row: asyncpg.Record) -> Account:
    return Account(row["id"], row["login"], row["name"], Role(row["role"]), row["patient"])
