"""Identities, their records and the reviewers' questions in PostgreSQL; contents sealed, numbers as keyed hashes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from benhan.hub.identities.matching.traits import Traits
from benhan.hub.identities.told import Told, told_of_bytes, told_to_bytes, traits_of_bytes
from benhan.store.database import Connection
from benhan.store.ids import bucket_of
from benhan.store.sql_texts import query
from benhan.store.store import Store

LOCK = 0x62656E68_6D706900
"""Whoever writes identities holds it to the end of the transaction, so that numbers grow in the order of commits."""
_AAD = b"hub-identity"
_BATCH = 5_000

_NEWER_IDENTITIES = query(
    "hub_identities_newer",
    "select id, number, joined_to from hub_identity where number > $1 order by number",
    fan_out="the index in memory holds the identities of all compartments",
)
_NEWER_RECORDS = query(
    "hub_identity_records_newer",
    "select id, number, identity, content from hub_identity_record where number > $1 order by number limit $2",
    fan_out="the index in memory holds the records of all compartments",
)
_OF_IDENTITIES = query(
    "hub_identity_records_of",
    "select id, identity, content from hub_identity_record where identity = any($1::bigint[]) order by id",
    fan_out="the records of a person are of several members, each in its own compartment",
)
_BY_TOKENS = query(
    "hub_identity_records_by_tokens",
    "select id, identity, content from hub_identity_record where tokens && $1::bigint[]",
    fan_out="an identifier names a person whose compartment is not known before they are found",
)
_BY_IDS = query(
    "hub_identity_records_by_ids",
    """
    select r.id, r.identity, r.content from unnest($1::smallint[], $2::bigint[]) as w (bucket, id)
    join hub_identity_record r on r.bucket = w.bucket and r.id = w.id
    """,
)
_PUT_RECORD = query(
    "hub_identity_record_put",
    """
    insert into hub_identity_record (bucket, id, number, identity, changed_at, member, tokens, content)
    values ($1, $2, nextval('hub_identity_number'), $3, $4, $5, $6, $7)
    on conflict (bucket, id) do update set number = excluded.number, identity = excluded.identity,
        changed_at = excluded.changed_at, tokens = excluded.tokens, content = excluded.content
    """,
)
_PUT_IDENTITY = query(
    "hub_identity_put",
    """
    insert into hub_identity (bucket, id, number, created_at, mother)
    values ($1, $2, nextval('hub_identity_number'), $3, $4)
    """,
)
_JOIN = query(
    "hub_identity_join",
    """
    update hub_identity set joined_to = $3, number = nextval('hub_identity_number') where bucket = $1 and id = $2
    """,
)
_ANY = query(
    "hub_identity_records_any",
    "select 1 from hub_identity_record limit 1",
    fan_out="whether the index is empty in all compartments",
)
_EXISTS = query("hub_identity_exists", "select 1 from hub_identity where bucket = $1 and id = $2")
_CHILDREN = query(
    "hub_identity_children",
    "select id from hub_identity where mother = any($1::bigint[]) order by id",
    fan_out="a mother's children are in compartments of their own",
)
_ASK = query(
    "hub_identity_question_ask",
    """
    insert into hub_identity_question (bucket, id, identity, other, asked_at, bits, kind, state)
    values ($1, $2, $3, $4, $5, $6, $7, 'open') on conflict do nothing
    """,
)
_OPEN = query(
    "hub_identity_questions_open",
    """
    select id, identity, other, asked_at, bits, kind from hub_identity_question where state = 'open'
    order by asked_at, id limit $1
    """,
    fan_out="the reviewers' desk lists what waits in all compartments",
)
_QUESTION = query(
    "hub_identity_question_of",
    """
    select id, identity, other, asked_at, bits, kind from hub_identity_question
    where bucket = $1 and id = $2 and state = 'open' for update
    """,
)
_SETTLE = query(
    "hub_identity_question_settle",
    """
    update hub_identity_question set state = $3, settled_at = $4, settled_by = $5
    where bucket = $1 and id = $2 and state = 'open'
    """,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as it is kept: its number here and the identity it was recognised as."""

    id: int
    identity: int
    told: Told


class Newer(NamedTuple):
    """Records, their identities and traits; `number` is the last of them."""

    number: int
    records: list[int]
    identities: list[int]
    traits: list[Traits]


@dataclass(frozen=True, slots=True)
class Question:
    """Whether two identities are one person; `bits` of the pair of records that raised it."""

    id: int
    identity: int
    other: int
    asked_at: datetime
    bits: float
    kind: str


