"""Messages to authorities: put, claimed, made, sent, settled; each step is committed before the next is taken.

What is sent is kept first (`prepared`), with the number that names it to the receiver, so that a message whose answer
was lost is sent again byte for byte and under the same number. A version of a subject waits until the one before it is
settled, or takes its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.store.backoff import retry_delay
from benhan.store.database import Connection, Database
from benhan.store.ids import SHARED, bucket_of
from benhan.store.key_faults import SHREDDED
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.sealing import DataKey
from benhan.store.send_state import SendState
from benhan.store.sql_texts import query

LEASE = timedelta(seconds=180)
"""Longer than a try may take: a claim that is older belongs to a worker that died."""
RETRY_MOST_S = 120.0
SENDER = "system:sends"

_BEGIN = query(
    "send_begin",
    """
    insert into send_destination (name, began_at, seq) select $1, $2, seq from ledger_head where bucket = 0
    on conflict (name) do nothing
    """,
)
_LOCK = query("send_lock", "select seq from send_destination where name = $1 for update")
_STANDING = query("send_standing", "select * from send_destination where name = $1")
_PASSED = query("send_passed", "update send_destination set seq = $3 where name = $1 and seq = $2 returning seq")
_ANSWERS = query(
    "send_answers",
    """
    update send_destination set fault = '', failing_since = null, succeeded_at = coalesce($2, succeeded_at)
    where name = $1
    """,
)
_FAILS = query(
    "send_fails",
    "update send_destination set fault = $2, failing_since = coalesce(failing_since, $3) where name = $1",
)
_COLUMNS = (
    "bucket, id, created_at, next_try_at, due_at, sent_at, settled_at, patient, content_hash, version, attempts,"
    " destination, kind, subject, state, asked_by, adapter, fault, receipt, number, trace, about"
)
_CONTENT = f"{_COLUMNS}, content"
_NO_CONTENT = f"{_COLUMNS}, null::bytea as content"
_PUT = query(
    "send_put",
    """
    insert into send (bucket, created_at, next_try_at, due_at, patient, destination, kind, subject, state, asked_by,
                      trace, about, content, number, content_hash, fault, version)
    select $1::smallint, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
           coalesce(max(version), 0) + 1
    from send where bucket = $1 and destination = $6 and kind = $7 and subject = $8
    on conflict (bucket, destination, kind, subject)
        where state = 'waiting' and content is null and leased_until is null do nothing
    returning id, version
    """,
)
_OVERTAKE = query(
    "send_overtake",
    """
    update send set state = 'replaced', settled_at = $6
    where bucket = $1 and destination = $2 and kind = $3 and subject = $4 and version < $5
          and state = any($7::text[]) and (leased_until is null or leased_until <= $6)
    returning id
    """,
)
_CLAIM = query(
    "send_claim",
    f"""
    update send set leased_until = $2
    where (bucket, id) in (
        select bucket, id from send s
        where destination = $3 and state in ('waiting', 'sent') and next_try_at <= $1
              and (leased_until is null or leased_until <= $1)
              and not exists (
                  select 1 from send o where o.bucket = s.bucket and o.destination = s.destination
                  and o.kind = s.kind and o.subject = s.subject and o.version < s.version
                  and o.state in ('waiting', 'sent'))
        order by next_try_at, id limit $4 for update skip locked
    )
    returning {_CONTENT}
    """,  # noqa: S608
    fan_out="the worker sends what is due, whoever it is about",
)
_UNREADABLE = query(
    "send_unreadable",
    "update send set state = 'parked', fault = $3, settled_at = $4, leased_until = null where bucket = $1 and id = $2",
)
"""Whose patient's key was destroyed: there is nothing left to send."""
_HASTEN = query(
    "send_hasten",
    """
    update send set leased_until = $2
    where destination = $1 and state in ('waiting', 'sent') and leased_until > $2
    """,
    fan_out="a worker that begins gives back what the one before it had claimed, whoever it is about",
)
_RELEASE = query(
    "send_release",
    "update send set leased_until = null where bucket = $1 and id = $2 and state in ('waiting', 'sent')",
)
_PREPARED = query(
    "send_prepared",
    """
    update send set state = 'sent', sent_at = $3, content = $4, number = $5, content_hash = $6, about = $7,
                    adapter = $8, attempts = attempts + 1
    where bucket = $1 and id = $2 and state in ('waiting', 'sent') returning id
    """,
)
_SETTLED = query(
    "send_settled",
    """
    update send set state = $3, settled_at = $4, fault = $5, receipt = case when $6 = '' then receipt else $6 end,
                    about = $7, content = coalesce($8, content), content_hash = $9, adapter = $10, leased_until = null
    where bucket = $1 and id = $2 and state = any($11::text[]) returning id
    """,
)
_AGAIN = query(
    "send_again",
    """
    update send s set fault = $3, next_try_at = $4, leased_until = $5, attempts = s.attempts + $6,
        settled_at = case when newer then $5::timestamptz end, state = case when newer then 'replaced' else s.state end
    from (select exists (
            select 1 from send n join send o on o.bucket = n.bucket and o.destination = n.destination
                and o.kind = n.kind and o.subject = n.subject
            where o.bucket = $1 and o.id = $2 and n.version > o.version) as newer) as found
    where s.bucket = $1 and s.id = $2 and s.state in ('waiting', 'sent') returning s.id
    """,
)
_BEFORE = query(
    "send_before",
    """
    select content_hash, state from send
    where bucket = $1 and destination = $2 and kind = $3 and subject = $4 and version < $5
          and (sent_at is not null or state in ('received', 'by_hand', 'refused', 'parked', 'ready'))
    order by version desc limit 1
    """,
)
_DROP = query("send_drop", "delete from send where bucket = $1 and id = $2 and content is null and state = 'waiting'")
_DROP_EVENTS = query("send_drop_events", "delete from send_event where bucket = $1 and send = $2")
_EVENT = query(
    "send_event_put",
    "insert into send_event (bucket, send, at, what, actor, fault, note) values ($1, $2, $3, $4, $5, $6, $7)",
)
_EVENTS = query("send_events", "select * from send_event where bucket = $1 and send = $2 order by id")
_LIST = query(
    "send_list",
    f"""
    select {_NO_CONTENT} from send
    where destination = $1 and id < $2 and ($3 = '' and state <> 'replaced' or state = $3) order by id desc limit $4
    """,  # noqa: S608
    fan_out="the list of a destination's messages looks at all of them",
)
_READ = query("send_read", f"select {_CONTENT} from send where bucket = $1 and id = $2")  # noqa: S608
_VERSIONS = query(
    "send_versions",
    f"""
    select {_NO_CONTENT} from send where bucket = $1 and destination = $2 and kind = $3 and subject = $4
    order by version desc limit 50
    """,  # noqa: S608
)
_OF_SUBJECT = query(
    "send_of_subject",
    "select kind, state, version from send where bucket = $1 and destination = $2 and subject = $3 order by version",
)
_COUNTS = query(
    "send_counts",
    """
    select state, count(*), min(created_at) as oldest, count(*) filter (where due_at < $2) as late
    from send where destination = $1 group by state
    """,
    fan_out="counts over every message of a destination",
)


