"""Short forms of a name: initials, and family and middle name by their first letters."""

from __future__ import annotations

import unicodedata

from benhan.vn.person_names.name import Name


def initials(name: Name) -> str:
    """`NVA` of Nguyễn Văn An: the first letter of each word, in the order of writing."""
    return "".join(_first_letter(word) for word in name.text.split())


def shortened(name: Name) -> str:
    """`N. V. An` of Nguyễn Văn An: all but the given name by one letter."""
    before = [f"{_first_letter(word)}." for part in (name.family, name.middle) for word in part.split()]
    return " ".join([*before, name.given])


def _first_letter(word: str) -> str:
    letter = unicodedata.normalize("NFC", word).lstrip("'")[:1].upper()
    return letter if letter == "Đ" else unicodedata.normalize("NFD", letter)[:1]
