"""The rows of evidence: trees, their chains under one digest each, leaves, time-stamps and what they are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from benhan.store.database import Connection, Database
from benhan.store.ledger.roots import DayRoot, root_of_row
from benhan.store.sql_texts import query

LEAVES_MAX = 50_000
"""More files than these become leaves of the next tree."""
_OF_ALL = "a day's tree is over the files of all compartments"
_NEW_PAPERS = query(
    "evidence_new_papers",
    """
    select bucket, record, number, version, content_hash from signed_paper
    where evidence_tree is null and signed_at < $1 order by signed_at limit $2
    """,
    fan_out=_OF_ALL,
)
_NEW_CONFIRMATIONS = query(
    "evidence_new_confirmations",
    """
    select bucket, record, patient, number, version, confirmed_at, evidence, signature from paper_confirmation
    where evidence_tree is null and signature <> '' and confirmed_at < $1 order by confirmed_at limit $2
    """,
    fan_out=_OF_ALL,
)
_MARK_PAPERS = query(
    "evidence_mark_papers",
    """
    update signed_paper s set evidence_tree = $1
    from unnest($2::smallint[], $3::bigint[], $4::int[], $5::int[], $6::bytea[])
        as n (bucket, record, number, version, content_hash)
    where s.bucket = n.bucket and s.record = n.record and s.number = n.number and s.version = n.version
        and s.content_hash = n.content_hash
    """,
)
_MARK_CONFIRMATIONS = query(
    "evidence_mark_confirmations",
    """
    update paper_confirmation c set evidence_tree = $1
    from unnest($2::smallint[], $3::bigint[], $4::int[], $5::int[], $6::timestamptz[])
        as n (bucket, record, number, version, confirmed_at)
    where c.bucket = n.bucket and c.record = n.record and c.number = n.number and c.version = n.version
        and c.confirmed_at = n.confirmed_at
    """,
)
_TREE = "insert into evidence_tree (made_at, day, leaves) values ($1, $2, $3) returning id"
_CHAIN = "insert into evidence_chain (made_at, tree, chain, digest, root_hash) values ($1, $2, $3, $4, $5)"
_LEAVES = query(
    "evidence_leaves_put",
    """
    insert into evidence_leaf (tree, chain, bucket, place, record, number, version, confirmed_at, kind, content_hash,
                               leaf_hash)
    select $1, $2, bucket, place, record, number, version, confirmed_at, kind, content_hash, leaf_hash
    from unnest($3::smallint[], $4::int[], $5::bigint[], $6::int[], $7::int[], $8::timestamptz[], $9::text[],
                $10::bytea[], $11::bytea[])
        as n (bucket, place, record, number, version, confirmed_at, kind, content_hash, leaf_hash)
    """,
)
_LEAVES_OF = query(
    "evidence_leaves_of_tree",
    "select * from evidence_leaf where tree = $1 order by chain, place",
    fan_out=_OF_ALL,
)
_NEW_ROOTS = """
    select * from ledger_root where bucket = 0 and day > (select coalesce(max(day), '-infinity') from evidence_tree)
    order by day
"""
_ROOT_OF = "select r.* from ledger_root r join evidence_tree t on t.day = r.day where r.bucket = 0 and t.id = $1"
_UNSTAMPED = """
    select c.tree, c.chain, c.digest, c.root_hash from evidence_chain c
    where not exists (select 1 from evidence_link l where l.tree = c.tree and l.chain = c.chain)
    order by c.tree, c.chain
"""
_STAMP = "insert into evidence_stamp (stamped_at, token) values ($1, $2) returning id"
_LINK = "insert into evidence_link (tree, chain, number, stamp, place, over_hash) values ($1, $2, $3, $4, $5, $6)"
_NEWEST = """
    select distinct on (c.tree) c.tree, c.chain, c.digest, l.number, l.stamp from evidence_chain c
    left join evidence_link l on l.tree = c.tree and l.chain = c.chain
    order by c.tree, c.chain desc, l.number desc
"""
_STAMPS = "select id, token from evidence_stamp where id = any($1::int[])"
_CHAINS_OF = "select * from evidence_chain where tree = $1 order by chain"
_LINKS_OF = """
    select l.chain, l.number, l.stamp, l.place, s.token from evidence_link l join evidence_stamp s on s.id = l.stamp
    where l.tree = $1 order by l.chain, l.number
