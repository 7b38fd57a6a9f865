"""lowBoundary, highBoundary, precision, comparable: how exact a value is told.

Source: FHIRPath 3.0 (ballot), "Boundary Functions", "Precision"; used by R4's tests. Boundaries are those of the value
itself, rounded outwards to the digits asked for, so that they always enclose it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from benhan.fhir.fhirpath import quantities
from benhan.fhir.fhirpath.arithmetic import computed
from benhan.fhir.fhirpath.elements import Items, integer_of, one, type_name
from benhan.fhir.fhirpath.environment import Environment
from benhan.fhir.fhirpath.faults import WRONG_OPERANDS
from benhan.fhir.fhirpath.functions import function
from benhan.fhir.fhirpath.quantities import Quantity
from benhan.fhir.fhirpath.temporals import Temporal, days_in_month

DIGITS_DEFAULT = 8
DIGITS_MAX = 28
_EARLIEST_ZONE, _LATEST_ZONE = 14 * 60, -12 * 60
_PARTS_OF_DIGITS = {"Time": {2: 1, 4: 2, 6: 3, 9: 3}, "": {4: 1, 6: 2, 8: 3, 10: 4, 12: 5, 14: 6, 17: 6}}
_MOST_DIGITS = {"Date": 8, "DateTime": 17, "Time": 9}
_LOW: tuple[Any, ...] = (1, 1, 1, 0, 0, Decimal("0.000"))
_HIGH: tuple[Any, ...] = (9999, 12, 31, 23, 59, Decimal("59.999"))


@function("lowBoundary", 0, 1)
def low_boundary(_: Environment, items: Items, precision: Items | None = None) -> Items:
    """The least value that would be told as this one, to so many digits (8 for numbers, all for dates and times)."""
    return _boundary(items, precision, "lowBoundary()", is_low=True)


@function("highBoundary", 0, 1)
def high_boundary(_: Environment, items: Items, precision: Items | None = None) -> Items:
    """The greatest value that would be told as this one, to so many digits."""
    return _boundary(items, precision, "highBoundary()", is_low=False)


def _boundary(items: Items, precision: Items | None, name: str, *, is_low: bool) -> Items:
    value, digits = one(items, name), integer_of(precision or [], name)
    if value is None:
        return []
    if isinstance(value, Quantity):
        number = _number_boundary(value.value, digits, is_low=is_low)
        return [] if number is None else [Quantity(number, value.unit, is_calendar=value.is_calendar)]
    if isinstance(value, int | Decimal) and type(value) is not bool:
        number = _number_boundary(Decimal(value), digits, is_low=is_low)
        return [] if number is None else [number]
    if isinstance(value, Temporal):
        found = _temporal_boundary(value, digits, is_low=is_low)
        return [] if found is None else [found]
    raise WRONG_OPERANDS(what=name, types=type_name(value))


def _number_boundary(value: Decimal, digits: int | None, *, is_low: bool) -> Decimal | None:
    digits = DIGITS_DEFAULT if digits is None else digits
    if not 0 <= digits <= DIGITS_MAX:
        return None
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb(min(exponent if isinstance(exponent, int) else 0, 0) - 1)
    return _computed_decimal(
        lambda: (value - half if is_low else value + half).quantize(
            Decimal(1).scaleb(-digits), ROUND_FLOOR if is_low else ROUND_CEILING
        )
    )


def _computed_decimal(compute: Callable[[], Decimal]) -> Decimal | None:
    found = computed(compute)
    return found if isinstance(found, Decimal) else None


def _temporal_boundary(value: Temporal, digits: int | None, *, is_low: bool) -> Temporal | None:
    digits = _MOST_DIGITS[value.kind] if digits is None else digits
    count = _PARTS_OF_DIGITS["Time" if value.kind == "Time" else ""].get(digits)
    if count is None or digits > _MOST_DIGITS[value.kind]:
        return None
    bounds = (_LOW if is_low else _HIGH)[3 if value.kind == "Time" else 0 :]
    parts = list(value.parts) + list(bounds[len(value.parts) :])
    if value.kind != "Time" and len(value.parts) < 3:
        parts[2] = 1 if is_low else days_in_month(parts[0], parts[1])
    if isinstance(parts[-1], Decimal) and digits in (17, 9):
        parts[-1] = _milliseconds(parts[-1], is_low=is_low)
    zone = value.zone
    if value.kind == "DateTime" and zone is None and count > 3:
        zone = _EARLIEST_ZONE if is_low else _LATEST_ZONE
    return Temporal(value.kind, tuple(parts[:count]), zone if count > 3 else None)


def _milliseconds(seconds: Decimal, *, is_low: bool) -> Decimal:
    exponent = seconds.as_tuple().exponent
    told = -exponent if isinstance(exponent, int) else 0
    if is_low or told >= 3 or told == 0:
        return seconds.quantize(Decimal("0.001"), ROUND_FLOOR)
    return seconds.quantize(Decimal("0.001")) + Decimal(1).scaleb(-told) - Decimal("0.001")


@function("precision")
def precision_(_: Environment, items: Items) -> Items:
    """Decimals of a number; digits of a date or time as it was written."""
    value = one(items, "precision()")
    if value is None:
        return []
    if isinstance(value, Temporal):
        return [_temporal_digits(value)]
    if isinstance(value, int | Decimal) and type(value) is not bool:
        exponent = Decimal(value).as_tuple().exponent
        return [max(0, -exponent) if isinstance(exponent, int) else 0]
    raise WRONG_OPERANDS(what="precision()", types=type_name(value))


def _temporal_digits(value: Temporal) -> int:
    return sum(character.isdigit() for character in str(Temporal(value.kind, value.parts)))


@function("comparable", 1)
def comparable(_: Environment, items: Items, other: Items) -> Items:
    """Whether two quantities measure the same."""
    first, second = one(items, "comparable()"), one(other, "comparable()")
    if not (isinstance(first, Quantity) and isinstance(second, Quantity)):
        return []
    return [quantities.base(first)[1] == quantities.base(second)[1]]
