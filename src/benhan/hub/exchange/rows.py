"""The rows of exchanges and their parts, one part a holder. No identifier, no content: a keyed hash, codes, digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import asyncpg

from benhan.hub.faults import NO_SUCH_EXCHANGE
from benhan.store.database import Connection
from benhan.store.ids import bucket_of, decode_id, encode_rid
from benhan.store.sql_texts import query
from benhan.store.store import Store

_PUT = query(
    "hub_exchanges_put",
    """
    insert into hub_exchange (bucket, id, person, asked_at, until, asker, purpose, basis, kinds, consents, state,
                              ask_digest, trace)
    select * from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::text[],
                         $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[])
    """,
)
_PUT_PARTS = query(
    "hub_parts_put",
    """
    insert into hub_part (bucket, exchange, holder, state, changed_at, size, answer_digest)
    select * from unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[],
                         $7::bytea[])
    """,
)
_CHANGE_PARTS = query(
    "hub_parts_change",
    """
    update hub_part p set state = n.state, fault = n.fault, changed_at = $8, size = greatest(p.size, n.size),
           answer_digest = coalesce(n.answer, p.answer_digest), receipt_digest = coalesce(n.receipt, p.receipt_digest)
    from unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[],
                $9::bytea[])
         as n (bucket, exchange, holder, state, fault, size, answer, receipt)
    where p.bucket = n.bucket and p.exchange = n.exchange and p.holder = n.holder
          and p.state in ('waiting', 'answered')
    """,
)
_LOCK = query(
    "hub_exchanges_lock",
    """
    select 1 from hub_exchange e join unnest($1::smallint[], $2::bigint[]) as w (bucket, id)
        on e.bucket = w.bucket and e.id = w.id
    order by e.id for update of e
    """,
)
_SETTLE = query(
    "hub_exchanges_settle",
    """
    update hub_exchange e set state = 'done', settled_at = $3
    from (select distinct * from unnest($1::smallint[], $2::bigint[]) as w (bucket, id)) w
    where e.bucket = w.bucket and e.id = w.id and e.state = 'open' and not exists (
        select 1 from hub_part p
        where p.bucket = w.bucket and p.exchange = w.id and p.state in ('waiting', 'answered')
    )
    """,
)
_READ = query(
    "hub_exchanges_read",
    """
    select e.id, e.person, e.asked_at, e.until, e.asker, e.purpose, e.basis, e.kinds, e.consents, e.state,
           e.ask_digest, e.trace, p.holder, p.state as part, p.fault, p.changed_at, p.size, p.answer_digest,
           p.receipt_digest
    from unnest($1::smallint[], $2::bigint[]) as w (bucket, id)
    join hub_exchange e on e.bucket = w.bucket and e.id = w.id
    left join hub_part p on p.bucket = e.bucket and p.exchange = e.id
    order by e.id, p.holder
    """,
)
_EXPIRE = query(
    "hub_exchanges_expire",
    """
    with ended as (
        update hub_exchange set state = 'expired', settled_at = $1 where state = 'open' and until <= $1
        returning bucket, id
    )
    update hub_part p set state = 'expired', changed_at = $1 from ended e
    where p.bucket = e.bucket and p.exchange = e.id and p.state in ('waiting', 'answered')
    """,
    fan_out="the keeper ends what nobody answered in time, whoever it was about",
)


class State(Enum):
    """Where an exchange stands."""

    OPEN = "open"
    DONE = "done"
    EXPIRED = "expired"


class PartState(Enum):
    """Where the part of one holder stands."""

    WAITING = "waiting"
    ANSWERED = "answered"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    NOTHING = "nothing"
    REFUSED = "refused"
    STOPPED = "stopped"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Part:
    """What one holder has to do with an exchange."""

    holder: str
    state: PartState
    fault: str = ""
    changed_at: datetime | None = None
    size: int = 0
    answer_digest: str = ""
    receipt_digest: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange: who asks, of whom by a keyed hash, why, on which basis, which kinds; its parts."""

    id: int
    person: int
    asked_at: datetime
    until: datetime
    asker: str
    purpose: str
    basis: str
    kinds: tuple[str, ...]
    consents: tuple[str, ...]
    state: State
    ask_digest: str
    trace: str
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """Its id as members are told it."""
        return encode_rid(self.id)

    def part(self, holder: str) -> Part | None:
        return next((each for each in self.parts if each.holder == holder), None)


