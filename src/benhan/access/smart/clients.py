"""The register of apps: who they are, how they prove it, where people are sent back to, and the most they are granted.

Source: RFC 6749 2; RFC 7591 for the words; SMART App Launch 2.2, client-confidential-asymmetric.html.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from benhan.access.smart.faults import BAD_CLIENT, CLIENT_TAKEN, NO_SUCH_CLIENT
from benhan.access.smart.scopes import Level, Scopes, parse_scopes
from benhan.access.tokens import digest, new_secret
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection, Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event

JWKS_CHARACTERS_MAX = 64 * 1024
REDIRECTS_MAX = 20
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:[\x21-\x7e]{1,1000}")
_PRIVATE = ("d", "p", "q", "k")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ClientKind(Enum):
    """How a client proves who it is. Source: RFC 6749 2.1."""

    PUBLIC = "public"
    SECRET = "secret"  # noqa: S105  # a kind, not a secret
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered app. `jwks` is its set of public keys, or the https address of one."""

    id: str
    name: str
    kind: ClientKind
    scopes: Scopes
    redirect_uris: tuple[str, ...] = ()
    launch_uri: str = ""
    jwks: str = ""
    secret_hash: bytes = b""
    may_introspect: bool = False

    @property
    def jwks_uri(self) -> str:
        """Where its keys are to be fetched; "" where they are registered."""
        return self.jwks if is_jwks_uri(self.jwks) else ""

    @property
    def actor(self) -> Actor:
        """The client acting for itself."""
        return Actor(f"machine:{self.id}", Role.MACHINE)

    @property
    def is_backend(self) -> bool:
        """Whether it may act without a person: only who signs with keys of its own."""
        return self.kind is ClientKind.KEYS and any(each.level is Level.SYSTEM for each in self.scopes.resources)

    def has_secret(self, secret: str) -> bool:
        """Whether `secret` is its own, compared in constant time."""
        return bool(self.secret_hash) and hmac.compare_digest(digest(secret), self.secret_hash)


@dataclass(frozen=True, slots=True)
class Registration:
    """What an administrator says of an app."""

    id: str
    name: str
    kind: ClientKind
    scopes: str
    redirect_uris: tuple[str, ...] = ()
    launch_uri: str = ""
    jwks: str = ""
    may_introspect: bool = False


