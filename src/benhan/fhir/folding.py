"""Text as a search sees it: without accents, case or the place of a tone; `đ` is `d`.

Both ways of writing a tone (hòa, hoà) and both normal forms of Unicode fold to the same letters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_D = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d"})
_NOT_WORD = re.compile(r"[\W_]+")
COMMON_CHARACTERS_MAX = 24
"""Words up to this length are remembered: nearly every text is made of words that were there before."""


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """`text` in small letters without accents, words parted by one space."""
    return " ".join(words(text))


def words(text: str) -> list[str]:
    """The folded words of `text`."""
    found: list[str] = []
    for piece in text.split():
        found += _remembered(piece) if len(piece) <= COMMON_CHARACTERS_MAX else _folded(piece)
    return found


def _folded(piece: str) -> tuple[str, ...]:
    """The folded words of what stands between two spaces: mostly one."""
    if piece.isascii():
        bare = piece
    else:
        apart = unicodedata.normalize("NFKD", piece).translate(_D)
        bare = "".join(each for each in apart if not unicodedata.combining(each))
    return tuple(_NOT_WORD.sub(" ", bare.casefold()).split())


_remembered = lru_cache(maxsize=32_768)(_folded)
