"""Family names of Vietnam: of the Kinh and of the other peoples, those of two and more words, the clans of Tây Nguyên.

No official list exists (`data/README.md`). A name whose family is not here is still taken apart, its first word being
the family name, as the country writes it.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from benhan.fhir.folding import fold

_TABLE = Path(__file__).parent / "data" / "family_names.csv"


@cache
def _folded(kind: str) -> list[list[str]]:
    """The folded words of each name of a kind, the longest names first."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        names = [fold(row["name"]).split() for row in csv.DictReader(file) if row["kind"] == kind]
    return sorted(names, key=len, reverse=True)


@cache
def _single() -> frozenset[str]:
    return frozenset(words[0] for words in _folded("single"))


def is_family_name(text: str) -> bool:
    """Whether a text, accents or not, is or begins with a family name that is known here."""
    words = fold(text).split()
    return bool(words) and (words[0] in _single() or compound_words(words) > 0)


def compound_words(folded: list[str]) -> int:
    """How many of the first words are one family name of several words; 0 where they are none."""
    return next((len(each) for each in _folded("compound") if folded[: len(each)] == each), 0)


def clan_words(folded: list[str]) -> int:
    """How many of the last words name a clan of those who write it last; 0 where they name none."""
    return next((len(each) for each in _folded("clan") if folded[-len(each) :] == each), 0)
