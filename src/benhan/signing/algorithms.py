"""Which algorithms are believed, and until when: a policy as data. Source: ETSI TS 119 312; `data/README.md`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path

from asn1crypto import algos, keys
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint

from benhan.signing.faults import BAD_POLICY


@dataclass(frozen=True, slots=True)
class Line:
    """A digest, or a key of at least `min_bits`, and the day from which it is no longer believed; None: still is."""

    kind: str
    name: str
    min_bits: int
    refused_from: date | None


class AlgorithmPolicy(CMSAlgorithmUsagePolicy):
    """Answers for a moment whether a digest or a signature of a key may be believed; what no line names may not."""

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self._lines = lines

    def digest_algorithm_allowed(
        self, algo: algos.DigestAlgorithm, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        return self._digest(algo["algorithm"].native, moment)

    def signature_algorithm_allowed(
        self, algo: algos.SignedDigestAlgorithm, moment: datetime | None, public_key: keys.PublicKeyInfo | None
    ) -> AlgorithmUsageConstraint:
        try:
            digest = self._digest(algo.hash_algo, moment)
        except ValueError:
            digest = _ALLOWED  # the digest is named beside (PSS) or fixed by the algorithm (EdDSA)
        if not digest.allowed or public_key is None:
            return digest
        return self._key(public_key, moment)

    def _digest(self, name: str, moment: datetime | None) -> AlgorithmUsageConstraint:
        return _judged(
            name, next((line for line in self._lines if (line.kind, line.name) == ("digest", name)), None), moment
        )

    def _key(self, key: keys.PublicKeyInfo, moment: datetime | None) -> AlgorithmUsageConstraint:
        name = "rsa" if key.algorithm == "rsassa_pss" else key.algorithm
        bits = 0 if name.startswith("ed") else key.bit_size
        fitting = [line for line in self._lines if (line.kind, line.name) == ("key", name) and line.min_bits <= bits]
        return _judged(f"{name} {bits}", max(fitting, key=lambda line: line.min_bits, default=None), moment)


_ALLOWED = AlgorithmUsageConstraint(allowed=True)


def _judged(name: str, line: Line | None, moment: datetime | None) -> AlgorithmUsageConstraint:
    if line is None:
        return AlgorithmUsageConstraint(allowed=False, failure_reason=f"{name} is not in the policy of algorithms")
    if line.refused_from is None:
        return _ALLOWED
    until = datetime.combine(line.refused_from, time(), UTC)
    if moment is not None and moment < until:
        return _ALLOWED
    reason = f"{name} is not believed from {line.refused_from} on"
    return AlgorithmUsageConstraint(allowed=False, not_allowed_after=until, failure_reason=reason)


def parse_policy(text: str) -> AlgorithmPolicy:
    """The policy of a table like `data/algorithms.csv`. Raises Incorrect BA-5025 with the number of the line."""
    lines = []
    for number, row in enumerate(csv.DictReader(text.splitlines()), 2):
        try:
            day = date.fromisoformat(row["refused_from"]) if row["refused_from"] else None
            if row["kind"] not in ("digest", "key") or not row["name"]:
                raise ValueError
            lines.append(Line(row["kind"], row["name"], int(row["min_bits"] or 0), day))
        except (KeyError, ValueError, TypeError) as cause:
            raise BAD_POLICY(line=number) from cause
    return AlgorithmPolicy(tuple(lines))


@cache
def shipped_policy() -> AlgorithmPolicy:
    """The policy of this version."""
    return parse_policy((Path(__file__).parent / "data" / "algorithms.csv").read_text(encoding="utf-8"))
