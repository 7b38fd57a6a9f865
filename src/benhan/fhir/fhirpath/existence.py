"""empty, exists, not, all, allTrue …, subsetOf, supersetOf, count, distinct. Source: FHIRPath 2.0.0, "Existence"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benhan.fhir.fhirpath.elements import Items, system, truth, type_name
from benhan.fhir.fhirpath.environment import Closure, Environment
from benhan.fhir.fhirpath.faults import WRONG_OPERANDS
from benhan.fhir.fhirpath.filtering import where
from benhan.fhir.fhirpath.functions import function, lazy_function

TRUE, FALSE = [True], [False]


def answer(value: bool | None) -> Items:  # noqa: FBT001  # a FHIRPath value, not a switch
    """The collection of a three-valued answer."""
    return [] if value is None else [value]


@function("empty")
def empty(_: Environment, items: Items) -> Items:
    """Whether there are no items."""
    return FALSE if items else TRUE


@function("not")
def negated(_: Environment, items: Items) -> Items:
    """The contrary of one boolean; of any other single value false, of nothing nothing."""
    value = truth(items, "not()")
    return [] if value is None else [not value]


@lazy_function("exists", 0, 1)
def exists(env: Environment, items: Items, criteria: Closure | None = None) -> Items:
    """Whether there are items, or items for which the criteria are true."""
    found = items if criteria is None else where(env, items, criteria)
    return TRUE if found else FALSE


@lazy_function("all", 1)
def all_(env: Environment, items: Items, criteria: Closure) -> Items:
    """Whether the criteria are true of every item; of no items they are."""
    return [len(where(env, items, criteria)) == len(items)]


@function("count")
def count(_: Environment, items: Items) -> Items:
    """How many items there are."""
    return [len(items)]


def _booleans(items: Items, name: str) -> Iterator[bool]:
    for item in items:
        value = system(item)
        if type(value) is not bool:
            raise WRONG_OPERANDS(what=f"{name}()", types=type_name(item))
        yield value


@function("allTrue")
def all_true(_: Environment, items: Items) -> Items:
    """Whether every item is true; of no items it is so."""
    return [all(list(_booleans(items, "allTrue")))]


@function("anyTrue")
def any_true(_: Environment, items: Items) -> Items:
    """Whether an item is true."""
    return [any(list(_booleans(items, "anyTrue")))]


@function("allFalse")
def all_false(_: Environment, items: Items) -> Items:
    """Whether every item is false; of no items it is so."""
    return [not any(list(_booleans(items, "allFalse")))]


@function("anyFalse")
def any_false(_: Environment, items: Items) -> Items:
    """Whether an item is false."""
    return [not all(list(_booleans(items, "anyFalse")))]


@function("subsetOf", 1)
def subset_of(env: Environment, items: Items, other: Items) -> Items:
    """Whether every item is among the others."""
    return [_keys(env, items) <= _keys(env, other)]


@function("supersetOf", 1)
def superset_of(env: Environment, items: Items, other: Items) -> Items:
    """Whether every one of the others is among the items."""
    return [_keys(env, items) >= _keys(env, other)]


def _keys(env: Environment, items: Items) -> set[Any]:
    env.spend(len(items))
    return {env.key(item) for item in items}


@function("distinct")
def distinct(env: Environment, items: Items) -> Items:
    """The items without those that are equal to an earlier one."""
    env.spend(len(items))
    seen, kept = set[Any](), Items()
    for item in items:
        its_key = env.key(item)
        if its_key not in seen:
            seen.add(its_key)
            kept.append(item)
    return kept


@function("isDistinct")
def is_distinct(env: Environment, items: Items) -> Items:
    """Whether no item is equal to another."""
    return [len(_keys(env, items)) == len(items)]