@dataclass(frozen=True, slots=True)
class About:
    """What is told of a message to a person who may read it: its name, and why it does not go on."""

    label: str
    reasons: tuple[tuple[str, str, str], ...] = ()
    """Each: place, Vietnamese, English."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A message to be put: whose, to whom, of which kind about what; its file where it is there already."""

    patient: int
    destination: str
    kind: str
    subject: str
    about: About
    trace: str
    asked_by: str = SENDER
    delay_s: float = 0.0
    due_at: datetime | None = None
    content: bytes | None = None
    content_hash: int = 0
    number: str = ""
    state: SendState = SendState.WAITING
    fault: str = ""

    @property
    def bucket(self) -> int:
        return bucket_of(self.patient) if self.patient else SHARED


@dataclass(frozen=True, slots=True)
class Message:
    """One version of a message, and how far it is; `content` where it was asked for and is made."""

    bucket: int
    id: int
    created_at: datetime
    next_try_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    settled_at: datetime | None
    patient: int
    content_hash: int
    version: int
    attempts: int
    destination: str
    kind: str
    subject: str
    state: SendState
    asked_by: str
    adapter: str
    fault: str
    receipt: str
    number: str
    trace: str
    about: About
    content: bytes

    @property
    def key(self) -> str:
        """What names it in addresses and commands."""
        return f"{self.bucket}-{self.id}"

    def is_late(self, now: datetime) -> bool:
        """Whether its time has passed and it is not there."""
        return self.due_at is not None and self.due_at < now and not self.state.is_done


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a message's history."""

    at: datetime
    what: str
    actor: str
    fault: str
    note: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a destination stands."""

    began_at: datetime
    seq: int
    succeeded_at: datetime | None
    failing_since: datetime | None
    fault: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages of a destination are in each state, the oldest of each, and how many are past their time."""

    by_state: dict[SendState, int]
    oldest: dict[SendState, datetime]
    late: int


