"""Weights estimated on the data themselves: expectation and maximisation over the patterns of levels that occur.

Nobody tells which pairs are of one person. A first guess tells it with doubt; by those doubts the shares of levels are
counted anew, until they no longer move. The first guess counts as some of the pairs of one person, so that what these
data never show (a person who moved, a card given anew) keeps a sober weight.
Source: A. P. Dempster, N. M. Laird, D. B. Rubin (1977); W. E. Winkler (1988).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.levels import FIELDS, MISSING, SILENT, Levels
from benhan.hub.identities.matching.weights import Weights

ROUNDS_MAX = 100
MOVES_MIN = 1e-5
GUESS_PAIRS = 200.0
"""As how many pairs the first guess counts at least."""
GUESS_SHARE = 0.05
"""As which share of one person's pairs it counts."""
SHARE_MIN = 1e-6


def patterns_of(levels: Levels) -> tuple[Levels, npt.NDArray[np.int64]]:
    """The different rows of levels and how often each occurs."""
    code = np.zeros(len(levels), np.int64)
    for place, names in enumerate(FIELDS.values()):
        code = code * len(names) + levels[:, place]
    _, first, counts = np.unique(code, return_index=True, return_counts=True)
    return levels[first], counts


def estimated(patterns: Levels, counts: npt.NDArray[np.int64], guess: Weights) -> Weights:
    """The weights under which the patterns are likeliest, beginning with `guess`."""
    weights = guess
    for _ in range(ROUNDS_MAX):
        odds = np.full(len(patterns), weights.prior_bits)
        for place, bits in enumerate(weights.bits().values()):
            odds += bits[patterns[:, place]]
        same = counts / (1 + np.exp2(-np.clip(odds, -500, 500)))
        before, weights = weights, _counted(patterns, same, counts - same, guess)
        if max(np.abs(np.array(weights.m[name]) - np.array(before.m[name])).max() for name in FIELDS) < MOVES_MIN:
            break
    return weights


def _counted(
    patterns: Levels, same: npt.NDArray[np.float64], other: npt.NDArray[np.float64], guess: Weights
) -> Weights:
    m: dict[str, tuple[float, ...]] = {}
    u: dict[str, tuple[float, ...]] = {}
    for place, (name, levels) in enumerate(FIELDS.items()):
        silent = list(SILENT.get(name, (MISSING,)))
        for shares, pairs, guessed in ((m, same, guess.m), (u, other, guess.u)):
            seen = np.bincount(patterns[:, place], pairs, len(levels))
            seen[silent] = 0
            guess_pairs = max(GUESS_PAIRS, GUESS_SHARE * seen.sum()) if shares is m else GUESS_PAIRS
            told = np.array(guessed[name])
            told[silent] = 0
            found = (seen + guess_pairs * told / told.sum()) / (seen.sum() + guess_pairs)
            found[silent] = SHARE_MIN
            shares[name] = tuple(np.maximum(found, SHARE_MIN).tolist())
    return Weights(m, u, float(np.clip(same.sum() / (same.sum() + other.sum()), 1e-6, 0.999)))
