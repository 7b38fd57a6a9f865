"""When a time-stamp ages: its server's certificates end, or an algorithm under it is no longer believed.

What it proves must be proven anew before that day. Source: ETSI TS 119 312 (algorithms); RFC 4998, 5.1; the dates are
`data/algorithms.csv` and those of the certificates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from asn1crypto import algos, cms

from benhan.signing.algorithms import AlgorithmPolicy
from benhan.signing.timestamps import read_token

RENEW_BEFORE = timedelta(days=365)
"""So long before it ages a time-stamp is to be renewed: a server may be away, and an algorithm fall early."""
_NEVER = datetime.max.replace(tzinfo=UTC)


class Weakness(Enum):
    """What ages first."""

    CERTIFICATE = "certificate"
    """The time-stamp's signature, by its certificates or its algorithms: one more time-stamp mends it."""
    DIGEST = "digest"
    """The digest of the tree: every document must be digested anew, by another one."""


@dataclass(frozen=True, slots=True)
class Ageing:
    """From when a time-stamp is no longer believed by itself, and why; the latest instant where nothing ends it."""

    at: datetime
    by: Weakness

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be renewed by now."""
        return self.at != _NEVER and now + RENEW_BEFORE >= self.at


def ageing_of(token: bytes, policy: AlgorithmPolicy) -> Ageing:
    """When a time-stamp ages. What no line of the policy believes is aged already. Raises Broken BA-5012."""
    read = read_token(token)
    tree = _until(policy, algos.DigestAlgorithm({"algorithm": read.algorithm}))
    signer = cms.ContentInfo.load(token)["content"]["signer_infos"][0]
    server = read.server
    lives = [each.not_valid_after for each in (server.certificate, *server.issuers) if each.self_signed == "no"]
    signed = policy.signature_algorithm_allowed(signer["signature_algorithm"], None, server.certificate.public_key)
    ends = min([*lives, _end(signed.allowed, signed.not_allowed_after), _until(policy, signer["digest_algorithm"])])
    return Ageing(tree, Weakness.DIGEST) if tree <= ends else Ageing(ends, Weakness.CERTIFICATE)


def first(ageings: Iterable[Ageing]) -> Ageing | None:
    """The one that ages first; None of none."""
    return min(ageings, key=lambda each: each.at, default=None)


def _until(policy: AlgorithmPolicy, digest: algos.DigestAlgorithm) -> datetime:
    told = policy.digest_algorithm_allowed(digest, None)
    return _end(told.allowed, told.not_allowed_after)


def _end(allowed: bool, after: datetime | None) -> datetime:  # noqa: FBT001  # what the policy answers
    if allowed:
        return _NEVER
    return after or datetime.min.replace(tzinfo=UTC)
