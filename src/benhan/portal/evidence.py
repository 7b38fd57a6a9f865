"""What nodes sign and send of their own work: keys enrolled once by a code, reports taken when signed, new and on time.

A report is a JWS whose payload is `vn/deployment/signals.py`; it is kept as it came, so that anybody
can check later that the hospital said it. The signature lets it in: no token of the portal is in hospitals.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.portal.acts import record
from benhan.portal.faults import BAD_TICKET, NOT_NEWER, WRONG_CLOCK
from benhan.store.database import Database
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.vn.deployment.signals import Signals, read_signals
from benhan.vn.deployment.signed import BAD_SIGNATURE, PUBLIC_BYTES, claimed, payload_of, thumbprint_of, verified

TICKET_LIFE = timedelta(days=7)
CLOCK_SKEW_MAX = timedelta(minutes=10)
HISTORY = 120
NODE = Actor("machine:evidence", Role.MACHINE)
"""Who sends reports: which facility's node it was stands in the detail."""

_TICKET_PUT = query(
    "evidence_ticket_put",
    "insert into evidence_ticket (code_hash, facility, made_at, ends_at, made_by) values ($1, $2, $3, $4, $5)",
)
_TICKET_USE = query(
    "evidence_ticket_use",
    """
    update evidence_ticket set used_at = $3 where code_hash = $1 and facility = $2 and used_at is null and ends_at > $3
    returning facility
    """,
)
_KEY_PUT = query(
    "evidence_key_put",
    """
    insert into evidence_key (thumbprint, facility, enrolled_at, public_key) values ($1, $2, $3, $4)
    on conflict (thumbprint) do update set revoked_at = null where evidence_key.facility = excluded.facility
    returning facility
    """,
)
_KEY_END = query(
    "evidence_key_end",
    "update evidence_key set revoked_at = $3 where facility = $1 and thumbprint = $2"
    " and revoked_at is null returning facility",
)
_KEY_READ = query(
    "evidence_key_read", "select * from evidence_key where thumbprint = $1 and facility = $2 and revoked_at is null"
)
_KEYS = query("evidence_keys", "select * from evidence_key where facility = $1 order by enrolled_at desc")
_LAST = query("evidence_last", "select * from evidence_report where facility = $1 order by number desc limit $2")
_PUT = query(
    "evidence_put",
    """
    insert into evidence_report (facility, number, made_at, received_at, thumbprint, signed)
    select $1, $2, $3, $4, $5, $6
    where not exists (select 1 from evidence_report where facility = $1 and number >= $2)
    on conflict (facility, number) do nothing returning number
    """,
)


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was taken in, with the JWS it came as."""

    signals: Signals
    received_at: datetime
    thumbprint: str
    signed: str


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """A node's key, by its thumbprint."""

    thumbprint: str
    enrolled_at: datetime
    revoked_at: datetime | None


class Evidence:
    """The reports of one portal."""

    def __init__(self, database: Database, clock: Clock, random: RandomSource) -> None:
        self._database = database
        self._clock = clock
        self._random = random

    async def ticket(self, facility: str, actor: Actor) -> str:
        """A code by which the node of a facility enrols its key once, within seven days; it is told here only."""
        code, now = self._random.bytes(15).hex(), self._clock.now()
        async with self._database.transaction() as connection:
            await connection.execute(_TICKET_PUT, _hash(code), facility, now, now + TICKET_LIFE, actor.id)
            await record(connection, Event.EVIDENCE_KEY, now, actor, facility=facility, act="ticket")
        return code

    async def enrol(self, facility: str, code: str, public_key: bytes) -> str:
        """Take a node's public key (Ed25519, 32 bytes); gives its thumbprint. Raises Forbidden BA-6211."""
        if len(public_key) != PUBLIC_BYTES:
            raise BAD_TICKET()
        thumbprint, now = thumbprint_of(public_key), self._clock.now()
        async with self._database.transaction() as connection:
            if await connection.fetchval(_TICKET_USE, _hash(code), facility, now) is None:
                raise BAD_TICKET()
            if await connection.fetchval(_KEY_PUT, thumbprint, facility, now, public_key) is None:
                raise BAD_TICKET()
            await record(connection, Event.EVIDENCE_KEY, now, NODE, facility=facility, key=thumbprint, act="enrol")
        return thumbprint

    async def revoke(self, facility: str, thumbprint: str, actor: Actor) -> None:
        """Take no more reports signed by a key."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            if await connection.fetchval(_KEY_END, facility, thumbprint, now) is not None:
                detail = {"facility": facility, "key": thumbprint, "act": "revoke"}
                await record(connection, Event.EVIDENCE_KEY, now, actor, **detail)

    async def keys(self, facility: str) -> list[EvidenceKey]:
        """The keys of a facility, newest first."""
        rows = await self._database.fetch(_KEYS, facility)
        return [EvidenceKey(row["thumbprint"], row["enrolled_at"], row["revoked_at"]) for row in rows]

    async def take(self, signed: str) -> Signals:
        """The report that was taken; committed before it returns.

        Raises Forbidden BA-6212, Incorrect BA-6201, BA-6214, Conflict BA-6213.
        """
        facility, thumbprint = claimed(signed)
        row = await self._database.fetchrow(_KEY_READ, thumbprint, facility)
        if row is None:
            raise BAD_SIGNATURE()
        signals = read_signals(verified(signed, row["public_key"]))
        if signals.facility != facility:
            raise BAD_SIGNATURE()
        now = self._clock.now()
        if abs(now - signals.made_at) > CLOCK_SKEW_MAX:
            raise WRONG_CLOCK(minutes=round((signals.made_at - now).total_seconds() / 60))
        told = facility, signals.number, signals.made_at, now, thumbprint, signed
        async with self._database.transaction() as connection:
            if await connection.fetchval(_PUT, *told) is None:
                raise NOT_NEWER(number=signals.number)
            detail: dict[str, str | int] = {"facility": facility, "number": signals.number}
            await record(connection, Event.EVIDENCE_TAKE, now, NODE, **detail)
        return signals

    async def last(self, facility: str, most: int = 1) -> list[Report]:
        """The newest reports of a facility, newest first."""
        rows = await self._database.fetch(_LAST, facility, min(most, HISTORY))
        return [
            Report(read_signals(payload_of(row["signed"])), row["received_at"], row["thumbprint"], row["signed"])
            for row in rows
        ]


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
