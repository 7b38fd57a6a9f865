"""single, first, last, tail, skip, take, intersect, exclude. Source: FHIRPath 2.0.0, "Subsetting"."""

from __future__ import annotations

from benhan.fhir.fhirpath.elements import Items, integer_of
from benhan.fhir.fhirpath.environment import Environment
from benhan.fhir.fhirpath.existence import distinct
from benhan.fhir.fhirpath.faults import NOT_ONE
from benhan.fhir.fhirpath.functions import function


@function("single")
def single(_: Environment, items: Items) -> Items:
    """The one item, nothing of nothing. Raises Incorrect BA-2010 where there are more."""
    if len(items) > 1:
        raise NOT_ONE(count=len(items), what="single()")
    return items


@function("first")
def first(_: Environment, items: Items) -> Items:
    """The first item."""
    return items[:1]


@function("last")
def last(_: Environment, items: Items) -> Items:
    """The last item."""
    return items[-1:]


@function("tail")
def tail(_: Environment, items: Items) -> Items:
    """All but the first item."""
    return items[1:]


@function("skip", 1)
def skip(_: Environment, items: Items, number: Items) -> Items:
    """All but so many first items."""
    return items[max(0, integer_of(number, "skip()") or 0) :]


@function("take", 1)
def take(_: Environment, items: Items, number: Items) -> Items:
    """So many first items."""
    return items[: max(0, integer_of(number, "take()") or 0)]


def item_at(items: Items, index: Items) -> Items:
    """`items[index]`; nothing beyond the ends."""
    number = integer_of(index, "[ ]")
    return items[number : number + 1] if number is not None and number >= 0 else []


@function("intersect", 1)
def intersect(env: Environment, items: Items, other: Items) -> Items:
    """The items that are among the others too, each once."""
    env.spend(len(items) + len(other))
    keys = set(map(env.key, other))
    return distinct(env, [item for item in items if env.key(item) in keys])


@function("exclude", 1)
def exclude(env: Environment, items: Items, other: Items) -> Items:
    """The items that are not among the others, doubles and order kept."""
    env.spend(len(items) + len(other))
    keys = set(map(env.key, other))
    return [item for item in items if env.key(item) not in keys]
