"""The grammar of a concept's terms: what it is found by in the table, written the same for the row and the question.

Each term begins with the number of its system, so that one inverted index serves all systems and a frequent word of one
does not slow the others: `12w` a folded word, `12i` a code it is or lies under, `12p` a property with its value, `12e`
a property it has, `12c` its code without case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from benhan.fhir.terminology.concepts import Concept

WORD_LETTERS_MAX = 40
VALUE_CHARACTERS_MAX = 200
CODE_CHARACTERS_MAX = 200
SEPARATOR = "\x1f"


def terms_of(system: int, concept: Concept, ancestors: Iterable[str], *, has_children: bool) -> list[str]:
    """The terms of a concept's row."""
    found = [word_term(system, word) for word in concept.folded()]
    found += [under_term(system, code) for code in (concept.code, *ancestors)]
    found += [property_term(system, "parent", code) for code in concept.parents]
    found.append(folded_code_term(system, concept.code))
    names = {each.code for each in concept.properties}
    for each in concept.properties:
        found.append(property_term(system, each.code, each.text))
    if concept.parents:
        names.add("parent")
    if has_children:
        names.add("child")
    found += [existence_term(system, name) for name in names]
    return list(dict.fromkeys(found))


def word_term(system: int, word: str) -> str:
    """A folded word, or the beginning of one where it is asked for as a prefix."""
    return f"{system}w{word[:WORD_LETTERS_MAX]}"


def under_term(system: int, code: str) -> str:
    """Being `code` or lying under it."""
    return f"{system}i{code}"


def property_term(system: int, name: str, value: str) -> str:
    """A property with its value; a long value by its digest."""
    if len(value) > VALUE_CHARACTERS_MAX:
        value = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{system}p{name[:VALUE_CHARACTERS_MAX]}={value}"


def existence_term(system: int, name: str) -> str:
    """Having the property at all."""
    return f"{system}e{name[:VALUE_CHARACTERS_MAX]}"


def folded_code_term(system: int, code: str) -> str:
    """The code without case."""
    return f"{system}c{code.casefold()[:CODE_CHARACTERS_MAX]}"


def asked(term: str, *, is_prefix: bool = False) -> str:
    """`term` as a tsquery asks for it."""
    quoted = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*" if is_prefix else f"'{quoted}'"
