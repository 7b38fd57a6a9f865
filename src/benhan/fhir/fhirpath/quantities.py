"""Quantities: a number with a unit of UCUM or a word of the calendar.

Source: FHIRPath 2.0.0, "Quantity", "Time-valued Quantities"; units by `benhan.fhir.ucum`.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from benhan.fhir.ucum import canonical

CALENDAR = {
    word: unit
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for word in (unit, unit + "s")
}
"""Every word of the calendar with its singular."""
DEFINITE = {"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}
"""UCUM's units of time that are as long as the calendar's."""
INDEFINITE = {"a": "year", "mo": "month"}
"""UCUM's year and month are averages: never equal to, and only equivalent to, those of the calendar."""
_WIDE = Context(prec=3000, rounding=ROUND_HALF_UP)
"""Wide enough that no number our reader lets in is rounded when it is only compared."""
_UCUM_OF = {unit: code for code, unit in (DEFINITE | INDEFINITE).items()}


class Quantity:
    """A value and its unit; `is_calendar` where the unit was a word of the calendar (`4 days`) and not a code."""

    __slots__ = ("is_calendar", "unit", "value")

    def __init__(self, value: Decimal, unit: str, *, is_calendar: bool = False) -> None:
        self.value = value
        self.unit = unit
        self.is_calendar = is_calendar

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}" if self.is_calendar else f"{self.value:f} '{self.unit}'"

    def __repr__(self) -> str:
        return f"Quantity({self})"

    def key(self) -> tuple[object, ...]:
        """Equal for two that are equal."""
        return ("quantity", *base(self))

    @property
    def calendar_unit(self) -> str | None:
        """The unit of the calendar that a word or a definite UCUM code stands for (`day` for `days` and `d`)."""
        return CALENDAR.get(self.unit) or DEFINITE.get(self.unit)


def base(quantity: Quantity) -> tuple[Decimal, str]:
    """Value and unit in base units; years and months of the calendar in months, apart from UCUM's."""
    unit = CALENDAR.get(quantity.unit)
    if unit in ("year", "month"):
        return quantity.value * (12 if unit == "year" else 1), "month of the calendar"
    return ucum_base(quantity.value, _UCUM_OF[unit] if unit else quantity.unit)


def ucum_base(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """Value and unit in UCUM's base units; of an unknown unit as they are."""
    factor = _factor(unit)
    if factor is not None:
        return value * factor[0], factor[1]
    number, name = canonical(float(value), unit)
    return (value, name) if name == unit else (Decimal(repr(number)), name)


@lru_cache(maxsize=4096)
def _factor(unit: str) -> tuple[Decimal, str] | None:
    """How many base units one of `unit` is, where zero is zero in both (all but Celsius and Fahrenheit)."""
    if canonical(0.0, unit)[0] != 0:
        return None
    number, name = canonical(1.0, unit)
    return Decimal(repr(number)), name


def compare(one: Quantity, other: Quantity) -> int | None:
    """-1, 0 or 1; None where the units measure different things, or the calendar's years meet UCUM's."""
    if one.unit == other.unit:
        first, second = one.value, other.value
    else:
        (first, unit), (second, same) = base(one), base(other)
        if unit != same:
            return None
        first, second = _even(first), _even(second)
    return (first > second) - (first < second)


def _even(value: Decimal) -> Decimal:
    """Without the last digits that a conversion leaves: twelve count."""
    return Decimal(f"{value:.11e}")


def is_equivalent(one: Quantity, other: Quantity) -> bool:
    """Whether both mean the same to the precision of the less precise; calendar and UCUM units alike."""
    if one.unit == other.unit:
        return numbers_equivalent(one.value, other.value)
    (first, unit), (second, same) = (ucum_base(each.value, _code(each.unit)) for each in (one, other))
    return unit == same and numbers_equivalent(_even(first), _even(second))


def _code(unit: str) -> str:
    return _UCUM_OF[CALENDAR[unit]] if unit in CALENDAR else unit


def numbers_equivalent(one: Decimal, other: Decimal) -> bool:
    """Whether two numbers are the same when rounded to the fewer decimals of the two, trailing zeros not counted."""
    digits = min(_decimals(one), _decimals(other))
    place = Decimal(1).scaleb(-digits)
    return one.quantize(place, context=_WIDE) == other.quantize(place, context=_WIDE)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize(_WIDE).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def product(one: Quantity, other: Quantity) -> Quantity:
    """The product in base units."""
    (first, unit), (second, by) = base(one), base(other)
    return _made(first * second, f"{unit}.{by}")


def quotient(one: Quantity, other: Quantity) -> Quantity:
    """The quotient in base units; `other` is not zero."""
    (first, unit), (second, by) = base(one), base(other)
    return _made(first / second, f"{unit}/({by})" if "." in by else f"{unit}/{by}")


def _made(value: Decimal, unit: str) -> Quantity:
    return Quantity(value, canonical(1.0, unit)[1])
