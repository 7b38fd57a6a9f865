"""Sessions of people and tokens of machines: from a secret to an Actor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from benhan.access.accounts import Account
from benhan.access.cares import WHO, Cares, is_open
from benhan.access.faults import NO_SUCH_TOKEN
from benhan.access.roles import permissions_of
from benhan.access.tokens import digest, new_secret
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Language
from benhan.kernel.trace import current_trace
from benhan.store.database import Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event

TOKEN_CACHE_S = 15.0
TOKENS_REMEMBERED = 1_000
NOTE_USE_EVERY = timedelta(seconds=60)

_FIND = f"""
select s.csrf, s.language, s.used_at, a.id, a.name, a.role, a.patient, a.facility, a.permissions, {WHO.format(now="$2")}
from session s join account a on a.id = s.account
where s.token_hash = $1 and a.disabled_at is null and s.ends_at > $2 and s.used_at > $3
"""  # noqa: S608  # constants

COOKIE = "benhan"
SECURE_COOKIE = "__Host-benhan"


@dataclass(frozen=True, slots=True)
class Session:
    """A person at work: who, in which language, and the token that their forms must carry."""

    actor: Actor
    name: str
    language: Language
    csrf: str
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One of an account's living sessions."""

    opened_at: datetime
    used_at: datetime
    is_own: bool


