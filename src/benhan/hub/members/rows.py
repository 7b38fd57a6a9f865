"""The rows of members, their keys, their certificates, the signed configurations. Organisations, not persons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import asyncpg
import orjson

from benhan.network.configuration import Environment, Kind, Member, MemberKey, Use
from benhan.network.keys import read_public_key
from benhan.store.database import Connection, Database
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import Hook

_MEMBERS = query("hub_members", "select * from hub_member where bucket = 0 order by code")
_KEYS = query("hub_member_keys", "select * from hub_member_key where bucket = 0 order by member, since, kid")
_CERTIFICATES = query(
    "hub_certificates", "select * from hub_certificate where bucket = 0 order by member, since, serial"
)
_PUT = query(
    "hub_member_put",
    """
    insert into hub_member (bucket, code, gln, name, kind, environment, state, province, level, address, capabilities,
                            attests, contacts, created_at, changed_at)
    values (0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
    on conflict (bucket, code) do update set gln = $2, name = $3, kind = $4, environment = $5, state = $6,
        province = $7, level = $8, address = $9, capabilities = $10, attests = $11, contacts = $12, changed_at = $13
    """,
)
_PUT_KEY = query(
    "hub_member_key_put",
    "insert into hub_member_key (bucket, kid, member, use, jwk, since, until) values (0, $1, $2, $3, $4, $5, $6)",
)
_END_KEY = query(
    "hub_member_key_end",
    "update hub_member_key set revoked_at = $2 where bucket = 0 and kid = $1 and revoked_at is null returning member",
)
_PUT_CERTIFICATE = query(
    "hub_certificate_put",
    """
    insert into hub_certificate (bucket, serial, member, fingerprint, certificate, since, until)
    values (0, $1, $2, $3, $4, $5, $6)
    """,
)
_PUT_CONFIGURATION = query(
    "hub_configuration_put",
    "insert into hub_configuration (bucket, version, signed, issued_at, until) values (0, $1, $2, $3, $4)",
)
_CONFIGURATION = query(
    "hub_configuration_newest", "select * from hub_configuration where bucket = 0 order by version desc limit 1"
)
_REVOKED = query(
    "hub_revoked",
    """
    select code as name, true as is_member from hub_member where bucket = 0 and state <> 'active'
    union all select kid, false from hub_member_key where bucket = 0 and revoked_at is not null
    """,
)


class State(Enum):
    """Where a member stands; only an active one exchanges."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Known:
    """A member as the registry knows it: its entry with all keys that are not revoked, its state, its contacts."""

    member: Member
    state: State
    contacts: Mapping[str, str]


class MemberRows:
    """Reads and writes members of one hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def every(self) -> list[Known]:
        """All members, by code."""
        keys: dict[str, list[MemberKey]] = {}
        for row in await self._database.fetch(_KEYS):
            if row["revoked_at"] is None:
                public = read_public_key(orjson.loads(row["jwk"]))
                keys.setdefault(row["member"], []).append(
                    MemberKey(public, Use(row["use"]), row["since"], row["until"])
                )
        prints: dict[str, list[str]] = {}
        for row in await self._database.fetch(_CERTIFICATES):
            if row["revoked_at"] is None:
                prints.setdefault(row["member"], []).append(row["fingerprint"])
        rows = await self._database.fetch(_MEMBERS)
        return [_known(row, tuple(keys.get(row["code"], ())), tuple(prints.get(row["code"], ()))) for row in rows]

    async def newest(self) -> tuple[int, str]:
        """The version and text of the newest configuration; 0 and "" where none was published."""
        row = await self._database.fetchrow(_CONFIGURATION)
        return (row["version"], row["signed"]) if row is not None else (0, "")

    async def revoked(self) -> tuple[frozenset[str], frozenset[str]]:
        """Codes of members that are not active, thumbprints of keys that are revoked."""
        rows = await self._database.fetch(_REVOKED)
        return (
            frozenset(row["name"] for row in rows if row["is_member"]),
            frozenset(row["name"] for row in rows if not row["is_member"]),
        )

    def put(self, known: Known, at: datetime) -> Hook:
        """Write a member, without its keys."""
        member = known.member

        async def write(connection: Connection) -> None:
            await connection.execute(
                _PUT, member.code, member.gln, member.name, member.kind.value, member.environment.value,
                known.state.value, member.province, member.level, member.address, " ".join(member.capabilities),
                " ".join(member.attests), orjson.dumps(dict(known.contacts)).decode(), at,
            )  # fmt: skip

        return write

    def put_key(self, code: str, key: MemberKey) -> Hook:
        """Add a key of a member."""

        async def write(connection: Connection) -> None:
            jwk = orjson.dumps(key.public.jwk).decode()
            await connection.execute(_PUT_KEY, key.public.kid, code, key.use.value, jwk, key.since, key.until)

        return write

    def end_key(self, kid: str, at: datetime) -> Hook:
        """Revoke a key."""

        async def write(connection: Connection) -> None:
            await connection.fetchval(_END_KEY, kid, at)

        return write

    def put_certificate(
        self, code: str, serial: str, fingerprint: str, pem: str, since: datetime, until: datetime
    ) -> Hook:
        """Keep a certificate of a member."""

        async def write(connection: Connection) -> None:
            await connection.execute(_PUT_CERTIFICATE, serial, code, fingerprint, pem, since, until)

        return write

    def put_configuration(self, version: int, signed: str, at: datetime, until: datetime) -> Hook:
        """Keep a signed configuration."""

        async def write(connection: Connection) -> None:
            await connection.execute(_PUT_CONFIGURATION, version, signed, at, until)

        return write


def _known(row: asyncpg.Record, keys: tuple[MemberKey, ...], certificates: tuple[str, ...]) -> Known:
    contacts: dict[str, Any] = orjson.loads(row["contacts"])
    member = Member(
        row["code"], row["name"], Kind(row["kind"]), Environment(row["environment"]), row["gln"], row["province"],
        row["level"], row["address"], tuple(row["capabilities"].split()), tuple(row["attests"].split()), keys,
        certificates,
    )  # fmt: skip
    return Known(member, State(row["state"]), contacts)
