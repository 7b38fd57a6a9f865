"""In which encoding a text is, told by whether its words become syllables of Vietnamese, and how sure that is.

A wrong table makes letters of other letters, which seldom form a syllable with a tone its ending may have. Each word
with a mark weighs for the tables under which it is a syllable and against the others; that none of them is right is
weighed too, so that a text of another language or in another table is left alone. Three words are enough.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from benhan.vn.legacy_text.encodings import Encoding, decode
from benhan.vn.syllables import is_syllable

CERTAIN_MIN = 0.95
"""A guess below this needs a person's eye."""
SAMPLE_BYTES = 65_536
"""As much of the data as the guess looks at."""
WORDS_MAX = 2_000
MARKED_BYTES_MAX = 262_144

_SYLLABLE_IF_RIGHT = 0.97
"""How often a marked word is a syllable where the table is right; the rest are slips and names of other peoples."""
_SYLLABLE_IF_NONE = 0.3
"""How often one is a syllable where the table is wrong: measured on place names, from 0.08 (TCVN3 read as VNI) to 0.39
(Windows-1258 read as VNI)."""
_WORD = re.compile(r"[a-zA-Z\u0080-\U0010ffff]+")
_VIQR_MARK = r"[aeoAEO]\^|[aA]\(|[ouOU]\+|[aeiouyAEIOUY](?:[`~]|[.'?](?=[a-zA-Z]))|[dD]{2}"
_VIQR_WORD = re.compile(rf"(?<![a-zA-Z])(?=[a-zA-Z]{{0,8}}(?:{_VIQR_MARK}))[a-zA-Z^(+`'?~.]+")
_SIGNS = str.maketrans("", "", "°µ±×÷²³“”‘’–—…•€\u00a0\ufeff")
_ASCII = bytes(range(0x80))
_BYTES = (Encoding.TCVN3, Encoding.VNI, Encoding.WINDOWS_1258)


@dataclass(frozen=True, slots=True)
class Detection:
    """What a text most likely is. `encoding` is None where no table fits: `text` is then as Windows would show it."""

    encoding: Encoding | None
    confidence: float
    """From 0 to 1; 1 for plain ASCII, which is alike in all of them."""
    text: str
    doubtful: int = 0
    """Bytes or marks that the table cannot account for."""
    was_read_wrongly: bool = False
    """Whether somebody had taken the bytes for another encoding before, and it was undone."""

    @property
    def is_certain(self) -> bool:
        return self.encoding is not None and self.confidence >= CERTAIN_MIN


def detect(data: bytes) -> Detection:
    """The likeliest encoding of bytes, with their text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _of_bytes(data)
    return detect_text(text)


def detect_text(text: str) -> Detection:
    """The likeliest meaning of a text that may have been read wrongly: `NguyÔn`, `Nguyeãn`, `Nguyá»…n`."""
    if text.isascii():
        return _of_ascii(text)
    misread = _bytes_of(text)
    if misread is not None:
        undone = decode(misread, Encoding.UTF_8)
        if not undone.doubtful and not undone.text.isascii():
            return Detection(Encoding.UTF_8, 0.99, undone.text, was_read_wrongly=True)
    as_it_is = decode(text.encode("utf-8", "replace"), Encoding.UTF_8)
    if misread is None or _weight(as_it_is.text) >= 0:
        return Detection(Encoding.UTF_8, 0.99, as_it_is.text, as_it_is.doubtful)
    found = _of_bytes(misread)
    if found.is_certain:
        return Detection(found.encoding, found.confidence, found.text, found.doubtful, was_read_wrongly=True)
    return Detection(Encoding.UTF_8, 0.9, as_it_is.text, as_it_is.doubtful)


def read_unnamed(data: bytes) -> tuple[str, str]:
    """The text of bytes whose encoding nobody names and that are not UTF-8, and the name of the encoding.

    One of the old tables where that is certain, else Windows-1258, as Windows in Vietnam writes; that also where more
    than `MARKED_BYTES_MAX` bytes are beyond ASCII, which no message of text has, so that a hostile one costs little.
    """
    if len(data.translate(None, _ASCII)) <= MARKED_BYTES_MAX:
        found = _of_bytes(data)
        if found.encoding is not None and found.is_certain:
            return found.text, found.encoding.value
    return decode(data, Encoding.WINDOWS_1258).text, Encoding.WINDOWS_1258.value


def _of_bytes(data: bytes) -> Detection:
    sample = data[:SAMPLE_BYTES]
    weights: dict[Encoding | None, float] = {each: _weight(decode(sample, each).text) for each in _BYTES}
    weights[None] = 0.0
    top = max(weights.values())
    likelihoods = {each: math.exp(weight - top) for each, weight in weights.items()}
    best = max(likelihoods, key=lambda each: likelihoods[each])
    confidence = round(likelihoods[best] / sum(likelihoods.values()), 4)
    if best is None:
        return Detection(None, confidence, data.decode("cp1252", "replace"))
    text, doubtful = decode(data, best)
    return Detection(best, confidence, text, doubtful)


def _of_ascii(text: str) -> Detection:
    """VIQR where its marks make syllables of most words that have them; else plain ASCII."""
    marked = _VIQR_WORD.findall(text[:SAMPLE_BYTES])[:WORDS_MAX]
    if not marked:
        return Detection(Encoding.UTF_8, 1.0, text)
    read = [decode(word.encode(), Encoding.VIQR).text.rstrip(".?'(+") for word in marked]
    confidence = round(1 / (1 + math.exp(-_weight_of(read))), 4)
    if confidence < CERTAIN_MIN:
        return Detection(Encoding.UTF_8, round(1 - confidence, 4), text)
    whole = decode(text.encode(), Encoding.VIQR)
    return Detection(Encoding.VIQR, confidence, whole.text, whole.doubtful)


def _weight_of(words: list[str]) -> float:
    """How much more likely the words are where their table is right than where none is, as a logarithm."""
    right = sum(is_syllable(word) for word in words)
    return right * _IF_SYLLABLE + (len(words) - right) * _IF_NOT


_IF_SYLLABLE = math.log(_SYLLABLE_IF_RIGHT / _SYLLABLE_IF_NONE)
_IF_NOT = math.log((1 - _SYLLABLE_IF_RIGHT) / (1 - _SYLLABLE_IF_NONE))


def _weight(text: str) -> float:
    return _weight_of(_marked(text))


def _marked(text: str) -> list[str]:
    """The words of a text that have a letter or sign beyond ASCII, without the signs of units and print."""
    words = (word.translate(_SIGNS) for word in _WORD.findall(text))
    return [word for word in words if word and not word.isascii()][:WORDS_MAX]


def _bytes_of(text: str) -> bytes | None:
    """The bytes that Windows (1252) shows as this text, None where it shows no bytes so."""
    try:
        return b"".join(_byte(char) for char in text)
    except UnicodeEncodeError:
        return None


def _byte(char: str) -> bytes:
    """One byte; the five that code page 1252 leaves undefined stand for themselves."""
    return char.encode("latin-1") if "\x80" <= char <= "\x9f" else char.encode("cp1252")
