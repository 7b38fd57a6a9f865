"""Number parameters. Source: FHIR R4 search.html#number."""

from __future__ import annotations

from decimal import Decimal

from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_values import NumberValue, Prefix
from benhan.store.search.expressions import Comparison, Expression, InRanges, any_of

_NEARLY = Decimal("0.1")


def number(criterion: Criterion) -> Expression:
    """A number, or a range of numbers, compared with what the digits of the value stand for."""
    values = [value for value in criterion.values if isinstance(value, NumberValue)]
    return any_of([InRanges(criterion.parameter.paths, comparison_of(*ends(value), value.prefix)) for value in values])


def ends(value: NumberValue) -> tuple[Decimal, Decimal, Decimal]:
    """Low, high and the number itself; `ap` reaches a tenth to both sides."""
    if value.prefix is Prefix.AP:
        more = abs(value.number) * _NEARLY
        return value.number - more, value.number + more, value.number
    return value.low, value.high, value.number


def comparison_of(low: Decimal | float, high: Decimal | float, number_: Decimal | float, prefix: Prefix) -> Comparison:
    """A comparison of numbers."""
    return Comparison(prefix, float(low), float(high), float(number_), closed=True)
