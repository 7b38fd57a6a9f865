"""The glossary is in order, and the words it bans are nowhere a person reads."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("| ")][1:]
PACKAGES = ("hub", "node", "portal", "repository", "health book", "ledger", "inbox", "outbox", "message", "encounter")


def test_terms_are_in_order_and_each_is_there_once() -> None:
    terms = [row[0] for row in ROWS]
    assert terms == sorted(set(terms))
    vietnamese = [row[1] for row in ROWS]
    assert len(vietnamese) == len(set(vietnamese))


def test_every_term_has_its_vietnamese_its_meaning_and_its_source() -> None:
    for row in ROWS:
        assert len(row) == 5, row
        assert all(row[:4]), row


def test_the_parts_of_the_house_are_explained() -> None:
    assert set(PACKAGES) <= {row[0] for row in ROWS}


def spoken() -> list[tuple[str, str]]:
    """Everything pages say, by its key."""
    folder = ROOT / "src" / "benhan" / "web" / "i18n"
    told = []
    for language in ("vi", "en"):
        sections = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
        told += [(f"{language} {name}.{key}", text) for name, texts in sections.items() for key, text in texts.items()]
    faults = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return [*told, ("errors.md", faults)]


BANNED = [(row[0], word) for row in ROWS for word in row[4].split(", ") if word]


@pytest.mark.parametrize(("term", "word"), BANNED)
def test_a_banned_word_is_used_nowhere(term: str, word: str) -> None:
    assert [place for place, text in spoken() if word in text.lower()] == [], f"say {term!r} as the glossary does"
