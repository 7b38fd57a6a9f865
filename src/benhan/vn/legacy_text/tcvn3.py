"""TCVN3 (ABC): one byte a letter, in the fonts whose names begin with `.Vn`.

It has no capitals with a tone: a font (`.VnTimeH`) draws small letters as capitals, so what is in capitals is told from
the letters around. Source: TCVN 5712:1993, VN3.
"""

from __future__ import annotations

import re

_LETTERS = "ĂÂÊÔƠƯĐăâêôơưđ------àảãáạ-ằẳẵắ-------ặầẩẫấậè-ẻẽéẹềểễếệìỉ---ĩíịò-ỏõóọồổỗốộờởỡớợù-ủũúụừửữứựỳỷỹýỵ"
"""From byte A1 on; a dash where the table has nothing that is used."""
FIRST = 0xA1
_DECODED = {FIRST + place: letter for place, letter in enumerate(_LETTERS) if letter != "-"}
_ENCODED = {letter: code for code, letter in _DECODED.items()}
_TABLE = {code: _DECODED.get(code, "\ufffd") for code in range(0x80, 0x100)}
_MARKED_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{0,8}[^\W\d_a-zA-Z][^\W\d_]{0,12}")


def decode(data: bytes) -> tuple[str, int]:
    """The text of the bytes, and how many bytes are no letter of the table (each U+FFFD)."""
    text = data.decode("latin-1").translate(_TABLE)
    has_small = re.search("[a-z]", text) is not None
    return _MARKED_WORD.sub(lambda match: _in_capitals(match[0], has_small=has_small), text), text.count("\ufffd")


def encode(text: str) -> bytes:
    """The bytes of a text in NFC; a capital that the table lacks becomes its small letter, as the fonts have it.

    Raises ValueError where a character is in no way part of the table.
    """
    return bytes(map(_code, text))


def _code(char: str) -> int:
    if char.isascii():
        return ord(char)
    code = _ENCODED.get(char) or _ENCODED.get(char.lower())
    if code is None:
        raise ValueError(f"U+{ord(char):04X} is not in TCVN3")
    return code


def _in_capitals(word: str, *, has_small: bool) -> str:
    """A word that was meant in capitals: its ASCII letters are, two or more, or none is small elsewhere."""
    plain = [char for char in word if char.isascii()]
    if not plain or any(char.islower() for char in plain):
        return word
    return word.upper() if len(plain) > 1 or not has_small else word
