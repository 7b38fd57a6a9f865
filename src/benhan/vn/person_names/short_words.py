"""Words of a name that stand for longer ones: `Ng.`, `T`, initials glued together."""

from __future__ import annotations

import re

from benhan.vn.syllables import is_syllable

_GLUED = re.compile(r"(?:[A-ZĐ]{1,2}\.)+[A-ZĐ]{0,2}\.?|[BCDĐGHKLMNPQRSTVX]{2,4}")
"""`N.T.`, or capitals without a vowel (`NT`); not `Ng.`, which is one word."""
_CLUSTERS = ("NGH", "NG", "NH", "TH", "TR", "PH", "KH", "CH", "GH")


def opened(word: str) -> list[str]:
    """A word of a name, or the initials glued together in it, each with a dot: `NT` and `N.T.` are `N.`, `T.`."""
    if not _GLUED.fullmatch(word) or word.rstrip(".") in _CLUSTERS or (word.isalpha() and is_syllable(word)):
        return [word]
    return [f"{letter}." for letter in word if letter != "."]


def is_short(word: str, *, is_last: bool) -> bool:
    """Whether a word stands for a longer one: it ends in a dot, or is a letter that is no syllable there."""
    if word.endswith("."):
        return True
    return len(word) == 1 and (not is_syllable(word) or (not is_last and word.upper() != "Y"))