"""
_BELOW = "select distinct place, over_hash from evidence_link where stamp = $1 order by place"
_COUNTS = """
    select (select count(*) from evidence_tree) as trees,
        (select coalesce(sum(leaves), 0) from evidence_tree) as leaves,
        (select count(*) from evidence_stamp) as stamps
"""
_UNPROVEN = query(
    "evidence_unproven",
    """
    select (select count(*) from signed_paper where evidence_tree is null)
        + (select count(*) from paper_confirmation where evidence_tree is null)
    """,
    fan_out=_OF_ALL,
)
_PAPER_OF = query(
    "evidence_paper_of_leaf",
    """
    select patient, address from signed_paper
    where bucket = $1 and record = $2 and number = $3 and version = $4 and content_hash = $5
    """,
)
_CONFIRMATION_OF = query(
    "evidence_confirmation_of_leaf",
    """
    select patient, evidence, signature from paper_confirmation
    where bucket = $1 and record = $2 and number = $3 and version = $4 and confirmed_at = $5
    """,
)


class Kind(Enum):
    """What a leaf is of."""

    ROOT = "root"
    """The ledger's root of the day, as it is signed."""
    PAPER = "paper"
    CONFIRMATION = "confirmation"
    SIGNATURE = "signature"
    """The organisation's over a confirmation."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file below a tree: where it is kept, its SHA-256, and its digest under that of the chain."""

    bucket: int
    record: int
    number: int
    version: int
    confirmed_at: datetime | None
    kind: Kind
    content_hash: bytes
    leaf_hash: bytes
    place: int = 0


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A tree under one digest: the digest by name, and its root."""

    tree: int
    chain: int
    digest: str
    root: bytes


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A time-stamp that proves a chain, and the chain's place among what it is over."""

    chain: int
    number: int
    stamp: int
    place: int
    token: bytes


@dataclass(frozen=True, slots=True)
class Newest:
    """The chain in force of a tree with its last time-stamp; `number` is -1 and `token` b"" where it has none."""

    tree: int
    chain: int
    digest: str
    number: int
    token: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new time-stamp is put: what it is over, at which place among others."""

    tree: int
    chain: int
    number: int
    place: int
    over: bytes


class EvidenceRows:
    """Reads and writes the rows of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def new_papers(self, before: datetime) -> list[Leaf]:
        """Signed files that hang below no tree, oldest first, at most LEAVES_MAX."""
        found = await self.database.fetch(_NEW_PAPERS, before, LEAVES_MAX)
        return [
            Leaf(row["bucket"], row["record"], row["number"], row["version"], None, Kind.PAPER, row["content_hash"],
                 row["content_hash"])
            for row in found
        ]  # fmt: skip

    async def new_confirmations(self, before: datetime) -> list[Any]:
        """Rows of signed confirmations that hang below no tree, oldest first, at most LEAVES_MAX."""
        return list(await self.database.fetch(_NEW_CONFIRMATIONS, before, LEAVES_MAX))

    async def new_roots(self) -> list[DayRoot]:
        """The signed roots of the ledger after the last that is a leaf, oldest first."""
        return [root_of_row(row) for row in await self.database.fetch(_NEW_ROOTS)]

    async def root_of(self, tree: int) -> DayRoot | None:
        """The ledger's root of a tree's day."""
        row = await self.database.fetchrow(_ROOT_OF, tree)
        return root_of_row(row) if row is not None else None

    async def unstamped(self) -> list[ChainRow]:
        """Chains that no time-stamp proves yet, oldest first."""
        found = await self.database.fetch(_UNSTAMPED)
        return [ChainRow(row["tree"], row["chain"], row["digest"], row["root_hash"]) for row in found]

    async def newest(self) -> list[Newest]:
        """The chain in force of every tree."""
        found = await self.database.fetch(_NEWEST)
        ids = sorted({row["stamp"] for row in found if row["stamp"] is not None})
        tokens = {row["id"]: row["token"] for row in await self.database.fetch(_STAMPS, ids)}
        return [
            Newest(row["tree"], row["chain"], row["digest"], -1 if row["number"] is None else row["number"],
                   tokens.get(row["stamp"], b""))
            for row in found
        ]  # fmt: skip

    async def chains_of(self, tree: int) -> list[ChainRow]:
        """The chains of a tree, oldest first."""
        found = await self.database.fetch(_CHAINS_OF, tree)
        return [ChainRow(row["tree"], row["chain"], row["digest"], row["root_hash"]) for row in found]

    async def links_of(self, tree: int) -> list[LinkRow]:
        """The time-stamps that prove a tree, oldest first."""
        found = await self.database.fetch(_LINKS_OF, tree)
        return [LinkRow(row["chain"], row["number"], row["stamp"], row["place"], row["token"]) for row in found]

    async def below(self, stamp: int) -> list[bytes]:
        """What a time-stamp is over, in order."""
        return [row["over_hash"] for row in await self.database.fetch(_BELOW, stamp)]

    async def leaves_of(self, tree: int) -> dict[int, list[Leaf]]:
        """The leaves of a tree by its chains, in their order."""
        found: dict[int, list[Leaf]] = {}
        for row in await self.database.fetch(_LEAVES_OF, tree):
            found.setdefault(row["chain"], []).append(
                Leaf(row["bucket"], row["record"], row["number"], row["version"], row["confirmed_at"],
                     Kind(row["kind"]), row["content_hash"], row["leaf_hash"], row["place"])
            )  # fmt: skip
        return found

    async def counts(self) -> tuple[int, int, int, int]:
        """How many trees, leaves and time-stamps there are, and how many files hang below none yet."""
        row = await self.database.fetchrow(_COUNTS)
        assert row is not None, "an aggregate gives a row"
        return row["trees"], row["leaves"], row["stamps"], int(await self.database.fetchval(_UNPROVEN))

    async def address_of(self, leaf: Leaf) -> tuple[str, int] | None:
        """The blob of a leaf and whose it is; None where another file took its place or it was destroyed."""
        key = (leaf.bucket, leaf.record, leaf.number, leaf.version)
        if leaf.kind is Kind.PAPER:
            row = await self.database.fetchrow(_PAPER_OF, *key, leaf.content_hash)
            return (row["address"], row["patient"]) if row is not None else None
        row = await self.database.fetchrow(_CONFIRMATION_OF, *key, leaf.confirmed_at)
        if row is None:
            return None
        return row["evidence" if leaf.kind is Kind.CONFIRMATION else "signature"], row["patient"]


