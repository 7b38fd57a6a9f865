"""People's accounts: made, checked, locked after failures.

Source: argon2id (RFC 9106); TT 13/2025/TT-BYT and CV 365/TTYQG-GPQLCL III.1.1 g on access control.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from benhan.access.cares import is_open
from benhan.access.failures import FAILURES_BEFORE_LOCK, LOCK_FIRST, LOCK_MOST, UnknownLogins, minutes_left
from benhan.access.faults import (
    LOCKED,
    LOGIN_TAKEN,
    NO_SUCH_ACCOUNT,
    NOT_NOW_OPEN,
    TOO_MANY_SIGN_INS,
    WEAK_PASSWORD,
    WRONG_PASSWORD,
)
from benhan.access.roles import GRANTED_BY_NAME, permissions_of
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.permissions import Permission
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection, Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event

PASSWORD_CHARACTERS_MIN = 10
PASSWORD_CHARACTERS_MAX = 200
LOGIN_CHARACTERS_MAX = 200
HASHES_AT_ONCE = 2
HASHES_WAITING = 64

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Yx3WTNuWUN5wVVEbxhgGG4YLMNy5Zrh9HfWcDjKXpIM"

_ATTEMPT = """
update account set failures = failures + 1, locked_until = case when failures + 1 >= $3
    then $2::timestamptz + least($4::interval * power(2, least(failures + 1 - $3, 10)), $5::interval) end
