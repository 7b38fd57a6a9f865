"""children, descendants. Source: FHIRPath 2.0.0, "Tree Navigation"."""

from __future__ import annotations

from benhan.fhir.fhirpath.elements import Items, children
from benhan.fhir.fhirpath.environment import Environment, sized
from benhan.fhir.fhirpath.functions import function


@function("children")
def children_(env: Environment, items: Items) -> Items:
    """All children of the items, in the order of the definitions."""
    found = [child for item in items for child in children(item)]
    env.spend(len(found))
    return sized(found)


@function("descendants")
def descendants(env: Environment, items: Items) -> Items:
    """All children, their children and so on; the items themselves are not among them."""
    found, level = Items(), items
    while level:
        level = children_(env, level)
        found += level
        sized(found)
    return found