@dataclass(frozen=True, slots=True)
class Change:
    """A part goes on."""

    exchange: int
    holder: str
    state: PartState
    fault: str = ""
    size: int = 0
    answer_digest: str = ""
    receipt_digest: str = ""


def exchange_id(name: str) -> int:
    """The id of an exchange by its name. Raises NotFound BA-6034."""
    found = decode_id(name)
    if found is None:
        raise NO_SUCH_EXCHANGE()
    return found


class ExchangeRows:
    """The exchanges of one hub."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, connection: Connection, exchanges: Sequence[Exchange]) -> None:
        """Write new exchanges with their parts."""
        rows = [
            (
                bucket_of(each.id), each.id, each.person, each.asked_at, each.until, each.asker, each.purpose,
                each.basis, " ".join(each.kinds), " ".join(each.consents), each.state.value,
                bytes.fromhex(each.ask_digest), bytes.fromhex(each.trace),
            )
            for each in exchanges
        ]  # fmt: skip
        await connection.execute(_PUT, *zip(*rows, strict=True))
        parts = [
            (bucket_of(each.id), each.id, part.holder, part.state.value, each.asked_at, part.size,
             bytes.fromhex(part.answer_digest) or None)
            for each in exchanges
            for part in each.parts
        ]  # fmt: skip
        if parts:
            await connection.execute(_PUT_PARTS, *zip(*parts, strict=True))

    async def change(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Let parts go on, and exchanges end of which nothing is open."""
        now = self._store.clock.now()
        rows = [
            (bucket_of(each.exchange), each.exchange, each.holder, each.state.value, each.fault, each.size,
             bytes.fromhex(each.answer_digest) or None, bytes.fromhex(each.receipt_digest) or None)
            for each in changes
        ]  # fmt: skip
        *columns, receipts = zip(*rows, strict=True)
        # else two parts that end at once would each see the other open, and nobody would settle the exchange
        await connection.execute(_LOCK, columns[0], columns[1])
        await connection.execute(_CHANGE_PARTS, *columns, now, receipts)
        await connection.execute(_SETTLE, columns[0], columns[1], now)

    async def read(self, ids: Sequence[int]) -> dict[int, Exchange]:
        """Exchanges by their ids; those that are not there are not in it."""
        distinct = sorted(set(ids))
        rows = await self._store.database.fetch(_READ, [bucket_of(each) for each in distinct], distinct)
        by_id: dict[int, list[asyncpg.Record]] = {}
        for row in rows:
            by_id.setdefault(row["id"], []).append(row)
        return {id_: _exchange(several) for id_, several in by_id.items()}

    async def expire(self) -> None:
        """End what was not answered in time."""
        await self._store.database.execute(_EXPIRE, self._store.clock.now())


def _exchange(rows: Sequence[asyncpg.Record]) -> Exchange:
    row = rows[0]
    return Exchange(
        row["id"], row["person"], row["asked_at"], row["until"], row["asker"], row["purpose"], row["basis"],
        tuple(row["kinds"].split()), tuple(row["consents"].split()), State(row["state"]), row["ask_digest"].hex(),
        row["trace"].hex(), tuple(_part(each) for each in rows if each["holder"] is not None),
    )  # fmt: skip


def _part(row: asyncpg.Record) -> Part:
    return Part(
        row["holder"], PartState(row["part"]), row["fault"], row["changed_at"], row["size"],
        (row["answer_digest"] or b"").hex(), (row["receipt_digest"] or b"").hex(),
    )  # fmt: skip
