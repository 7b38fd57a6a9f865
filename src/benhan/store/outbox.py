"""The outbox: what shall reach another system, put there in the transaction that made it due.

Two kinds go to the national repository: `resources`, what a message changed, and `record`, the whole record of an
encounter in the Ministry's format, at most one waiting for each encounter. A delivery names what to send, not its
content: what is sent is read when it is sent, so that a later one never carries less than an earlier one. A record
that was tried in vain gives way to the next one of its encounter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

import asyncpg

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.store.backoff import retry_delay
from benhan.store.database import Connection, Database
from benhan.store.gatherer import Gatherer
from benhan.store.ids import SHARED, bucket_of
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import UnitOfWork

LEASE = timedelta(seconds=120)
"""Longer than a try may take: a claim that is older belongs to a worker that died."""
RECORD_DELAY = timedelta(seconds=3)
"""The changes of an encounter that come within it are one record."""
ATTEMPTS_MAX = 30
"""Tries of what the destination itself fails on; while it cannot be reached at all, there is no end of them."""
BROKEN_ATTEMPTS_MAX = 5
"""Tries of what our own program fails on: what failed by chance may pass."""

_PUT = query(
    "outbox_put",
    """
    insert into outbox (bucket, created_at, next_try_at, patient, destination, kind, state, trace, subject, content)
    select bucket, at, at, patient, $7, 'resources', 'waiting', trace, subject, content
    from unnest($1::smallint[], $2::timestamptz[], $3::bigint[], $4::bytea[], $5::text[], $6::text[])
         as p (bucket, at, patient, trace, subject, content)
    returning id, created_at, patient, trace
    """,
)
_SUPERSEDE = query(
    "outbox_supersede",
    """
    update outbox o set state = 'superseded'
    from unnest($1::smallint[], $2::text[]) as p (bucket, subject)
    where o.bucket = p.bucket and o.destination = $3 and o.subject = p.subject
          and o.kind = 'record' and o.state = 'waiting' and o.leased_until <= $4
    """,
)
_PUT_RECORD = query(
    "outbox_put_record",
    """
    insert into outbox (bucket, created_at, next_try_at, patient, destination, kind, state, trace, subject, content)
    select bucket, at, at + $6, patient, $7, 'record', 'waiting', trace, subject, ''
    from unnest($1::smallint[], $2::timestamptz[], $3::bigint[], $4::bytea[], $5::text[])
         as p (bucket, at, patient, trace, subject)
    on conflict (bucket, destination, subject)
        where kind = 'record' and state = 'waiting' and leased_until is null do nothing
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
    update outbox o set state = 'receipted', receipt = r.receipt, sent_at = r.sent_at, receipted_at = $5,
                        attempts = attempts + 1, fault = ''
    from unnest($1::smallint[], $2::bigint[], $3::text[], $4::timestamptz[]) as r (bucket, id, receipt, sent_at)
    where o.bucket = r.bucket and o.id = r.id and o.state <> 'receipted' returning o.id
    """,
)
_FAILED = query(
    "outbox_failed",
    """
    update outbox set state = $3, fault = $4, next_try_at = $5, attempts = $6, leased_until = $7
    where bucket = $1 and id = $2 and state = 'waiting' returning id
    """,
)
_HASTEN = query(
    "outbox_hasten",
    "update outbox set leased_until = $1 where state = 'waiting' and leased_until > $1",
    fan_out="a worker that begins gives back what the one before it had claimed, whoever it is about",
)
_RELEASE = query(
    "outbox_release",
    """
    update outbox o set leased_until = $3 from unnest($1::smallint[], $2::bigint[]) as p (bucket, id)
    where o.bucket = p.bucket and o.id = p.id and o.state = 'waiting'
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
    "select state, count(*) from outbox where state in ('waiting', 'refused') group by state",
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
class Put:
    """Something to be put into the outbox."""

    bucket: int
    at: datetime
    patient: int
    trace: bytes
    subject: str
    content: str


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
        self._receipts: Gatherer[tuple[Delivery, str, datetime], None] = Gatherer(self._receipt_all, workers=1)
        self.arrived = asyncio.Event()
        """Set when there may be something to send; whoever sends clears it before looking."""

    def start(self) -> None:
        self._receipts.start()

    async def stop(self) -> None:
        await self._receipts.stop()

    def put_changes(self, unit: UnitOfWork, patient: int, subject: str, changed: Sequence[str]) -> None:
        """Let `changed` (type/id) reach the destination, and the record of `subject` where it is an encounter."""
        if not self._destination:
            return
        bucket = bucket_of(patient) if patient else SHARED
        put = Put(bucket, unit.at, patient, bytes.fromhex(unit.trace), subject, " ".join(changed))
        unit.also_together(self._put_all, put)

    async def _put_all(self, connection: Connection, puts: Sequence[Put]) -> None:
        buckets, ats, patients, traces, subjects, contents = zip(*map(astuple, puts), strict=True)
        rows = await connection.fetch(_PUT, buckets, ats, patients, traces, subjects, contents, self._destination)
        await append_many(connection, [self._put_entry(row) for row in rows])
        records = {(put.bucket, put.subject): put for put in puts if put.subject.startswith("Encounter/")}
        if not records:
            return
        # in one order everywhere, so that two writers never wait for each other
        buckets, ats, patients, traces, subjects, _ = zip(
            *(astuple(records[key]) for key in sorted(records)), strict=True
        )
        await connection.execute(_SUPERSEDE, buckets, subjects, self._destination, self._clock.now())
        await connection.execute(_PUT_RECORD, buckets, ats, patients, traces, subjects, RECORD_DELAY, self._destination)

    def _put_entry(self, row: asyncpg.Record) -> Entry:
        detail: dict[str, str | int] = {"delivery": row["id"], "destination": self._destination}
        trace = row["trace"].hex()
        return Entry(
            Event.DELIVERY_PUT, row["created_at"], "system:apply", "system", trace, row["patient"], detail=detail
        )

    async def claim(self, most: int) -> list[Delivery]:
        """What is due, leased: a worker that dies gives it back by its silence."""
        now = self._clock.now()
        rows = await self._database.fetch(_CLAIM, now, now + LEASE, most)
        return sorted((_delivery(row) for row in rows), key=lambda each: each.id)

    async def hasten(self) -> None:
        """Give back what a worker that died had claimed; for the only worker, as it begins."""
        await self._database.execute(_HASTEN, self._clock.now())

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Give back what was claimed and not tried."""
        if deliveries:
            buckets, ids = [each.bucket for each in deliveries], [each.id for each in deliveries]
            await self._database.execute(_RELEASE, buckets, ids, self._clock.now())

    async def receipted(self, delivery: Delivery, receipt: str, sent_at: datetime) -> None:
        """The destination has it, and said so."""
        await self._receipts.ask((delivery, receipt, sent_at))

    async def _receipt_all(self, receipts: Sequence[tuple[Delivery, str, datetime]]) -> list[None]:
        deliveries, texts, sent = zip(*receipts, strict=True)
        buckets, ids = [each.bucket for each in deliveries], [each.id for each in deliveries]
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_RECEIPTED, buckets, ids, texts, sent, self._clock.now())
            settled = {row["id"] for row in rows}
            entries = [
                self._entry(Event.DELIVERY_RECEIPT, delivery, {"delivery": delivery.id, "receipt": receipt})
                for delivery, receipt, _ in receipts
                if delivery.id in settled
            ]
            await append_many(connection, entries)
        return [None] * len(receipts)

    async def failed(self, delivery: Delivery, fault: Fault, *, is_reached: bool = True) -> None:
        """It did not arrive: again later where that may help, else refused until a person looks.

        Where the destination could not be reached (`is_reached` False) that does not count as a try.
        """
        attempts, now = delivery.attempts + is_reached, self._clock.now()
        most = BROKEN_ATTEMPTS_MAX if fault.category == "broken" else ATTEMPTS_MAX if fault.retryable else 0
        again = attempts < most
        state = "waiting" if again else "refused"
        at = now + retry_delay(attempts, self._random, most_s=60.0) if is_reached else now
        async with self._database.transaction() as connection:
            settled = await connection.fetchval(
                _FAILED, delivery.bucket, delivery.id, state, fault.code, at, attempts, now
            )
            if settled is not None and state == "refused":
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
