"""Two names compared: how each part agrees, whether the order differs, and one score; a million pairs a second.

The agreements of the parts are what a matcher weighs (Fellegi–Sunter); the score is for a person to sort by. Names are
prepared once. A `NameComparer` looks at each two parts once, since a country of a hundred million shares some thousands
of words; a new part is held only against those that share its first or last key or letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


class NameBlock:
    """Names that many are compared with, made ready once: a matcher's block. Not changed afterwards."""

    def __init__(self, names: Iterable[PreparedName]) -> None:
        self.names = tuple(names)
        self.families = [each.family for each in self.names]
        self.middles = [each.middle for each in self.names]
        self.givens = [each.given for each in self.names]
        self.at_bag: dict[str, list[int]] = {}
        self.at_given: dict[str, list[int]] = {}
        for place, each in enumerate(self.names):
            self.at_bag.setdefault(each.bag, []).append(place)
            self.at_given.setdefault(each.given, []).append(place)


class NameComparer:
    """Compares names by the million: the agreement of each two parts that it met is kept for the next pair.

    It keeps at most `kept_max` agreements (about 100 bytes each), then begins anew. Not for several threads.
    """

    def __init__(self, kept_max: int = 1_000_000) -> None:
        self._kept_max = kept_max
        self._begin()

    def _begin(self) -> None:
        self._rows: dict[tuple[str, int], _Row] = {}
        self._keys = {shift: _Keys() for shift in (_FAMILY, _MIDDLE, _GIVEN)}

    def compare_with_all(self, asked: PreparedName, block: NameBlock) -> list[Comparison]:
        """How one name agrees with each of many, in their order; as `compare` tells of each two."""
        families, middles = self._row(asked.family, _FAMILY), self._row(asked.middle, _MIDDLE)
        givens = self._row(asked.given, _GIVEN)
        every = _ALL
        found = [
            every[family | middle | given]
            for family, middle, given in zip(
                map(families.__getitem__, block.families),
                map(middles.__getitem__, block.middles),
                map(givens.__getitem__, block.givens),
                strict=True,
            )
        ]
        for place in self._swapped(asked, block):
            _, family, middle, given, _ = found[place]
            found[place] = every[family << _FAMILY | middle << _MIDDLE | given | _SWAPPED]
        if sum(map(len, self._rows.values())) > self._kept_max:
            self._begin()
        return found

    def _swapped(self, asked: PreparedName, block: NameBlock) -> Iterator[int]:
        """The places of a block whose given name differs, with the same words or both names in each other's place."""
        families, givens = self._row(asked.family, _FAMILY), self._row(asked.given, _GIVEN)
        for place in block.at_bag.get(asked.bag, ()):
            if not givens[block.givens[place]]:
                yield place
        family_as_given = self._row(asked.family, _GIVEN)
        for given, places in block.at_given.items():
            if family_as_given[given] > _SWAP_MIN and not givens[given]:
                for place in places:
                    family = block.families[place]
                    if not families[family] and givens[family] > _SWAP_MIN:
                        yield place

    def _row(self, key: str, shift: int) -> _Row:
        row = self._rows.get((key, shift))
        if row is None:
            row = self._rows[key, shift] = _Row(key, shift, self._keys[shift])
        return row


_FAMILY, _MIDDLE, _GIVEN = 8, 4, 0
"""Where the agreement of a part stands in the code of a comparison, in bits."""
_SWAP_MIN = Agreement.SLIP.value
_SWAPPED = 0x1000


class _Keys:
    """The keys of one part that were met, and those that share an end with another: the rest is DIFFERENT from it."""

    def __init__(self) -> None:
        self.different: dict[str, int] = {}
        self._at_end: dict[tuple[int, str], list[str]] = {}
        self._without_ends: list[str] = []

    def add(self, key: str) -> None:
        self.different[key] = Agreement.DIFFERENT.value
        told = ends(key)
        if told is None:
            self._without_ends.append(key)
            return
        for end in enumerate(told):
            self._at_end.setdefault(end, []).append(key)

    def like(self, key: str) -> Iterable[str]:
        """The keys that may agree with one: about one of ten."""
        told = ends(key)
        if told is None:
            return self.different
        return set(self._without_ends).union(*(self._at_end.get(end, ()) for end in enumerate(told)))


class _Row(dict[str, int]):
    """The agreement of one key with each other key met, shifted to its place in the code of a comparison."""

    __slots__ = ("_key", "_keys", "_shift")

    def __init__(self, key: str, shift: int, keys: _Keys) -> None:
        super().__init__(keys.different)
        self._key = key
        self._shift = shift
        self._keys = keys
        for other in keys.like(key):
            self[other] = agreement(key, other).value << shift

    def __missing__(self, other: str) -> int:
        if other not in self._keys.different:
            self._keys.add(other)
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
