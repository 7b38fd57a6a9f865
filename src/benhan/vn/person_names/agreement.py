"""How one part of a name agrees with the same part of another, by degrees.

A part is a key: its words parted by a space, each its letters and, last, its tone, in small letters; in capitals where
the whole name was written without accents, so that nothing can be said of them; with a dot where it stands for a longer
word. Keys are made by `prepared.py`.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from benhan.fhir.folding import fold
from benhan.vn.person_names.keystrokes import telex, vni
from benhan.vn.syllables import TONES

SLIP_LETTERS_MIN = 3
"""In words shorter than this one key more or less makes another word."""

_FINAL_Y = re.compile(rf"((?:^|qu|[bcdđghklmnprstvx]))y(?=[{''.join(TONES)}]?$)")


class Agreement(IntEnum):
    """From nothing in common to the same, in the order of weight; and NEITHER, outside of it."""

    DIFFERENT = 0
    MISSING = 1
    """One of the two lacks it, or some of its words."""
    SLIP = 2
    """One key more, less, other or out of order; or the keys themselves instead of what they type."""
    SHORTENED = 3
    """One stands for the other: Ng. for Nguyễn."""
    ACCENTS = 4
    """The same letters with other accents, both written with accents."""
    UNACCENTED = 5
    """The same letters, one name written wholly without accents."""
    SPELLING = 6
    """i and y for the same sound: Mỹ, Mĩ."""
    SAME = 7
    """The same, but for case, Unicode form and the place of the tone."""
    NEITHER = 8
    """Neither name has the part, which says nothing."""


class _Forms(NamedTuple):
    """A word of a key in the forms that are compared."""

    bare: str
    with_i: str
    bare_with_i: str
    telex: str
    vni: str
    is_short: bool
    is_plain: bool


def agreement(mine: str, theirs: str) -> Agreement:
    """The agreement of two keys; the same whichever comes first."""
    if mine == theirs:
        return Agreement.SAME if mine else Agreement.NEITHER
    if not mine or not theirs:
        return Agreement.MISSING
    if " " not in mine and " " not in theirs:
        return _words(mine, theirs)
    ours, others = mine.split(" "), theirs.split(" ")
    if len(ours) == len(others):
        return min(map(_words, ours, others))
    shorter, longer = (ours, others) if len(ours) < len(others) else (others, ours)
    rest = iter(longer)
    found = all(any(_words(word, each) > Agreement.SLIP for each in rest) for word in shorter)
    return Agreement.MISSING if found else Agreement.DIFFERENT


def _words(mine: str, theirs: str) -> Agreement:
    if mine == theirs:
        return Agreement.SAME
    bare, with_i, bare_with_i, keys, digits, is_short, is_plain = _forms(mine)
    other, other_with_i, other_bare_with_i, other_keys, other_digits, other_is_short, other_is_plain = _forms(theirs)
    if is_short or other_is_short:
        return Agreement.SHORTENED if _is_short_for(bare, other) else Agreement.DIFFERENT
    if bare_with_i == other_bare_with_i:
        if bare != other and with_i == other_with_i:
            return Agreement.SPELLING
        return Agreement.UNACCENTED if is_plain or other_is_plain else Agreement.ACCENTS
    if keys == other_keys or digits == other_digits:
        return Agreement.SLIP
    if min(len(bare), len(other)) < SLIP_LETTERS_MIN:
        return Agreement.DIFFERENT
    if is_plain or other_is_plain:
        keys, other_keys = bare, other
    return Agreement.SLIP if _is_one_key_apart(keys, other_keys) else Agreement.DIFFERENT


def _is_short_for(bare: str, other: str) -> bool:
    return bool(bare) and bool(other) and (bare.startswith(other) or other.startswith(bare))


def _is_one_key_apart(keys: str, others: str) -> bool:
    """Whether one key more, less, other or out of order makes one of the other."""
    if keys[0] != others[0] and keys[-1] != others[-1]:
        return False  # most pairs: no single slip changes both ends
    return OSA.distance(keys, others, score_cutoff=1) <= 1


@lru_cache(maxsize=65_536)
def ends(key: str) -> tuple[str, str, str, str] | None:
    """The first key and letter of a word and its last ones; None of a key of several words, of a short one, of none.

    Words that are alike in none of the four are DIFFERENT: what types one of two alike, and a slip, leave one end.
    """
    if not key or " " in key:
        return None
    forms = _forms(key)
    if forms.is_short or not forms.bare:
        return None
    return forms.telex[0], forms.bare[0], forms.telex[-1], forms.bare[-1]


@lru_cache(maxsize=65_536)
def _forms(word: str) -> _Forms:
    bare, small = fold(word), word.lower()
    return _Forms(
        bare,
        _with_i(small),
        _with_i(bare),
        telex(small),
        vni(small),
        is_short=word.endswith(".") or len(bare) == 1,
        is_plain=word.isupper(),
    )


def _with_i(word: str) -> str:
    return _FINAL_Y.sub(r"\1i", word)