class IdentityRows:
    """The tables, through a connection that the caller's transaction is on."""

    def __init__(self, store: Store) -> None:
        self._ids = store.workshop.ids
        self._tokens = store.workshop.tokens
        self._key = store.keyring.derived_key("hub-identities")

    def record_id(self, member: str, number: str) -> int:
        """The number here of a member's record."""
        return self._ids.rid_of("hub-identity-record", f"{member}/{number}") or 1

    def tokens_of(self, identifiers: Iterable[tuple[str, str]]) -> list[int]:
        """Keyed hashes of identifiers, the same as those of `hub.persons`."""
        return self._tokens.of_all(f"person|{system}|{value}" for system, value in identifiers)

    async def newer_joins(self, connection: Connection, number: int) -> list[tuple[int, int, int]]:
        """Number, identity and what it is joined to, of what changed after a number."""
        rows = await connection.fetch(_NEWER_IDENTITIES, number)
        return [(row["number"], row["id"], row["joined_to"]) for row in rows]

    async def newer_faces(self, connection: Connection, number: int) -> AsyncIterator[Newer]:
        """What the index needs of records that changed after a number, some thousands at a time."""
        while rows := await connection.fetch(_NEWER_RECORDS, number, _BATCH):
            number = rows[-1]["number"]
            yield Newer(
                number,
                [row["id"] for row in rows],
                [row["identity"] for row in rows],
                [traits_of_bytes(self._key.open(row["content"], _AAD)) for row in rows],
            )

    async def of_identities(self, connection: Connection, identities: Sequence[int]) -> list[Kept]:
        rows = await connection.fetch(_OF_IDENTITIES, list(identities))
        return [self._opened(row["id"], row["identity"], row["content"]) for row in rows]

    async def named(self, connection: Connection, identifiers: Iterable[tuple[str, str]]) -> list[Kept]:
        """The records that bear or bore one of the identifiers."""
        rows = await connection.fetch(_BY_TOKENS, self.tokens_of(identifiers))
        return [self._opened(row["id"], row["identity"], row["content"]) for row in rows]

    async def by_ids(self, connection: Connection, ids: Sequence[int]) -> dict[int, Kept]:
        rows = await connection.fetch(_BY_IDS, [bucket_of(each) for each in ids], list(ids))
        return {row["id"]: self._opened(row["id"], row["identity"], row["content"]) for row in rows}

    async def put(self, connection: Connection, kept: Kept, at: datetime) -> None:
        await connection.execute(_PUT_RECORD, *self._columns(kept, at))

    async def put_all(self, connection: Connection, every: Sequence[Kept], at: datetime) -> None:
        await connection.executemany(_PUT_RECORD, [self._columns(kept, at) for kept in every])

    def _columns(self, kept: Kept, at: datetime) -> tuple[Any, ...]:
        told = kept.told
        tokens = self.tokens_of([*(held.key for held in told.history), told.own_key])
        sealed = self._key.seal(told_to_bytes(told), _AAD)
        return bucket_of(kept.id), kept.id, kept.identity, at, told.member, tokens, sealed

    async def has_records(self, connection: Connection) -> bool:
        return await connection.fetchval(_ANY) is not None

    async def new_identities(self, connection: Connection, count: int, at: datetime) -> list[int]:
        identities = [self._ids.new_patient() for _ in range(count)]
        await connection.executemany(_PUT_IDENTITY, [(bucket_of(each), each, at, 0) for each in identities])
        return identities

    async def new_identity(self, connection: Connection, at: datetime, mother: int) -> int:
        identity = self._ids.new_patient()
        await connection.execute(_PUT_IDENTITY, bucket_of(identity), identity, at, mother)
        return identity

    async def is_there(self, connection: Connection, identity: int) -> bool:
        return await connection.fetchval(_EXISTS, bucket_of(identity), identity) is not None

    async def join(self, connection: Connection, identity: int, into: int) -> None:
        """Store what an identity is joined to; 0: nothing."""
        await connection.execute(_JOIN, bucket_of(identity), identity, into)

    async def children(self, connection: Connection, mothers: Sequence[int]) -> list[int]:
        return [row["id"] for row in await connection.fetch(_CHILDREN, list(mothers))]

    async def ask(self, connection: Connection, one: int, other: int, kind: str, bits: float, at: datetime) -> None:
        """Put a question, unless it waits already or was answered with no."""
        first, second = sorted((one, other))
        bucket = bucket_of(first)
        await connection.execute(_ASK, bucket, self._ids.new(bucket), first, second, at, bits, kind)

    async def open_questions(self, connection: Connection, count: int) -> list[Question]:
        return [Question(*row.values()) for row in await connection.fetch(_OPEN, count)]

    async def question(self, connection: Connection, id_: int) -> Question | None:
        """An open question, held until the end of the transaction."""
        row = await connection.fetchrow(_QUESTION, bucket_of(id_), id_)
        return Question(*row.values()) if row is not None else None

    async def settle(self, connection: Connection, id_: int, state: str, at: datetime, by: str) -> None:
        await connection.execute(_SETTLE, bucket_of(id_), id_, state, at, by)

    def _opened(self, id_: int, identity: int, content: bytes) -> Kept:
        return Kept(id_, identity, told_of_bytes(self._key.open(content, _AAD)))
