"""A word as the keys that type it: Telex and VNI. A slip of one key shows as a distance of one.

Names typed while the keyboard's conversion was off stand in old data as the keys themselves: `Nguyeenx`, `Nguye6n4`.
"""

from __future__ import annotations

from benhan.vn.syllables import ACUTE, DOT, GRAVE, HOOK, TILDE, TONES

_TELEX = str.maketrans(
    {"â": "aa", "ă": "aw", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
    | dict(zip(TONES, "fsrxj", strict=True))
)
_VNI_MARKS = {"â": "a6", "ê": "e6", "ô": "o6", "ơ": "o7", "ư": "u7", "ă": "a8", "đ": "d9"}
_VNI = str.maketrans(_VNI_MARKS | {GRAVE: "2", ACUTE: "1", HOOK: "3", TILDE: "4", DOT: "5"})


def telex(letters_and_tone: str) -> str:
    """The Telex keys of a word written as letters and, last, its tone: `nguyên` and ngã are `nguyeenx`."""
    return letters_and_tone.translate(_TELEX)


def vni(letters_and_tone: str) -> str:
    """The VNI keys of such a word, or of one that holds the digits itself: letters, then the digits in order."""
    keys = letters_and_tone.translate(_VNI)
    digits = sorted(key for key in keys if key.isdigit())
    return "".join(key for key in keys if not key.isdigit()) + "".join(digits)
