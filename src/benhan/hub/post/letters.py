"""Letters: what waits for a member, sealed, leased when it is collected, gone when the member says that it has it.

A member collects; the hub calls nobody. What is not collected before its end expires.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import msgspec

from benhan.hub.persons import bucket_of_key
from benhan.store.database import Connection
from benhan.store.sql_texts import query
from benhan.store.store import Store

LEASE = timedelta(seconds=30)
MOST = 64
_AAD = b"hub-letter"

_PUT = query(
    "hub_letters_put",
    """
    insert into hub_letter (bucket, exchange, at, until, recipient, sender, type, state, digest, size, body, consents)
    select bucket, exchange, at, until, recipient, sender, type, 'waiting', digest, size, body,
           string_to_array(consents, ' ')
    from unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[],
                $7::text[], $8::bytea[], $9::int[], $10::bytea[], $11::text[])
         as l (bucket, exchange, at, until, recipient, sender, type, digest, size, body, consents)
    """,
)
_COLLECT = query(
    "hub_letters_collect",
    """
    update hub_letter set leased_until = $4 where bucket = $1 and id in (
        select id from hub_letter
        where bucket = $1 and recipient = $2 and state = 'waiting' and until > $3
              and (leased_until is null or leased_until <= $3)
        order by id limit $5 for update skip locked
    )
    returning id, exchange, sender, type, body, consents
    """,
)
_TAKEN = query(
    "hub_letters_taken",
    """
    update hub_letter set state = 'taken', taken_at = $4, body = null
    where bucket = $1 and recipient = $2 and id = any($3::bigint[]) and state = 'waiting'
    """,
)
_EXPIRE = query(
    "hub_letters_expire",
    "update hub_letter set state = 'expired', body = null where state = 'waiting' and until <= $1",
    fan_out="the keeper ends what nobody collected, whoever it was for",
)
_DROP = query(
    "hub_letters_drop",
    """
    update hub_letter set state = 'dropped', body = null
    where $1 = any(consents) and state = 'waiting'
    returning exchange, case type when 'fetch' then recipient else sender end as holder
    """,
    fan_out="letters lie in the bucket of their recipient, and a consent may have opened several exchanges",
)


_REVOKED = query(
    "hub_letters_revoked",
    "select number from hub_consent where number = any($1::text[]) and revoked_at is not null",
    fan_out="a letter names consents by their numbers alone",
)


class Body(msgspec.Struct, frozen=True):
    """What a letter holds: the signed message, and the sealed content that it names, "" for none."""

    message: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to be put."""

    exchange: int
    recipient: str
    sender: str
    type: str
    at: datetime
    until: datetime
    digest: str
    body: Body
    consents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collected:
    """A letter as its recipient gets it."""

    id: int
    exchange: int
    sender: str
    type: str
    body: Body


class Letters:
    """The letters of one hub."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key = store.keyring.derived_key("hub-letters")
        self._arrived: dict[str, asyncio.Event] = {}

    def bucket_of(self, member: str) -> int:
        """The bucket of what waits for a member."""
        return bucket_of_key(self._store.workshop.tokens.of(f"member|{member}"))

    async def put(self, connection: Connection, letters: Sequence[Letter]) -> None:
        """Put letters, in the transaction of what causes them."""
        if not letters:
            return
        rows = [
            (
                self.bucket_of(each.recipient), each.exchange, each.at, each.until, each.recipient, each.sender,
                each.type, bytes.fromhex(each.digest), len(each.body.message) + len(each.body.content),
                self._key.seal(msgspec.msgpack.encode(each.body), _AAD), " ".join(each.consents),
            )
            for each in letters
        ]  # fmt: skip
        await connection.execute(_PUT, *zip(*rows, strict=True))

    def tell(self, letters: Sequence[Letter]) -> None:
        """Wake who waits for letters, after they were committed."""
        self.wake({each.recipient for each in letters})

    def wake(self, members: Iterable[str]) -> None:
        """Let members that wait look again."""
        for each in members:
            if (event := self._arrived.get(each)) is not None:
                event.set()

    async def collect(self, member: str, most: int = MOST) -> list[Collected]:
        """What waits for a member, leased to it for LEASE, oldest first."""
        now = self._store.clock.now()
        bucket = self.bucket_of(member)
        rows = await self._store.database.fetch(_COLLECT, bucket, member, now, now + LEASE, min(most, MOST))
        consents = sorted({each for row in rows for each in row["consents"]})
        if consents:
            revoked = {row["number"] for row in await self._store.database.fetch(_REVOKED, consents)}
            # taken back while the letter was being written: the revocation's own look did not see it
            rows = [row for row in rows if revoked.isdisjoint(row["consents"])]
        return sorted((self._collected(row) for row in rows), key=lambda each: each.id)

    async def wait(self, member: str, wait_s: float) -> None:
        """Return when something may have come for a member, or after `wait_s`."""
        event = self._arrived.setdefault(member, asyncio.Event())
        event.clear()
        try:
            async with asyncio.timeout(wait_s):
                await event.wait()
        except TimeoutError:
            return

    async def taken(self, connection: Connection, member: str, ids: Sequence[int]) -> None:
        """A member has these letters: their bodies go."""
        await connection.execute(_TAKEN, self.bucket_of(member), member, list(ids), self._store.clock.now())

    async def drop(self, connection: Connection, consent: str) -> list[tuple[int, str]]:
        """Nobody shall get the letters any more that rest on a consent; the exchange and holder of each."""
        return [(row["exchange"], row["holder"]) for row in await connection.fetch(_DROP, consent)]

    async def expire(self) -> None:
        """End what nobody collected in time."""
        await self._store.database.execute(_EXPIRE, self._store.clock.now())

    def _collected(self, row: asyncpg.Record) -> Collected:
        body = msgspec.msgpack.decode(self._key.open(row["body"], _AAD), type=Body)
        return Collected(row["id"], row["exchange"], row["sender"], row["type"], body)
