"""What people let apps do: codes, access tokens, refresh tokens. Of each secret only its digest is kept.

A code or refresh token that comes a second time was stolen or leaked: everything of its grant ends.
Source: RFC 6749 4.1, 4.4, 6; RFC 7636; RFC 9700 2.2.2 (rotation); SMART App Launch 2.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from benhan.access.accounts import Account
from benhan.access.cares import Cares
from benhan.access.smart.ceilings import ceiling_of, permissions_of
from benhan.access.smart.clients import Client
from benhan.access.smart.faults import NO_SCOPE, WRONG_CODE, WRONG_VERIFIER
from benhan.access.smart.scopes import OFFLINE, ONLINE, Scopes, granted, parse_scopes
from benhan.access.tokens import digest, new_secret
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection, Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event

ACCESS_PREFIX, REFRESH_PREFIX = "ba_", "br_"
"""What a secret scanner knows our tokens by."""

CODE_LIFE = timedelta(seconds=60)
BACKEND_LIFE = timedelta(seconds=300)
CACHE_S = 15.0
REMEMBERED = 5_000

KEPT = timedelta(days=1)
"""How long what is over stays known, so that a code or token that comes late is known as used."""

_SWEEP = """
delete from oauth_grant where id in (
    select id from oauth_grant where ends_at < $1 order by ends_at limit 100 for update skip locked)
"""
_FIND_CODE = """
select c.code_hash, c.redirect_uri, c.challenge, c.nonce, c.used_at, c.ends_at as code_ends_at, g.*
from oauth_code c join oauth_grant g on g.id = c.grant_id where c.code_hash = $1 for update of c, g
"""
_FIND_REFRESH = """
select t.token_hash, t.used_at, t.ends_at as token_ends_at, g.*,
    g.session_hash is null or exists (
        select 1 from session s where s.token_hash = g.session_hash and s.ends_at > $2 and s.used_at > $3) as is_online,
    g.account is null or exists (select 1 from account a where a.id = g.account and a.disabled_at is null) as is_in_use
from oauth_token t join oauth_grant g on g.id = t.grant_id
where t.token_hash = $1 and t.kind = 'refresh' for update of t, g
"""
_FIND_ACCESS = """
select t.scopes, t.created_at, t.ends_at, t.kind, g.id, g.client, g.account, g.patient, g.encounter,
    a.role, a.patient as own, c.scopes as ceiling
from oauth_token t join oauth_grant g on g.id = t.grant_id join oauth_client c on c.id = g.client
left join account a on a.id = g.account
where t.token_hash = $1 and t.ends_at > $2 and t.used_at is null and g.revoked_at is null and g.ends_at > $2
    and c.disabled_at is null and (g.account is null or a.disabled_at is null)
"""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to: which app, which scopes, for which patient and encounter."""

    client: Client
    account: Account
    scopes: Scopes
    patient: str = ""
    encounter: str = ""
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str = ""
    session_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens just made: shown once. `account` is 0 where a client acts for itself."""

    access: str
    life_s: int
    scopes: Scopes
    account: int = 0
    refresh: str = ""
    patient: str = ""
    encounter: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class TokenState:
    """A living token, for introspection."""

    client: str
    account: int
    scopes: Scopes
    patient: str
    encounter: str
    created_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A living grant of an account."""

    id: int
    app: str
    scopes: str
    created_at: datetime
    ends_at: datetime


