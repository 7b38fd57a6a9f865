"""Evidence records made: one time-stamp proves thousands of documents, and one more proves them again before it ages.

The documents' digests are the leaves of a tree, trees may hang below another tree, and the time-stamp is over the
topmost root. Before a time-stamp ages, the digest of it is stamped: for all its documents at once. Before the digest
itself ages, every document is digested anew, together with what proves it so far.
Source: RFC 4998 (ERS), 4.2 (trees), 5.2 (renewal of time-stamps, of trees); `evidence_format`, `verify_evidence`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from benhan.signing.certificates import DIGEST
from benhan.signing.evidence_format import ArchiveStamp, Chains, Way, chains_to_bytes, parse_record, record_to_bytes
from benhan.signing.timestamps import read_token


@dataclass(frozen=True, slots=True)
class Tree:
    """The digests of many documents, or the roots of many trees, and what a time-stamp is asked for: the `root`."""

    levels: tuple[tuple[bytes, ...], ...]

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def way(self, number: int) -> Way:
        """The way of leaf `number` up to the root."""
        place, steps = number, []
        for level in self.levels[:-1]:
            beside = place ^ 1
            if beside < len(level):
                steps.append((level[beside],))
            place //= 2
        return ((self.levels[0][number], *(steps[0] if steps else ())), *steps[1:])


def tree_of(digests: Sequence[bytes], algorithm: str = DIGEST) -> Tree:
    """The tree over digests of documents, at least one, in their order."""
    assert digests, "a tree has leaves"
    levels = [tuple(digests)]
    while len(levels[-1]) > 1:
        level = levels[-1]
        starts = range(0, len(level), 2)
        levels.append(tuple(node(level[start : start + 2], algorithm) for start in starts))
    return Tree(tuple(levels))


def joined(way: Way, above: Way) -> Way:
    """The way of a leaf whose tree's root is itself a leaf, by the way `above` of that root."""
    first, *rest = above
    root, *beside = first
    assert root is not None
    higher = ((tuple(beside),) if beside else ()) + tuple(rest)
    if len(way) == 1 and len(way[0]) == 1 and higher:  # the leaf is its tree's root
        return ((*way[0], *higher[0]), *higher[1:])
    return (*way, *higher)


def node(children: Sequence[bytes], algorithm: str = DIGEST) -> bytes:
    """The digest of a node: of its children's in ascending order; an only child is its own. Source: RFC 4998, 4.2."""
    return children[0] if len(children) == 1 else hashlib.new(algorithm, b"".join(sorted(children))).digest()


def evidence_record(way: Way, token: bytes) -> bytes:
    """The record of one document: its way up, and the time-stamp over the root, DER."""
    return record_to_bytes([[ArchiveStamp(way, token)]], [read_token(token).algorithm])


def to_renew(record: bytes) -> bytes:
    """The digest that a new time-stamp is asked for: the same for all records that share their last one.

    Raises Incorrect BA-5024.
    """
    return token_digest(parse_record(record)[-1][-1].token)


def token_digest(token: bytes) -> bytes:
    """The digest of a time-stamp for the next of its chain. Raises Broken BA-5012."""
    return hashlib.new(read_token(token).algorithm, token).digest()


def renewed(record: bytes, token: bytes, way: Way = ()) -> bytes:
    """The record with a new time-stamp over the last one, `way` leading from that one's digest to what is stamped.

    Raises Incorrect BA-5024.
    """
    *before, last = parse_record(record)
    return _record([*before, [*last, ArchiveStamp(way, token)]])


def to_rehash(chains: Chains, content_digest: bytes, algorithm: str) -> bytes:
    """The leaf of a document under another digest: the document's, and that of all that proves it so far.

    Source: RFC 4998, 5.2 (hash-tree renewal).
    """
    proven = hashlib.new(algorithm, chains_to_bytes(chains)).digest()
    return hashlib.new(algorithm, content_digest + proven).digest()


def rehashed(record: bytes, token: bytes, way: Way) -> bytes:
    """The record with a new chain under the digest of `token`; `way` leads from `to_rehash`.

    Raises Incorrect BA-5024.
    """
    return _record([*parse_record(record), [ArchiveStamp(way, token)]])


def _record(chains: Chains) -> bytes:
    return record_to_bytes(chains, [read_token(chain[0].token).algorithm for chain in chains])