async def keep_tree(connection: Connection, at: datetime, day: date, leaves: Sequence[Leaf]) -> int:
    """A new tree over these leaves, which are marked as hanging below it; gives its number."""
    tree = int(await connection.fetchval(_TREE, at, day, len(leaves)))
    papers = [each for each in leaves if each.kind is Kind.PAPER]
    taken = [each for each in leaves if each.kind is Kind.SIGNATURE]
    await connection.execute(_MARK_PAPERS, tree, *_keys(papers), [each.content_hash for each in papers])
    await connection.execute(_MARK_CONFIRMATIONS, tree, *_keys(taken), [each.confirmed_at for each in taken])
    return tree


async def keep_chain(connection: Connection, at: datetime, chain: ChainRow, leaves: Sequence[Leaf]) -> None:
    """A chain of a tree with its leaves."""
    await connection.execute(_CHAIN, at, chain.tree, chain.chain, chain.digest, chain.root)
    buckets, records, numbers, versions = _keys(leaves)
    await connection.execute(
        _LEAVES, chain.tree, chain.chain, buckets, [each.place for each in leaves], records, numbers, versions,
        [each.confirmed_at for each in leaves], [each.kind.value for each in leaves],
        [each.content_hash for each in leaves], [each.leaf_hash for each in leaves],
    )  # fmt: skip


async def keep_stamp(connection: Connection, at: datetime, token: bytes, places: Sequence[Place]) -> int:
    """A time-stamp and what it proves; gives its number."""
    stamp = int(await connection.fetchval(_STAMP, at, token))
    rows = [(each.tree, each.chain, each.number, stamp, each.place, each.over) for each in places]
    await connection.executemany(_LINK, rows)
    return stamp


def _keys(leaves: Sequence[Leaf]) -> tuple[list[int], list[int], list[int], list[int]]:
    return (
        [each.bucket for each in leaves],
        [each.record for each in leaves],
        [each.number for each in leaves],
        [each.version for each in leaves],
    )
