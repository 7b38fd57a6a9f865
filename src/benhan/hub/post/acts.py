"""What one message causes, written together with others' in one transaction, or not at all.

Numbers that were seen, rows, letters and ledger entries of an act stand or fall together. Where the transaction cannot
be committed nothing is handed on: no evidence, no exchange. Source: the rule of X-Road's message log; decision 0015.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benhan.hub.faults import NO_EVIDENCE, REPLAYED
from benhan.hub.persons import bucket_of_key
from benhan.hub.post.letters import Letter, Letters
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.network.messages import SKEW, Message
from benhan.store.database import Connection
from benhan.store.faults import DATABASE_AWAY, DATABASE_REFUSED, DISK_FULL, TOO_SLOW
from benhan.store.gatherer import Gatherer
from benhan.store.ledger.append import Entry, append_many
from benhan.store.sql_texts import query
from benhan.store.store import Store

log = Log("hub")

_SEEN = query(
    "hub_seen_put",
    """
    insert into hub_seen (bucket, number, until)
    select * from unnest($1::smallint[], $2::bigint[], $3::timestamptz[]) as s (bucket, number, until)
    order by number on conflict do nothing returning number
    """,
)
_FORGET = query(
    "hub_seen_forget",
    "delete from hub_seen where until <= $1",
    fan_out="the keeper forgets numbers whose messages have expired, whoever sent them",
)

_NOT_WRITTEN = {each.code for each in (DATABASE_AWAY, DATABASE_REFUSED, DISK_FULL, TOO_SLOW)}

Hook = Callable[[Connection], Awaitable[None]]
SharedHook = Callable[[Connection, Sequence[Any]], Awaitable[None]]


@dataclass(slots=True)
class Act:
    """What a message causes. `shared` is done in one go with what other acts ask of the same function."""

    message: Message
    letters: list[Letter] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    shared: list[tuple[SharedHook, Any]] = field(default_factory=list)


class Acts:
    """Writes acts of one hub, many in a transaction; `start` and `stop` frame its life."""

    def __init__(self, store: Store, letters: Letters) -> None:
        self._store = store
        self._letters = letters
        self._gathered: Gatherer[Act, bool] = Gatherer(self._write_all)

    def start(self) -> None:
        self._gathered.start()

    async def stop(self) -> None:
        await self._gathered.stop()

    async def write(self, act: Act) -> None:
        """Write an act; committed when this returns. Raises Conflict BA-6030, Unavailable BA-6033."""
        try:
            is_new = await self._write_one(act) if act.hooks else await self._gathered.ask(act)
        except Fault as fault:
            if fault.code in _NOT_WRITTEN:
                log.warning("evidence.not_written", fault=fault.code)
                raise NO_EVIDENCE() from fault
            raise
        if not is_new:
            raise REPLAYED()
        self._letters.tell(act.letters)

    async def _write_one(self, act: Act) -> bool:
        """An act with hooks of its own may fail by itself: alone in its transaction."""
        return (await self._write_all([act]))[0]

    async def _write_all(self, acts: Sequence[Act]) -> list[bool]:
        numbers = [self._number(each.message) for each in acts]
        async with self._store.database.transaction() as connection:
            buckets = [bucket_of_key(each) for each in numbers]
            untils = [each.message.until + 2 * SKEW for each in acts]
            fresh = {row["number"] for row in await connection.fetch(_SEEN, buckets, numbers, untils)}
            told: list[bool] = []
            new: list[Act] = []
            for act, number in zip(acts, numbers, strict=True):
                told.append(number in fresh)
                if number in fresh:
                    fresh.discard(number)  # the second of two in one batch is a repetition
                    new.append(act)
            await self._write_new(connection, new)
        return told

    async def _write_new(self, connection: Connection, acts: Sequence[Act]) -> None:
        shared: dict[SharedHook, list[Any]] = {}
        for act in acts:
            for hook, asked in act.shared:
                shared.setdefault(hook, []).append(asked)
            for own in act.hooks:
                await own(connection)
        for hook, several in shared.items():
            await hook(connection, several)
        await self._letters.put(connection, [letter for act in acts for letter in act.letters])
        await append_many(connection, [entry for act in acts for entry in act.entries])

    async def forget(self, now: datetime) -> None:
        """Forget numbers of messages that nobody would take any more."""
        await self._store.database.execute(_FORGET, now)

    def _number(self, message: Message) -> int:
        return self._store.workshop.tokens.of_bytes(f"seen|{message.sender}|{message.number}".encode())
