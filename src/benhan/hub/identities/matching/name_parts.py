"""Parts of names as small numbers: what each is, how often it is met, how two of them agree.

A country of a hundred million shares some ten thousand parts, so a name is three numbers and most agreements are known.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benhan.fhir.folding import fold
from benhan.hub.identities.matching.hashing import hash32, hash64
from benhan.vn.person_names.agreement import Agreement, agreement, ends
from benhan.vn.person_names.name import Name, Standing, is_mothers_name, parse_name
from benhan.vn.person_names.prepared import prepare

KEPT_MAX = 2_000_000
"""Agreements of two parts that are remembered, about 100 bytes each."""

Ids = npt.NDArray[np.uint32]
Levels = npt.NDArray[np.uint8]


class NameRow(NamedTuple):
    """A name as numbers: parts by their number here (0: none), the rest as hashes that mean the same everywhere."""

    family: int
    middle: int
    given: int
    family_sound: int
    given_sound: int
    bag: int
    mothers: bool
    """The name is the mother's."""


class NameParts:
    """The parts met so far. Only ever grows: numbers given stay. One thread adds; any may compare."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {"": 0}
        self._rows: dict[tuple[str, str, str, str], NameRow] = {}
        self.keys = [""]
        self._ends = np.zeros((1024, 4), np.uint16)
        self._known: dict[int, int] = {}
        self.folded = np.zeros(1024, np.uint32)
        """Of each part the number of what it folds to: `frequency` counts by it."""
        self._folds: dict[str, int] = {"": 0}

    def row(self, family: str, middle: str, given: str, text: str) -> NameRow:
        """A name as numbers; its parts as written, or its whole text."""
        told = (family, middle, given, text)
        row = self._rows.get(told)
        if row is None:
            if len(self._rows) >= KEPT_MAX:
                self._rows.clear()
            row = self._rows[told] = self._made(told)
        return row

    def _made(self, told: tuple[str, str, str, str]) -> NameRow:
        family, middle, given, text = told
        if family and given and not is_mothers_name(family):
            name = Name(family, middle, given)
        else:
            name = parse_name(text or " ".join(part for part in told if part))
        prepared = prepare(name)
        return NameRow(
            self._id(prepared.family),
            self._id(prepared.middle),
            self._id(prepared.given),
            sound(prepared.family),
            sound(prepared.given),
            hash64(prepared.bag) if prepared.bag else 0,
            name.standing is Standing.MOTHERS,
        )

    def _id(self, key: str) -> int:
        number = self._ids.get(key)
        if number is None:
            number = len(self.keys)
            self._ids[key] = number
            self.keys.append(key)
            if number >= len(self._ends):
                self._ends = np.concatenate([self._ends, np.zeros_like(self._ends)])
                self.folded = np.concatenate([self.folded, np.zeros_like(self.folded)])
            told = ends(key)
            self._ends[number] = [0, 0, 0, 0] if told is None else [ord(each) & 0xFFFF or 1 for each in told]
            self.folded[number] = self._folds.setdefault(fold(key), len(self._folds))
        return number

    def agreements(self, mine: Ids, theirs: Ids) -> Levels:
        """How each two parts agree, as `Agreement`; the same whichever comes first."""
        found = np.full(len(mine), Agreement.DIFFERENT.value, np.uint8)
        same = mine == theirs
        found[same] = np.where(mine[same] == 0, Agreement.NEITHER.value, Agreement.SAME.value)
        ours, others = self._ends[mine], self._ends[theirs]
        doubtful = ~same & ((ours == others).any(axis=1) | (ours[:, 0] == 0) | (others[:, 0] == 0))
        places = np.flatnonzero(doubtful)
        if len(places):
            first, second = mine[places].astype(np.int64), theirs[places].astype(np.int64)
            codes = np.minimum(first, second) << 32 | np.maximum(first, second)
            found[places] = self._looked_up(codes)
        return found

    def _looked_up(self, codes: npt.NDArray[np.int64]) -> Levels:
        if len(codes) > 5_000:
            different, back = np.unique(codes, return_inverse=True)
            return np.array([self._of(code) for code in different.tolist()], np.uint8)[back]
        return np.array([self._of(code) for code in codes.tolist()], np.uint8)

    def _of(self, code: int) -> int:
        level = self._known.get(code)
        if level is None:
            if len(self._known) >= KEPT_MAX:
                self._known.clear()
            level = agreement(self.keys[code >> 32], self.keys[code & 0xFFFFFFFF]).value
            self._known[code] = level
        return level


_SOUNDS = (
    ("ngh", "ng"), ("gh", "g"), ("tr", "ch"), ("x", "s"), ("gi", "d"), ("r", "d"), ("ph", "f"), ("th", "t"),
    ("kh", "k"), ("qu", "w"), ("k", "c"), ("q", "c"), ("nh", "n"), ("ng", "n"), ("l", "n"), ("y", "i"),
)  # fmt: skip


@lru_cache(maxsize=65_536)
def sound(key: str) -> int:
    """A hash that parts which are heard alike share: tr and ch, s and x, l and n, d, gi and r, final n, ng and nh."""
    if not key:
        return 0
    text = fold(key.rstrip("."))
    for written, heard in _SOUNDS:
        text = text.replace(written, heard)
    kept = [letter for place, letter in enumerate(text) if place == 0 or letter != text[place - 1]]
    return hash32("".join(kept)) or 1
