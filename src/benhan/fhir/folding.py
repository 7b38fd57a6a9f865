"""Text as a search sees it: without accents, case or the place of a tone; `đ` is `d`.

Both ways of writing a tone (hòa, hoà) and both normal forms of Unicode fold to the same letters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_D = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d"})
_NOT_WORD = re.compile(r"[\W_]+")


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """`text` in small letters without accents, words parted by one space."""
    if text.isascii():
        bare = text
    else:
        apart = unicodedata.normalize("NFKD", text).translate(_D)
        bare = "".join(each for each in apart if not unicodedata.combining(each))
    return _NOT_WORD.sub(" ", bare.casefold()).strip()


def words(text: str) -> list[str]:
    """The folded words of `text`."""
    return fold(text).split()
