"""The inbox: what arrived is committed here before it is acknowledged, and stays until it is applied or mended.

A message that its sender repeats (same sender, same MSH-10, same content but for the time of sending) is acknowledged
and not applied twice. Another content under a used MSH-10 is another message: analysers start their numbers anew, and
refusing would lose results; applying is safe, since every resource carries the key of what its sender calls it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import asyncpg
import orjson

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.store.backoff import retry_delay
from benhan.store.database import Connection, Database
from benhan.store.gatherer import Gatherer
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.queue_faults import ALREADY_SETTLED
from benhan.store.sql_texts import query
from benhan.store.tokens import Tokens

ATTEMPTS_MAX = 12

CROWD = 8
"""So many frames at once are a crowd: some thousand a second."""
CROWD_LASTS_S = 0.05

_RECEIVE = query(
    "inbox_receive",
    """
    with kept as (
        insert into inbox (bucket, received_at, next_try_at, sender_hash, control_hash, kind, state, fault, trace,
                           payload, report)
        select 0, r.received_at, r.received_at, r.sender_hash, r.control_hash, r.kind, r.state, r.fault, r.trace,
               r.payload, r.report
        from unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[],
                    $8::bytea[], $9::bytea[])
             as r (received_at, sender_hash, control_hash, kind, state, fault, trace, payload, report)
        on conflict (bucket, control_hash) do nothing
        returning id, control_hash, received_at, fault, trace
    ),
    noted as (
        insert into ledger_pending (bucket, at, patient, rid, version, event, type, actor, role, trace, detail)
        select 0, received_at, 0, 0, 0, case fault when '' then $10::smallint else $11::smallint end, 0,
               actor, role, trace,
               case fault when '' then format('{"message":%s}', id)
                          else format('{"fault":"%s","message":%s}', fault, id) end
        from kept join unnest($3::bigint[], $12::text[], $13::text[]) as by (control_hash, actor, role)
             using (control_hash)
        order by id
    )
    select control_hash from kept
    """,
)
"""One statement commits what is kept and its ledger entries (as `detail_text` writes them) in one round trip."""
_CLAIM = query(
    "inbox_claim",
    """
    select id, kind, received_at, attempts, trace, payload, mended, report from inbox
    where bucket = 0 and state = 'received' and next_try_at <= $1
    order by id limit $2
    """,
)
_SETTLE = query(
    "inbox_settle",
    """
    update inbox set state = 'applied', applied_at = $2, fault = ''
    where bucket = 0 and id = any($1::bigint[]) and state = 'received' returning id
    """,
)
_PARK = query(
    "inbox_park",
    """
    update inbox set state = 'parked', attempts = attempts + 1, fault = $2, report = $3
    where bucket = 0 and id = $1 and state = 'received' returning id
    """,
)
_POSTPONE = query(
    "inbox_postpone",
    """
    update inbox set next_try_at = $3, attempts = attempts + (id = $1)::int,
                     fault = case when id = $1 then $4 else fault end
    where bucket = 0 and id = any($2::bigint[]) and state = 'received'
    """,
)
_HASTEN = query(
    "inbox_hasten",
    "update inbox set next_try_at = $1 where bucket = 0 and state = 'received' and next_try_at > $1",
)
_LATER = query("inbox_later", "select trace from inbox where bucket = 0 and trace = any($1::bytea[]) and id > $2")
_LIST = query(
    "inbox_list",
    """
    select id, kind, state, fault, received_at, applied_at, attempts, trace, report, null::bytea as payload,
           null::bytea as mended
    from inbox where bucket = 0 and state = $1 and id < $2 order by id desc limit $3
    """,
)
_READ = query(
    "inbox_read",
    """
    select id, kind, state, fault, received_at, applied_at, attempts, trace, report, payload, mended
    from inbox where bucket = 0 and id = $1
    """,
)
_OF_TRACE = query(
    "inbox_of_trace",
    """
    select id, kind, state, fault, received_at, applied_at, attempts, trace, report, null::bytea as payload,
           null::bytea as mended
    from inbox where bucket = 0 and trace = $1 order by id
    """,
)
_MEND = query(
    "inbox_mend",
    """
    update inbox set state = 'received', mended = coalesce($2, mended), attempts = 0, next_try_at = $3, fault = ''
    where bucket = 0 and id = $1 and state = 'parked' returning id
    """,
)
_COUNTS = query(
    "inbox_counts", "select state, count(*) from inbox where bucket = 0 and state <> 'applied' group by state"
)


class State(Enum):
    """Where a message stands."""

    RECEIVED = "received"
    APPLIED = "applied"
    PARKED = "parked"


class Receipt(Enum):
    """What became of a frame."""

    NEW = "new"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame to be kept: who sent it under which control id, and the fault it is parked for, if any."""

    at: datetime
    sender: str
    control_id: str
    kind: str
    trace: str
    content: bytes
    fault: Fault | None = None
    actor: str = "machine:mllp"
    role: str = "machine"
    """Who brought it, as the ledger says."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of a message to a person who may read it: opened only for them."""

    sender: str
    control_id: str
    reasons: tuple[tuple[str, str, str], ...] = ()
    """Each reason: place, Vietnamese, English."""


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A message in the inbox; `content` and `mended` are opened where they were asked for."""

    id: int
    kind: str
    state: State
    fault: str
    received_at: datetime
    applied_at: datetime | None
    attempts: int
    trace: str
    report: Report
    """Its reasons are those of the last time it was parked; they stay when it is tried again."""
    content: bytes = b""
    mended: bytes | None = None


def reasons_of(fault: Fault) -> tuple[tuple[str, str, str], ...]:
    """The fault and its issues as place and words."""
    told = [("", fault.text.vi, fault.text.en)]
    return tuple(told + [(issue.place, issue.text.vi, issue.text.en) for issue in fault.issues])


class Inbox:
    """Receives, gives out, settles, parks."""

    def __init__(
        self, database: Database, keyring: Keyring, tokens: Tokens, clock: Clock, random: RandomSource
    ) -> None:
        self._database = database
        self._key = keyring.derived_key("inbox")
        self._tokens = tokens
        self._clock = clock
        self._random = random
        # one worker: ids then follow the order of the commits, and a message never overtakes the one before it
        self._arrivals: Gatherer[Arrival, Receipt] = Gatherer(self._receive_batch, workers=1, batch_max=512)
        self._crowd_s = -CROWD_LASTS_S
        """When frames last came in a crowd, by the monotonic clock."""
        self.arrived = asyncio.Event()
        """Set when there is something to apply; whoever applies clears it before looking."""

    def start(self) -> None:
        self._arrivals.start()

    async def stop(self) -> None:
        await self._arrivals.stop()

    async def receive(self, arrival: Arrival) -> Receipt:
        """Keep a frame; returns after the commit."""
        return await self._arrivals.ask(arrival)

    async def _receive_batch(self, batch: Sequence[Arrival]) -> list[Receipt]:
        hashes = [self._control_hash(arrival) for arrival in batch]
        first: dict[int, int] = {}
        for place, control in enumerate(hashes):
            first.setdefault(control, place)
        chosen = [batch[place] for place in first.values()]
        rows = await self._database.fetch(
            _RECEIVE,
            [each.at for each in chosen],
            [self._tokens.of(f"sender\x1f{each.sender}") for each in chosen],
            list(first),
            [each.kind for each in chosen],
            ["parked" if each.fault else "received" for each in chosen],
            [each.fault.code if each.fault else "" for each in chosen],
            [bytes.fromhex(each.trace) for each in chosen],
            [self._key.seal(each.content, b"inbox") for each in chosen],
            [self._sealed_report(each) for each in chosen],
            Event.MESSAGE_RECEIVE.number,
            Event.MESSAGE_PARK.number,
            [each.actor for each in chosen],
            [each.role for each in chosen],
        )
        fresh = {first[row["control_hash"]] for row in rows}
        if fresh:
            self.arrived.set()
        if len(batch) >= CROWD:
            self._crowd_s = self._clock.monotonic_s()
        return [Receipt.NEW if place in fresh else Receipt.REPEATED for place in range(len(batch))]

    def _control_hash(self, arrival: Arrival) -> int:
        """What tells a repetition: sender, control id, content. A frame that nobody can name is never one."""
        if not arrival.control_id:
            return self._tokens.of_bytes(b"unnamed" + arrival.content + arrival.trace.encode())
        named = f"control\x1f{arrival.sender}\x1f{arrival.control_id}\x1f".encode("utf-8", "surrogatepass")
        return self._tokens.of_bytes(named + without_sending_time(arrival.content))

    def _sealed_report(self, arrival: Arrival) -> bytes:
        reasons = reasons_of(arrival.fault) if arrival.fault is not None else ()
        return self._seal_report(Report(arrival.sender, arrival.control_id, reasons))

    def _seal_report(self, report: Report) -> bytes:
        return self._key.seal(orjson.dumps([report.sender, report.control_id, report.reasons]), b"report")

    async def due(self, most: int) -> list[InboxMessage]:
        """The oldest messages whose time has come. The one applier takes them; `settle` lets none be applied twice."""
        return [self._opened(row) for row in await self._database.fetch(_CLAIM, self._clock.now(), most)]

    async def calm(self, seconds: float) -> bool:
        """Return when frames do not come in a crowd, after `seconds` at most; gives whether they do not.

        Senders wait for their acknowledgement, what was acknowledged waits for nobody: so the applier lets them go
        first, but never stands still.
        """
        until = self._clock.monotonic_s() + seconds
        while self._is_crowded() and self._clock.monotonic_s() < until:  # noqa: ASYNC110  # it ends by time alone
            await asyncio.sleep(CROWD_LASTS_S)
        return not self._is_crowded()

    def _is_crowded(self) -> bool:
        return self._clock.monotonic_s() - self._crowd_s < CROWD_LASTS_S

    async def hasten(self) -> None:
        """Let everything that waits for a later try be due now, in its order: the work begins anew."""
        await self._database.execute(_HASTEN, self._clock.now())

    async def settle(self, connection: Connection, message_ids: Sequence[int]) -> None:
        """Mark messages applied, in the transaction that applies them.

        Raises Conflict BA-0811 where one of them is not waiting any more, which undoes that transaction.
        """
        settled = await connection.fetch(_SETTLE, message_ids, self._clock.now())
        if len(settled) != len(message_ids):
            raise ALREADY_SETTLED()

    async def park(self, message: InboxMessage, fault: Fault) -> None:
        """Put a message aside with its reasons, for a person to mend. Nothing happens where it waits no longer."""
        report = Report(message.report.sender, message.report.control_id, reasons_of(fault))
        detail: dict[str, str | int] = {"message": message.id, "fault": fault.code}
        entry = Entry(Event.MESSAGE_PARK, self._clock.now(), "system:apply", "system", message.trace, detail=detail)
        async with self._database.transaction() as connection:
            if await connection.fetchval(_PARK, message.id, fault.code, self._seal_report(report)) is not None:
                await append_many(connection, [entry])

    async def postpone(
        self, message: InboxMessage, fault: Fault, behind: Iterable[InboxMessage] = ()
    ) -> datetime | None:
        """Try a message again later, and those `behind` it not before; gives when.

        After ATTEMPTS_MAX tries it is parked, and None is given: those behind it may go on.
        """
        if message.attempts + 1 >= ATTEMPTS_MAX:
            await self.park(message, fault)
            return None
        at = self._clock.now() + retry_delay(message.attempts + 1, self._random)
        await self._database.execute(_POSTPONE, message.id, [message.id, *(each.id for each in behind)], at, fault.code)
        return at

    async def wait(self, messages: Iterable[InboxMessage], at: datetime) -> None:
        """Let `messages` wait until `at`, when the one before them is tried again."""
        await self._database.execute(_POSTPONE, 0, [each.id for each in messages], at, "")

    async def later_than(self, message: InboxMessage, traces: Iterable[str]) -> set[str]:
        """Those of `traces` that began with a message received after `message`."""
        rows = await self._database.fetch(_LATER, [bytes.fromhex(trace) for trace in traces], message.id)
        return {row["trace"].hex() for row in rows}

    async def listed(self, state: State, *, before: int = 2**62, count: int = 50) -> list[InboxMessage]:
        """Messages in a state, newest first, without their contents."""
        return [self._opened(row) for row in await self._database.fetch(_LIST, state.value, before, count)]

    async def read(self, message_id: int) -> InboxMessage | None:
        """One message with its content."""
        row = await self._database.fetchrow(_READ, message_id)
        return self._opened(row) if row is not None else None

    async def of_trace(self, trace: str) -> list[InboxMessage]:
        """The messages of a trace."""
        return [self._opened(row) for row in await self._database.fetch(_OF_TRACE, bytes.fromhex(trace))]

    async def replay(self, message_id: int, mended: bytes | None, entry: Entry) -> bool:
        """Let a parked message be tried anew, mended or as it is; False where it is not parked. The original stays."""
        sealed = self._key.seal(mended, b"inbox") if mended is not None else None
        async with self._database.transaction() as connection:
            found = await connection.fetchval(_MEND, message_id, sealed, self._clock.now())
            if found is not None:
                await append_many(connection, [entry])
        if found is not None:
            self.arrived.set()
        return found is not None

    async def counts(self) -> dict[str, float]:
        """How many messages wait, and how many are parked."""
        found = {"received": 0.0, "parked": 0.0}
        for row in await self._database.fetch(_COUNTS):
            found[row["state"]] = float(row["count"])
        return found

    def _opened(self, row: asyncpg.Record | dict[str, Any]) -> InboxMessage:
        sender, control_id, reasons = orjson.loads(self._key.open(row["report"], b"report"))
        settled = dict(row)
        return InboxMessage(
            row["id"],
            row["kind"],
            State(settled.get("state", "received")),
            settled.get("fault", ""),
            row["received_at"],
            settled.get("applied_at"),
            row["attempts"],
            row["trace"].hex(),
            Report(sender, control_id, tuple((place, vi, en) for place, vi, en in reasons)),
            self._key.open(row["payload"], b"inbox") if row["payload"] is not None else b"",
            self._key.open(row["mended"], b"inbox") if row["mended"] is not None else None,
        )


def without_sending_time(content: bytes) -> bytes:
    """A message without MSH-7, which changes when the same message is sent again; XML has none and stays whole."""
    if content[:1] == b"<":
        return content
    header, mark, rest = content.partition(b"\r")
    separator = header[3:4]
    fields = header.split(separator) if separator else []
    if len(fields) <= 6:
        return content
    fields[6] = b""
    return separator.join(fields) + mark + rest
