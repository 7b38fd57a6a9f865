"""The outbox: what shall reach another system, put there in the transaction that made it due.

Two kinds go to the national repository: `resources`, what a message changed, and `record`, the whole record of an
encounter in the Ministry's format, at most one waiting for each encounter. A delivery names what to send, not its
content: what is sent is read when it is sent, so that a later one never carries less than an earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.store.backoff import retry_delay
from benhan.store.database import Connection, Database
from benhan.store.ids import SHARED, bucket_of
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import UnitOfWork

LEASE = timedelta(seconds=60)
RECORD_DELAY = timedelta(seconds=3)

_PUT = query(
    "outbox_put",
    """
    insert into outbox (bucket, created_at, next_try_at, patient, destination, kind, state, trace, subject, content)
    values ($1, $2, $2, $3, $4, 'resources', 'waiting', $5, $6, $7)
    """,
)
_PUT_RECORD = query(
    "outbox_put_record",
    """
    insert into outbox (bucket, created_at, next_try_at, patient, destination, kind, state, trace, subject, content)
    values ($1, $2, $3, $4, $5, 'record', 'waiting', $6, $7, '')
    on conflict (bucket, destination, subject) where kind = 'record' and state = 'waiting' do nothing
    """,
)
_CLAIM = query(
    "outbox_claim",
    """
    update outbox set leased_until = $2
    where (bucket, id) in (
        select bucket, id from outbox
        where state = 'waiting' and next_try_at <= $1 and (leased_until is null or leased_until < $1)
        order by next_try_at, id limit $3 for update skip locked
    )
    returning bucket, id, created_at, patient, destination, kind, state, attempts, fault, receipt, trace, subject,
              content, sent_at, receipted_at
    """,
    fan_out="the worker sends what is due, whoever it is about",
)
_RECEIPTED = query(
    "outbox_receipted",
    """
    update outbox set state = 'receipted', receipt = $3, sent_at = $4, receipted_at = $5, attempts = attempts + 1,
                      fault = '', leased_until = null
    where bucket = $1 and id = $2
    """,
)
_FAILED = query(
    "outbox_failed",
    """
    update outbox set state = $3, fault = $4, next_try_at = $5, attempts = attempts + 1, leased_until = null
    where bucket = $1 and id = $2
    """,
)
_LIST = query(
    "outbox_list",
    "select * from outbox where id < $1 order by id desc limit $2",
    fan_out="the operator's page of deliveries looks at all of them",
)
_OF_TRACE = query(
    "outbox_of_trace",
    "select * from outbox where trace = $1 order by id",
    fan_out="a trace id does not tell the compartment",
)
_COUNTS = query(
    "outbox_counts",
    "select state, count(*) from outbox where state <> 'receipted' group by state",
    fan_out="a count over everything that waits",
)
_RETRY = query(
    "outbox_retry",
    """
    update outbox set state = 'waiting', next_try_at = $3
    where bucket = $1 and id = $2 and state = 'refused' returning id
    """,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to be delivered, and how far it is."""

    bucket: int
    id: int
    created_at: datetime
    patient: int
    destination: str
    kind: str
    state: str
    attempts: int
    fault: str
    receipt: str
    trace: str
    subject: str
    content: tuple[str, ...]
    sent_at: datetime | None
    receipted_at: datetime | None

    @property
    def key(self) -> str:
        """Its idempotency key, the same at every try."""
        return f"{self.bucket}-{self.id}"


class Outbox:
    """Puts, claims, settles deliveries to one destination; a node without a destination puts nothing."""

    def __init__(self, database: Database, clock: Clock, random: RandomSource, destination: str = "") -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._destination = destination

    def put_changes(self, unit: UnitOfWork, patient: int, subject: str, changed: Sequence[str]) -> None:
        """Let `changed` (type/id) reach the destination, and the record of `subject` where it is an encounter."""
        if not self._destination:
            return
        bucket = bucket_of(patient) if patient else SHARED
        trace, at, content = bytes.fromhex(unit.trace), unit.at, " ".join(changed)

        async def put(connection: Connection) -> None:
            await connection.execute(_PUT, bucket, at, patient, self._destination, trace, subject, content)
            if subject.startswith("Encounter/"):
                due = at + RECORD_DELAY
                await connection.execute(_PUT_RECORD, bucket, at, due, patient, self._destination, trace, subject)

        unit.also(put)

    async def claim(self, most: int) -> list[Delivery]:
        """What is due, leased for a minute: a worker that dies gives it back by its silence."""
        now = self._clock.now()
        rows = await self._database.fetch(_CLAIM, now, now + LEASE, most)
        return sorted((_delivery(row) for row in rows), key=lambda each: each.id)

    async def receipted(self, delivery: Delivery, receipt: str, sent_at: datetime) -> None:
        """The destination has it, and said so."""
        entry = self._entry(Event.DELIVERY_RECEIPT, delivery, {"delivery": delivery.id, "receipt": receipt})
        async with self._database.transaction() as connection:
            await connection.execute(_RECEIPTED, delivery.bucket, delivery.id, receipt, sent_at, self._clock.now())
            await append_many(connection, [entry])

    async def failed(self, delivery: Delivery, fault: Fault) -> None:
        """It did not arrive: again later where that may help, else refused until a person looks."""
        state = "waiting" if fault.retryable else "refused"
        at = self._clock.now() + retry_delay(delivery.attempts + 1, self._random, most_s=60.0)
        async with self._database.transaction() as connection:
            await connection.execute(_FAILED, delivery.bucket, delivery.id, state, fault.code, at)
            if state == "refused":
                detail: dict[str, str | int] = {"delivery": delivery.id, "fault": fault.code}
                await append_many(connection, [self._entry(Event.DELIVERY_REFUSE, delivery, detail)])

    async def retry(self, bucket: int, delivery_id: int) -> bool:
        """Let a refused delivery be tried again."""
        return await self._database.fetchval(_RETRY, bucket, delivery_id, self._clock.now()) is not None

    async def listed(self, *, before: int = 2**62, count: int = 50) -> list[Delivery]:
        """Deliveries, newest first."""
        return [_delivery(row) for row in await self._database.fetch(_LIST, before, count)]

    async def of_trace(self, trace: str) -> list[Delivery]:
        """The deliveries of a trace."""
        return [_delivery(row) for row in await self._database.fetch(_OF_TRACE, bytes.fromhex(trace))]

    async def counts(self) -> dict[str, float]:
        """How many wait, and how many were refused."""
        found = {"waiting": 0.0, "refused": 0.0}
        for row in await self._database.fetch(_COUNTS):
            found[row["state"]] = float(row["count"])
        return found

    def _entry(self, event: Event, delivery: Delivery, detail: dict[str, str | int]) -> Entry:
        return Entry(
            event, self._clock.now(), "system:outbox", "system", delivery.trace, delivery.patient, detail=detail
        )


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(
        row["bucket"],
        row["id"],
        row["created_at"],
        row["patient"],
        row["destination"],
        row["kind"],
        row["state"],
        row["attempts"],
        row["fault"],
        row["receipt"],
        row["trace"].hex(),
        row["subject"],
        tuple(row["content"].split()),
        row["sent_at"],
        row["receipted_at"],
    )
