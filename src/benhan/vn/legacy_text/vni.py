"""VNI for Windows: a letter and, after it, one character for its marks, in the fonts whose names begin with `VNI-`.

Source: the table that VNI Software published with its fonts.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from benhan.vn.syllables import ACUTE, DOT, GRAVE, HOOK, TILDE

_TONES = {"ø": GRAVE, "ù": ACUTE, "û": HOOK, "õ": TILDE, "ï": DOT}
_CIRCUMFLEX = {"â": "", "à": GRAVE, "á": ACUTE, "å": HOOK, "ã": TILDE, "ä": DOT}
_BREVE = {"ê": "", "è": GRAVE, "é": ACUTE, "ú": HOOK, "ü": TILDE, "ë": DOT}
_ALONE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}


def _pairs() -> dict[str, str]:
    found = {
        base + mark: normalize("NFC", letter + tone)
        for mark, tone in _TONES.items()
        for base, letter in [*((each, each) for each in "aeiouy"), ("ô", "ơ"), ("ö", "ư")]
        if base != "i" and base + mark != "yï"
    }
    found |= {
        base + mark: normalize("NFC", base + "\u0302" + tone) for base in "aeo" for mark, tone in _CIRCUMFLEX.items()
    }
    return found | {"a" + mark: normalize("NFC", "ă" + tone) for mark, tone in _BREVE.items()}


_DECODED = _ALONE | _pairs()
_RUN = re.compile("[AaEeOoUuYy]?[\x80-\xff]+")
_ENCODED = {letter: keys for keys, letter in _DECODED.items()}


def decode(data: bytes) -> tuple[str, int]:
    """The text of the bytes, and how many characters are not in the table (they stay as Windows shows them)."""
    unknown = 0

    def letters(match: re.Match[str]) -> str:
        nonlocal unknown
        run, place = match[0], 0
        found: list[str] = []
        while place < len(run):
            keys = run[place : place + 2]
            if keys.lower() not in _DECODED:
                keys = keys[0]
            letter = _DECODED.get(keys.lower(), keys)
            unknown += letter == keys and not keys.isascii() and keys not in "íìÍÌ"
            found.append(letter.upper() if keys[0].isupper() else letter)
            place += len(keys)
        return "".join(found)

    return _RUN.sub(letters, data.decode("latin-1")), unknown


def encode(text: str) -> bytes:
    """The bytes of a text in NFC. Raises ValueError where a character is not in the table."""
    return "".join(_keys(char) for char in text).encode("latin-1")


def _keys(char: str) -> str:
    if char.isascii():
        return char
    keys = _ENCODED.get(char.lower())
    if keys is None:
        raise ValueError(f"U+{ord(char):04X} is not in VNI")
    return keys.upper() if char.isupper() else keys
