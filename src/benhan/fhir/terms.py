"""The grammar of index terms: what a resource is found by, written the same for the index and for the query.

A term is a text: a path of elements (`Observation.code`), a letter for its kind, and what is looked for, parted by
U+001F. The store hashes it under a secret key; it is never kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from benhan.fhir.folding import words

_SEP = "\x1f"
SOURCE_KEY = "urn:benhan:source-key"
"""The system of the digest by which the house knows again what a sender sent before.

Nobody types a digest, so that it is found with its system only, which spares two terms a resource.
"""
PREFIX_LETTERS_MAX = 10
COMMON_CHARACTERS_MAX = 24
"""Texts of one word up to this length are remembered with their terms."""
WORDS_MAX = 32
"""Words of a text that are found by their beginnings."""


LABELS = "Resource.meta.security"
"""The path of a security label in terms that tell nothing of the type: who hides labels hides them in every type."""


def code_term(path: str, code: str) -> str:
    """A code of any system."""
    return f"{path}{_SEP}c{_SEP}{code}"


def system_code_term(path: str, system: str, code: str) -> str:
    """A code of a system; `system` "" for a code that has none."""
    return f"{path}{_SEP}s{_SEP}{system}{_SEP}{code}"


def reference_term(path: str, reference: str) -> str:
    """A reference, relative (`Patient/1`) or absolute, without a version."""
    return f"{path}{_SEP}r{_SEP}{reference}"


def uri_term(path: str, uri: str) -> str:
    """A uri as written."""
    return f"{path}{_SEP}u{_SEP}{uri}"


def exact_term(path: str, text: str) -> str:
    """A text as written."""
    return f"{path}{_SEP}e{_SEP}{text}"


def prefix_term(path: str, prefix: str) -> str:
    """A folded word that begins so."""
    return f"{path}{_SEP}p{_SEP}{prefix[:PREFIX_LETTERS_MAX]}"


def trigram_term(path: str, trigram: str) -> str:
    """Three letters that follow each other somewhere in the folded text."""
    return f"{path}{_SEP}g{_SEP}{trigram}"


def unit_key(path: str, unit: str, *, of_ucum: bool = False) -> str:
    """The key of quantities of one canonical unit; `of_ucum` where the unit names its system."""
    return f"{path}{_SEP}{'u' if of_ucum else 'q'}{_SEP}{unit}"


def word_term(type_: str, word: str) -> str:
    """A folded word anywhere in the texts of a resource."""
    return f"{type_}._content{_SEP}w{_SEP}{word}"


def contained_term(type_: str) -> str:
    """A resource that contains one of `type_`."""
    return f"contained{_SEP}t{_SEP}{type_}"


def string_terms(path: str, text: str, *, trigrams: bool) -> Iterable[str]:
    """All terms of one text: every prefix of its words, the whole as written, its trigrams where wanted."""
    if len(text) <= COMMON_CHARACTERS_MAX and " " not in text:
        return _terms_of_word(path, text, trigrams)
    return _fresh_terms(path, text, trigrams)


@lru_cache(maxsize=2_048)
def _terms_of_word(path: str, text: str, trigrams: bool) -> tuple[str, ...]:  # noqa: FBT001  # the cache's key
    """The terms of a text of one word, which is often a family's or a given name that many share."""
    return tuple(_fresh_terms(path, text, trigrams))


def _fresh_terms(path: str, text: str, trigrams: bool) -> list[str]:  # noqa: FBT001
    found = words(text)
    terms = [exact_term(path, text)]
    for word in found[:WORDS_MAX]:
        terms += _beginnings(path, word[:PREFIX_LETTERS_MAX])
    if trigrams:
        terms += [trigram_term(path, trigram) for trigram in trigrams_of(" ".join(found))]
    return terms


@lru_cache(maxsize=16_384)
def _beginnings(path: str, start: str) -> tuple[str, ...]:
    """The terms of a word that starts so: texts differ, their words come again."""
    return tuple(prefix_term(path, start[:length]) for length in range(1, len(start) + 1))


def trigrams_of(folded: str) -> list[str]:
    """The distinct trigrams of a folded text."""
    return sorted({folded[index : index + 3] for index in range(len(folded) - 2)})
