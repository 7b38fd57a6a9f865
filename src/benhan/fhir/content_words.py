"""The words of a resource's texts: what `_text`, `_content` and `:text` are prepared by.

A text is what a person reads: strings, markdown and narrative, but no identifiers, codes, units or web addresses.
The index holds whole words; where that does not tell all, what is found is compared with the texts themselves.
Source: FHIR R4 search.html#content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import orjson

from benhan.fhir.definitions import table_lines
from benhan.fhir.folding import fold, words
from benhan.fhir.terms import word_term

_NO_TEXTS = frozenset(
    {"value", "version", "linkId", "unit", "path", "expression", "contentType", "id", "sliceName", "extension", "url"}
    | {"use", "system", "code", "reference"}
)
"""Names of strings that no person reads as text, or that parameters of their own look at."""

_EVERYWHERE = frozenset(["and", "by", "for", "from", "of", "on", "or", "with", "high", "low", "normal"])
"""English only: folded, the short words of Vietnamese (tố, thể, in) are those that tell tests apart."""

_TAG = re.compile(r"<[^<>]*>")
"""Ends at the next `<` too: marks that are opened a million times and never closed take no square of the time."""
_ENTITY = re.compile(r"&#?\w+;")


def _text_names() -> frozenset[str]:
    """The JSON names of what is text in every type that has it."""
    types: dict[str, set[str]] = {}
    for line in table_lines("elements.jsonl"):
        for name, (_low, _high, kinds, _bound) in orjson.loads(line)["elements"].items():
            types.setdefault(name, set()).update(kinds)
    simple = {name: {kind for kind in kinds if kind[0].islower()} for name, kinds in types.items()}
    names = {name for name, kinds in simple.items() if kinds and kinds <= {"string", "markdown", "xhtml"}}
    return frozenset(names | {"name", "valueString", "valueMarkdown"}) - _NO_TEXTS


TEXT_NAMES = _text_names()


def content_terms(type_: str, plain: dict[str, Any]) -> list[str]:
    """The terms of all words of a resource's texts, each once."""
    found: set[str] = set()
    for text in texts_in(plain):
        found.update(_terms_of(type_, text) if len(text) < 200 else _fresh_terms(type_, text))
    return list(found)


def _fresh_terms(type_: str, text: str) -> tuple[str, ...]:
    return tuple(word_term(type_, word) for word in set(words(text)) if is_kept(word))


_terms_of = lru_cache(maxsize=32_768)(_fresh_terms)


def is_kept(word: str) -> bool:
    """Whether the index knows a word: single letters, numbers and the words of every second result narrow nothing."""
    return len(word) > 1 and not word.isdigit() and word not in _EVERYWHERE


def texts_in(value: dict[str, Any]) -> list[str]:
    """Every text of a resource, narrative without its marks."""
    found: list[str] = []
    left: list[dict[str, Any]] = [value]
    for each in left:  # it grows while it is gone through
        for name, inner in each.items():
            kind = type(inner)
            if kind is str:
                if name in TEXT_NAMES:
                    found.append(inner if name != "div" else plain_text(inner))
            elif kind is dict:
                left.append(inner)
            elif kind is list:
                for one in inner:
                    if type(one) is dict:
                        left.append(one)
                    elif type(one) is str and name in TEXT_NAMES:
                        found.append(one)
    return found


def plain_text(xhtml: str) -> str:
    """The words of a narrative."""
    return _ENTITY.sub(" ", _TAG.sub(" ", xhtml))


def has_words(texts: Iterable[str], wanted: str) -> bool:
    """Whether the words of `texts` taken together hold every word of `wanted`."""
    missing = set(words(wanted))
    if not missing:
        return False
    for text in texts:
        missing.difference_update(words(text))
        if not missing:
            return True
    return False


def narrative_of(plain: dict[str, Any]) -> Iterator[str]:
    """The text of a resource's narrative."""
    div = plain.get("text", {}).get("div")
    if isinstance(div, str):
        yield fold(plain_text(div))