class Grants:
    """Makes, exchanges, finds and revokes what apps are let do.

    `access_s` is the life of an access token, `refresh_s` of offline access, `idle_s` what ends an unused session.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        random: RandomSource,
        *,
        access_s: float = 600,
        refresh_s: float = 30 * 86400,
        idle_s: float = 1800,
        cares: Cares | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._access = timedelta(seconds=access_s)
        self._refresh = timedelta(seconds=refresh_s)
        self._idle = timedelta(seconds=idle_s)
        self._cares = cares
        self._known: dict[bytes, tuple[float, Actor]] = {}

    async def open(self, consent: Consent) -> str:
        """A code for what a person agreed to; it can be exchanged once, within CODE_LIFE."""
        code, now = new_secret(self._random), self._clock.now()
        is_online = consent.scopes.has(ONLINE) and not consent.scopes.has(OFFLINE)
        life = self._refresh if consent.scopes.has(OFFLINE, ONLINE) else self._access + CODE_LIFE
        async with self._database.transaction() as connection:
            grant = await connection.fetchval(
                "insert into oauth_grant"
                " (client, account, scopes, patient, encounter, session_hash, created_at, ends_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
                consent.client.id,
                consent.account.id,
                str(consent.scopes),
                consent.patient,
                consent.encounter,
                consent.session_hash if is_online else None,
                now,
                now + life,
            )
            await connection.execute(
                "insert into oauth_code (code_hash, grant_id, redirect_uri, challenge, nonce, ends_at)"
                " values ($1, $2, $3, $4, $5, $6)",
                digest(code),
                grant,
                consent.redirect_uri,
                consent.challenge,
                consent.nonce,
                now + CODE_LIFE,
            )
            await connection.execute(_SWEEP, now - KEPT)
            detail = {"client": consent.client.id, "grant": grant, "scope": scope_code(consent.scopes)}
            await self._record(connection, Event.GRANT_CREATE, consent.account.actor, detail)
        return code

    async def exchange(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Issued:
        """Tokens for a code. Raises BA-2317, BA-2318; one that was used before ends what it had given."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_FIND_CODE, digest(code))
            answer = await self._exchanged(connection, client, row, redirect_uri, verifier, now)
        return _raised(answer)

    async def refresh(self, client: Client, token: str, scope: str = "") -> Issued:
        """New tokens for a refresh token, which is used up by it. Raises BA-2317, BA-2316 for wider scopes.

        One that was used before ends its whole grant.
        """
        now = self._clock.now()
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_FIND_REFRESH, digest(token), now, now - self._idle)
            answer = await self._refreshed(connection, client, row, scope, now)
        return _raised(answer)

    async def issue_to(self, client: Client, scopes: Scopes) -> Issued:
        """An access token for a client that acts for itself; no refresh token. Raises BA-2316."""
        resources = granted(scopes, client.scopes.resources, ceiling_of(Role.MACHINE))
        if not resources:
            raise NO_SCOPE()
        now, allowed = self._clock.now(), Scopes((), resources)
        async with self._database.transaction() as connection:
            grant = await connection.fetchval(
                "insert into oauth_grant (client, scopes, created_at, ends_at) values ($1, $2, $3, $4) returning id",
                client.id,
                str(allowed),
                now,
                now + BACKEND_LIFE,
            )
            access = await self._token(connection, grant, "access", allowed, now, now + BACKEND_LIFE)
            await connection.execute(_SWEEP, now - KEPT)
            detail = {"client": client.id, "grant": grant, "scope": scope_code(allowed)}
            await self._record(connection, Event.ACCESS_ISSUE, client.actor, detail)
        return Issued(access, int(BACKEND_LIFE.total_seconds()), allowed)

    async def actor(self, secret: str) -> Actor | None:
        """Who an access token lets in, limited to its scopes; None where it is not living.

        The scopes are held against role and client anew; a token that is revoked lets in for CACHE_S at most, and not
        at all in the process that revoked it.
        """
        hashed, at = digest(secret), self._clock.monotonic_s()
        known = self._known.get(hashed)
        if known is not None and known[0] > at:
            return known[1]
        row = await self._living(hashed)
        if row is None or row["kind"] != "access":
            self._known.pop(hashed, None)
            return None
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        left_s = (row["ends_at"] - self._clock.now()).total_seconds()
        actor = actor_of(row)
        if self._cares is not None:
            held = await self._cares.held(actor)
            if held is None:
                return None
            actor = held
        self._known[hashed] = (at + min(CACHE_S, left_s), actor)
        return actor

    async def state(self, secret: str) -> TokenState | None:
        """What a living access or refresh token stands for, None for any other text. Source: RFC 7662."""
        row = await self._living(digest(secret))
        if row is None:
            return None
        return TokenState(
            row["client"],
            row["account"] or 0,
            parse_scopes(row["scopes"]),
            row["patient"],
            row["encounter"],
            row["created_at"],
            row["ends_at"],
        )

    async def revoke(self, client: Client, secret: str) -> None:
        """End the grant of a token of `client`; nothing happens for any other text. Source: RFC 7009 2.1, 2.2."""
        async with self._database.transaction() as connection:
            grant = await connection.fetchval(
                "select g.id from oauth_token t join oauth_grant g on g.id = t.grant_id"
                " where t.token_hash = $1 and g.client = $2 and g.revoked_at is null",
                digest(secret),
                client.id,
            )
            if grant is not None:
                await self._end(connection, grant)
                await self._record(connection, Event.GRANT_REVOKE, client.actor, {"client": client.id, "grant": grant})

    async def living(self, account: Account) -> list[GrantLine]:
        """The apps that may act for an account now, newest first."""
        rows = await self._database.fetch(
            "select g.id, c.name, g.scopes, g.created_at, g.ends_at from oauth_grant g"
            " join oauth_client c on c.id = g.client where g.account = $1 and g.revoked_at is null and g.ends_at > $2"
            " order by g.id desc limit 100",
            account.id,
            self._clock.now(),
        )
        return [GrantLine(row["id"], row["name"], row["scopes"], row["created_at"], row["ends_at"]) for row in rows]

    async def withdraw(self, account: Account, grant: int) -> None:
        """End a grant of one's own; nothing happens for anybody else's."""
        async with self._database.transaction() as connection:
            client = await connection.fetchval(
                "select client from oauth_grant where id = $1 and account = $2 and revoked_at is null",
                grant,
                account.id,
            )
            if client is not None:
                await self._end(connection, grant)
                await self._record(connection, Event.GRANT_REVOKE, account.actor, {"client": client, "grant": grant})

    async def refused(self, client: str, fault: Fault, event: Event = Event.ACCESS_REFUSE) -> None:
        """Note in the ledger that an app was not let in, and why."""
        async with self._database.transaction() as connection:
            actor = Actor(f"machine:{client}", Role.MACHINE)
            await self._record(connection, event, actor, {"client": client, "fault": fault.code})

    async def _exchanged(
        self,
        connection: Connection,
        client: Client,
        row: asyncpg.Record | None,
        redirect_uri: str,
        verifier: str,
        now: datetime,
    ) -> Issued | Fault:
        if row is None or row["client"] != client.id:
            return WRONG_CODE()
        if row["used_at"] is not None:
            return await self._reused(connection, client, row["id"])
        await connection.execute("update oauth_code set used_at = $2 where code_hash = $1", row["code_hash"], now)
        if row["code_ends_at"] <= now or row["revoked_at"] is not None or row["redirect_uri"] != redirect_uri:
            return WRONG_CODE()
        if not hmac.compare_digest(challenge_of(verifier), row["challenge"]):
            return WRONG_VERIFIER()
        scopes = parse_scopes(row["scopes"])
        return await self._issued(connection, Event.ACCESS_ISSUE, row, scopes, now, row["nonce"])

    async def _refreshed(
        self, connection: Connection, client: Client, row: asyncpg.Record | None, scope: str, now: datetime
    ) -> Issued | Fault:
        if row is None or row["client"] != client.id:
            return WRONG_CODE()
        if row["used_at"] is not None:
            return await self._reused(connection, client, row["id"])
        is_over = row["token_ends_at"] <= now or row["revoked_at"] is not None
        if is_over or not row["is_online"] or not row["is_in_use"]:
            return WRONG_CODE()
        scopes = parse_scopes(row["scopes"])
        if scope:
            asked = parse_scopes(scope)
            if not asked or set(asked.words) - set(scopes.words) or not _is_within(asked, scopes):
                return NO_SCOPE()
            scopes = asked
        await connection.execute("update oauth_token set used_at = $2 where token_hash = $1", row["token_hash"], now)
        return await self._issued(connection, Event.ACCESS_REFRESH, row, scopes, now, "")

    async def _issued(
        self, connection: Connection, event: Event, row: asyncpg.Record, scopes: Scopes, now: datetime, nonce: str
    ) -> Issued:
        whole = parse_scopes(row["scopes"])
        ends_at = min(now + self._access, row["ends_at"])
        access = await self._token(connection, row["id"], "access", scopes, now, ends_at)
        refresh = ""
        if whole.has(OFFLINE, ONLINE):
            refresh = await self._token(connection, row["id"], "refresh", whole, now, row["ends_at"])
        actor = Actor(f"machine:{row['client']}", Role.MACHINE)
        detail: dict[str, str | int] = {"client": row["client"], "grant": row["id"]}
        if event is Event.ACCESS_ISSUE:
            detail["scope"] = scope_code(scopes)
        await self._record(connection, event, actor, detail)
        life_s = int((ends_at - now).total_seconds())
        return Issued(access, life_s, scopes, row["account"], refresh, row["patient"], row["encounter"], nonce)

    async def _token(
        self, connection: Connection, grant: int, kind: str, scopes: Scopes, now: datetime, ends_at: datetime
    ) -> str:
        prefix = ACCESS_PREFIX if kind == "access" else REFRESH_PREFIX
        secret = prefix + new_secret(self._random)
        await connection.execute(
            "insert into oauth_token (token_hash, grant_id, kind, scopes, created_at, ends_at)"
            " values ($1, $2, $3, $4, $5, $6)",
            digest(secret),
            grant,
            kind,
            str(scopes),
            now,
            ends_at,
        )
        return secret

    async def _reused(self, connection: Connection, client: Client, grant: int) -> Fault:
        await self._end(connection, grant)
        await self._record(connection, Event.ACCESS_REUSE, client.actor, {"client": client.id, "grant": grant})
        return WRONG_CODE()

    async def _end(self, connection: Connection, grant: int) -> None:
        await connection.execute(
            "update oauth_grant set revoked_at = $2 where id = $1 and revoked_at is null", grant, self._clock.now()
        )
        self._known.clear()

    async def _living(self, hashed: bytes) -> asyncpg.Record | None:
        return await self._database.fetchrow(_FIND_ACCESS, hashed, self._clock.now())

    async def _record(self, connection: Connection, event: Event, actor: Actor, detail: dict[str, str | int]) -> None:
        entry = Entry(event, self._clock.now(), actor.id, actor.role.value, current_trace.get(), detail=detail)
        await append_many(connection, [entry])


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier. Source: RFC 7636 4.2."""
    hashed = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(hashed).decode().rstrip("=")


def scope_code(scopes: Scopes) -> str:
    """Scopes as the ledger holds them: parted by commas, as many as have room, values of restrictions left out."""
    parts = [part.partition("?")[0] for part in str(scopes).split()]
    text = ""
    for part in dict.fromkeys(parts):
        if len(text) + len(part) > 190:
            return f"{text},&"
        text = f"{text},{part}" if text else part
    return text.replace("*", "@")


def _is_within(asked: Scopes, whole: Scopes) -> bool:
    return all(granted(Scopes((), (each,)), whole.resources) == (each,) for each in asked.resources)


def _raised(answer: Issued | Fault) -> Issued:
    if isinstance(answer, Fault):
        raise answer
    return answer


def actor_of(row: asyncpg.Record) -> Actor:
    """The actor of a living access token: what its scopes, its client's and its role's all grant."""
    role = Role(row["role"]) if row["role"] is not None else Role.MACHINE
    ceiling = parse_scopes(row["ceiling"]).resources
    allowed = Scopes((), granted(parse_scopes(row["scopes"]), ceiling, ceiling_of(role)))
    own, client = "", row["client"]
    if role is Role.CITIZEN:
        own = row["own"]
        rules = allowed.rules(own, own) if own else ()
    else:
        rules = allowed.rules(row["patient"])
    if role is Role.MACHINE:
        return Actor(f"machine:{client}", role, permissions_of(role, rules), limits=rules)
    return Actor(
        f"account:{row['account']}", role, permissions_of(role, rules), patient=own, limits=rules, client=client
    )
