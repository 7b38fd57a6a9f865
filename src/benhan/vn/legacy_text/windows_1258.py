"""Windows-1258: a letter and, after it, its tone as a combining mark. Source: Microsoft code page 1258."""

from __future__ import annotations

import unicodedata

from benhan.vn.syllables import TONES


def decode(data: bytes) -> tuple[str, int]:
    """The text of the bytes in NFC, and how many bytes the code page leaves undefined (each U+FFFD)."""
    text = data.decode("cp1258", "replace")
    return unicodedata.normalize("NFC", text), text.count("\ufffd")


def encode(text: str) -> bytes:
    """The bytes of a text. Raises ValueError (UnicodeEncodeError) where the code page lacks a character."""
    return "".join(_keys(char) for char in unicodedata.normalize("NFC", text)).encode("cp1258")


def _keys(char: str) -> str:
    """A character of the code page as it is, else its letter and its tone."""
    try:
        char.encode("cp1258")
    except UnicodeEncodeError:
        apart = unicodedata.normalize("NFD", char)
        tone = "".join(each for each in apart if each in TONES)
        return unicodedata.normalize("NFC", "".join(each for each in apart if each not in TONES)) + tone
    return char
