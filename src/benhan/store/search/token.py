"""Token parameters. Source: FHIR R4 search.html#token."""

from __future__ import annotations

from benhan.fhir.search_query import Criterion, TokenValue
from benhan.fhir.terms import code_term, system_code_term, system_term
from benhan.store.search.conditions import Conditions
from benhan.store.tokens import Tokens

_WITHOUT_SYSTEM = frozenset({"code", "boolean", "id", "string", "uri", "canonical", "dateTime"})
"""Element types whose system is implied: `system|code` is compared by its code."""


def token(criterion: Criterion, tokens: Tokens, conditions: Conditions) -> None:
    """A code, a code of a system, or any code of a system."""
    found = [
        tokens.of(term)
        for value in criterion.values
        if isinstance(value, TokenValue)
        for leaf in criterion.parameter.leaves
        for term in _terms(leaf.path, leaf.type, value)
    ]
    (conditions.without if criterion.modifier == "not" else conditions.tokens).append(found)


def _terms(path: str, type_: str, value: TokenValue) -> list[str]:
    if value.code is None:
        return [system_term(path, value.system or "")]
    if value.system is None or type_ in _WITHOUT_SYSTEM:
        return [code_term(path, value.code)]
    return [system_code_term(path, value.system, value.code)]
