"""Sessions of people and tokens of machines: from a secret to an Actor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from benhan.access.accounts import Account
from benhan.access.roles import PERMISSIONS
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


@dataclass(frozen=True, slots=True)
class Session:
    """A person at work: who, in which language, and the token that their forms must carry."""

    actor: Actor
    name: str
    language: Language
    csrf: str
    token_hash: bytes


class Sessions:
    """Opens, finds and closes sessions; makes and checks machine tokens."""

    def __init__(
        self, database: Database, clock: Clock, random: RandomSource, *, idle_s: float = 1800, life_s: float = 43200
    ) -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._idle = timedelta(seconds=idle_s)
        self._life = timedelta(seconds=life_s)
        self._machines: dict[bytes, tuple[float, Actor]] = {}

    async def open(self, account: Account, language: Language = "vi") -> str:
        """A new session; gives the secret for the cookie. It replaces none: each sign-in has its own."""
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
            await connection.execute("delete from session where ends_at < $1", now)
            await append_many(connection, [self._entry(Event.SESSION_OPEN, account.actor)])
        return secret

    async def find(self, secret: str) -> Session | None:
        """The living session of a secret; notes that it is used."""
        now = self._clock.now()
        row = await self._database.fetchrow(
            "update session s set used_at = $2 from account a"
            " where s.token_hash = $1 and a.id = s.account and a.disabled_at is null and s.ends_at > $2"
            " and s.used_at > $3 returning s.csrf, s.language, a.id, a.name, a.role, a.patient",
            digest(secret),
            now,
            now - self._idle,
        )
        if row is None:
            return None
        role = Role(row["role"])
        actor = Actor(f"account:{row['id']}", role, PERMISSIONS[role], patient=row["patient"])
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
        permissions = frozenset(Permission(each) for each in row["permissions"])
        actor = Actor(f"machine:{row['name']}", Role.MACHINE, permissions, facility=row["facility"])
        if len(self._machines) >= TOKENS_REMEMBERED:
            self._machines.clear()
        self._machines[hashed] = (at + TOKEN_CACHE_S, actor)
        return actor

    def _entry(self, event: Event, actor: Actor, detail: dict[str, str | int] | None = None) -> Entry:
        return Entry(event, self._clock.now(), actor.id, actor.role.value, current_trace.get(), detail=detail or {})
