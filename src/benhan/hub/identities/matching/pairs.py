"""Which rows of a table are to be held against each other: those that share a key, each pair once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.keys import Keys

Rows = npt.NDArray[np.int64]

BLOCK_MAX = 60
"""Rows under one key beyond which the key tells too little: they meet under others."""


def pairs_of(keys: Keys, block_max: int = BLOCK_MAX) -> tuple[Rows, Rows]:
    """The smaller and the larger row of each pair that shares a key with fewer than `block_max` rows, sorted."""
    count = len(keys)
    found = [code for kind in range(keys.shape[1]) for code in _pairs_of_kind(keys[:, kind], count, block_max)]
    codes = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    first, second = np.divmod(codes, count)
    return first, second


def _pairs_of_kind(column: npt.NDArray[np.uint64], count: int, block_max: int) -> Iterator[Rows]:
    """Pairs as first * count + second."""
    rows = np.flatnonzero(column)
    order = rows[np.argsort(column[rows], kind="stable")]
    sorted_keys = column[order]
    if not len(order):
        return
    starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
    sizes = np.diff(np.append(starts, len(order)))
    is_small = (sizes > 1) & (sizes <= block_max)
    left = np.repeat(starts + sizes, sizes)  # where the block of each place ends
    places = np.flatnonzero(np.repeat(is_small, sizes))
    for apart in range(1, block_max):
        places = places[places + apart < left[places]]
        if not len(places):
            return
        one, other = order[places], order[places + apart]
        yield np.minimum(one, other) * count + np.maximum(one, other)
