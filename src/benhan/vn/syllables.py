"""A Vietnamese syllable: its letters, its tone, and whether it can be one.

The tone is taken off its vowel, so that both ways of placing it (hòa, hoà) and both normal forms of Unicode are one.
The rhymes are the closed list of the language's spelling; a syllable that ends in c, ch, p or t has only two tones.
Source: the spelling of quốc ngữ as schools teach it; names of the minority languages follow other rules.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

GRAVE, ACUTE, HOOK, TILDE, DOT = "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"
TONES = (GRAVE, ACUTE, HOOK, TILDE, DOT)
"""Huyền, sắc, hỏi, ngã, nặng, as combining marks; "" is ngang."""
_MARKED_VOWELS = "âăêôơư"
_VOWELS = "aeiouy" + _MARKED_VOWELS

_ONSETS = (
    "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "p", "ph", "r", "s",
    "t", "th", "tr", "v", "x", "",
)  # fmt: skip
_RHYMES_WRITTEN = """
a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
e ec em en eng eo ep et ê êch êm ên ênh êp êt êu
i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
o oc oi om on ong op ot oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oen oeo oet ooc
oong ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
u ua uc ui um un ung up ut uân uâng uât uây uê uên uêch uênh uêt ui uơ uy uya uych uyn uynh uyt uyu uyên uyêt uôc
uôi uôm uôn uông uôt ư ưa ưc ưi ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
y yêm yên yêng yêt yêu
"""
_AFTER_QU_WRITTEN = """
a ac ach ai an ang anh ao at au ay ăc ăm ăn ăng ăp ăt ân âng ât âu ây e en eo et ê ên êt i ich in it
y ych ynh yt yên yêt ơ ơi ơn ơt ôc
"""
_RHYMES = frozenset(_RHYMES_WRITTEN.split())
_AFTER_QU = frozenset(_AFTER_QU_WRITTEN.split())
_STOPS = ("c", "ch", "p", "t")


class Syllable(NamedTuple):
    """`letters` in small letters, with the marks that make vowels and đ but without the tone; `tone` a mark or ""."""

    letters: str
    tone: str


@lru_cache(maxsize=65_536)
def syllable(word: str) -> Syllable:
    """The letters and the tone of a word in any case and normal form; of several tones, the last."""
    apart = unicodedata.normalize("NFD", word.casefold())
    tone = ""
    letters = []
    for char in apart:
        if char in TONES:
            tone = char
        else:
            letters.append(char)
    return Syllable(unicodedata.normalize("NFC", "".join(letters)), tone)


@lru_cache(maxsize=65_536)
def is_syllable(word: str) -> bool:
    """Whether a word can be a syllable of Vietnamese, in any case and with its tone anywhere."""
    letters, tone = syllable(word)
    if letters.startswith("qu"):
        rhyme = letters[2:]
        known = rhyme in _AFTER_QU
    else:
        rhymes = (letters[len(onset) :] for onset in _ONSETS if letters.startswith(onset))
        rhyme = next((each for each in rhymes if each in _RHYMES), "")
        known = bool(rhyme)
    return known and (tone in (ACUTE, DOT) or not rhyme.endswith(_STOPS))


@lru_cache(maxsize=65_536)
def written(letters: str, tone: str) -> str:
    """The letters with the tone on its vowel, as it has been placed of old (hòa, thúy), in NFC."""
    if not tone:
        return letters
    place = _tone_place(letters)
    if place is None:
        return letters
    return unicodedata.normalize("NFC", letters[: place + 1] + tone + letters[place + 1 :])


def _tone_place(letters: str) -> int | None:
    start = (
        2 if letters.startswith("qu") or (letters.startswith("gi") and letters[2:3] and letters[2] in _VOWELS) else 0
    )
    places = [place for place, letter in enumerate(letters) if place >= start and letter in _VOWELS]
    if not places:
        return None
    marked = [place for place in places if letters[place] in _MARKED_VOWELS]
    if marked:
        return marked[-1]
    if len(places) == 1:
        return places[0]
    is_closed = places[-1] < len(letters) - 1
    return places[1] if is_closed or len(places) == 3 else places[0]
