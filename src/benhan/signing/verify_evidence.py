"""The verdict on an evidence record: since when it proves a document to be there.

Newest first: each time-stamp proves that the one before, with the status kept in it, was there in time; a digest must
have been believed until the chain after it began.
Source: RFC 4998, 4.3, 5.3; ETSI EN 319 102-1, 5.6.2.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed, AdESSubIndic
from pyhanko_certvalidator.ltv.poe import POEManager

from benhan.signing.cms import status_in
from benhan.signing.evidence import node, to_rehash, token_digest
from benhan.signing.evidence_format import ArchiveStamp, Way, parse_record
from benhan.signing.judging import BREAKS, judge_token, nothing_proven, prove
from benhan.signing.status import Status
from benhan.signing.timestamps import read_token
from benhan.signing.trust import Trust, signature_rules
from benhan.signing.verdicts import Finding, failed, finding_of


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a record says of a document: since when it is proven to be there. `proofs` take what that proves further."""

    finding: Finding
    proven_at: datetime | None
    proofs: POEManager
    stamps: int = 0
    """How many time-stamps prove it."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A time-stamp, what it must be over, the digest of its tree, and until when that must have been believed."""

    stamp: ArchiveStamp
    expected: bytes | None
    algorithm: str
    believed_until: datetime


async def judge_evidence(
    record: bytes, content: bytes, trust: Trust, at: datetime, status: Status | None = None
) -> Evidence:
    """Since when a record proves `content` to be there, by what is believed at `at`. Raises Incorrect BA-5024."""
    links = _links(parse_record(record), content, at)
    proofs = nothing_proven(at)
    finding, proven_at = failed("HASH_FAILURE"), None
    for place in reversed(range(len(links))):
        try:
            found = await _judged(links[place], trust, at, status, proofs)
            proven_at = read_token(links[place].stamp.token).at
            if place:
                older = cms.ContentInfo.load(links[place - 1].stamp.token)["content"]
                prove(proofs, proven_at, status_in(older), [older])
        except BREAKS:
            found = AdESFailure.FORMAT_FAILURE
        finding = finding_of(found)
        if found is not AdESPassed.OK:
            return Evidence(finding, None, nothing_proven(at), len(links))
    return Evidence(finding, proven_at, proofs, len(links))


def _links(chains: Sequence[Sequence[ArchiveStamp]], content: bytes, at: datetime) -> list[_Link]:
    found = []
    for number, chain in enumerate(chains):
        algorithm = read_token(chain[0].token).algorithm
        value = hashlib.new(algorithm, content).digest()
        if number:
            value = to_rehash(chains[:number], value, algorithm)
        until = read_token(chains[number + 1][0].token).at if number + 1 < len(chains) else at
        for stamp in chain:
            is_one = read_token(stamp.token).algorithm == algorithm
            found.append(_Link(stamp, climbed(stamp.way, value, algorithm) if is_one else None, algorithm, until))
            value = token_digest(stamp.token)
    return found


async def _judged(link: _Link, trust: Trust, at: datetime, status: Status | None, proofs: POEManager) -> AdESSubIndic:
    said = read_token(link.stamp.token)
    if said.digest != link.expected:
        return AdESFailure.HASH_FAILURE
    algorithm = algos.DigestAlgorithm({"algorithm": link.algorithm})
    if not trust.algorithms.digest_algorithm_allowed(algorithm, link.believed_until).allowed:
        return AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE

    def imprint(name: str) -> bytes:
        return said.digest if name == link.algorithm else b""

    signed = cms.ContentInfo.load(link.stamp.token)["content"]
    rules = signature_rules(trust, (status or Status()) | status_in(signed))
    found, _ = await judge_token(signed, imprint, rules, at, copy(proofs))
    return found


def climbed(way: Way, value: bytes, algorithm: str) -> bytes | None:
    """Where a way leads from a digest; None where it does not begin with it. Source: RFC 4998, 4.3."""
    if not way:
        return value
    if value not in way[0]:
        return None
    found = node(way[0], algorithm)
    for beside in way[1:]:
        found = node((found, *beside), algorithm)
    return found
