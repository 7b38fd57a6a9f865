"""Subscriptions as they stand: events out of the ledger with their numbers, and how far each was told.

The ledger is the one order of everything written, without a gap, so nothing is missed and nothing counted twice: events
and the place in the ledger up to which they were looked for are committed together. Writing pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from benhan.kernel.clock import Clock
from benhan.store.database import Connection, Database
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NAMES, TYPE_NUMBERS
from benhan.store.sql_texts import query

READ_MAX = 1_000
SPAN_MAX = 20_000
"""Ledger entries that are passed over at once."""
EVENTS_KEPT = 10_000
"""Events of one subscription that can always be caught up on."""
KEPT_FOR = timedelta(days=1)
"""So long older ones can be too: after an import of everything a subscriber has a day to come."""
EVENTS_KEPT_MOST = 1_000_000
TRIMMED_MAX = 2 * READ_MAX
"""Events that go at once: more than come at once, so that what is old does not pile up."""
LEASE = timedelta(seconds=90)
"""Longer than a notification may take: a claim that is older belongs to a worker that died."""
WRITES = (Event.RESOURCE_CREATE.number, Event.RESOURCE_UPDATE.number, Event.RESOURCE_DELETE.number)

_PROGRESS = query("subscription_progress", "select seq from subscription_progress")
_HEAD = query("subscription_ledger_head", "select seq from ledger_head where bucket = 0")
_READ = query(
    "subscription_read_ledger",
    """
    select seq, at, event, type, rid, version, actor, role, detail from ledger_entry
    where seq > $1 and seq <= $2 and event = any($3::smallint[]) and type = any($4::smallint[])
    order by seq limit $5
    """,
    fan_out="what was written since is looked for in the order of the one ledger",
)
_ADVANCE = query("subscription_advance", "update subscription_progress set seq = $2 where seq = $1 returning seq")
_COLUMNS = (
    "rid, asked_version, began_seq, types, topic, topic_version, channel, state, owner, events, delivered, attempts,"
    " heartbeat_s, fault, ends_at, told_at, next_try_at"
)
_ALL = query(
    "subscriptions_watching",
    f"select {_COLUMNS} from subscription where state <> 'off' order by rid",  # noqa: S608
)
_ONE = query("subscription_one", f"select {_COLUMNS} from subscription where rid = $1")  # noqa: S608
_PUT = query(
    "subscription_put",
    """
    insert into subscription (rid, asked_version, began_seq, types, topic, topic_version, channel, state, owner,
                              heartbeat_s, fault, ends_at, next_try_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict (rid) do update set asked_version = excluded.asked_version, types = excluded.types,
        topic = excluded.topic, topic_version = excluded.topic_version,
        channel = excluded.channel, state = excluded.state, owner = excluded.owner,
        heartbeat_s = excluded.heartbeat_s, fault = excluded.fault, ends_at = excluded.ends_at, attempts = 0,
        next_try_at = excluded.next_try_at
    """,
)
_REBIND = query(
    "subscription_rebind",
    "update subscription set types = $3, topic_version = $4 where rid = $1 and asked_version = $2",
)
_FORGET = query("subscription_forget", "delete from subscription where rid = $1")
_FORGET_EVENTS = query("subscription_forget_events", "delete from subscription_event where subscription = $1")
_COUNT = query("subscription_count", "update subscription set events = events + $2 where rid = $1 returning events")
_EVENT = query(
    "subscription_event_put",
    """
    insert into subscription_event (subscription, number, at, type, rid, version)
    select $1, number, at, type, rid, version
    from unnest($2::bigint[], $3::timestamptz[], $4::smallint[], $5::bigint[], $6::int[])
         as e (number, at, type, rid, version)
    """,
)
_TRIM = query(
    "subscription_event_trim",
    """
    delete from subscription_event where subscription = $1 and number in (
        select number from (
            select number, at from subscription_event where subscription = $1 and number <= $2 order by number limit $5
        ) oldest
        where at < $4 or number <= $3
    )
    """,
)
_EVENTS = query(
    "subscription_events",
    """
    select number, at, type, rid, version from subscription_event
    where subscription = $1 and number > $2 and number <= $3 order by number limit $4
    """,
)
_CLAIM = query(
    "subscription_claim",
    f"""
    update subscription set next_try_at = $2
    where rid in (
        select rid from subscription
        where next_try_at <= $1 and state in ('requested', 'active') and (
            ends_at <= $1
            or channel = 'rest-hook' and (state = 'requested' or delivered < events
                or heartbeat_s > 0 and told_at + heartbeat_s * interval '1 second' <= $1))
        order by next_try_at limit $3 for update skip locked
    )
    returning {_COLUMNS}
    """,  # noqa: S608
)
_TOLD = query(
    "subscription_told",
    """
    update subscription set state = 'active', delivered = greatest(delivered, $3), attempts = 0, fault = '',
                            told_at = $4, next_try_at = $4
    where rid = $1 and asked_version = $2 and state in ('requested', 'active') returning rid
    """,
)
_FAILED = query(
    "subscription_failed",
    """
    update subscription set attempts = attempts + 1, fault = $3, next_try_at = $4, state = $5
    where rid = $1 and asked_version = $2 and state in ('requested', 'active') returning rid
    """,
)
_ENDED = query(
    "subscription_ended",
    """
    update subscription set state = $3, fault = $4
    where rid = $1 and asked_version = $2 and state <> $3 returning rid
    """,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A ledger entry of a write."""

    seq: int
    at: datetime
    event: int
    type: str
    rid: int
    version: int
    actor: str
    role: str
    detail: str


class Stretch(NamedTuple):
    """A part of the ledger: what lies after `begun` up to `end`; `committed` is as far as was committed."""

    committed: int
    begun: int
    end: int
    written: list[Written]
    more: bool
    """Whether there is surely more after it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands."""

    rid: int
    asked_version: int
    began_seq: int
    types: frozenset[str]
    topic: int
    """The resource of its topic, 0 for one that every store has."""
    topic_version: int
    channel: str
    state: str
    owner: str
    events: int
    delivered: int
    attempts: int
    heartbeat_s: int
    fault: str
    ends_at: datetime | None
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubscriptionEvent:
    """One event of a subscription."""

    number: int
    at: datetime
    type: str
    rid: int
    version: int


@dataclass(frozen=True, slots=True)
class Registration:
    """A Subscription as its owner asked for it in `version`."""

    rid: int
    version: int
    seq: int
    channel: str
    state: str
    owner: str
    types: tuple[str, ...] = ()
    topic: int = 0
    topic_version: int = 0
    heartbeat_s: int = 0
    fault: str = ""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rebinding:
    """A subscription whose topic has another version; no `types` where it is no more."""

    standing: Standing
    types: tuple[str, ...]
    topic_version: int


class Advance(NamedTuple):
    """What a look through the ledger found: the events of each subscription by its rid, and how those stand."""

    events: dict[int, list[Written]]
    registered: Sequence[Registration] = ()
    forgotten: Sequence[int] = ()
    rebound: Sequence[Rebinding] = ()

    @property
    def is_nothing(self) -> bool:
        return not any(self)


class Subscriptions:
    """The tables of subscriptions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def written(self, types: Iterable[str], passed: int = 0) -> Stretch:
        """What was written of `types` since the committed place, or since `passed` where that is further."""
        committed = int(await self._database.fetchval(_PROGRESS))
        begun = max(committed, passed)
        head = int(await self._database.fetchval(_HEAD))
        end = min(head, begun + SPAN_MAX)
        if end <= begun:
            return Stretch(committed, begun, begun, [], more=False)
        numbers = [TYPE_NUMBERS[type_] for type_ in types]
        rows = await self._database.fetch(_READ, begun, end, WRITES, numbers, READ_MAX)
        if len(rows) == READ_MAX:
            end = rows[-1]["seq"]
        return Stretch(committed, begun, end, [_written(row) for row in rows], more=end < head)

    async def advance(self, committed: int, end: int, found: Advance) -> bool:
        """Commit what was found together with the place in the ledger; False where another was faster."""
        async with self._database.transaction() as connection:
            if await connection.fetchval(_ADVANCE, committed, end) is None:
                return False
            for rid, events in sorted(found.events.items()):
                await self._count(connection, rid, events)
            for each in found.registered:
                await connection.execute(_PUT, *_row(each), self._clock.now())
            for rid in found.forgotten:
                await connection.execute(_FORGET, rid)
                await connection.execute(_FORGET_EVENTS, rid)
            for one in found.rebound:
                numbers = [TYPE_NUMBERS[each] for each in one.types]
                standing = one.standing
                await connection.execute(_REBIND, standing.rid, standing.asked_version, numbers, one.topic_version)
        return True

    async def _count(self, connection: Connection, rid: int, events: Sequence[Written]) -> None:
        """Give the events of a subscription their numbers, and let the oldest go."""
        last = await connection.fetchval(_COUNT, rid, len(events))
        if last is None:
            return
        await connection.execute(
            _EVENT,
            rid,
            list(range(last - len(events) + 1, last + 1)),
            [each.at for each in events],
            [TYPE_NUMBERS[each.type] for each in events],
            [each.rid for each in events],
            [each.version for each in events],
        )
        if last > EVENTS_KEPT:
            since = self._clock.now() - KEPT_FOR
            await connection.execute(_TRIM, rid, last - EVENTS_KEPT, last - EVENTS_KEPT_MOST, since, TRIMMED_MAX)

    async def watching(self) -> list[Standing]:
        """Every subscription that is not off."""
        return [_standing(row) for row in await self._database.fetch(_ALL)]

    async def one(self, rid: int) -> Standing | None:
        """How one stands; None where the ledger has not been looked through so far, or it is no more."""
        row = await self._database.fetchrow(_ONE, rid)
        return _standing(row) if row is not None else None

    async def events(self, rid: int, after: int, until: int, most: int) -> list[SubscriptionEvent]:
        """Its events after number `after`, up to `until`, in order."""
        rows = await self._database.fetch(_EVENTS, rid, after, until, most)
        return [
            SubscriptionEvent(row["number"], row["at"], TYPE_NAMES[row["type"]], row["rid"], row["version"])
            for row in rows
        ]

    async def claim(self, most: int) -> list[Standing]:
        """Those with something to tell, or at their end, leased: a worker that dies gives them back by its silence."""
        now = self._clock.now()
        return [_standing(row) for row in await self._database.fetch(_CLAIM, now, now + LEASE, most)]

    async def told(self, standing: Standing, delivered: int) -> bool:
        """A notification arrived, with the events up to `delivered`; False where it was asked anew meanwhile."""
        now = self._clock.now()
        return await self._database.fetchval(_TOLD, standing.rid, standing.asked_version, delivered, now) is not None

    async def failed(self, standing: Standing, fault: str, next_try_at: datetime, *, is_last: bool) -> bool:
        """A notification did not arrive: again later, or with `is_last` no more; False as for `told`."""
        state = "error" if is_last else standing.state
        found = await self._database.fetchval(_FAILED, standing.rid, standing.asked_version, fault, next_try_at, state)
        return found is not None

    async def end(self, standing: Standing, state: str, fault: str = "") -> bool:
        """Let it be `error` or `off`; False where it is already, or was asked anew meanwhile."""
        return await self._database.fetchval(_ENDED, standing.rid, standing.asked_version, state, fault) is not None


def _row(each: Registration) -> tuple[object, ...]:
    return (
        each.rid,
        each.version,
        each.seq,
        [TYPE_NUMBERS[type_] for type_ in each.types],
        each.topic,
        each.topic_version,
        each.channel,
        each.state,
        each.owner,
        each.heartbeat_s,
        each.fault,
        each.ends_at,
    )


def _written(row: asyncpg.Record) -> Written:
    return Written(
        row["seq"],
        row["at"],
        row["event"],
        TYPE_NAMES[row["type"]],
        row["rid"],
        row["version"],
        row["actor"],
        row["role"],
        row["detail"],
    )


def _standing(row: asyncpg.Record) -> Standing:
    return Standing(
        row["rid"],
        row["asked_version"],
        row["began_seq"],
        frozenset(TYPE_NAMES[number] for number in row["types"]),
        row["topic"],
        row["topic_version"],
        row["channel"],
        row["state"],
        row["owner"],
        row["events"],
        row["delivered"],
        row["attempts"],
        row["heartbeat_s"],
        row["fault"],
        row["ends_at"],
        row["told_at"],
    )
