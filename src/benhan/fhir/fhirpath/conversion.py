"""toBoolean, toInteger, toDate … and convertsTo… of each. (iif is compiled apart: see `compiler.py`.)

Source: FHIRPath 2.0.0, "Conversion".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from benhan.fhir.fhirpath.arithmetic import INTEGER_MAX, INTEGER_MIN
from benhan.fhir.fhirpath.elements import Items, one
from benhan.fhir.fhirpath.environment import Environment
from benhan.fhir.fhirpath.functions import function
from benhan.fhir.fhirpath.quantities import CALENDAR, Quantity
from benhan.fhir.fhirpath.temporals import Temporal, parse_date, parse_date_time, parse_time

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,100}(\.[0-9]{1,100})?")
_QUANTITY = re.compile(r"([+-]?[0-9]{1,100}(?:\.[0-9]{1,100})?)\s*(?:'([^']{1,200})'|([a-z]+))?")
_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})


def to_boolean(value: Any) -> bool | None:
    """True or False of a boolean, 1 or 0, or one of the words for them; None of anything else."""
    if type(value) is bool:
        return value
    if isinstance(value, int | Decimal):
        return {1: True, 0: False}.get(int(value)) if value == int(value) else None
    if type(value) is not str:
        return None
    text = value.lower()
    return True if text in _TRUE else False if text in _FALSE else None


def to_integer(value: Any) -> int | None:
    """An integer of 31 bits of an integer, a boolean or digits; None of anything else."""
    if type(value) is bool or type(value) is int:
        return int(value)
    if type(value) is not str or not _INTEGER.fullmatch(value):
        return None
    number = int(value)
    return number if INTEGER_MIN <= number <= INTEGER_MAX else None


def to_decimal(value: Any) -> Decimal | None:
    """A Decimal of a number, a boolean or digits without exponent; None of anything else."""
    if type(value) is bool or isinstance(value, int | Decimal):
        return Decimal(value)
    return Decimal(value) if type(value) is str and _DECIMAL.fullmatch(value) else None


def to_date(value: Any) -> Temporal | None:
    """The Date of a Date, a DateTime or their text; None of anything else."""
    if isinstance(value, Temporal) and value.kind != "Time":
        return Temporal("Date", value.parts[:3])
    if type(value) is not str:
        return None
    found = parse_date(value) or parse_date_time(value)
    return None if found is None else Temporal("Date", found.parts[:3])


def to_date_time(value: Any) -> Temporal | None:
    """The DateTime of a Date, a DateTime or their text; None of anything else."""
    if isinstance(value, Temporal) and value.kind != "Time":
        return Temporal("DateTime", value.parts, value.zone)
    return parse_date_time(value) if type(value) is str else None


def to_time(value: Any) -> Temporal | None:
    """The Time of a Time or its text; None of anything else."""
    if isinstance(value, Temporal) and value.kind == "Time":
        return value
    return parse_time(value.removeprefix("T")) if type(value) is str else None


def to_quantity(value: Any) -> Quantity | None:
    """The Quantity of a quantity, a number (unit `1`), a boolean or a text; None of anything else."""
    if isinstance(value, Quantity):
        return value
    if type(value) is bool or isinstance(value, int | Decimal):
        return Quantity(Decimal(value), "1")
    match = _QUANTITY.fullmatch(value) if type(value) is str else None
    if match is None or (match[3] is not None and match[3] not in CALENDAR):
        return None
    return Quantity(Decimal(match[1]), match[2] or match[3] or "1", is_calendar=match[3] is not None)


def to_string(value: Any) -> str | None:
    """The text of a system value; None of anything else."""
    if type(value) is bool:
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, int | str | Temporal | Quantity) else None


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Boolean": to_boolean,
    "Integer": to_integer,
    "Decimal": to_decimal,
    "Date": to_date,
    "DateTime": to_date_time,
    "Time": to_time,
    "String": to_string,
}


def _declare(name: str, convert: Callable[[Any], Any]) -> None:
    @function("to" + name)
    def converted(_: Environment, items: Items) -> Items:
        value = one(items, f"to{name}()")
        value = None if value is None else convert(value)
        return [] if value is None else [value]

    @function("convertsTo" + name)
    def converts(_: Environment, items: Items) -> Items:
        value = one(items, f"convertsTo{name}()")
        return [] if value is None else [convert(value) is not None]


for _name, _convert in CONVERSIONS.items():
    _declare(_name, _convert)


def _in_unit(items: Items, unit: Items, name: str) -> Quantity | None:
    """The quantity, where it is of the wanted unit or none is wanted."""
    value = one(items, name)
    found = None if value is None else to_quantity(value)
    wanted = one(unit, name)
    return found if found is None or wanted is None or wanted in (found.unit, found.calendar_unit) else None


@function("toQuantity", 0, 1)
def quantity_of(_: Environment, items: Items, unit: Items | None = None) -> Items:
    """toQuantity(unit): nothing where the quantity is of another unit."""
    found = _in_unit(items, unit or [], "toQuantity()")
    return [] if found is None else [found]


@function("convertsToQuantity", 0, 1)
def converts_to_quantity(_: Environment, items: Items, unit: Items | None = None) -> Items:
    """Whether toQuantity(unit) would give something."""
    return [_in_unit(items, unit or [], "convertsToQuantity()") is not None] if items else []
