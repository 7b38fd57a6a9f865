"""Token parameters. Source: FHIR R4 search.html#token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benhan.fhir.content_words import has_words, is_kept
from benhan.fhir.folding import words
from benhan.fhir.identifier_terms import has_identifier, is_told_by_value
from benhan.fhir.indexing import values_at
from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_parameters import Leaf, SearchParameter
from benhan.fhir.search_values import OfType, TokenValue
from benhan.fhir.terms import code_term, system_code_term, word_term
from benhan.fhir.usual_systems import usual_systems
from benhan.store.search.expressions import (
    AnyTerm,
    Candidate,
    Checked,
    Everything,
    Expression,
    Linked,
    Not,
    Present,
    all_of,
    any_of,
)

_WITHOUT_SYSTEM = frozenset({"code", "boolean", "id", "string", "uri", "canonical", "dateTime"})
"""Element types whose system is implied: `system|code` is compared by its code."""


def token(criterion: Criterion, type_: str) -> Expression:
    """A code, a code of a system, any code of a system; by the modifiers also by text, value set and hierarchy."""
    parameter, modifier = criterion.parameter, criterion.modifier
    if modifier == "text":
        return any_of([_by_text(parameter, type_, str(value)) for value in criterion.values])
    if modifier == "of-type":
        return any_of([_of_type(parameter, value) for value in criterion.values if isinstance(value, OfType)])
    if modifier in ("in", "not-in", "above", "below"):
        return Linked(criterion, Present(parameter.bit)) if modifier != "not-in" else _not_in(criterion)
    values = [value for value in criterion.values if isinstance(value, TokenValue)]
    found = any_of([_of_value(parameter, value) for value in values])
    return Not(found) if modifier == "not" else found


def _not_in(criterion: Criterion) -> Expression:
    inside = Criterion(criterion.parameter, "in", criterion.values)
    return Not(Linked(inside, Present(criterion.parameter.bit)))


def _of_value(parameter: SearchParameter, value: TokenValue) -> Expression:
    if parameter.computed and value.code == "false":  # what is not there is not true
        return Not(AnyTerm(tuple(code_term(leaf.path, "true") for leaf in parameter.leaves)))
    if value.code is None:
        return _of_system(parameter, value.system or "")
    by_value = [leaf for leaf in parameter.leaves if is_told_by_its_value(leaf, value)]
    others = [leaf for leaf in parameter.leaves if leaf not in by_value]
    found: list[Expression] = [AnyTerm(tuple(dict.fromkeys(term for leaf in others for term in terms_of(leaf, value))))]
    return any_of([*found, _identified(by_value, value)] if by_value else found)


def is_told_by_its_value(leaf: Leaf, value: TokenValue) -> bool:
    """Whether the index tells of an identifier that is asked for with its system nothing but the value."""
    return leaf.type == "Identifier" and value.system is not None and is_told_by_value(leaf.path, value.system)


def _identified(leaves: list[Leaf], value: TokenValue) -> Expression:
    """An identifier with its system, where that is told after opening."""
    system, code = value.system or "", value.code or ""

    def check(candidate: Candidate) -> bool:
        return has_identifier(values_at(candidate.plain, leaves), system, code)

    return Checked(AnyTerm(tuple(code_term(leaf.path, code) for leaf in leaves)), check)


def terms_of(leaf: Leaf, value: TokenValue) -> list[str]:
    """The terms by which a code, of a system or of any, is found at one leaf."""
    assert value.code is not None
    if leaf.type in _WITHOUT_SYSTEM:
        return [code_term(leaf.path, value.code)]
    if value.system is not None:
        return [system_code_term(leaf.path, value.system, value.code)]
    usual = [system_code_term(leaf.path, system, value.code) for system in usual_systems(leaf.path)]
    return [code_term(leaf.path, value.code), *usual]


def _of_system(parameter: SearchParameter, system: str) -> Expression:
    """Any code of a system: too much has one for an index term each, so that it is told after opening."""

    def check(candidate: Candidate) -> bool:
        return any(system in _systems(value) for value in values_at(candidate.plain, parameter.leaves))

    return Checked(Present(parameter.bit) if parameter.bit >= 0 else Everything(), check)


def _systems(value: Any) -> Iterator[str]:
    """The systems of the codes of a CodeableConcept, Coding or Identifier, or of an extension of one of these."""
    if not isinstance(value, dict):
        return
    for name in ("valueCodeableConcept", "valueCoding", "valueIdentifier"):
        yield from _systems(value.get(name))
    for each in (value, *value.get("coding", ())):
        if isinstance(each.get("system"), str) and ("code" in each or "value" in each):
            yield each["system"]


def codes_expression(parameter: SearchParameter, codes: list[tuple[str, str]]) -> Expression:
    """Any of these (system, code) pairs."""
    return any_of([_of_value(parameter, TokenValue(code, system)) for system, code in codes])


# ── by text and by type ──


def narrowed_by_words(type_: str, text: str) -> Expression:
    """What the index knows of a resource whose texts hold every word of `text`."""
    kept = [word for word in dict.fromkeys(words(text)) if is_kept(word)]
    return all_of([AnyTerm((word_term(type_, word),)) for word in kept])


def _by_text(parameter: SearchParameter, type_: str, text: str) -> Expression:
    def check(candidate: Candidate) -> bool:
        values = values_at(candidate.plain, parameter.leaves)
        return any(has_words(iter([each]), text) for value in values for each in _texts(value))

    return Checked(all_of([Present(parameter.bit), narrowed_by_words(type_, text)]), check)


def _texts(value: Any) -> Iterator[str]:
    """The texts of a CodeableConcept, Coding or Identifier."""
    if not isinstance(value, dict):
        return
    concepts = [value, value["type"]] if isinstance(value.get("type"), dict) else [value]
    for concept in concepts:
        yield from (each for each in (concept.get("text"), concept.get("display")) if isinstance(each, str))
        for coding in concept.get("coding", ()):
            if "display" in coding:
                yield coding["display"]


def _of_type(parameter: SearchParameter, wanted: OfType) -> Expression:
    leaves = [leaf for leaf in parameter.leaves if leaf.type == "Identifier"]

    def check(candidate: Candidate) -> bool:
        return any(_is_of_type(value, wanted) for value in values_at(candidate.plain, leaves))

    return Checked(AnyTerm(tuple(code_term(leaf.path, wanted.value) for leaf in leaves)), check)


def _is_of_type(identifier: Any, wanted: OfType) -> bool:
    codings = identifier.get("type", {}).get("coding", ())
    typed = any(each.get("system") == wanted.system and each.get("code") == wanted.code for each in codings)
    return typed and identifier.get("value") == wanted.value