class Clients:
    """Adds, finds and disables clients."""

    def __init__(self, database: Database, clock: Clock, random: RandomSource) -> None:
        self._database = database
        self._clock = clock
        self._random = random

    async def add(self, asked: Registration) -> str:
        """Register a client; gives its secret, "" for a kind that has none. Raises BA-2325, BA-2326.

        No machine with a token has its id: the ledger could not tell the two apart.
        """
        check_registration(asked)
        secret = new_secret(self._random) if asked.kind is ClientKind.SECRET else ""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "insert into oauth_client (id, name, kind, secret_hash, jwks, redirect_uris, launch_uri, scopes,"
                " may_introspect, created_at) select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10"
                " where not exists (select 1 from machine_token where name = $1)"
                " on conflict (id) do nothing returning id",
                asked.id,
                asked.name,
                asked.kind.value,
                digest(secret) if secret else None,
                asked.jwks,
                list(asked.redirect_uris),
                asked.launch_uri,
                str(parse_scopes(asked.scopes)),
                asked.may_introspect,
                self._clock.now(),
            )
            if row is None:
                raise CLIENT_TAKEN()
            await self._record(connection, Event.CLIENT_CREATE, {"client": asked.id, "kind": asked.kind.value})
        return secret

    async def set_keys(self, id_: str, jwks: str) -> None:
        """Give a client of kind KEYS other public keys; the old ones sign nothing any more. Raises BA-2326, BA-2327."""
        check_jwks(jwks)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "update oauth_client set jwks = $2 where id = $1 and kind = 'keys' and disabled_at is null"
                " returning id",
                id_,
                jwks,
            )
            if row is None:
                raise NO_SUCH_CLIENT()
            await self._record(connection, Event.CLIENT_KEYS, {"client": id_})

    async def find(self, id_: str) -> Client | None:
        """The client in use of an id, or None."""
        row = await self._database.fetchrow(
            "select * from oauth_client where id = $1 and disabled_at is null", id_[:64].replace("\x00", "")
        )
        return client_of(row) if row is not None else None

    async def launchable(self) -> list[Client]:
        """The clients in use that a signed-in person can open, by name."""
        rows = await self._database.fetch(
            "select * from oauth_client where launch_uri <> '' and disabled_at is null order by name limit 200"
        )
        return [client_of(row) for row in rows]

    async def listed(self) -> list[Client]:
        """The clients in use, by id; at most 1,000."""
        rows = await self._database.fetch("select * from oauth_client where disabled_at is null order by id limit 1000")
        return [client_of(row) for row in rows]

    async def disable(self, id_: str) -> None:
        """Let nobody in by this client any more: what it was granted ends. Raises NotFound BA-2327."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "update oauth_client set disabled_at = $2 where id = $1 and disabled_at is null returning id", id_, now
            )
            if row is None:
                raise NO_SUCH_CLIENT()
            await connection.execute(
                "update oauth_grant set revoked_at = $2 where client = $1 and revoked_at is null", id_, now
            )
            await self._record(connection, Event.CLIENT_DISABLE, {"client": id_})

    async def _record(self, connection: Connection, event: Event, detail: dict[str, str | int]) -> None:
        entry = Entry(
            event, self._clock.now(), "system:accounts", Role.SYSTEM.value, current_trace.get(), detail=detail
        )
        await append_many(connection, [entry])


def client_of(row: asyncpg.Record) -> Client:
    """The client of a row."""
    return Client(
        row["id"],
        row["name"],
        ClientKind(row["kind"]),
        parse_scopes(row["scopes"]),
        tuple(row["redirect_uris"]),
        row["launch_uri"],
        row["jwks"],
        bytes(row["secret_hash"] or b""),
        row["may_introspect"],
    )


def check_registration(asked: Registration) -> None:
    """Raises Incorrect BA-2326 with what is wrong and why."""
    if not _ID.fullmatch(asked.id):
        raise BAD_CLIENT(name="id", reason="A-Z a-z 0-9 . _ -, 64")
    if not asked.name.strip() or len(asked.name) > 200:
        raise BAD_CLIENT(name="name", reason="1–200")
    unknown = [part for part in asked.scopes.split() if not parse_scopes(part)]
    if unknown or not asked.scopes.split():
        raise BAD_CLIENT(name="scope", reason=unknown[0] if unknown else "?")
    if len(asked.redirect_uris) > REDIRECTS_MAX:
        raise BAD_CLIENT(name="redirect", reason=f"> {REDIRECTS_MAX}")
    for address in (*asked.redirect_uris, *([asked.launch_uri] if asked.launch_uri else [])):
        check_address(address)
    if (asked.kind is ClientKind.KEYS) != bool(asked.jwks):
        raise BAD_CLIENT(name="jwks", reason=asked.kind.value)
    if asked.jwks:
        check_jwks(asked.jwks)


def check_address(address: str) -> None:
    """https, http to this machine only, or an app's own scheme; no fragment. Raises Incorrect BA-2326.

    Source: RFC 6749 3.1.2; RFC 8252 7.1, 7.3.
    """
    parts = urlsplit(address)
    is_open = parts.scheme == "http" and parts.hostname not in _LOOPBACK
    is_own_scheme = parts.scheme not in ("http", "https")
    if not _ADDRESS.fullmatch(address) or "#" in address or "*" in parts.netloc or is_open:
        raise BAD_CLIENT(name="redirect", reason=address[:200])
    if (is_own_scheme and "." not in parts.scheme) or (not is_own_scheme and not parts.hostname):
        raise BAD_CLIENT(name="redirect", reason=address[:200])


def is_jwks_uri(text: str) -> bool:
    """Whether what is told of a client's keys is the address where they are."""
    return text.startswith("https://")


def check_jwks(text: str) -> None:
    """A set of public keys for RS384 or ES384, or the https address of one. Raises Incorrect BA-2326."""
    if is_jwks_uri(text):
        parts = urlsplit(text)
        if not _ADDRESS.fullmatch(text) or "#" in text or not parts.hostname or parts.username is not None:
            raise BAD_CLIENT(name="jwks_uri", reason=text[:200])
        return
    try:
        keys = json.loads(text[:JWKS_CHARACTERS_MAX])["keys"]
    except (ValueError, TypeError, KeyError, RecursionError) as cause:
        raise BAD_CLIENT(name="jwks", reason="JWKS") from cause
    if not isinstance(keys, list) or not keys or not all(isinstance(each, dict) for each in keys):
        raise BAD_CLIENT(name="jwks", reason="JWKS")
    if any(name in each for each in keys for name in _PRIVATE):
        raise BAD_CLIENT(name="jwks", reason="private")
    if not all(is_own_key(each) and is_public_key(each) for each in keys):
        raise BAD_CLIENT(name="jwks", reason="kty RSA | EC, kid")


def is_own_key(key: object) -> bool:
    """Whether a key of a set is one that can sign for a client: its kind, and a name."""
    return isinstance(key, dict) and key.get("kty") in ("RSA", "EC") and isinstance(key.get("kid"), str)


def is_public_key(key: dict[str, Any]) -> bool:
    """Whether it is whole, and holds nothing that only its owner may know."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        KeySet.import_key_set({"keys": [key]})
    except (ValueError, TypeError, KeyError, AttributeError, JoseError):
        return False
    return not any(name in key for name in _PRIVATE)
