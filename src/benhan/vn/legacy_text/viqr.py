"""VIQR: Vietnamese in ASCII, marks written after their vowel: `Nguye^~n Va(n A`.

A mark that is also punctuation is read as a mark unless a backslash stands before it; at the end of a word nobody can
tell (`Ha.`), which is counted. Source: RFC 1456.
"""

from __future__ import annotations

import re
import unicodedata

from benhan.vn.syllables import ACUTE, DOT, GRAVE, HOOK, TILDE

_TONES = {"`": GRAVE, "'": ACUTE, "?": HOOK, "~": TILDE, ".": DOT}
_QUALITIES = {"^": "\u0302", "(": "\u0306", "+": "\u031b"}
_QUALITY_OF = {"a": "^(", "e": "^", "o": "^+", "u": "+"}
_SPELT = re.compile(
    r"\\(?P<plain>.)|(?P<bar>[dD][dD])|(?P<vowel>[aeiouyAEIOUY])(?P<quality>[\^(+])?(?P<tone>[`'?~.])?", re.DOTALL
)
_MARKS = {mark: sign for sign, mark in (_TONES | _QUALITIES).items()}


def decode(data: bytes) -> tuple[str, int]:
    """The text of the bytes, and how many marks may have been punctuation or are not ASCII."""
    text = data.decode("latin-1")
    doubtful = sum(char > "\x7f" for char in text)

    def letter(match: re.Match[str]) -> str:
        nonlocal doubtful
        if match["plain"] is not None:
            return match["plain"]
        if match["bar"] is not None:
            return "Đ" if match["bar"][0] == "D" else "đ"
        vowel, quality, tone = match["vowel"], match["quality"] or "", match["tone"] or ""
        if quality and quality not in _QUALITY_OF.get(vowel.lower(), ""):
            return match[0]
        if tone in ("?", ".") and tone and not text[match.end() : match.end() + 1].isalpha():
            doubtful += 1
        return unicodedata.normalize("NFC", vowel + _QUALITIES.get(quality, "") + _TONES.get(tone, ""))

    return _SPELT.sub(letter, text), doubtful


def encode(text: str) -> bytes:
    """The bytes of a text; punctuation after a vowel gets its backslash. Raises ValueError for other letters."""
    found: list[str] = []
    for char in text:
        found.append(_written(char, found[-1][-1:] if found else ""))
    return "".join(found).encode()


def _written(char: str, before: str) -> str:
    """A character as VIQR writes it after the character `before`."""
    if char in "đĐ":
        return "DD" if char == "Đ" else "dd"
    if char.isascii():
        return f"\\{char}" if char == "\\" or _would_be_read_as_mark(char, before) else char
    apart = unicodedata.normalize("NFD", char)
    marks = sorted((_MARKS.get(mark, "") for mark in apart[1:]), key=lambda mark: mark in _TONES)
    if not apart[0].isascii() or "" in marks:
        raise ValueError(f"U+{ord(char):04X} is not in VIQR")
    return apart[0] + "".join(marks)


def _would_be_read_as_mark(char: str, before: str) -> bool:
    if char in "dD":
        return before != "" and before in "dD"
    return before.lower() in (*"aeiouy", *_QUALITIES) and (char in _TONES or char in _QUALITIES)
