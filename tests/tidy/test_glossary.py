"""The glossary is in order, knows every part of the house, and the words it bans stand nowhere."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable
from functools import cache

import pytest
from tests.tidy.sources import FILES, ROOT, SOURCE, nodes

from benhan.kernel.permissions import Permission
from benhan.store.ledger.events import Event

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| ")][
    1:
]
TERMS = {row[0].lower() for row in ROWS}
CODE_NAMES = set(re.findall(r"`(\w+)`", " ".join(row[2] for row in ROWS)))
BANNED = [(row[0], word) for row in ROWS for word in row[4].split(", ") if word]
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def test_terms_are_in_order_and_each_is_there_once() -> None:
    terms = [row[0].lower() for row in ROWS]
    assert terms == sorted(set(terms))
    vietnamese = [row[1] for row in ROWS]
    assert len(vietnamese) == len(set(vietnamese))


def test_every_term_has_its_vietnamese_its_meaning_and_its_source() -> None:
    for row in ROWS:
        assert len(row) == 5, row
        assert all(row[:4]), row


def test_no_word_is_both_a_term_and_banned() -> None:
    assert TERMS & {word for _, word in BANNED} == set()


@pytest.mark.parametrize("package", [*sorted(each.parent.name for each in SOURCE.glob("*/__init__.py")), "wiring"])
def test_every_package_is_explained(package: str) -> None:
    assert package in CODE_NAMES


@pytest.mark.parametrize("event", Event, ids=lambda each: each.label)
def test_the_nouns_of_every_event_are_explained(event: Event) -> None:
    """An event is `source:subject:action`; the action of an export is its format."""
    source, subject, _ = event.label.split(":")
    nouns = {source} if subject == "export" else {source, subject}
    assert nouns <= CODE_NAMES | TERMS | {"keys"}


@pytest.mark.parametrize("permission", Permission, ids=lambda each: each.value)
def test_the_noun_of_every_permission_is_explained(permission: Permission) -> None:
    assert permission.value.partition(":")[0] in CODE_NAMES


@cache
def spoken() -> list[tuple[str, str]]:
    """Everything pages and faults say, in small letters, by its key."""
    told = []
    for language in ("vi", "en"):
        sections = tomllib.loads((SOURCE / "web" / "i18n" / f"{language}.toml").read_text(encoding="utf-8"))
        told += [
            (f"{language} {name}.{key}", text.lower())
            for name, texts in sections.items()
            for key, text in texts.items()
        ]
    return [*told, ("errors.md", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8").lower())]


@pytest.mark.parametrize(("term", "word"), BANNED)
def test_no_page_or_fault_says_a_banned_word(term: str, word: str) -> None:
    said = [place for place, text in spoken() if word in text and re.search(rf"\b{re.escape(word)}\b", text)]
    assert said == [], f"say {term!r} as the glossary does"


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    """What a module names itself: functions, classes, arguments, what it assigns."""
    found: set[str] = set()
    for node in nodes:
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.arg(arg=name)
            ):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                found.add(name)
    return found


@cache
def words_of_source() -> dict[str, str]:
    """Each word of each name in src, with one place where it stands."""
    found: dict[str, str] = {}
    for path in FILES:
        for name in {path.stem, *names_in(nodes(path))}:
            for word in _WORD.findall(name):
                found.setdefault(word.lower(), f"{path.relative_to(ROOT)}: {name}")
    return found


@pytest.mark.parametrize(("term", "word"), BANNED)
def test_no_name_in_src_has_a_banned_word(term: str, word: str) -> None:
    assert words_of_source().get(word) is None, f"say {term!r} as the glossary does"


def test_names_are_read_word_by_word() -> None:
    names = names_in(ast.walk(ast.parse("class DeadLetter:\n    def park(self, HTTPCode): self.theTrace = x = 1")))
    assert names == {"DeadLetter", "park", "self", "HTTPCode", "theTrace", "x"}
    assert _WORD.findall("DeadLetter") == ["Dead", "Letter"]
    assert _WORD.findall("HTTPCode") == ["HTTP", "Code"]
