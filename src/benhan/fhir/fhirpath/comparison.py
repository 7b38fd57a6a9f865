"""`<`, `>`, `<=`, `>=`. Source: FHIRPath 2.0.0, "Comparison"."""

from __future__ import annotations

from typing import Any

from benhan.fhir.fhirpath import quantities, temporals
from benhan.fhir.fhirpath.elements import Items, has_no_value, one, type_name
from benhan.fhir.fhirpath.equality import NUMBERS, as_quantity
from benhan.fhir.fhirpath.faults import WRONG_OPERANDS
from benhan.fhir.fhirpath.quantities import Quantity
from benhan.fhir.fhirpath.temporals import Temporal


def order(left: Items, right: Items) -> int | None:
    """-1, 0 or 1 of two collections of one; None where one is empty or the answer is open.

    Raises Incorrect: BA-2010 several items, BA-2011 two that have no order.
    """
    first, second = one(left, "comparison"), one(right, "comparison")
    if first is None or second is None or has_no_value(first) or has_no_value(second):
        return None
    return values_order(first, second)


def values_order(first: Any, second: Any) -> int | None:
    """The order of two system values, as `order` tells it."""
    if type(first) is str and type(second) is str:
        return (first > second) - (first < second)
    if isinstance(first, NUMBERS) and isinstance(second, NUMBERS) and bool not in (type(first), type(second)):
        return (first > second) - (first < second)
    if (
        isinstance(first, Temporal)
        and isinstance(second, Temporal)
        and (first.kind == "Time") == (second.kind == "Time")
    ):
        return temporals.compare(first, second)
    if isinstance(first, Quantity) or isinstance(second, Quantity):
        first, second = as_quantity(first), as_quantity(second)
        if isinstance(first, Quantity) and isinstance(second, Quantity):
            return quantities.compare(first, second)
    raise WRONG_OPERANDS(what="comparison", types=f"{type_name(first)} and {type_name(second)}")