where login = $1 and disabled_at is null and (locked_until is null or locked_until <= $2) returning *
"""


@dataclass(frozen=True, slots=True)
class Account:
    """An account without its password."""

    id: int
    login: str
    name: str
    role: Role
    patient: str
    granted: frozenset[str] = frozenset()
    """Permissions besides those of the role, by their names."""
    facility: str = ""
    """Whose officer this is, at the portal."""

    @property
    def actor(self) -> Actor:
        may = permissions_of(self.role, self.granted)
        return Actor(f"account:{self.id}", self.role, may, patient=self.patient, facility=self.facility)


class Accounts:
    """Creates accounts and checks passwords."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._unknown = UnknownLogins()
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)
        self._waiting = 0

    async def create(self, login: str, name: str, role: Role, password: str, *, patient: str = "") -> Account:
        """A new account. Raises Conflict BA-0906, Incorrect BA-0907."""
        login = folded(login)
        check_password(password, login)
        hashed = await self._hashed(password)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "insert into account (login, name, role, password_hash, patient, created_at)"
                " values ($1, $2, $3, $4, $5, $6) on conflict (login) do nothing returning *",
                login,
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
        row = await self._database.fetchrow("select * from account where login = $1", folded(login))
        return _account(row) if row is not None else None

    async def link_patient(self, account_id: int, patient: str) -> None:
        """Let a citizen's account see the book of `patient` (a logical id)."""
        await self._database.execute("update account set patient = $2 where id = $1", account_id, patient)

    async def place(self, login: str, facility: str) -> None:
        """Make an account that of an officer of a facility. Raises NotFound BA-0914."""
        changed = await self._database.fetchval(
            "update account set facility = $2 where login = $1 and disabled_at is null returning id",
            folded(login),
            facility,
        )
        if changed is None:
            raise NO_SUCH_ACCOUNT()

    async def grant(self, login: str, permission: Permission, *, given: bool) -> None:
        """Give an account a permission that no role has, or take it back; it holds from the next request.

        Raises NotFound BA-0914.
        """
        assert permission in GRANTED_BY_NAME, permission
        change = "array_append(array_remove(permissions, $2), $2)" if given else "array_remove(permissions, $2)"
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                f"update account set permissions = {change} where login = $1 and disabled_at is null returning *",  # noqa: S608  # constants
                folded(login),
                permission.value,
            )
            if row is None:
                raise NO_SUCH_ACCOUNT()
            detail: dict[str, str | int] = {"permission": permission.value, "given": int(given)}
            await self._record(connection, Event.ACCOUNT_GRANT, row["id"], Role(row["role"]), detail)

    async def disable(self, login: str) -> None:
        """Let nobody in by this account any more; its sessions end now. Raises NotFound BA-0914."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "update account set disabled_at = $2 where login = $1 and disabled_at is null returning *",
                folded(login),
                self._clock.now(),
            )
            if row is None:
                raise NO_SUCH_ACCOUNT()
            await connection.execute("delete from session where account = $1", row["id"])
            await self._record(connection, Event.ACCOUNT_DISABLE, row["id"], Role(row["role"]), {})

    async def set_password(self, login: str, password: str) -> None:
        """Give an account another password; it is unlocked and its sessions end. Raises BA-0907, BA-0914."""
        login = folded(login)
        check_password(password, login)
        hashed = await self._hashed(password)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "update account set password_hash = $2, failures = 0, locked_until = null"
                " where login = $1 and disabled_at is null returning *",
                login,
                hashed,
            )
            if row is None:
                raise NO_SUCH_ACCOUNT()
            await connection.execute("delete from session where account = $1", row["id"])
            await self._record(connection, Event.PASSWORD_CHANGE, row["id"], Role(row["role"]), {})

    async def change_own_password(self, account_id: int, old: str, new: str) -> Account:
        """Change a password by who knows it; every session of the account ends. Raises BA-0903, BA-0904, BA-0907."""
        login = await self._database.fetchval("select login from account where id = $1", account_id)
        check_password(new, login or "")
        account = await self.check(login or "", old)
        await self.set_password(account.login, new)
        return account

    async def check(self, login: str, password: str) -> Account:
        """The account of a right password. Raises BA-0903, BA-0904, BA-0910, and BA-5304 outside its days and hours.

        The attempt is counted before the password is looked at, so that many at once get no more guesses. An unknown
        login costs the same time and is locked in the same way. Each failure is in the ledger.
        """
        login, now = folded(login), self._clock.now()
        async with self._slot():
            row = await self._database.fetchrow(_ATTEMPT, login, now, FAILURES_BEFORE_LOCK, LOCK_FIRST, LOCK_MOST)
            until = row["locked_until"] if row is not None else await self._unknown_until(login, now)
            hashed = row["password_hash"] if row is not None else _NOBODY
            right = await asyncio.to_thread(_verify, hashed, password[:PASSWORD_CHARACTERS_MAX])
            if row is None or not right:
                await self._record_failure(row, until)
                raise LOCKED(minutes=minutes_left(until, now)) if until is not None else WRONG_PASSWORD()
            await self._succeed(row, password)
        if not is_open(row, now):
            raise NOT_NOW_OPEN()
        return _account(row)

    async def _unknown_until(self, login: str, now: datetime) -> datetime | None:
        """Until when this failure locks a login that is not there. Raises BA-0904 where the login is locked already."""
        until = await self._database.fetchval(
            "select locked_until from account where login = $1 and disabled_at is null", login
        )
        if until is not None and until > now:
            raise LOCKED(minutes=minutes_left(until, now))
        allowed, ends = self._unknown.attempt(login, now)
        if not allowed:
            raise LOCKED(minutes=minutes_left(ends, now))
        return ends if ends > now else None

    async def _succeed(self, row: asyncpg.Record, password: str) -> None:
        hashed = row["password_hash"]
        if _HASHER.check_needs_rehash(hashed):
            hashed = await asyncio.to_thread(_HASHER.hash, password)
        await self._database.execute(
            "update account set failures = 0, locked_until = null, password_hash = $2 where id = $1", row["id"], hashed
        )

    async def _record_failure(self, row: asyncpg.Record | None, until: datetime | None) -> None:
        number, role = (row["id"], Role(row["role"])) if row is not None else (0, Role.SYSTEM)
        async with self._database.transaction() as connection:
            await self._record(connection, Event.SESSION_FAIL, number, role, {"fault": WRONG_PASSWORD.code})
            if until is not None:
                await self._record(connection, Event.SESSION_LOCK, number, role, {"until": until.isoformat()})

    async def _hashed(self, password: str) -> str:
        async with self._slot():
            return await asyncio.to_thread(_HASHER.hash, password)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """A place among the few that compute at once: each takes 19 MB and a core. Raises Busy BA-0910."""
        if self._waiting >= HASHES_WAITING:
            raise TOO_MANY_SIGN_INS()
        self._waiting += 1
        try:
            async with self._hashing:
                yield
        finally:
            self._waiting -= 1

    async def _record(
        self, connection: Connection, event: Event, account: int, role: Role, detail: dict[str, str | int]
    ) -> None:
        entry = Entry(event, self._clock.now(), f"account:{account}", role.value, current_trace.get(), detail=detail)
        await append_many(connection, [entry])


def folded(login: str) -> str:
    """A login as it is compared: case and surrounding blanks do not matter."""
    return login.strip().casefold().replace("\x00", "")[:LOGIN_CHARACTERS_MAX]


def check_password(password: str, login: str) -> None:
    """Raises Incorrect BA-0907."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX or password.casefold() == login:
        raise WEAK_PASSWORD(least=PASSWORD_CHARACTERS_MIN, most=PASSWORD_CHARACTERS_MAX)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _account(row: asyncpg.Record) -> Account:
    granted = frozenset(row["permissions"])
    told = row["id"], row["login"], row["name"], Role(row["role"]), row["patient"], granted, row["facility"]
    return Account(*told)
