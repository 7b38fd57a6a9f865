"""Evidence records: one time-stamp proves thousands of documents, and one more proves them again before it ages.

The documents' digests are the leaves of a tree; the time-stamp is over its root; each document keeps its own way up. To
renew all of them, one digest is stamped: that of the time-stamp they share. Not supported: renewal under another digest
(RFC 4998, 5.3, hash-tree renewal), sealed documents, attributes.
Source: RFC 4998 (ERS), 3 to 5; ETSI EN 319 102-1, 5.6.2.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from asn1crypto import algos, cms, core
from pyhanko.sign.ades.report import AdESFailure, AdESPassed, AdESSubIndic
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator.ltv.poe import POEManager

from benhan.kernel.faults import Fault
from benhan.signing.certificates import DIGEST
from benhan.signing.cms import status_in
from benhan.signing.faults import NOT_EVIDENCE
from benhan.signing.judging import judge_token, nothing_proven, prove
from benhan.signing.status import Status
from benhan.signing.timestamps import read_token
from benhan.signing.trust import Trust, signature_rules
from benhan.signing.verdicts import Finding, failed, finding_of

DEPTH_MAX = 64
STAMPS_MAX = 64
"""A record of more levels or renewals is refused: thirty years need a handful."""


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
        ("stamps", _Chains),
    ]


Way = tuple[tuple[bytes, ...], ...]
"""The way of a document up the tree: its group of leaves, then what is beside it at each level."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The digests of many documents, and what a time-stamp is asked for: the `root`."""

    levels: tuple[tuple[bytes, ...], ...]

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def way(self, number: int) -> Way:
        """The way of document `number` up to the root."""
        place, steps = number, []
        for level in self.levels[:-1]:
            beside = place ^ 1
            if beside < len(level):
                steps.append((level[beside],))
            place //= 2
        return ((self.levels[0][number], *(steps[0] if steps else ())), *steps[1:])


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a record says of a document: since when it is proven to be there. `proofs` take what that proves further."""

    finding: Finding
    proven_at: datetime | None
    proofs: POEManager


def tree_of(digests: Sequence[bytes]) -> Tree:
    """The tree over the SHA-256 digests of documents, at least one, in their order."""
    assert digests, "a tree has leaves"
    levels = [tuple(digests)]
    while len(levels[-1]) > 1:
        level = levels[-1]
        levels.append(tuple(_node(level[start : start + 2]) for start in range(0, len(level), 2)))
    return Tree(tuple(levels))


def evidence_record(way: Way, token: bytes) -> bytes:
    """The record of one document: its way up, and the time-stamp over the root, DER."""
    stamp = {"reduced_tree": [list(each) for each in way], "time_stamp": cms.ContentInfo.load(token)}
    record = {"version": 1, "digest_algorithms": [_ALGORITHM], "stamps": [[stamp]]}
    return bytes(_EvidenceRecord(record).dump())


def to_renew(record: bytes) -> bytes:
    """The digest that a new time-stamp is asked for: the same for all records that share their last one.

    Raises Incorrect BA-5024.
    """
    return hashlib.sha256(_read(record)[-1][1]).digest()


def renewed(record: bytes, token: bytes) -> bytes:
    """The record with a new time-stamp over the last one. Raises Incorrect BA-5024."""
    _read(record)
    loaded = _EvidenceRecord.load(record)
    chain = [*loaded["stamps"][-1], _ArchiveTimeStamp({"time_stamp": cms.ContentInfo.load(token)})]
    told = {"version": 1, "digest_algorithms": [_ALGORITHM], "stamps": [_Chain(chain)]}
    return bytes(_EvidenceRecord(told).dump())


async def judge_evidence(
    record: bytes, content: bytes, trust: Trust, at: datetime, status: Status | None = None
) -> Evidence:
    """Since when a record proves `content` to be there, by what is believed at `at`. Raises Incorrect BA-5024.

    Newest first: each time-stamp proves that the one before, with the status kept in it, was there in time.
    """
    stamps = _read(record)
    proofs = nothing_proven(at)
    expected = _expected(stamps, hashlib.sha256(content).digest())
    finding, proven_at = failed("HASH_FAILURE"), None
    for number in reversed(range(len(stamps))):
        token = stamps[number][1]
        found = await _judged(token, expected[number], trust, at, status, proofs)
        finding = finding_of(found)
        if found is not AdESPassed.OK:
            return Evidence(finding, None, nothing_proven(at))
        proven_at = read_token(token).at
        if number:
            older = cms.ContentInfo.load(stamps[number - 1][1])["content"]
            prove(proofs, proven_at, status_in(older), [older])
    return Evidence(finding, proven_at, proofs)


async def _judged(
    token: bytes, digest: bytes | None, trust: Trust, at: datetime, status: Status | None, proofs: POEManager
) -> AdESSubIndic:
    if digest is None or read_token(token).digest != digest:
        return AdESFailure.HASH_FAILURE
    signed = cms.ContentInfo.load(token)["content"]
    rules = signature_rules(trust, (status or Status()) | status_in(signed))

    def imprint(name: str) -> bytes:
        return digest if name == DIGEST else b""

    try:
        found, _ = await judge_token(signed, imprint, rules, at, copy(proofs))
    except (CMSExtractionError, CMSStructuralError, SignatureValidationError):
        return AdESFailure.FORMAT_FAILURE
    return found


def _expected(stamps: Sequence[tuple[Way, bytes]], document: bytes) -> list[bytes | None]:
    """What each time-stamp must be over; None where the way does not begin with what it is of."""
    found: list[bytes | None] = []
    value = document
    for way, token in stamps:
        found.append(_climbed(way, value))
        value = hashlib.sha256(token).digest()
    return found


def _climbed(way: Way, value: bytes) -> bytes | None:
    """Where a way leads from a digest. Source: RFC 4998, 4.3."""
    if not way:
        return value
    if value not in way[0]:
        return None
    node = _node(way[0])
    for beside in way[1:]:
        node = _node((node, *beside))
    return node


def _node(children: Sequence[bytes]) -> bytes:
    """The digest of a node: of its children's in ascending order; an only child is its own. Source: RFC 4998, 4.2."""
    return children[0] if len(children) == 1 else hashlib.sha256(b"".join(sorted(children))).digest()


def _read(record: bytes) -> list[tuple[Way, bytes]]:
    """The ways and time-stamps of a record, oldest first. Raises Incorrect BA-5024."""
    try:
        loaded = _EvidenceRecord.load(record, strict=True)
        chains = loaded["stamps"]
        if loaded["version"].native != 1 or len(chains) != 1 or not 0 < len(chains[0]) <= STAMPS_MAX:
            raise ValueError("not a record of one chain")
        found = [(_way(each), bytes(each["time_stamp"].dump())) for each in chains[0]]
        for _, token in found:
            read_token(token)
    except (ValueError, TypeError, KeyError, IndexError, Fault) as cause:
        raise NOT_EVIDENCE() from cause
    return found


def _way(stamp: _ArchiveTimeStamp) -> Way:
    tree = stamp["reduced_tree"]
    if isinstance(tree, core.Void):
        return ()
    if len(tree) > DEPTH_MAX or not all(len(group) for group in tree):
        raise ValueError("not a way")
    return tuple(tuple(each.native for each in group) for group in tree)


_ALGORITHM = algos.DigestAlgorithm({"algorithm": DIGEST})
