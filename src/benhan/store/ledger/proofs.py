"""A proof that one entry stands in the signed root of its day: for a citizen or a court, to check without the store.

Source: RFC 9162, 2.1.3 (inclusion proofs).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from benhan.store.database import Database
from benhan.store.keyring import Keyring
from benhan.store.ledger.branches import STRETCH, path_above
from benhan.store.ledger.canonical import START, Recorded, canonical_bytes, link, recorded_of_json
from benhan.store.ledger.ledger_faults import BAD_PROOF, NO_SUCH_ENTRY, NOT_YET_SIGNED
from benhan.store.ledger.merkle import MerkleTree, root_of_path
from benhan.store.ledger.read import entry_at
from benhan.store.ledger.roots import DayRoot, hashes, public_key, root_of_row

FORMAT = "benhan ledger proof 1"
_BRANCHES = "select hash from ledger_branch where bucket = 0 and first_seq = $1 order by number"
_ROOT_OF = "select * from ledger_root where bucket = 0 and $1 between first_seq and last_seq"


class Inclusion(Enum):
    """What a proof shows."""

    PROVEN = "proven"
    NOT_IN_ROOT = "not in root"
    """The entry, the hash before it or the path was altered, or belongs to another root."""
    BAD_SIGNATURE = "bad signature"
    """The root was not signed by the key it should be signed by."""


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry, the hash before it, the path from it up to the root of its day, and that root with its signature."""

    entry: Recorded
    previous: bytes
    path: tuple[bytes, ...]
    root: DayRoot
    public_key: bytes

    def to_json(self) -> str:
        """The proof as a JSON document."""
        told = {
            "format": FORMAT,
            "entry": self.entry.to_json(),
            "event": self.entry.label,
            "previous": self.previous.hex(),
            "path": [each.hex() for each in self.path],
            "day": self.root.day.isoformat(),
            "first_seq": self.root.first_seq,
            "last_seq": self.root.last_seq,
            "root": self.root.root.hex(),
            "signature": self.root.signature.hex(),
            "public_key": self.public_key.hex(),
        }
        return json.dumps(told, ensure_ascii=True, indent=1)


def parse_proof(text: str | bytes) -> Proof:
    """The proof that `to_json` wrote. Raises Incorrect BA-0514 for anything else."""
    try:
        told: dict[str, Any] = json.loads(text)
        if told["format"] != FORMAT:
            raise ValueError
        root = DayRoot(
            date.fromisoformat(told["day"]),
            int(told["first_seq"]),
            int(told["last_seq"]),
            bytes.fromhex(told["root"]),
            bytes.fromhex(told["signature"]),
        )
        path = tuple(bytes.fromhex(each) for each in told["path"])
        entry, previous = recorded_of_json(told["entry"]), bytes.fromhex(told["previous"])
        return Proof(entry, previous, path, root, bytes.fromhex(told["public_key"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as cause:
        raise BAD_PROOF() from cause


def verify_inclusion(proof: Proof, trusted_key: bytes | None = None) -> Inclusion:
    """Whether the entry is in the root of its day, and the root signed by `trusted_key`.

    `trusted_key` is the store's public key as published; without it the key inside the proof is used, which shows that
    the proof is consistent, not who made it.
    """
    root, entry = proof.root, proof.entry
    try:
        leaf = link(proof.previous, canonical_bytes(entry))
    except (struct.error, ValueError, TypeError, OverflowError):
        return Inclusion.NOT_IN_ROOT
    if root_of_path(leaf, entry.seq - root.first_seq, root.size, proof.path) != root.root:
        return Inclusion.NOT_IN_ROOT
    if not root.is_signed_by(trusted_key or proof.public_key):
        return Inclusion.BAD_SIGNATURE
    return Inclusion.PROVEN


async def prove(database: Database, keyring: Keyring, seq: int) -> Proof:
    """The proof of entry `seq`. Raises NotFound BA-0511, Conflict BA-0512 where its day has no root yet."""
    entry = await entry_at(database, seq)
    if entry is None:
        raise NO_SUCH_ENTRY(seq=seq)
    row = await database.fetchrow(_ROOT_OF, seq)
    if row is None:
        raise NOT_YET_SIGNED(seq=seq)
    before = await entry_at(database, seq - 1)
    root = root_of_row(row)
    place = seq - root.first_seq
    path = await _short_path(database, root, place)
    leaf = link(before.hash if before is not None else START, canonical_bytes(entry))
    if path is None or root_of_path(leaf, place, root.size, path) != root.root:
        path = await _path(database, root.first_seq, root.last_seq, place)
    previous = before.hash if before is not None else START
    return Proof(entry, previous, tuple(path), root, public_key(keyring))


async def _short_path(database: Database, root: DayRoot, place: int) -> list[bytes] | None:
    """The way of an entry by the nodes that were kept of its day; None where there are none, of a root of before."""
    nodes = [each["hash"] for each in await database.fetch(_BRANCHES, root.first_seq)]
    if len(nodes) != -(-root.size // STRETCH):
        return None
    stretch, within = divmod(place, STRETCH)
    first = root.first_seq + stretch * STRETCH
    below = await _path(database, first, min(first + STRETCH - 1, root.last_seq), within)
    return below + path_above(nodes, stretch)[0]


async def _path(database: Database, first: int, last: int, place: int) -> list[bytes]:
    """The way of entry number `place` from `first` on up to the node over all from `first` to `last`.

    Raises NotFound BA-0511 where an entry between them is not there.
    """
    tree = MerkleTree(place)
    async for each in hashes(database, first, last):
        tree.add(each["hash"])
    if tree.size != last - first + 1:
        raise NO_SUCH_ENTRY(seq=first + tree.size)
    return tree.path()
