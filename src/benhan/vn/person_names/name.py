"""A person's name taken apart in Vietnamese order: family, middle, given.

Titles before the name are set aside, and so is "con bà", by which a newborn is called until it has a name of its own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from benhan.fhir.folding import fold
from benhan.vn.person_names.family_names import clan_words, compound_words, is_family_name
from benhan.vn.person_names.short_words import opened

WORDS_MAX = 16
CHARACTERS_MAX = 400
"""More than any name has; what follows is dropped, so that a text pasted into the wrong field costs little."""

_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|[,;]")
_CHILD_OF = re.compile(r"(?:con\s+b[àa]|cb\.?)\s+(?=\S)", re.IGNORECASE)
_TITLE = re.compile(
    r"(?:gs|pgs|ts|ths|bs|bsckii?|cki{1,2}|ds|đd|cnđd|ktv|nhs|hs|ys|cn)(?:\.\s*|\s+)(?=\S)"
    r"|(?:bác sĩ|bác sỹ|điều dưỡng|dược sĩ)\s+(?=\S)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:ông|bà|anh|chị|cô|chú|bác|cháu|bé|em)\s+(?=(\S+)\s+\S)", re.IGNORECASE)
_MIDDLE = ("thi", "van")
"""The commonest middle names: who is called `Ông Thị Lan` has Ông for a family name."""
_HIGHLAND = re.compile(r"y|h'\S*", re.IGNORECASE)
_APOSTROPHES = str.maketrans("’ʼ‘`", "''''")


class Standing(Enum):
    """Whose the name is."""

    OWN = "own"
    MOTHERS = "mother's"
    """The bearer is the child of the woman named."""


@dataclass(frozen=True, slots=True)
class Name:
    """The parts as written, "" where there is none; `title` as written before the name."""

    family: str
    middle: str
    given: str
    title: str = ""
    standing: Standing = Standing.OWN
    is_family_last: bool = False
    """Whether the family's name, a clan's, is written after the given name."""

    @property
    def text(self) -> str:
        """The parts in the order of writing, with a space between."""
        parts = [part for part in (self.family, self.middle, self.given) if part]
        return " ".join(parts[::-1] if self.is_family_last else parts)

    @property
    def is_vietnamese(self) -> bool:
        """Whether the family name is one of those known in Vietnam, or the given name of a form that only it has."""
        return is_highland(self.given) or is_family_name(self.family)


def is_highland(given: str) -> bool:
    """Whether a given name begins with Y (a man's) or H' (a woman's), as among peoples of Tây Nguyên."""
    first, _, rest = given.partition(" ")
    return _HIGHLAND.fullmatch(first) is not None and (first.upper() != "Y" or bool(rest))


def is_mothers_name(text: str) -> bool:
    """Whether a text calls a newborn by its mother's name: `CB …`, `Con bà …`."""
    return _CHILD_OF.match(text) is not None


def parse_name(text: str) -> Name:
    """The name in a text, whatever its case and accents; empty parts where the text has no word.

    The first word is the family name, or the first words where they are a compound one; the last is the given name.
    A single word is a given name. Initials written as one word are taken apart; what
    stands in brackets (nicknames) is left out.
    """
    rest = " ".join(
        _ASIDE.sub(" ", unicodedata.normalize("NFC", text[:CHARACTERS_MAX].translate(_APOSTROPHES))).split()
    )
    rest, title = _without_title(rest)
    child = _CHILD_OF.match(rest)
    standing = Standing.MOTHERS if child else Standing.OWN
    words = rest[child.end() if child else 0 :].split()[:WORDS_MAX]
    parts = [part for word in words for part in opened(word)]
    cut = _clan_place(parts)
    if cut is not None:
        return Name(" ".join(parts[cut:]), "", " ".join(parts[:cut]), title, standing, is_family_last=cut < len(parts))
    return Name(*_parts(parts), title, standing)


def capitalised(text: str) -> str:
    """A name written in capitals or small letters, each word with one capital: `NGUYỄN VĂN A` is `Nguyễn Văn A`."""
    return re.sub(
        r"[^\W\d_]+", lambda match: match[0][:1].upper() + match[0][1:].lower(), unicodedata.normalize("NFC", text)
    )


def _without_title(text: str) -> tuple[str, str]:
    title = ""
    while match := _title(text):
        title = f"{title} {match[0].strip()}".strip()
        text = text[match.end() :]
    return text, title


def _title(text: str) -> re.Match[str] | None:
    """The title at the beginning; a word of address is one only before a family name."""
    address = _ADDRESS.match(text)
    if address and is_family_name(address[1]) and fold(address[1]) not in _MIDDLE:
        return address
    return _TITLE.match(text)


def _parts(words: list[str]) -> tuple[str, str, str]:
    if len(words) < 2:
        return "", "", "".join(words)
    cut = compound_words([fold(word) for word in words])
    if not 0 < cut < len(words):
        cut = 1
    return " ".join(words[:cut]), " ".join(words[cut:-1]), words[-1]


def _clan_place(words: list[str]) -> int | None:
    """Where the clan begins after a given name with Y or H' (at the end where none is told), None for other names."""
    if len(words) < 2 or not is_highland(" ".join(words)) or is_family_name(words[1]):
        return None
    cut = len(words) - clan_words([fold(word) for word in words])
    if not is_highland(" ".join(words[:cut])):
        cut = len(words)  # nothing would be left for the given name
    return cut if cut < len(words) or len(words) == 2 else None
