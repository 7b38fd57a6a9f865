"""abs, ceiling, exp, floor, ln, log, power, round, sqrt, truncate. Source: FHIRPath 2.0.0, "Math"."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from benhan.fhir.fhirpath.arithmetic import computed
from benhan.fhir.fhirpath.elements import Items, integer_of, one, type_name
from benhan.fhir.fhirpath.environment import Environment
from benhan.fhir.fhirpath.faults import WRONG_OPERANDS
from benhan.fhir.fhirpath.functions import function
from benhan.fhir.fhirpath.quantities import Quantity

ROUND_DIGITS_MAX = 28


def _number(items: Items, name: str) -> Any:
    value = one(items, name)
    if value is None or (isinstance(value, int | Decimal) and type(value) is not bool):
        return value
    raise WRONG_OPERANDS(what=f"{name}()", types=type_name(value))


def _result(compute: Callable[[], Any]) -> Items:
    value = computed(compute)
    return [] if value is None else [value]


def _declare(name: str, compute: Callable[[Any], Any]) -> None:
    @function(name)
    def implementation(_: Environment, items: Items) -> Items:
        number = _number(items, name)
        return [] if number is None else _result(lambda: compute(number))


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "ceiling": lambda number: int(Decimal(number).to_integral_value(ROUND_CEILING)),
    "floor": lambda number: int(Decimal(number).to_integral_value(ROUND_FLOOR)),
    "truncate": int,
    "exp": lambda number: Decimal(number).exp(),
    "ln": lambda number: Decimal(number).ln(),
    "sqrt": lambda number: Decimal(number).sqrt(),
}
for _name, _compute in _FUNCTIONS.items():
    _declare(_name, _compute)


@function("abs")
def absolute(_: Environment, items: Items) -> Items:
    """The value without its sign, of a number or a quantity."""
    value = one(items, "abs")
    if isinstance(value, Quantity):
        return [Quantity(abs(value.value), value.unit, is_calendar=value.is_calendar)]
    number = _number(items, "abs")
    return [] if number is None else _result(lambda: abs(number))


@function("log", 1)
def log(_: Environment, items: Items, base: Items) -> Items:
    """The logarithm to a base; nothing where one of them is not positive."""
    number, by = _number(items, "log"), _number(base, "log")
    if number is None or by is None or number <= 0 or by <= 0:
        return []
    return _result(lambda: (Decimal(number).ln() / Decimal(by).ln()).quantize(Decimal(1).scaleb(-20)))


@function("power", 1)
def power(_: Environment, items: Items, exponent: Items) -> Items:
    """The number raised: an integer of integers unless the exponent is negative; nothing where there is none."""
    number, by = _number(items, "power"), _number(exponent, "power")
    if number is None or by is None:
        return []
    is_whole = type(number) is int and type(by) is int and by >= 0
    raised = computed(lambda: Decimal(number) ** Decimal(by))
    return _result(lambda: int(raised) if is_whole else raised) if raised is not None else []


@function("round", 0, 1)
def round_(_: Environment, items: Items, precision: Items | None = None) -> Items:
    """The number rounded to so many decimals (0), halves away from zero."""
    number, digits = _number(items, "round"), integer_of(precision or [], "round()") or 0
    if number is None:
        return []
    if not 0 <= digits <= ROUND_DIGITS_MAX:
        raise WRONG_OPERANDS(what="round()", types=f"a precision outside 0 to {ROUND_DIGITS_MAX}")
    if type(number) is int:
        return [number]
    return _result(lambda: number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
