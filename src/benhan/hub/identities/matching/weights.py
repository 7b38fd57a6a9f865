"""What each level of each field weighs, in bits: how much likelier it is between records of one person than of two.

`m` is how often a level is seen between two records of one person, `u` between those of two who share a key. Names that
many bear weigh less than the level's mean, rare ones more.
Source: Fellegi, Sunter (1969); W. E. Winkler, "Frequency-Based Matching in Fellegi-Sunter Model" (2000).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.faces import Faces
from benhan.hub.identities.matching.levels import FIELDS, MISSING, SILENT, Levels
from benhan.hub.identities.matching.name_parts import NameParts
from benhan.vn.person_names.agreement import Agreement

Bits = npt.NDArray[np.float32]

BY_FREQUENCY = ("given", "middle", "family")
FREQUENCY_BITS_MAX = 6.0
"""How much at most the frequency of one part of a name adds or takes."""
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Weights:
    """`m` and `u` of each field by level; `prior` is the share of pairs with a common key that are of one person."""

    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]
    prior: float

    def bits(self) -> dict[str, Bits]:
        """The weight of each level of each field; 0 where the level says nothing."""
        found = {}
        for name in FIELDS:
            bits = np.log2(np.array(self.m[name]) / np.array(self.u[name])).astype(np.float32)
            bits[list(SILENT.get(name, (MISSING,)))] = 0
            found[name] = bits
        return found

    @property
    def prior_bits(self) -> float:
        return float(np.log2(self.prior / (1 - self.prior)))

    def as_json(self) -> dict[str, Any]:
        return {"m": dict(self.m), "u": dict(self.u), "prior": self.prior}


def weights_of(told: Mapping[str, Any]) -> Weights:
    """Weights out of JSON, as `as_json` gives it."""
    return Weights(
        {name: tuple(told["m"][name]) for name in FIELDS},
        {name: tuple(told["u"][name]) for name in FIELDS},
        told["prior"],
    )


@cache
def first_guess() -> Weights:
    """Sober shares by experience of registers, of which estimation begins and which it never wholly leaves."""
    return weights_of(json.loads((_DATA / "first_guess.json").read_text(encoding="utf-8")))


@cache
def shipped_weights() -> Weights:
    """Those estimated on the synthetic country (`data/README.md`): to begin with, until a hub has data of its own."""
    return weights_of(json.loads((_DATA / "weights.json").read_text(encoding="utf-8")))


@dataclass(slots=True)
class Frequencies:
    """How many bear each part of a name, by what the part folds to."""

    counts: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    mean_bits: dict[str, float] = field(default_factory=dict)

    def bits(self, name: str, parts: NameParts, mine: Faces, theirs: Faces) -> Bits:
        """What agreeing in just these parts adds to the mean weight of agreeing."""
        counts = self.counts.get(name)
        if counts is None or not len(counts):
            return np.zeros(len(mine), np.float32)
        rarest = np.float32(counts[0])
        ours, others = (self._of(counts, parts.folded[each[name]], rarest) for each in (mine, theirs))
        found = self.mean_bits[name] - np.maximum(ours, others)
        return np.clip(found, -FREQUENCY_BITS_MAX, FREQUENCY_BITS_MAX).astype(np.float32)

    @staticmethod
    def _of(counts: Bits, folded: npt.NDArray[np.uint32], rarest: np.float32) -> Bits:
        known = folded < len(counts)
        return np.where(known, counts[np.where(known, folded, 0)], rarest)


def frequencies_of(faces: Faces, parts: NameParts) -> Frequencies:
    """The frequencies in a table, as log2 of shares; what is not met counts as met once."""
    found = Frequencies()
    for name in BY_FREQUENCY:
        told = faces[name][faces[name] != 0]
        counts = np.bincount(parts.folded[told]).astype(np.float64) if len(told) else np.zeros(0)
        if not counts.sum():
            continue
        shares = np.maximum(counts, 1) / counts.sum()
        shares[0] = 1 / counts.sum()  # the place of what was not met
        found.counts[name] = np.log2(shares).astype(np.float32)
        found.mean_bits[name] = float(np.log2((shares[1:] ** 2).sum()))
    return found


AGREEING = (Agreement.ACCENTS, Agreement.UNACCENTED, Agreement.SPELLING, Agreement.SAME)


def bits_of(
    levels: Levels, weights: dict[str, Bits], frequencies: Frequencies, parts: NameParts, mine: Faces, theirs: Faces
) -> Bits:
    """The weight of each pair without the prior, one column a field: the sum of a row is what the pair weighs."""
    found = np.empty(levels.shape, np.float32, order="F")
    for place, name in enumerate(FIELDS):
        found[:, place] = weights[name][levels[:, place]]
        if name in BY_FREQUENCY:
            agrees = (levels[:, place] >= AGREEING[0]) & (levels[:, place] <= AGREEING[-1])
            rows = np.flatnonzero(agrees)
            found[rows, place] += frequencies.bits(name, parts, mine[rows], theirs[rows])
    return found
