"""Uri parameters, as written. Source: FHIR R4 search.html#uri."""

from __future__ import annotations

from benhan.fhir.search_query import Criterion
from benhan.fhir.terms import uri_term
from benhan.store.search.conditions import Conditions
from benhan.store.tokens import Tokens


def uri(criterion: Criterion, tokens: Tokens, conditions: Conditions) -> None:
    """The same uri, letter for letter."""
    conditions.tokens.append(
        [tokens.of(uri_term(path, str(value))) for value in criterion.values for path in criterion.parameter.paths]
    )