class Sessions:
    """Opens, finds and closes sessions; makes and checks machine tokens.

    `secure` says that people come by https: the cookie is then bound to this host and never sent in the clear. `cares`
    tells what a person may do with whose records, where that is limited.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        random: RandomSource,
        *,
        idle_s: float = 1800,
        life_s: float = 43200,
        secure: bool = False,
        cares: Cares | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._idle = timedelta(seconds=idle_s)
        self._life = timedelta(seconds=life_s)
        self._machines: dict[bytes, tuple[float, Actor]] = {}
        self._cares = cares
        self.secure = secure
        self.cookie = SECURE_COOKIE if secure else COOKIE

    async def open(self, account: Account, language: Language = "vi", *, instead_of: str = "") -> str:
        """A new session; gives the secret for the cookie. The session of the secret `instead_of` ends."""
        secret, now = new_secret(self._random), self._clock.now()
        async with self._database.transaction() as connection:
            await connection.execute(
                "insert into session (token_hash, account, csrf, language, created_at, used_at, ends_at)"
                " values ($1, $2, $3, $4, $5, $5, $6)",
                digest(secret),
                account.id,
                new_secret(self._random),
                language,
                now,
                now + self._life,
            )
            await connection.execute(
                "delete from session where ends_at < $1 or used_at < $2 or token_hash = $3",
                now,
                now - self._idle,
                digest(instead_of),
            )
            await append_many(connection, [self._entry(Event.SESSION_OPEN, account.actor)])
        return secret

    async def find(self, secret: str, *, is_poll: bool = False) -> Session | None:
        """The living session of a secret; notes that it is used, unless it is only a page that polls."""
        now = self._clock.now()
        row = await self._database.fetchrow(
            _FIND,
            digest(secret),
            now,
            now - self._idle,
        )
        if row is None or not is_open(row, now):
            return None
        if not is_poll and now - row["used_at"] > min(NOTE_USE_EVERY, self._idle / 4):
            await self._database.execute("update session set used_at = $2 where token_hash = $1", digest(secret), now)
        role = Role(row["role"])
        may = permissions_of(role, row["permissions"])
        actor = Actor(f"account:{row['id']}", role, may, patient=row["patient"], facility=row["facility"])
        if self._cares is not None and role is not Role.CITIZEN:
            actor = self._cares.of(actor, row, now)
        return Session(actor, row["name"], "en" if row["language"] == "en" else "vi", row["csrf"], digest(secret))

    async def speak(self, session: Session, language: Language) -> None:
        """Remember the language of a session."""
        await self._database.execute(
            "update session set language = $2 where token_hash = $1", session.token_hash, language
        )

    async def close(self, session: Session) -> None:
        """End a session."""
        async with self._database.transaction() as connection:
            await connection.execute("delete from session where token_hash = $1", session.token_hash)
            await append_many(connection, [self._entry(Event.SESSION_CLOSE, session.actor)])

    async def living(self, session: Session) -> list[SessionLine]:
        """The living sessions of the account of `session`, the last used first."""
        now = self._clock.now()
        rows = await self._database.fetch(
            "select token_hash, created_at, used_at from session where account = $1 and ends_at > $2 and used_at > $3"
            " order by used_at desc limit 50",
            account_number(session.actor),
            now,
            now - self._idle,
        )
        return [SessionLine(row["created_at"], row["used_at"], row["token_hash"] == session.token_hash) for row in rows]

    async def close_others(self, session: Session) -> int:
        """End the other sessions of the account; gives how many there were."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                "delete from session where account = $1 and token_hash <> $2 returning 1",
                account_number(session.actor),
                session.token_hash,
            )
            await append_many(connection, [self._entry(Event.SESSION_CLOSE, session.actor)] * len(rows))
        return len(rows)

    async def make_token(
        self, name: str, permissions: Iterable[Permission], *, facility: str = "", life: timedelta | None = None
    ) -> str:
        """A bearer token for a machine; shown once."""
        secret, now = new_secret(self._random), self._clock.now()
        actor = Actor(f"machine:{name}", Role.MACHINE)
        async with self._database.transaction() as connection:
            await connection.execute(
                "insert into machine_token (token_hash, name, facility, permissions, created_at, ends_at)"
                " values ($1, $2, $3, $4, $5, $6)",
                digest(secret),
                name,
                facility,
                sorted(permission.value for permission in permissions),
                now,
                now + life if life is not None else None,
            )
            detail: dict[str, str | int] = {"token": name, "role": Role.MACHINE.value}
            await append_many(connection, [self._entry(Event.TOKEN_CREATE, actor, detail)])
        return secret

    async def revoke_tokens(self, name: str) -> int:
        """Let a machine in by none of its tokens any more; gives how many there were. Raises NotFound BA-0915.

        This process forgets them at once, others within TOKEN_CACHE_S.
        """
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                "update machine_token set revoked_at = $2 where name = $1 and revoked_at is null returning 1",
                name,
                self._clock.now(),
            )
            if not rows:
                raise NO_SUCH_TOKEN()
            actor = Actor(f"machine:{name}", Role.MACHINE)
            await append_many(connection, [self._entry(Event.TOKEN_REVOKE, actor, {"token": name})])
        self._machines.clear()
        return len(rows)

    async def machine(self, secret: str) -> Actor | None:
        """The machine of a bearer token; a revoked one is let in for at most TOKEN_CACHE_S seconds more."""
        hashed, at = digest(secret), self._clock.monotonic_s()
        known = self._machines.get(hashed)
        if known is not None and known[0] > at:
            return known[1]
        row = await self._database.fetchrow(
            "select name, facility, permissions from machine_token"
            " where token_hash = $1 and revoked_at is null and (ends_at is null or ends_at > $2)",
            hashed,
            self._clock.now(),
        )
        if row is None:
            self._machines.pop(hashed, None)
            return None
        actor = Actor(f"machine:{row['name']}", Role.MACHINE, _known(row["permissions"]), facility=row["facility"])
        if len(self._machines) >= TOKENS_REMEMBERED:
            self._machines.clear()
        self._machines[hashed] = (at + TOKEN_CACHE_S, actor)
        return actor

    def _entry(self, event: Event, actor: Actor, detail: dict[str, str | int] | None = None) -> Entry:
        return Entry(event, self._clock.now(), actor.id, actor.role.value, current_trace.get(), detail=detail or {})


def account_number(actor: Actor) -> int:
    """The number of a person's account."""
    return int(actor.id.removeprefix("account:"))


def _known(names: Iterable[str]) -> frozenset[Permission]:
    """Permissions by their names; one that this version no longer has is no permission."""
    return frozenset(permission for permission in Permission if permission.value in set(names))
