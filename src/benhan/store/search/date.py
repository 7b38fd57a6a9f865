"""Date parameters: the type's main date from its columns, the others from `range_index`. Source: search.html#date."""

from __future__ import annotations

from datetime import datetime

from benhan.fhir.dates import FIRST, LAST, Range
from benhan.fhir.indexing import in_column
from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_values import DateValue, Prefix
from benhan.store.search.expressions import Comparison, Expression, InRanges, MainDate, Updated, any_of

_NEARLY = 0.1
"""`ap`: a tenth of the time between now and the date. Source: search.html#prefix."""


def date(criterion: Criterion, type_: str, registry: SearchRegistry, now: datetime) -> Expression:
    """A date compared as ranges compare."""
    values = [value for value in criterion.values if isinstance(value, DateValue)]
    return any_of([_of_value(value, criterion, type_, registry, now) for value in values])


def _of_value(
    value: DateValue, criterion: Criterion, type_: str, registry: SearchRegistry, now: datetime
) -> Expression:
    prefix, range_ = value.prefix, value.range
    if prefix is Prefix.AP:
        range_ = widened(range_, now)
    if criterion.code == "_lastUpdated":
        return Updated(prefix, range_)
    found: list[Expression] = []
    others = [leaf.path for leaf in criterion.parameter.leaves if not in_column(type_, leaf, "date", registry)]
    if len(others) < len(criterion.parameter.leaves):
        found.append(MainDate(prefix, range_))
    if others:
        comparison = Comparison(prefix, range_[0].timestamp(), range_[1].timestamp())
        found.append(InRanges(tuple(dict.fromkeys(others)), comparison))
    return any_of(found)


def widened(range_: Range, now: datetime) -> Range:
    """The range that is approximately meant."""
    start, end = range_
    before, after = abs(now - start) * _NEARLY, abs(now - end) * _NEARLY
    return (max(start - before, FIRST) if start - FIRST > before else FIRST), (
        end + after if LAST - end > after else LAST
    )
