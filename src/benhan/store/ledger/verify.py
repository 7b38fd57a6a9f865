"""Is the ledger whole: every hash recomputed, every number in its place, every root as it was signed.

The canonical bytes are put together by PostgreSQL's own functions; the hashes are computed here, not where they are
kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from benhan.store.database import Database
from benhan.store.keyring import Keyring
from benhan.store.ledger.canonical import START
from benhan.store.ledger.merkle import MerkleTree
from benhan.store.ledger.roots import DayRoot, public_key, root_of_row
from benhan.store.sql_texts import query

_ROWS = 10_000

_CANONICAL = query(
    "ledger_canonical_rows",
    """
    select int8send(seq) || timestamptz_send(at) || int8send(patient) || int8send(rid) || int4send(version)
        || int2send(bucket) || int2send(event) || int2send(type)
        || int4send(octet_length(actor)) || convert_to(actor, 'UTF8')
        || int4send(octet_length(role)) || convert_to(role, 'UTF8')
        || int4send(octet_length(trace)) || trace
        || int4send(octet_length(detail)) || convert_to(detail, 'UTF8') as canonical, hash
    from ledger_entry where seq > $1 and seq <= $2 order by seq limit $3
    """,
    fan_out="the chain runs over all compartments",
)
_STATE = query(
    "ledger_state",
    """
    select h.seq, h.hash, (select count(*) from ledger_waiting) as pending,
        (select coalesce(max(seq), 0) from ledger_entry) as last
    from ledger_head h where h.bucket = 0
    """,
    fan_out="the chain runs over all compartments",
)
_ROOTS = "select * from ledger_root where bucket = 0 order by first_seq, day"


class Damage(Enum):
    """What is wrong with the ledger, where it is first seen."""

    MISSING = "missing"
    """There is no entry of this number."""
    ALTERED = "altered"
    """The entry of this number is not the one that was chained: changed, or exchanged with another."""
    BEYOND = "beyond"
    """An entry after the end of the chain."""
    HEAD = "head"
    """The end of the chain is not the last entry's hash."""
    ROOT = "root"
    """The root of the day that ends with this number does not match its entries."""
    SIGNATURE = "signature"
    """The root of the day that ends with this number was not signed by this store."""
    UNCOVERED = "uncovered"
    """No root covers this entry though a later day has one: a root is missing or was moved."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where the ledger is first found broken."""

    seq: int
    damage: Damage


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at, and the first break (None: whole). `pending` entries are not chained yet."""

    entries: int
    roots: int
    pending: int
    head: bytes
    broken: Break | None = None

    @property
    def is_whole(self) -> bool:
        return self.broken is None


async def verify_ledger(
    database: Database, keyring: Keyring, progress: Callable[[int], None] = lambda _done: None
) -> Verdict:
    """Walk the whole chain and its roots up to the present end; `progress` is told how many entries are done."""
    state = await database.fetchrow(_STATE)
    days = [root_of_row(row) for row in await database.fetch(_ROOTS)]
    walk = _Walk(days, public_key(keyring))
    head: int = state["seq"] if state is not None else 0
    while walk.seq < head and walk.broken is None:
        rows = await database.fetch(_CANONICAL, walk.seq, head, _ROWS)
        if not rows:
            walk.break_at(walk.seq + 1, Damage.MISSING)
        for canonical, digest in rows:
            if not walk.step(canonical, digest):
                break
        progress(walk.seq)
        await asyncio.sleep(0)
    if walk.broken is None:
        walk.end(state["hash"] if state is not None else START, state["last"] if state is not None else 0)
    pending = state["pending"] if state is not None else 0
    return Verdict(walk.seq, walk.roots, pending, walk.hash, walk.broken)


class _Walk:
    """The state of a walk along the chain: the last good number and hash, and the day's tree."""

    def __init__(self, days: list[DayRoot], public: bytes) -> None:
        self.seq = 0
        self.hash = START
        self.roots = 0
        self.broken: Break | None = None
        self._days = days
        self._public = public
        self._tree = MerkleTree()

    def break_at(self, seq: int, damage: Damage) -> bool:
        self.broken = self.broken or Break(seq, damage)
        return False

    def step(self, canonical: bytes, digest: bytes) -> bool:
        """Take the next row; False where it breaks the chain."""
        seq = self.seq + 1
        if int.from_bytes(canonical[:8], "big") != seq:
            return self.break_at(seq, Damage.MISSING)
        expected = hashlib.sha256(self.hash + canonical).digest()
        if expected != digest:
            return self.break_at(seq, Damage.ALTERED)
        self.seq, self.hash = seq, expected
        return self._step_root(seq) if self.roots < len(self._days) else True

    def _step_root(self, seq: int) -> bool:
        day = self._days[self.roots]
        if day.first_seq != seq - self._tree.size:
            return self.break_at(seq, Damage.UNCOVERED)
        self._tree.add(self.hash)
        if seq < day.last_seq:
            return True
        if self._tree.root() != day.root:
            return self.break_at(seq, Damage.ROOT)
        if not day.is_signed_by(self._public):
            return self.break_at(seq, Damage.SIGNATURE)
        self.roots += 1
        self._tree = MerkleTree()
        return True

    def end(self, head: bytes, last: int) -> None:
        """Compare the end of the walk with what the store holds as its end."""
        if last > self.seq:
            self.break_at(self.seq + 1, Damage.BEYOND)
        elif head != self.hash:
            self.break_at(self.seq, Damage.HEAD)
        elif self.roots < len(self._days):
            self.break_at(self._days[self.roots].last_seq, Damage.ROOT)
