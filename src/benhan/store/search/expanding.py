"""What search asks of a terminology service; without one `:in` and its kin are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_values import TokenValue
from benhan.store.search.expressions import Expression
from benhan.store.search.limits import (
    NO_SYSTEM,
    NO_TERMINOLOGY,
    TOO_MANY_CODES,
    UNKNOWN_VALUE_SET,
)
from benhan.store.search.token import codes_expression

Codes = Sequence[tuple[str, str]]


class ValueSetExpander(Protocol):
    """A terminology service; it answers None where the set or system is not known."""

    async def codes_of(self, value_set_url: str) -> Codes | None:
        """The (system, code) pairs of a value set."""

    async def descendants(self, system: str, code: str) -> Codes | None:
        """A code and those below it in its system."""

    async def ancestors(self, system: str, code: str) -> Codes | None:
        """A code and those above it in its system."""


async def expanded(criterion: Criterion, expander: ValueSetExpander | None, codes_max: int) -> Expression:
    """`:in`, `:above` and `:below` of a token as the codes they mean.

    Raises Unsupported BA-2102 without a service, Incorrect BA-2103 for a set it does not know, BA-2104, BA-2105.
    """
    modifier = criterion.modifier
    if expander is None:
        raise NO_TERMINOLOGY(modifier=modifier)
    codes: set[tuple[str, str]] = set()
    for value in criterion.values:
        found = await _codes(value, modifier, expander)
        if found is None:
            raise UNKNOWN_VALUE_SET(modifier=modifier)
        codes.update(found)
        if isinstance(value, TokenValue) and value.system and value.code:
            codes.add((value.system, value.code))
        if len(codes) > codes_max:
            raise TOO_MANY_CODES(limit=codes_max)
    return codes_expression(criterion.parameter, sorted(codes))


async def _codes(value: object, modifier: str, expander: ValueSetExpander) -> Codes | None:
    if modifier == "in":
        return await expander.codes_of(str(value))
    if not isinstance(value, TokenValue) or not value.system or not value.code:
        raise NO_SYSTEM(modifier=modifier)
    ask = expander.descendants if modifier == "below" else expander.ancestors
    return await ask(value.system, value.code)
