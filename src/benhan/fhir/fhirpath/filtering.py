"""where, select, repeat. Source: FHIRPath 2.0.0, "Filtering and projection"."""

from __future__ import annotations

from typing import Any

from benhan.fhir.fhirpath.elements import Items, truth
from benhan.fhir.fhirpath.environment import Closure, Environment, sized
from benhan.fhir.fhirpath.functions import lazy_function


@lazy_function("where", 1)
def where(env: Environment, items: Items, criteria: Closure) -> Items:
    """The items for which the criteria are true."""
    env.spend(len(items))
    kept, outer = Items(), env.index
    for env.index, item in enumerate(items):
        if truth(criteria(env, [item])):
            kept.append(item)
    env.index = outer
    return kept


@lazy_function("select", 1)
def select(env: Environment, items: Items, projection: Closure) -> Items:
    """What the projection gives for each item, all together."""
    env.spend(len(items))
    found, outer = Items(), env.index
    for env.index, item in enumerate(items):
        found += projection(env, [item])
        sized(found)
    env.index = outer
    return found


@lazy_function("repeat", 1)
def repeat(env: Environment, items: Items, projection: Closure) -> Items:
    """What the projection gives, again and again of what it gave, each thing once."""
    found, seen, waiting, outer = Items(), set[Any](), items, env.index
    while waiting:
        fresh = Items()
        for env.index, item in enumerate(waiting):
            projected = projection(env, [item])
            env.spend(1 + len(projected))
            for each in projected:
                its_key = env.key(each)
                if its_key not in seen:
                    seen.add(its_key)
                    fresh.append(each)
        found += fresh
        waiting = sized(fresh)
        sized(found)
    env.index = outer
    return found
