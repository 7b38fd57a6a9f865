"""`+ - * / div mod &` and signs. What overflows or divides by zero gives nothing.

Source: FHIRPath 2.0.0, "Math", "Date/Time Arithmetic".
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import Any

from benhan.fhir.fhirpath import quantities, temporals
from benhan.fhir.fhirpath.elements import Items, has_no_value, one, text_of, type_name
from benhan.fhir.fhirpath.environment import short
from benhan.fhir.fhirpath.equality import NUMBERS
from benhan.fhir.fhirpath.faults import WRONG_OPERANDS
from benhan.fhir.fhirpath.quantities import CALENDAR, DEFINITE, Quantity
from benhan.fhir.fhirpath.temporals import Temporal

CONTEXT = Context(prec=40, Emax=200, Emin=-200, traps=[InvalidOperation, DivisionByZero, Overflow])
INTEGER_MAX, INTEGER_MIN = 2**31 - 1, -(2**31)
DIVISION_DIGITS = 28


def computed(compute: Callable[[], Any]) -> Any:
    """What `compute` gives in our decimal context; None where it overflows or is not defined."""
    with localcontext(CONTEXT):
        try:
            value = compute()
        except (InvalidOperation, DivisionByZero, Overflow, OverflowError, ValueError, ZeroDivisionError):
            return None
    if type(value) is int and not INTEGER_MIN <= value <= INTEGER_MAX:
        return None
    number = value.value if isinstance(value, Quantity) else value
    if isinstance(number, Decimal) and not number.is_finite():
        return None
    return value


def calculate(operator: str, left: Items, right: Items) -> Items:
    """The result of an operator on two collections of one. Raises Incorrect: BA-2010, BA-2011."""
    first, second = one(left, operator), one(right, operator)
    if first is None or second is None or has_no_value(first) or has_no_value(second):
        return []
    value = computed(lambda: _ACTS[operator](first, second))
    return [] if value is None else [value]


def signed(sign: str, items: Items) -> Items:
    """`+` or `-` of a collection of one. Raises Incorrect: BA-2010, BA-2011 no number and no quantity."""
    value = one(items, "sign")
    if value is None:
        return []
    if not _is_number(value) and not isinstance(value, Quantity):
        raise WRONG_OPERANDS(what=f"sign {sign}", types=type_name(value))
    if sign == "+":
        return [value]
    if isinstance(value, Quantity):
        return [Quantity(-value.value, value.unit, is_calendar=value.is_calendar)]
    return [value.copy_negate() if isinstance(value, Decimal) else -value]


def concatenated(left: Items, right: Items) -> Items:
    """`&`: an empty side is an empty text."""
    return [short((text_of(left, "&") or "") + (text_of(right, "&") or ""))]


def _is_number(value: Any) -> bool:
    return isinstance(value, NUMBERS) and type(value) is not bool


def _wrong(operator: str, first: Any, second: Any) -> Exception:
    return WRONG_OPERANDS(what=f"operator {operator}", types=f"{type_name(first)} and {type_name(second)}")


def _plus(first: Any, second: Any) -> Any:
    if type(first) is str and type(second) is str:
        return short(first + second)
    return _sum("+", first, second)


def _minus(first: Any, second: Any) -> Any:
    return _sum("-", first, second)


def _sum(operator: str, first: Any, second: Any) -> Any:
    sign = 1 if operator == "+" else -1
    if _is_number(first) and _is_number(second):
        return first + sign * second
    if isinstance(first, Temporal) and isinstance(second, Quantity):
        return _moved(operator, first, second, sign)
    if isinstance(first, Quantity) and isinstance(second, Quantity):
        return _quantities_sum(first, second, sign)
    raise _wrong(operator, first, second)


def _moved(operator: str, moment: Temporal, by: Quantity, sign: int) -> Any:
    """A moment moved by a time: a fraction of a unit is left out; UCUM's average months and years cannot move it."""
    unit = CALENDAR.get(by.unit) or DEFINITE.get(by.unit)
    if unit is None or (moment.kind == "Time" and unit in ("year", "month")) or abs(by.value) > 10**15:
        raise WRONG_OPERANDS(what=f"operator {operator}", types=f"{moment.kind} and a quantity of that unit")
    return temporals.shifted(moment, sign * int(by.value), unit)


def _quantities_sum(first: Quantity, second: Quantity, sign: int) -> Quantity | None:
    if first.unit == second.unit:
        return Quantity(first.value + sign * second.value, first.unit, is_calendar=first.is_calendar)
    (one_value, unit), (other_value, same) = quantities.base(first), quantities.base(second)
    if unit != same:
        return None
    factor = quantities.base(Quantity(Decimal(1), first.unit))[0]
    return Quantity((one_value + sign * other_value) / factor, first.unit, is_calendar=first.is_calendar)


def _times(first: Any, second: Any) -> Any:
    if _is_number(first) and _is_number(second):
        return first * second
    if isinstance(first, Quantity) and _is_number(second):
        return Quantity(first.value * second, first.unit, is_calendar=first.is_calendar)
    if _is_number(first) and isinstance(second, Quantity):
        return _times(second, first)
    if isinstance(first, Quantity) and isinstance(second, Quantity):
        return quantities.product(first, second)
    raise _wrong("*", first, second)


def _divided(first: Any, second: Any) -> Any:
    if _is_number(first) and _is_number(second):
        return _quotient(Decimal(first), Decimal(second))
    if isinstance(first, Quantity) and _is_number(second):
        return Quantity(_quotient(first.value, Decimal(second)), first.unit, is_calendar=first.is_calendar)
    if isinstance(first, Quantity) and isinstance(second, Quantity):
        return quantities.quotient(first, second)
    raise _wrong("/", first, second)


def _quotient(first: Decimal, second: Decimal) -> Decimal:
    with localcontext(CONTEXT) as context:
        context.prec = DIVISION_DIGITS
        return first / second


def _whole(first: Any, second: Any) -> Any:
    if not (_is_number(first) and _is_number(second)):
        raise _wrong("div", first, second)
    return int(Decimal(first) // Decimal(second))


def _rest(first: Any, second: Any) -> Any:
    if not (_is_number(first) and _is_number(second)):
        raise _wrong("mod", first, second)
    rest = Decimal(first) % Decimal(second)
    return int(rest) if type(first) is int and type(second) is int else rest


_ACTS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _plus,
    "-": _minus,
    "*": _times,
    "/": _divided,
    "div": _whole,
    "mod": _rest,
}
