"""A selection of concepts as an SQL condition on rows `c` of `concept`. Values never stand in the text.

Source: FHIR R4 valueset-filter-operator.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benhan.fhir.terminology.selection import SELF, Both, Codes, Either, Every, Having, Selection, Without
from benhan.fhir.terminology.supplements import Supplements
from benhan.store.terminology.terms import asked, existence_term, property_term, under_term, word_term

_ABOVE = """c.code in (
    select substr(t.term, {start}) from concept v, unnest(tsvector_to_array(v.terms)) as t (term)
    where v.system = c.system and v.code = {code} and starts_with(t.term, {prefix}))"""
_PROPERTY_MATCHES = """exists (
    select 1 from jsonb_array_elements(c.detail -> 'properties') p
    where p ->> 0 = {name} and coalesce(p -> 2 ->> 'code', p ->> 2) ~ {pattern})"""
_PARENT_MATCHES = """exists (
    select 1 from jsonb_array_elements_text(c.detail -> 'parents') p where p ~ {pattern})"""
_CHILD_MATCHES = """c.code in (
    select jsonb_array_elements_text(d.detail -> 'parents') from concept d
    where d.system = $1 and d.code ~ {pattern})"""
_FLAGS = {"inactive": "c.is_inactive", "abstract": "c.is_abstract", "notSelectable": "c.is_abstract"}


class Statement:
    """A text that is being built, with its numbered parameters; `$1` is the number of the system."""

    def __init__(self, system: int) -> None:
        self.system = system
        self.values: list[Any] = [system]

    def add(self, value: object) -> str:
        """`$n` of a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def has_term(self, query: str) -> str:
        """The condition that the terms satisfy a tsquery."""
        return f"c.terms @@ {self.add(query)}::text::tsquery"


def condition(selection: Selection, statement: Statement) -> str:
    """The condition of `selection`."""
    match selection:
        case Every():
            return "true"
        case Codes(codes):
            return f"c.code = any({statement.add(list(codes))}::text[])"
        case Both(parts):
            return "(" + " and ".join(condition(each, statement) for each in parts) + ")"
        case Either(parts):
            return "(" + " or ".join(condition(each, statement) for each in parts) + ")"
        case Without(whole, excluded):
            return f"({condition(whole, statement)} and not {condition(excluded, statement)})"
        case Having():
            return _having(selection, statement)


def words_condition(words: Sequence[str], statement: Statement, supplements: Supplements | None = None) -> str:
    """Each of the folded words begins a word of the concept, or of what supplements add to it."""
    terms = [asked(word_term(statement.system, word), is_prefix=True) for word in words]
    if supplements is None:
        return statement.has_term(" & ".join(terms))
    each = []
    for word, term in zip(words, terms, strict=True):
        codes = supplements.codes_with(word)
        found = statement.has_term(term)
        each.append(f"({found} or c.code = any({statement.add(codes)}::text[]))" if codes else found)
    return " and ".join(each)


def _having(having: Having, statement: Statement) -> str:
    value = having.value
    match having.op:
        case "is-a":
            return _under(value, statement)
        case "is-not-a":
            return f"not {_under(value, statement)}"
        case "descendent-of":
            return f"({_under(value, statement)} and c.code <> {statement.add(value)})"
        case "generalizes":
            return _above(value, f"{statement.system}i", statement)
        case "exists":
            found = _exists(having.name, statement)
            return found if value == "true" else f"not {found}"
        case "in":
            return _one_of(having.name, having.values, statement)
        case "not-in":
            return f"not {_one_of(having.name, having.values, statement)}"
        case "regex":
            return _matches(having.name, value, statement)
        case _:
            return _one_of(having.name, (value,), statement)


def _under(code: str, statement: Statement) -> str:
    return statement.has_term(asked(under_term(statement.system, code)))


def _above(code: str, prefix: str, statement: Statement) -> str:
    """Being one of the codes that the terms of `code` name after `prefix`."""
    return _ABOVE.format(start=len(prefix) + 1, code=statement.add(code), prefix=f"{statement.add(prefix)}::text")


def _exists(name: str, statement: Statement) -> str:
    if name in SELF or name in _FLAGS:
        return "true"
    if name == "display":
        return "(c.display <> '')"
    return statement.has_term(asked(existence_term(statement.system, name)))


def _one_of(name: str, values: Sequence[str], statement: Statement) -> str:
    if name in SELF or name == "display":
        column = "c.display" if name == "display" else "c.code"
        return f"{column} = any({statement.add(list(values))}::text[])"
    if name in _FLAGS:
        return f"({_FLAGS[name]}::text = any({statement.add(list(values))}::text[]))"
    if name == "child":
        prefix = property_term(statement.system, "parent", "")
        return "(" + " or ".join(_above(value, prefix, statement) for value in values) + ")"
    terms = (asked(property_term(statement.system, name, value)) for value in values)
    return statement.has_term(" | ".join(terms))


def _matches(name: str, pattern: str, statement: Statement) -> str:
    whole = f"{statement.add(f'^(?:{pattern})$')}::text"
    if name in SELF:
        return f"c.code ~ {whole}"
    if name == "display":
        return f"(c.display <> '' and c.display ~ {whole})"
    if name in _FLAGS:
        return f"({_FLAGS[name]}::text ~ {whole})"
    if name in ("parent", "child"):
        return (_PARENT_MATCHES if name == "parent" else _CHILD_MATCHES).format(pattern=whole)
    return _PROPERTY_MATCHES.format(name=statement.add(name), pattern=whole)
