"""A name made ready for many comparisons: its parts as keys (see `agreement.py`), all its words sorted."""

from __future__ import annotations

from typing import NamedTuple

from benhan.fhir.folding import fold
from benhan.vn.person_names.name import Name, Standing, parse_name
from benhan.vn.person_names.short_words import is_short
from benhan.vn.syllables import syllable


class PreparedName(NamedTuple):
    """Keys of the three parts; `bag` holds the folded words sorted, equal where only the order differs."""

    family: str
    middle: str
    given: str
    bag: str


def prepare(name: Name | str) -> PreparedName:
    """What comparisons need of a name, taken apart or as text.

    A child under its mother's name has that whole name as a given name of one word, so that it is not taken for her.
    """
    taken = parse_name(name) if isinstance(name, str) else name
    words = taken.text.split()
    if taken.standing is Standing.MOTHERS:
        of_mother = "-".join(("con", "ba", *(fold(word) for word in words)))
        return PreparedName("", "", of_mother, of_mother)
    plain = all(word.isascii() for word in words)
    family, middle, given = (_key(part, plain) for part in (taken.family, taken.middle, taken.given))
    return PreparedName(family, middle, given, " ".join(sorted(fold(word) for word in words)))


def _key(part: str, plain: bool) -> str:  # noqa: FBT001
    words = part.split(" ") if part else []
    return " ".join(_word_key(word, plain, is_last=place == len(words) - 1) for place, word in enumerate(words))


def _word_key(word: str, plain: bool, *, is_last: bool) -> str:  # noqa: FBT001
    letters, tone = syllable(word.rstrip("."))
    key = letters + tone
    if is_short(word, is_last=is_last):
        key += "."
    return key.upper() if plain else key