class Sends:
    """The tables of what is sent."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, random: RandomSource) -> None:
        self._database = database
        self._keyring = keyring
        self._own = keyring.derived_key("sends")
        self._clock = clock
        self._random = random
        self.arrived = asyncio.Event()
        """Set when there may be something to send; whoever sends clears it before looking."""

    async def begin(self, destination: str) -> Standing:
        """How a destination stands; one that is new begins at the ledger's end of now."""
        await self._database.execute(_BEGIN, destination, self._clock.now())
        row = await self._database.fetchrow(_STANDING, destination)
        assert row is not None
        return _standing(row)

    async def standing(self, destination: str) -> Standing | None:
        """How a destination stands, None where it was never on."""
        row = await self._database.fetchrow(_STANDING, destination)
        return _standing(row) if row is not None else None

    async def put(self, wishes: Sequence[Wish]) -> list[str]:
        """Put messages, all or none; gives the keys of those that are new."""
        async with self._database.transaction() as connection:
            keys = await self._put(connection, wishes)
        self.arrived.set()
        return keys

    async def put_passed(self, destination: str, begun: int, end: int, wishes: Sequence[Wish]) -> bool:
        """Put what a stretch of the ledger made due, and pass it; False where another has passed it meanwhile."""
        async with self._database.transaction() as connection:
            if await connection.fetchval(_PASSED, destination, begun, end) is None:
                return False
            await self._put(connection, wishes)
        if wishes:
            self.arrived.set()
        return True

    async def _put(self, connection: Connection, wishes: Sequence[Wish]) -> list[str]:
        now, keys = self._clock.now(), []
        for name in sorted({wish.destination for wish in wishes}):
            await connection.fetchval(_LOCK, name)  # versions of a subject are counted by one at a time
        for wish in wishes:
            key = await self._key(wish.patient, connection)
            row = await connection.fetchrow(
                _PUT,
                wish.bucket,
                now,
                now + timedelta(seconds=wish.delay_s),
                wish.due_at,
                wish.patient,
                wish.destination,
                wish.kind,
                wish.subject,
                wish.state.value,
                wish.asked_by,
                bytes.fromhex(wish.trace),
                _sealed_about(key, wish.about),
                key.seal(wish.content, b"send") if wish.content is not None else None,
                wish.number,
                wish.content_hash,
                wish.fault,
            )
            if row is None:
                continue
            keys.append(f"{wish.bucket}-{row['id']}")
            states = _OVERTAKEN if wish.content is not None or wish.asked_by != SENDER else ("waiting",)
            await self._overtake(connection, wish, row["version"], states, now)
            await self._note(connection, wish.bucket, row["id"], "put", wish.asked_by)
            await append_many(connection, [self._entry(Event.SEND_PUT, wish, row["id"], kind=wish.kind)])
        return keys

    async def _overtake(
        self, connection: Connection, about: Wish | Message, version: int, states: Iterable[str], now: datetime
    ) -> None:
        """Let what is not at the receiver give way to a later version of its subject."""
        names = (about.bucket, about.destination, about.kind, about.subject)
        for row in await connection.fetch(_OVERTAKE, *names, version, now, list(states)):
            await self._note(connection, about.bucket, row["id"], SendState.REPLACED.value, SENDER)

    async def claim(self, destination: str, most: int) -> list[Message]:
        """What is due, leased, with its content: a worker that dies gives it back by its silence."""
        now = self._clock.now()
        async with self._database.connection() as connection:
            rows = await connection.fetch(_CLAIM, now, now + LEASE, destination, most)
            keys = await self._keys({row["patient"] for row in rows}, connection)
            for row in rows:
                if row["patient"] not in keys:
                    await connection.execute(_UNREADABLE, row["bucket"], row["id"], SHREDDED.code, now)
        readable = (_message(row, keys[row["patient"]]) for row in rows if row["patient"] in keys)
        return sorted(readable, key=lambda each: each.id)

    async def hasten(self, destination: str) -> None:
        """Give back what a worker that died had claimed; for the only worker, as it begins."""
        await self._database.execute(_HASTEN, destination, self._clock.now())

    async def release(self, messages: Iterable[Message]) -> None:
        """Give back what was claimed and not tried."""
        for message in messages:
            await self._database.execute(_RELEASE, message.bucket, message.id)

    async def is_as_before(self, message: Message, content_hash: int) -> bool:
        """Whether the version before, that is settled or waits for a person, says the same.

        One that was on its way when a later one took its place may be there or not: nothing is as before then.
        """
        names = (message.bucket, message.destination, message.kind, message.subject)
        row = await self._database.fetchrow(_BEFORE, *names, message.version)
        return row is not None and row["state"] != "replaced" and row["content_hash"] == content_hash

    async def drop(self, message: Message) -> None:
        """Forget a message that was never made."""
        async with self._database.transaction() as connection:
            await connection.execute(_DROP, message.bucket, message.id)
            await connection.execute(_DROP_EVENTS, message.bucket, message.id)

    async def prepared(self, message: Message, adapter: str) -> Message | None:
        """Keep a message with its file and number as they are about to be sent; None where it waits no longer."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            key = await self._key(message.patient, connection)
            content, about = key.seal(message.content, b"send"), _sealed_about(key, message.about)
            kept = await connection.fetchval(
                _PREPARED,
                message.bucket,
                message.id,
                now,
                content,
                message.number,
                message.content_hash,
                about,
                adapter,
            )
            if kept is None:
                return None
            await self._overtake(connection, message, message.version, _OVERTAKEN, now)
            await self._note(connection, message.bucket, message.id, SendState.SENT.value, SENDER)
        return replace(message, state=SendState.SENT, sent_at=now, adapter=adapter, attempts=message.attempts + 1)

    async def settled(
        self,
        message: Message,
        state: SendState,
        *,
        actor: Actor | None = None,
        fault: str = "",
        receipt: str = "",
        note: str = "",
    ) -> bool:
        """Reach a state that waits for nobody, or for a person; False where another was quicker.

        `message` tells content and reasons as they are to be kept.
        """
        from_states = _OPEN if actor is None else (*_OPEN, *_FOR_PEOPLE)
        who = actor.id if actor is not None else SENDER
        now = self._clock.now()
        async with self._database.transaction() as connection:
            key = await self._key(message.patient, connection)
            kept = await connection.fetchval(
                _SETTLED,
                message.bucket,
                message.id,
                state.value,
                now,
                fault,
                receipt,
                _sealed_about(key, message.about),
                key.seal(message.content, b"send") if message.content else None,
                message.content_hash,
                message.adapter,
                list(from_states),
            )
            if kept is None:
                return False
            await self._overtake(connection, message, message.version, _OVERTAKEN, now)
            sealed = key.seal(note.encode(), b"note") if note else None
            await self._note(connection, message.bucket, message.id, state.value, who, fault, sealed)
            event = _EVENTS_OF[state]
            detail = {name: value for name, value in (("fault", fault), ("receipt", receipt)) if name in event.fields}
            await append_many(connection, [self._entry(event, message, message.id, actor, **detail)])
            if state is SendState.RECEIVED:
                await connection.execute(_ANSWERS, message.destination, now)
        return True

    async def failed(self, message: Message, fault: str) -> None:
        """A try did not come to an answer: later again, or never where a newer version is there."""
        now, is_new = self._clock.now(), message.state is not SendState.SENT  # a try is counted as it begins
        at = now + retry_delay(message.attempts + is_new, self._random, most_s=RETRY_MOST_S)
        async with self._database.transaction() as connection:
            await connection.execute(_AGAIN, message.bucket, message.id, fault, at, now, int(is_new))
            await self._note(connection, message.bucket, message.id, "failed", SENDER, fault)

    async def away(self, destination: str, fault: str) -> None:
        """Say that a destination cannot be reached, or does not let us in."""
        await self._database.execute(_FAILS, destination, fault, self._clock.now())

    async def answers(self, destination: str) -> None:
        """Say that a destination answers again."""
        await self._database.execute(_ANSWERS, destination, None)

    async def listed(self, destination: str, state: str = "", *, before: int = 2**62, count: int = 50) -> list[Message]:
        """Messages of a destination, newest first, without files; those that were replaced only where asked for."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_LIST, destination, before, state, count)
            return await self._opened(connection, rows)

    async def read(self, bucket: int, id_: int) -> Message | None:
        """One message with its file."""
        async with self._database.connection() as connection:
            opened = await self._opened(connection, await connection.fetch(_READ, bucket, id_))
        return opened[0] if opened else None

    async def versions(self, message: Message) -> list[Message]:
        """Every version of a message's subject, the last first."""
        names = (message.bucket, message.destination, message.kind, message.subject)
        async with self._database.connection() as connection:
            return await self._opened(connection, await connection.fetch(_VERSIONS, *names))

    async def last(self, bucket: int, destination: str, kind: str, subject: str) -> Message | None:
        """The last version about a subject, without its file."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_VERSIONS, bucket, destination, kind, subject)
            opened = await self._opened(connection, rows[:1])
        return opened[0] if opened else None

    async def of_subject(self, bucket: int, destination: str, subject: str) -> list[tuple[str, SendState]]:
        """Kind and state of every message about a subject, in their order."""
        rows = await self._database.fetch(_OF_SUBJECT, bucket, destination, subject)
        return [(row["kind"], SendState(row["state"])) for row in rows]

    async def history(self, message: Message) -> list[Happening]:
        """What happened to a message, in order."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_EVENTS, message.bucket, message.id)
            keys = await self._keys({message.patient}, connection)
        key = keys.get(message.patient)
        return [
            Happening(row["at"], row["what"], row["actor"], row["fault"], _text(key, row["note"], b"note"))
            for row in rows
        ]

    async def viewed(self, message: Message, actor: Actor) -> None:
        """Record that a person took a message's file."""
        async with self._database.transaction() as connection:
            await self._note(connection, message.bucket, message.id, "file", actor.id)
            await append_many(connection, [self._entry(Event.SEND_VIEW, message, message.id, actor)])

    async def counts(self, destination: str) -> Counts:
        """The numbers of a destination."""
        rows = await self._database.fetch(_COUNTS, destination, self._clock.now())
        states = {SendState(row["state"]): row for row in rows}
        return Counts(
            {state: row["count"] for state, row in states.items()},
            {state: row["oldest"] for state, row in states.items()},
            sum(row["late"] for state, row in states.items() if not state.is_done),
        )

    async def _note(
        self,
        connection: Connection,
        bucket: int,
        id_: int,
        what: str,
        actor: str,
        fault: str = "",
        note: bytes | None = None,
    ) -> None:
        await connection.execute(_EVENT, bucket, id_, self._clock.now(), what, actor, fault, note)

    def _entry(
        self, event: Event, about: Wish | Message, id_: int, actor: Actor | None = None, **detail: str | int
    ) -> Entry:
        who, role = (actor.id, actor.role.value) if actor is not None else (SENDER, "system")
        detail = {"send": id_, "destination": about.destination, **detail}
        return Entry(event, self._clock.now(), who, role, about.trace, about.patient, detail=detail)

    async def _key(self, patient: int, connection: Connection) -> DataKey:
        return await self._keyring.data_key(patient, connection) if patient else self._own

    async def _keys(self, patients: set[int], connection: Connection) -> dict[int, DataKey]:
        """The keys of patients; one whose key was destroyed is missing."""
        found = await self._keyring.data_keys(patients - {0}, connection) if patients - {0} else {}
        return {**found, 0: self._own}

    async def _opened(self, connection: Connection, rows: Sequence[asyncpg.Record]) -> list[Message]:
        keys = await self._keys({row["patient"] for row in rows}, connection)
        return [_message(row, keys.get(row["patient"])) for row in rows]


