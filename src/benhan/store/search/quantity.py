"""Quantity parameters, compared in canonical units of UCUM. Source: FHIR R4 search.html#quantity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benhan.fhir.emitters import CURRENCIES
from benhan.fhir.indexing import in_column, values_at
from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_parameters import Leaf, SearchRegistry
from benhan.fhir.search_values import QuantityValue
from benhan.fhir.terms import unit_key
from benhan.fhir.ucum import UCUM, canonical
from benhan.store.search.expressions import (
    AnyTerm,
    Candidate,
    Checked,
    Comparison,
    Everything,
    Expression,
    InRanges,
    MainQuantity,
    Present,
    all_of,
    any_of,
    compare,
)
from benhan.store.search.number import comparison_of, ends


def quantity(criterion: Criterion, type_: str, registry: SearchRegistry) -> Expression:
    """A number of a unit; of any unit where none is named, then by the numbers as they were written."""
    values = [value for value in criterion.values if isinstance(value, QuantityValue)]
    return any_of([_of_value(value, criterion, type_, registry) for value in values])


def _of_value(value: QuantityValue, criterion: Criterion, type_: str, registry: SearchRegistry) -> Expression:
    leaves = criterion.parameter.leaves
    if value.unit is not None and value.system in (UCUM, "", CURRENCIES):
        return any_of([_of_unit(value, leaf, type_, registry) for leaf in leaves])
    return _as_written(value, criterion)


def _of_unit(value: QuantityValue, leaf: Leaf, type_: str, registry: SearchRegistry) -> Expression:
    keys, comparison = _canonical(value, leaf.path)
    if in_column(type_, leaf, "quantity", registry) and leaf.type == "Quantity":
        return all_of([AnyTerm(keys), MainQuantity(comparison)])
    return InRanges(keys, comparison)


def _canonical(value: QuantityValue, path: str) -> tuple[tuple[str, ...], Comparison]:
    """The keys a unit may be under, and the comparison in its canonical unit."""
    low, high, number = (float(each) for each in ends(value.number))
    if value.system == CURRENCIES:
        return (unit_key(path, value.unit or ""),), comparison_of(low, high, number, value.number.prefix)
    unit = value.unit or ""
    (low, name), (high, _), (number, _) = (canonical(each, unit) for each in (low, high, number))
    comparison = comparison_of(low, high, number, value.number.prefix)
    known = (unit_key(path, name, of_ucum=True),)
    return (known if value.system == UCUM else (*known, unit_key(path, name))), comparison


def _as_written(value: QuantityValue, criterion: Criterion) -> Expression:
    """Compared with the numbers as written: of any unit, or of one of a system that is not UCUM."""
    check = _check(value, criterion.parameter.leaves)
    bit = criterion.parameter.bit
    return Checked(Present(bit) if bit >= 0 else Everything(), check)


def _check(value: QuantityValue, leaves: tuple[Leaf, ...]) -> Callable[[Candidate], bool]:
    """Compares the numbers as written; the system and unit too where they are named."""
    comparison = comparison_of(*ends(value.number), value.number.prefix)

    def check(candidate: Candidate) -> bool:
        return any(_matches(each, value, comparison) for each in values_at(candidate.plain, leaves))

    return check


def _matches(quantity_: Any, value: QuantityValue, comparison: Comparison) -> bool:
    if "low" in quantity_ or "high" in quantity_:
        low, high = (quantity_.get(name, {}) for name in ("low", "high"))
        return _matches_unit(low or high, value) and compare(
            comparison, float(low.get("value", "-inf")), float(high.get("value", "inf"))
        )
    if "value" not in quantity_:
        return False
    number = float(quantity_["value"])
    return _matches_unit(quantity_, value) and compare(comparison, number, number)


def _matches_unit(quantity_: Any, value: QuantityValue) -> bool:
    if value.unit is None:
        return True
    return bool(quantity_.get("system", "") == value.system and quantity_.get("code") == value.unit)
