"""One Merkle root a day over the entries chained that day (Vietnam's time), signed; and proofs against it.

A root covers what follows the root before, up to the first entry of a later day; an entry that was chained late, or
whose clock ran ahead, falls into the root that is next made. The signature is Ed25519 under a key derived from the
store's root secret. Source: RFC 9162, 2.1 (tree); RFC 8032 (signature).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import asyncpg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from benhan.kernel.actors import Actor, system
from benhan.kernel.clock import VIETNAM, Clock, day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.kernel.trace import current_trace
from benhan.store.database import Database
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.branches import Branches
from benhan.store.ledger.events import Event
from benhan.store.ledger.merkle import MerkleTree
from benhan.store.sql_texts import query

log = Log("ledger")

GRACE = timedelta(minutes=5)
"""How long after midnight a day's root is made, so that its last entries are chained."""

SKEW = timedelta(days=1)
"""An entry dated further ahead than this comes from a clock that ran wild; it says nothing about its day."""

LOCK = 0x62656E68_726F6F74  # "benh" "root"
_ROWS = 10_000
_PAUSE_S = 60.0

_HASHES = query(
    "ledger_hashes",
    "select seq, at, hash from ledger_entry where seq >= $1 and seq <= $2 order by seq limit $3",
    fan_out="a day's root runs over all compartments",
)
_LAST = "select * from ledger_root where bucket = 0 order by day desc limit 1"
_ADD_BRANCHES = (
    "insert into ledger_branch (bucket, first_seq, number, hash)"
    " select 0, $1, place - 1, hash from unnest($2::bytea[]) with ordinality as n (hash, place)"
)
_ADD = "insert into ledger_root (day, first_seq, last_seq, root, signature, bucket) values ($1, $2, $3, $4, $5, 0)"


@dataclass(frozen=True, slots=True)
class DayRoot:
    """The root of a day: the entries from `first_seq` to `last_seq`, and the signature over all of it."""

    day: date
    first_seq: int
    last_seq: int
    root: bytes
    signature: bytes = b""

    @property
    def size(self) -> int:
        return self.last_seq - self.first_seq + 1

    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        lines = ("benhan ledger root 1", self.day.isoformat(), str(self.first_seq), str(self.last_seq), self.root.hex())
        return "\n".join(lines).encode()

    def is_signed_by(self, public_key: bytes) -> bool:
        """Whether `signature` is that of the Ed25519 key `public_key` (32 bytes)."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, self.signed_bytes())
        except (InvalidSignature, ValueError):
            return False
        return True


def root_of_row(row: asyncpg.Record) -> DayRoot:
    """The DayRoot of a row of ledger_root."""
    return DayRoot(row["day"], row["first_seq"], row["last_seq"], row["root"], row["signature"])


def signing_key(keyring: Keyring) -> Ed25519PrivateKey:
    """The store's key for roots; the same for as long as the store lives."""
    return Ed25519PrivateKey.from_private_bytes(keyring.derived("ledger-root"))


def public_key(keyring: Keyring) -> bytes:
    """The 32 bytes that verify the store's roots; to be published and kept outside the store."""
    return signing_key(keyring).public_key().public_bytes_raw()


def end_of(day: date) -> datetime:
    """The first instant after `day` in Vietnam."""
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM).astimezone(UTC)


async def hashes(database: Database, first: int, last: int) -> AsyncIterator[asyncpg.Record]:
    """seq, at and hash of the entries `first` to `last`, in order, in constant memory."""
    while first <= last:
        rows = await database.fetch(_HASHES, first, last, _ROWS)
        if not rows:
            return
        for row in rows:
            yield row
        first = rows[-1]["seq"] + 1
        await asyncio.sleep(0)


async def sign_days(database: Database, keyring: Keyring, now: datetime, actor: Actor | None = None) -> list[DayRoot]:
    """Make and keep the root of every day that has entries and is over at `now`; gives those it made."""
    made: list[DayRoot] = []
    while (root := await _sign_next(database, keyring, now, actor or system("ledger"))) is not None:
        made.append(root)
    return made


async def _sign_next(database: Database, keyring: Keyring, now: datetime, actor: Actor) -> DayRoot | None:
    head = await database.fetchval("select seq from ledger_head where bucket = 0")
    last = await database.fetchrow(_LAST)
    first = last["last_seq"] + 1 if last is not None else 1
    start = await database.fetchrow(_HASHES, first, head, 1)
    if start is None:
        return None
    day = day_in_vietnam(start["at"] if start["at"] <= now + SKEW else now - timedelta(days=1))
    if last is not None:
        day = max(day, last["day"] + timedelta(days=1))
    if end_of(day) + GRACE > now:
        return None
    root, branches = await _root_until(database, day, first, head, now)
    assert root.size > 0, "a root covers the entry it starts with"
    signed = DayRoot(root.day, root.first_seq, root.last_seq, root.root, signing_key(keyring).sign(root.signed_bytes()))
    return signed if await _keep(database, signed, branches, now, actor) else None


async def _root_until(
    database: Database, day: date, first: int, head: int, now: datetime
) -> tuple[DayRoot, list[bytes]]:
    """The root of a day, and the nodes of its stretches."""
    tree, branches, end = MerkleTree(), Branches(), end_of(day)
    async for row in hashes(database, first, head):
        if end <= row["at"] <= now + SKEW:
            break
        tree.add(row["hash"])
        branches.add(row["hash"])
    return DayRoot(day, first, first + tree.size - 1, tree.root()), branches.end()


async def _keep(database: Database, root: DayRoot, branches: list[bytes], now: datetime, actor: Actor) -> bool:
    """Write `root`; False where another process has just written one."""
    async with database.transaction() as connection:
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        last = await connection.fetchrow(_LAST)
        if last is not None and (last["last_seq"] >= root.first_seq or last["day"] >= root.day):
            return False
        await connection.execute(_ADD, root.day, root.first_seq, root.last_seq, root.root, root.signature)
        await connection.execute(_ADD_BRANCHES, root.first_seq, branches)
        entry = Entry(
            Event.ROOT_SIGN, now, actor.id, actor.role.value, current_trace.get(), detail={"day": root.day.isoformat()}
        )
        await append_many(connection, [entry])
    return True


async def roots(database: Database, count: int = 31) -> list[DayRoot]:
    """The last `count` roots, newest first."""
    rows = await database.fetch("select * from ledger_root where bucket = 0 order by day desc limit $1", count)
    return [root_of_row(row) for row in rows]


class RootSigner:
    """Signs each day's root soon after midnight in Vietnam."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look once a minute until `stop`."""
        while not stop.is_set():
            try:
                made = await sign_days(self._database, self._keyring, self._clock.now())
            except Fault as fault:
                if not fault.retryable:
                    raise
                log.warning("ledger.root.delayed", fault=fault.code)
                made = []
            if made:
                log.info("ledger.root.signed", count=len(made))
            await stopped_within(stop, _PAUSE_S)
