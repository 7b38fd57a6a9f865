"""Persons out of pairs: whoever is one with another is one with all of that one's, unless their numbers forbid it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.pairs import Rows

Numbers = npt.NDArray[np.int64]


def clusters_of(count: int, first: Rows, second: Rows, bits: npt.NDArray[np.float32], citizen: Numbers) -> Rows:
    """For each of `count` rows the smallest row of the same person.

    A chain of pairs that would join two different citizen numbers is cut at its weakest: the surest pairs join first.
    """
    labels = _connected(count, first, second)
    doubtful = _with_several_numbers(labels, citizen)
    if not doubtful.any():
        return labels
    inside = doubtful[labels[first]]
    order = np.argsort(-bits[inside], kind="stable")
    labels[doubtful[labels]] = np.flatnonzero(doubtful[labels])
    pairs = zip(first[inside][order].tolist(), second[inside][order].tolist(), strict=True)
    return _guarded(labels, list(pairs), citizen)


def _connected(count: int, first: Rows, second: Rows) -> Rows:
    """The smallest row that pairs lead to."""
    labels = np.arange(count)
    while len(first):
        smaller = np.minimum(labels[first], labels[second])
        before = labels.copy()
        np.minimum.at(labels, first, smaller)
        np.minimum.at(labels, second, smaller)
        np.minimum.at(labels, before[first], smaller)
        np.minimum.at(labels, before[second], smaller)
        labels = labels[labels]
        if (labels == before).all():
            break
    return labels


def _with_several_numbers(labels: Rows, citizen: Numbers) -> npt.NDArray[np.bool_]:
    """Of each label whether its rows have more than one citizen number."""
    told = citizen != 0
    least, most = np.full(len(labels), np.iinfo(np.int64).max), np.zeros(len(labels), np.int64)
    np.minimum.at(least, labels[told], citizen[told])
    np.maximum.at(most, labels[told], citizen[told])
    found: npt.NDArray[np.bool_] = (most != 0) & (least != most)
    return found


def _guarded(labels: Rows, pairs: list[tuple[int, int]], citizen: Numbers) -> Rows:
    """Join pairs in their order, none whose citizen numbers on both sides are told and have nothing in common.

    Numbers that a pair itself took for one number mistyped are one: such a pair joins them.
    """
    parent: dict[int, int] = {}
    numbers: dict[int, set[int]] = {}

    def root(row: int) -> int:
        while parent.setdefault(row, row) != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for one, other in pairs:
        mine, theirs = sorted((root(one), root(other)))
        if mine == theirs:
            continue
        ours, others = (numbers.setdefault(each, {int(citizen[each])} - {0}) for each in (mine, theirs))
        both_told = citizen[one] != 0 and citizen[other] != 0
        if ours and others and not ours & others and not both_told:
            continue
        parent[theirs] = mine
        ours |= others
    found = labels.copy()
    for row in parent:
        found[row] = root(row)
    return found
