"""Which rows stand under a key: sorted arrays, the newest rows in a dictionary until they are enough for an array.

Twelve bytes for each key of a row. Arrays of like size are merged, so that there are few.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.hashing import Words
from benhan.hub.identities.matching.keys import Keys

YOUNG_MAX = 20_000
"""Rows in the dictionary, about 2 kB each."""
POSTINGS_MAX = 400
"""Rows under one key beyond which it tells too little to be followed."""

Rows = npt.NDArray[np.uint32]


class _Segment(NamedTuple):
    keys: Words
    rows: Rows


class Postings:
    """Rows by key; rows are added and never taken out."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []
        self._young: dict[int, list[int]] = {}
        self._young_rows = 0

    def add(self, keys: Keys, first_row: int) -> None:
        """The rows from `first_row` on, with their keys."""
        if len(keys) > YOUNG_MAX // 4:
            self._push(_sorted(keys, first_row))
            return
        young = self._young
        for row, of_row in enumerate(keys.tolist(), first_row):
            for key in of_row:
                if key:
                    young.setdefault(key, []).append(row)
        self._young_rows += len(keys)
        if self._young_rows >= YOUNG_MAX:
            told = [(key, row) for key, rows in young.items() for row in rows]
            array = np.array([key for key, _ in told], np.uint64)
            order = np.argsort(array, kind="stable")
            self._push(_Segment(array[order], np.array([row for _, row in told], np.uint32)[order]))
            self._young, self._young_rows = {}, 0

    def find(self, keys: Keys) -> tuple[Rows, Rows]:
        """Pairs of a row of `keys` and a row that shares a key with it, each once, sorted."""
        flat = keys.ravel()
        asked = np.repeat(np.arange(len(keys), dtype=np.int64), keys.shape[1])[flat != 0]
        flat = flat[flat != 0]
        codes = [_found(segment, flat, asked) for segment in self._segments]
        if self._young:
            young = [
                who << 32 | row
                for who, key in zip(asked.tolist(), flat.tolist(), strict=True)
                for row in self._young.get(key, ())[-POSTINGS_MAX:]
            ]
            codes.append(np.array(young, np.int64))
        every = np.unique(np.concatenate(codes)) if codes else np.zeros(0, np.int64)
        return (every >> 32).astype(np.uint32), (every & 0xFFFFFFFF).astype(np.uint32)

    def _push(self, segment: _Segment) -> None:
        self._segments.append(segment)
        while len(self._segments) > 1 and len(self._segments[-2].keys) <= 2 * len(self._segments[-1].keys):
            last, before = self._segments.pop(), self._segments.pop()
            at = np.searchsorted(before.keys, last.keys)
            self._segments.append(
                _Segment(np.insert(before.keys, at, last.keys), np.insert(before.rows, at, last.rows))
            )


def _sorted(keys: Keys, first_row: int) -> _Segment:
    flat = keys.ravel()
    rows = np.repeat(np.arange(first_row, first_row + len(keys), dtype=np.uint32), keys.shape[1])[flat != 0]
    flat = flat[flat != 0]
    order = np.argsort(flat, kind="stable")
    return _Segment(flat[order], rows[order])


def _found(segment: _Segment, flat: Words, asked: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Asked row << 32 | found row."""
    left = np.searchsorted(segment.keys, flat)
    sizes = np.searchsorted(segment.keys, flat, side="right") - left
    sizes[sizes > POSTINGS_MAX] = 0
    ends = np.cumsum(sizes)
    places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(left - ends + sizes, sizes)
    codes: npt.NDArray[np.int64] = np.repeat(asked, sizes) << 32 | segment.rows[places]
    return codes
