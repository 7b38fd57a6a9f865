"""What follows from a pair's weight: one person, a reviewer's question, or two persons; and what forbids the first.

A number that only one person can have decides nothing alone: where name and date of birth contradict it, somebody wrote
another's number, and a person must look. Weight alone never joins citizen numbers that differ; nor, where no number is
shared, given names or dates of birth that have nothing in common: twins have one birthday, home and telephone, and a
father and his son of the same name live in one house.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.birth_dates import BirthAgreement
from benhan.hub.identities.matching.levels import DIFFERENT, NAMES, SAME, Levels
from benhan.hub.identities.matching.weights import Bits
from benhan.vn.person_names.agreement import Agreement


class Verdict(IntEnum):
    """From nothing to everything in common."""

    OTHER = 0
    """Two persons."""
    REVIEW = 1
    """A reviewer decides."""
    CROSSING = 2
    """A reviewer decides: they share a number that is one person's, and are two by name and birth."""
    SAME = 3
    """One person."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """In bits with the prior: 4 is 16 to 1 that two records are of one person, -4 one to 16."""

    same_bits: float = 4.0
    review_bits: float = -4.0


STRONG = ("citizen", "card", "old_card", "paper")


def verdicts_of(levels: Levels, bits: Bits, thresholds: Thresholds) -> npt.NDArray[np.uint8]:
    """The `Verdict` of each pair; `bits` with the prior."""
    column = {name: levels[:, place] for place, name in enumerate(NAMES)}
    found = np.where(bits >= thresholds.same_bits, Verdict.SAME, Verdict.OTHER).astype(np.uint8)
    found[(bits >= thresholds.review_bits) & (bits < thresholds.same_bits)] = Verdict.REVIEW
    found[(column["citizen"] == DIFFERENT) & (found == Verdict.SAME)] = Verdict.REVIEW
    shares = (np.stack([column[name] == SAME for name in STRONG])).any(axis=0)
    other_birth = (column["birth"] == BirthAgreement.DIFFERENT) | (column["birth"] == BirthAgreement.SAME_YEAR)
    other_given = column["given"] == Agreement.DIFFERENT
    found[(other_birth | other_given) & ~shares & (found == Verdict.SAME)] = Verdict.REVIEW
    found[shares & other_given & other_birth] = Verdict.CROSSING
    return found
