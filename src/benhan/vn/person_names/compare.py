"""Two names compared: how each part agrees, whether the order differs, and one score; a million pairs a second.

The agreements of the parts are what a matcher weighs (Fellegi–Sunter); the score is for a person to sort by. Names are
prepared once. A `NameComparer` looks at each two parts once, since a country of a hundred million shares some thousands
of words.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from benhan.vn.person_names.agreement import Agreement, agreement, ends
from benhan.vn.person_names.name import Name
from benhan.vn.person_names.prepared import PreparedName, prepare

_WEIGHTS = {"family": 0.3, "middle": 0.2, "given": 0.5}
"""A family name tells least apart for its letters: three in ten share one; the middle name is left out most."""
_DEGREES = {
    Agreement.SAME: 1.0,
    Agreement.SPELLING: 0.97,
    Agreement.UNACCENTED: 0.95,
    Agreement.SHORTENED: 0.75,
    Agreement.ACCENTS: 0.7,
    Agreement.MISSING: 0.6,
    Agreement.SLIP: 0.6,
    Agreement.DIFFERENT: 0.0,
}
_SWAPPED_SCORE = 0.9


class Comparison(NamedTuple):
    """`score` from 0 (nothing in common) to 1 (the same name)."""

    score: float
    family: Agreement
    middle: Agreement
    given: Agreement
    is_swapped: bool
    """The same words in another order, or family and given name in each other's place."""

    @property
    def kinds(self) -> frozenset[Agreement]:
        """In which ways the parts agree or not."""
        return frozenset((self.family, self.middle, self.given))


def compare(mine: PreparedName | Name | str, theirs: PreparedName | Name | str) -> Comparison:
    """How two names agree; the same whichever comes first."""
    ours = mine if isinstance(mine, PreparedName) else prepare(mine)
    others = theirs if isinstance(theirs, PreparedName) else prepare(theirs)
    family, middle, given = (agreement(ours[part], others[part]) for part in range(3))
    code = family << 8 | middle << 4 | given
    if not given and (ours.bag == others.bag or (not family and _is_crossed(ours, others))):
        code |= _SWAPPED
    return _ALL[code]


def _is_crossed(mine: PreparedName, theirs: PreparedName) -> bool:
    """Whether each one's given name agrees with the other's family name."""
    return agreement(mine.family, theirs.given) > _SWAP_MIN and agreement(mine.given, theirs.family) > _SWAP_MIN


class NameComparer:
    """Compares names by the million: the agreement of each two parts that it met is kept for the next pair.

    It keeps at most `kept_max` agreements (about 100 bytes each), then begins anew. Not for several threads.
    """

    def __init__(self, kept_max: int = 1_000_000) -> None:
        self._rows: dict[tuple[str, int], _Row] = {}
        self._kept_max = kept_max

    def compare_with_all(self, asked: PreparedName, names: Iterable[PreparedName]) -> list[Comparison]:
        """How one name agrees with each of many, in their order; as `compare` tells of each two."""
        asked_family, asked_middle, asked_given, asked_bag = asked
        families, middles = self._row(asked_family, 8), self._row(asked_middle, 4)
        givens, family_as_given = self._row(asked_given, 0), self._row(asked_family, 0)
        found: list[Comparison] = []
        add, every = found.append, _ALL
        for family, middle, given, bag in names:
            code = families[family] | middles[middle] | givens[given]
            if not code & 0xF and (
                bag == asked_bag
                or (not code & 0xF00 and family_as_given[given] > _SWAP_MIN and givens[family] > _SWAP_MIN)
            ):
                code |= _SWAPPED
            add(every[code])
        if sum(map(len, self._rows.values())) > self._kept_max:
            self._rows.clear()
        return found

    def _row(self, key: str, shift: int) -> _Row:
        row = self._rows.get((key, shift))
        if row is None:
            row = self._rows[key, shift] = _Row(key, shift)
        return row


_SWAP_MIN = Agreement.SLIP.value
_SWAPPED = 0x1000


class _Row(dict[str, int]):
    """The agreement of one key with each other key met, shifted to its place in the code of a comparison."""

    __slots__ = ("_ends", "_key", "_shift")

    def __init__(self, key: str, shift: int) -> None:
        super().__init__()
        self._key = key
        self._shift = shift
        self._ends = ends(key)

    def __missing__(self, other: str) -> int:
        mine, theirs = self._ends, ends(other)
        if mine is not None and theirs is not None:
            first, first_letter, last, last_letter = theirs
            if (  # nine of ten pairs, told without a look at the words
                first != mine[0] and last != mine[2] and first_letter != mine[1] and last_letter != mine[3]
            ):
                self[other] = Agreement.DIFFERENT.value
                return Agreement.DIFFERENT.value
        found = self[other] = agreement(self._key, other).value << self._shift
        return found


def _comparison(family: Agreement, middle: Agreement, given: Agreement, *, is_swapped: bool) -> Comparison:
    if is_swapped:
        return Comparison(_SWAPPED_SCORE, family, middle, given, is_swapped=True)
    parts = {"family": family, "middle": middle, "given": given}
    told = {name: part for name, part in parts.items() if part is not Agreement.NEITHER}
    weight = sum(_WEIGHTS[name] for name in told)
    score = sum(_WEIGHTS[name] * _DEGREES[part] for name, part in told.items()) / weight if told else 0.0
    return Comparison(round(score, 3), family, middle, given, is_swapped=False)


def _by_code() -> list[Comparison]:
    """Every comparison there is, at its code: one hexadecimal digit each for family, middle, given."""
    nothing = Comparison(0.0, Agreement.NEITHER, Agreement.NEITHER, Agreement.NEITHER, is_swapped=False)
    found = [nothing] * (_SWAPPED * 2)
    for family, middle, given in product(Agreement, repeat=3):
        code = family << 8 | middle << 4 | given
        found[code] = _comparison(family, middle, given, is_swapped=False)
        found[code | _SWAPPED] = _comparison(family, middle, given, is_swapped=True)
    return found


_ALL = _by_code()