_OPEN = ("waiting", "sent")
_FOR_PEOPLE = ("refused", "parked", "ready")
_OVERTAKEN = (*_OPEN, *_FOR_PEOPLE)
_EVENTS_OF = {
    SendState.RECEIVED: Event.SEND_RECEIPT,
    SendState.REFUSED: Event.SEND_REFUSE,
    SendState.PARKED: Event.SEND_PARK,
    SendState.READY: Event.SEND_PARK,
    SendState.BY_HAND: Event.SEND_BY_HAND,
}


def _sealed_about(key: DataKey, about: About) -> bytes:
    return key.seal(orjson.dumps([about.label, about.reasons]), b"about")


def _message(row: asyncpg.Record, key: DataKey | None) -> Message:
    told: dict[str, Any] = dict(row)
    label, reasons = orjson.loads(key.open(told["about"], b"about")) if key is not None else ("", ())
    sealed = told["content"]
    told |= {
        "state": SendState(told["state"]),
        "trace": told["trace"].hex(),
        "about": About(label, tuple((place, vi, en) for place, vi, en in reasons)),
        "content": key.open(sealed, b"send") if sealed is not None and key is not None else b"",
    }
    return Message(**told)


def _text(key: DataKey | None, sealed: bytes | None, aad: bytes) -> str:
    return key.open(sealed, aad).decode() if key is not None and sealed is not None else ""


def _standing(row: asyncpg.Record) -> Standing:
    return Standing(row["began_at"], row["seq"], row["succeeded_at"], row["failing_since"], row["fault"])
