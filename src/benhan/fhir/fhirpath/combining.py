"""union (and `|`), combine; `in` and `contains`. Source: FHIRPath 2.0.0, "Combining", "Collections"."""

from __future__ import annotations

from benhan.fhir.fhirpath.elements import Items
from benhan.fhir.fhirpath.environment import Environment, sized
from benhan.fhir.fhirpath.existence import answer, distinct
from benhan.fhir.fhirpath.faults import NOT_ONE
from benhan.fhir.fhirpath.functions import function


@function("union", 1)
def union(env: Environment, items: Items, other: Items) -> Items:
    """Both together, each thing once."""
    return distinct(env, sized(items + other))


@function("combine", 1)
def combine(env: Environment, items: Items, other: Items) -> Items:
    """Both together, doubles among them."""
    env.spend(len(other))
    return sized(items + other)


def is_in(env: Environment, item: Items, items: Items, operator: str) -> Items:
    """Whether the one item of the first is among the second. Raises Incorrect BA-2010 where there are several."""
    if len(item) > 1:
        raise NOT_ONE(count=len(item), what=operator)
    if not item:
        return answer(None)
    env.spend(len(items))
    wanted = env.key(item[0])
    return answer(any(env.key(each) == wanted for each in items))
