"""A whole table at once: whose rows are one person's, with the weights that the table itself tells."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.clusters import clusters_of
from benhan.hub.identities.matching.estimate import estimated, patterns_of
from benhan.hub.identities.matching.faces import Faces, faces_of
from benhan.hub.identities.matching.judging import Thresholds, Verdict, verdicts_of
from benhan.hub.identities.matching.keys import keys_of
from benhan.hub.identities.matching.levels import Levels, levels_of
from benhan.hub.identities.matching.name_parts import NameParts
from benhan.hub.identities.matching.pairs import Rows, pairs_of
from benhan.hub.identities.matching.traits import Traits
from benhan.hub.identities.matching.weights import (
    Bits,
    Frequencies,
    Weights,
    bits_of,
    first_guess,
    frequencies_of,
)

CHUNK_PAIRS = 200_000
"""Pairs that are compared at a time, some 50 MB."""


class Pairs(NamedTuple):
    """Rows that share a key, what they weigh with the prior, and what follows."""

    first: Rows
    second: Rows
    bits: Bits
    verdicts: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """`person` is of each row the smallest row of the same person."""

    person: Rows
    pairs: Pairs
    weights: Weights
    frequencies: Frequencies


def deduplicated(
    records: Iterable[Traits], guess: Weights | None = None, thresholds: Thresholds | None = None, threads: int = 2
) -> Deduplicated:
    """Which records are of one person. Weights are estimated on the records, beginning with `guess` (`first_guess`)."""
    parts = NameParts()
    faces = faces_of(records, parts)
    frequencies = frequencies_of(faces, parts)
    first, second = pairs_of(keys_of(faces))
    chunks = [slice(start, start + CHUNK_PAIRS) for start in range(0, len(first), CHUNK_PAIRS)]
    with ThreadPoolExecutor(threads) as pool:
        compared = partial(_compared, faces, parts, first, second)
        levels = list(pool.map(compared, chunks))
        weights = _estimated(levels, guess or first_guess())
        weighed = partial(_weighed, faces, parts, first, second, weights, frequencies, thresholds or Thresholds())
        judged = list(pool.map(weighed, chunks, levels))
    bits = np.concatenate([each[0] for each in judged]) if judged else np.zeros(0, np.float32)
    verdicts = np.concatenate([each[1] for each in judged]) if judged else np.zeros(0, np.uint8)
    same = verdicts == Verdict.SAME
    person = clusters_of(len(faces), first[same], second[same], bits[same], faces["citizen"])
    return Deduplicated(person, Pairs(first, second, bits, verdicts), weights, frequencies)


def _compared(faces: Faces, parts: NameParts, first: Rows, second: Rows, chunk: slice) -> Levels:
    return levels_of(faces[first[chunk]], faces[second[chunk]], parts)


def _estimated(levels: list[Levels], guess: Weights) -> Weights:
    if not levels:
        return guess
    each = [patterns_of(chunk) for chunk in levels]
    return estimated(np.concatenate([one[0] for one in each]), np.concatenate([one[1] for one in each]), guess)


def _weighed(
    faces: Faces,
    parts: NameParts,
    first: Rows,
    second: Rows,
    weights: Weights,
    frequencies: Frequencies,
    thresholds: Thresholds,
    chunk: slice,
    levels: Levels,
) -> tuple[Bits, npt.NDArray[np.uint8]]:
    mine, theirs = faces[first[chunk]], faces[second[chunk]]
    bits = bits_of(levels, weights.bits(), frequencies, parts, mine, theirs).sum(axis=1) + np.float32(
        weights.prior_bits
    )
    return bits, verdicts_of(levels, bits, thresholds)
