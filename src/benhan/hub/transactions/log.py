"""The log of exchanges, as an operator searches it; what waits is offered again at once. Each look is in the ledger.

Bodies are there until they are delivered and are not shown to anybody; what the log tells are parties, times, states,
sizes and digests. Source: the idea of OpenHIM's transaction log; decision 0015.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from benhan.hub.exchange.rows import Exchange, ExchangeRows, PartState, exchange_id
from benhan.hub.faults import NO_SUCH_EXCHANGE, NOT_SETTLED
from benhan.hub.persons import Persons, all_identifiers, bucket_of_key, person_key
from benhan.hub.post.letters import Letters
from benhan.kernel.actors import Actor
from benhan.network.subjects import Identifier
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.store.store import Store

PAGE = 100
AGAIN_MAX = 500
_END = datetime(9999, 1, 1, tzinfo=UTC)

_FOUND = query(
    "hub_log_found",
    """
    select e.id, e.asked_at from hub_exchange e
    where (e.asked_at, e.id) < ($1, $2) and e.asked_at >= $3
          and ($4 = '' or e.asker = $4
               or exists (select 1 from hub_part p where p.bucket = e.bucket and p.exchange = e.id and p.holder = $4))
          and ($5 = '' or exists (
               select 1 from hub_part p where p.bucket = e.bucket and p.exchange = e.id and p.state = $5))
          and ($6::bigint[] is null or e.person = any($6))
          and ($7::bytea is null or e.trace = $7)
    order by e.asked_at desc, e.id desc limit $8
    """,
    fan_out="an operator looks for exchanges of any person",
)
_OF_PERSON = query(
    "hub_log_of_person",
    "select id, asked_at from hub_exchange where bucket = any($1::smallint[]) and person = any($2::bigint[])"
    " order by asked_at desc, id desc limit $3",
)
_LETTERS = query(
    "hub_log_letters",
    """
    select exchange, at, until, leased_until, taken_at, size, recipient, sender, type, state, digest
    from hub_letter where exchange = $1 order by id
    """,
    fan_out="letters lie in the buckets of their recipients",
)
_AGAIN = query(
    "hub_log_again",
    """
    update hub_letter set leased_until = null where exchange = any($1::bigint[]) and state = 'waiting'
    returning exchange, recipient
    """,
    fan_out="letters lie in the buckets of their recipients",
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What an operator looks for; "" and None mean any. `subject` is an identifier of a person."""

    member: str = ""
    state: PartState | None = None
    since: datetime = datetime(1, 1, 1, tzinfo=UTC)
    before: datetime = _END
    trace: str = ""
    subject: Identifier | None = None
    before_exchange: str = ""


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter of an exchange: type, parties, times, state, size, digest; never its body."""

    type: str
    sender: str
    recipient: str
    at: datetime
    taken_at: datetime | None
    state: str
    size: int
    digest: str


class TransactionLog:
    """The exchanges of one hub, for its operators."""

    def __init__(self, store: Store, persons: Persons, letters: Letters) -> None:
        self._store = store
        self._persons = persons
        self._letters = letters
        self._rows = ExchangeRows(store)

    async def search(self, sought: Sought, actor: Actor) -> list[Exchange]:
        """Exchanges, newest first, PAGE at most. The look is in the ledger."""
        rows = await self._found(sought)
        read = await self._rows.read([row["id"] for row in rows])
        await self._looked(actor, "", len(read))
        return [read[row["id"]] for row in rows if row["id"] in read]

    async def one(self, name: str, actor: Actor) -> tuple[Exchange, list[LetterLine]]:
        """An exchange with its letters. Raises NotFound BA-6034."""
        id_ = exchange_id(name)
        found = (await self._rows.read([id_])).get(id_)
        if found is None:
            raise NO_SUCH_EXCHANGE()
        rows = await self._store.database.fetch(_LETTERS, id_)
        await self._looked(actor, name, 1)
        return found, [
            LetterLine(row["type"], row["sender"], row["recipient"], row["at"], row["taken_at"], row["state"],
                       row["size"], row["digest"].hex())
            for row in rows
        ]  # fmt: skip

    async def again(self, names: Sequence[str], actor: Actor) -> int:
        """Offer what waits of these exchanges again now, as after a member has come back; how many letters.

        Raises NotFound BA-6034, Conflict BA-6042 where nothing of them waits.
        """
        ids = [exchange_id(name) for name in names[:AGAIN_MAX]]
        async with self._store.database.transaction() as connection:
            rows = await connection.fetch(_AGAIN, ids)
        if not rows:
            raise NOT_SETTLED()
        unit = self._store.begin(actor)
        for name in names[:AGAIN_MAX]:
            unit.record(Event.HUB_RERUN, exchange=name)
        await self._store.commit(unit)
        self._letters.wake({row["recipient"] for row in rows})
        return len(rows)

    async def _found(self, sought: Sought) -> list[asyncpg.Record]:
        keys = None
        if sought.subject is not None:
            known = await all_identifiers(self._persons, [sought.subject])
            tokens = self._store.workshop.tokens
            keys = sorted({person_key(tokens, each) for each in known})
            if sought == Sought(subject=sought.subject):
                buckets = [bucket_of_key(key) for key in keys]
                return await self._store.database.fetch(_OF_PERSON, buckets, keys, PAGE)
        before = exchange_id(sought.before_exchange) if sought.before_exchange else 2**62
        return await self._store.database.fetch(
            _FOUND, sought.before, before, sought.since, sought.member,
            sought.state.value if sought.state is not None else "", keys,
            bytes.fromhex(sought.trace) if sought.trace else None, PAGE,
        )  # fmt: skip

    async def _looked(self, actor: Actor, name: str, count: int) -> None:
        unit = self._store.begin(actor)
        unit.record(Event.HUB_LOG_VIEW, exchange=name, count=count)
        await self._store.commit(unit)
