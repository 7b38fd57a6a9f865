"""`=`, `!=`, `~`, `!~`. Source: FHIRPath 2.0.0, "Equality"."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benhan.fhir.fhirpath import quantities, temporals
from benhan.fhir.fhirpath.elements import Element, Items, children, system
from benhan.fhir.fhirpath.environment import Environment
from benhan.fhir.fhirpath.quantities import Quantity
from benhan.fhir.fhirpath.temporals import Temporal

NUMBERS = (int, Decimal)


def equal(env: Environment, left: Items, right: Items) -> bool | None:
    """Whether both have equal items in the same order; None where one is empty or an item leaves it open."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    env.spend(len(left))
    answer: bool | None = True
    for one, other in zip(left, right, strict=True):
        same = items_equal(env, one, other)
        if same is False:
            return False
        if same is None:
            answer = None
    return answer


def items_equal(env: Environment, one: Any, other: Any) -> bool | None:
    """Whether two items are equal; None where precision, zone or unit leave it open."""
    first, second = system(one), system(other)
    if type(first) is str or type(second) is str or type(first) is bool or type(second) is bool:
        return type(first) is type(second) and bool(first == second)
    if isinstance(first, NUMBERS) and isinstance(second, NUMBERS):
        return bool(first == second)
    if isinstance(first, Temporal) and isinstance(second, Temporal):
        if (first.kind == "Time") != (second.kind == "Time"):
            return False
        order = temporals.compare(first, second)
        return None if order is None else order == 0
    if isinstance(first, Quantity) or isinstance(second, Quantity):
        return _quantities_equal(first, second)
    if isinstance(first, Element) and isinstance(second, Element):
        return (first.value is second.value and first.value is not None) or env.key(first) == env.key(second)
    return bool(env.key(first) == env.key(second))


def as_quantity(value: Any) -> Any:
    """A number as the quantity it converts to; anything else as it is."""
    return Quantity(Decimal(value), "1") if isinstance(value, NUMBERS) and type(value) is not bool else value


def _quantities_equal(first: Any, second: Any) -> bool | None:
    first, second = as_quantity(first), as_quantity(second)
    if not (isinstance(first, Quantity) and isinstance(second, Quantity)):
        return False
    order = quantities.compare(first, second)
    return None if order is None else order == 0


def equivalent(env: Environment, left: Items, right: Items) -> bool:
    """Whether both collections have equivalent items, in whatever order; two empty ones are."""
    if len(left) != len(right):
        return False
    waiting = list(right)
    for one in left:
        env.spend(len(waiting))
        for index, other in enumerate(waiting):
            if items_equivalent(env, one, other):
                del waiting[index]
                break
        else:
            return False
    return True


def items_equivalent(env: Environment, one: Any, other: Any) -> bool:
    """Whether two items mean the same: texts without case and spacing, numbers by the less precise."""
    first, second = system(one), system(other)
    if type(first) is str and type(second) is str:
        return _folded(first) == _folded(second)
    if isinstance(first, NUMBERS) and isinstance(second, NUMBERS) and bool not in (type(first), type(second)):
        return quantities.numbers_equivalent(Decimal(first), Decimal(second))
    if isinstance(first, Temporal) and isinstance(second, Temporal):
        same_kind = (first.kind == "Time") == (second.kind == "Time")
        return same_kind and temporals.compare(first, second) == 0
    if isinstance(first, Quantity) or isinstance(second, Quantity):
        first, second = as_quantity(first), as_quantity(second)
        both = isinstance(first, Quantity) and isinstance(second, Quantity)
        return both and quantities.is_equivalent(first, second)
    if isinstance(first, Element) and isinstance(second, Element) and not first.type.is_primitive:
        return _elements_equivalent(env, first, second)
    return bool(env.key(first) == env.key(second))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _elements_equivalent(env: Environment, one: Element, other: Element) -> bool:
    if type(one.value) is not dict or type(other.value) is not dict or one.value.keys() != other.value.keys():
        return False
    return one.value is other.value or equivalent(env, children(one), children(other))
