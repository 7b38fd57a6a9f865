"""Evidence records as bytes: chains of time-stamps, each with a document's way up the tree that it is over.

A chain has one digest; each time-stamp of it is over the one before. A new chain begins where a digest has aged: its
first time-stamp is over the document and all chains before, under another digest.
Not supported: sealed documents (encryption information), attributes, groups of documents with one record.
Source: RFC 4998 (ERS), 3.1, 4.1, 5.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from asn1crypto import algos, cms, core, parser

from benhan.kernel.faults import Fault
from benhan.signing.certificates import DIGEST
from benhan.signing.faults import NOT_EVIDENCE
from benhan.signing.timestamps import read_token

DEPTH_MAX = 64
STAMPS_MAX = 64
"""A record of more levels, or of more time-stamps, is refused: thirty years need a handful."""

Way = tuple[tuple[bytes, ...], ...]
"""The way of a document up the tree: its group of leaves, then what is beside it at each level."""


@dataclass(frozen=True, slots=True)
class ArchiveStamp:
    """A time-stamp with a document's way up to what it is over."""

    way: Way
    token: bytes


Chains = Sequence[Sequence[ArchiveStamp]]
"""The time-stamps of a record, oldest first, by chains."""


class _PartialTree(core.SequenceOf):  # type: ignore[misc]  # the base has no types
    _child_spec = core.OctetString


class _ReducedTree(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _PartialTree


class _ArchiveTimeStamp(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [
        ("digest_algorithm", algos.DigestAlgorithm, {"implicit": 0, "optional": True}),
        ("attributes", cms.CMSAttributes, {"implicit": 1, "optional": True}),
        ("reduced_tree", _ReducedTree, {"implicit": 2, "optional": True}),
        ("time_stamp", cms.ContentInfo),
    ]


class _Chain(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _ArchiveTimeStamp


class _Chains(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _Chain


class _Algorithms(core.SequenceOf):  # type: ignore[misc]
    _child_spec = algos.DigestAlgorithm


class _EvidenceRecord(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [
        ("version", core.Integer),
        ("digest_algorithms", _Algorithms),
        ("crypto_infos", core.SequenceOf, {"implicit": 0, "optional": True}),
        ("encryption_info", core.Sequence, {"implicit": 1, "optional": True}),
        ("stamps", _Chains),
    ]


_SEQUENCE, _OCTETS, _TREE_TAG = 16, 4, 2


def chains_to_bytes(chains: Chains) -> bytes:
    """All chains as DER, which is what a new one is over besides the document (`ArchiveTimeStampSequence`)."""
    return _sequence(_sequence(_stamp_to_bytes(stamp) for stamp in chain) for chain in chains)


def record_to_bytes(chains: Chains, digests: Sequence[str] = (DIGEST,)) -> bytes:
    """A record as DER; `digests` are the algorithms of its chains, by name."""
    algorithms = _sequence(algos.DigestAlgorithm({"algorithm": each}).dump() for each in dict.fromkeys(digests))
    return _sequence((core.Integer(1).dump(), algorithms, chains_to_bytes(chains)))


def parse_record(record: bytes) -> list[list[ArchiveStamp]]:
    """The chains of a record. Raises Incorrect BA-5024."""
    try:
        loaded = _EvidenceRecord.load(record, strict=True)
        chains = [[_stamp(each) for each in chain] for chain in loaded["stamps"]]
        count = sum(map(len, chains))
        is_sealed = not isinstance(loaded["encryption_info"], core.Void)
        if loaded["version"].native != 1 or is_sealed or not all(chains) or not 0 < count <= STAMPS_MAX:
            raise ValueError("not a record of ours to judge")
        for each in (stamp for chain in chains for stamp in chain):
            read_token(each.token)
    except (ValueError, TypeError, KeyError, IndexError, Fault) as cause:
        raise NOT_EVIDENCE() from cause
    return chains


def is_record(file: bytes) -> bool:
    """Whether bytes are an evidence record, by their beginning and end alone; what they say may still be broken."""
    try:
        loaded = _EvidenceRecord.load(file, strict=True)
        return loaded["version"].native == 1 and len(loaded["stamps"]) > 0
    except (ValueError, TypeError, KeyError):
        return False


def _stamp(stamp: _ArchiveTimeStamp) -> ArchiveStamp:
    token, algorithm = bytes(stamp["time_stamp"].dump()), stamp["digest_algorithm"]
    if not isinstance(algorithm, core.Void) and algorithm["algorithm"].native != read_token(token).algorithm:
        raise ValueError("a tree of another digest than its time-stamp's")
    return ArchiveStamp(_way(stamp["reduced_tree"]), token)


def _way(tree: _ReducedTree | core.Void) -> Way:
    if isinstance(tree, core.Void):
        return ()
    if len(tree) > DEPTH_MAX or not all(len(group) for group in tree):
        raise ValueError("not a way")
    return tuple(tuple(each.native for each in group) for group in tree)


def _stamp_to_bytes(stamp: ArchiveStamp) -> bytes:
    tree = b"".join(_sequence(parser.emit(0, 0, _OCTETS, digest) for digest in group) for group in stamp.way)
    return _sequence((parser.emit(2, 1, _TREE_TAG, tree) if stamp.way else b"", stamp.token))


def _sequence(parts: object) -> bytes:
    return bytes(parser.emit(0, 1, _SEQUENCE, b"".join(parts)))  # type: ignore[arg-type]
