"""`is`, `as`, ofType(), type(). Source: FHIRPath 2.0.0, "Types"; FHIR R4 fhirpath.html.

`is` follows inheritance (`gender is string`). `as` and ofType() take subtypes of complex types and resources, and a
primitive only by its own type (`gender as string` is nothing), as HL7's tests ask.
"""

from __future__ import annotations

from typing import Any

from benhan.fhir.fhirpath.elements import Element, Items, type_info
from benhan.fhir.fhirpath.environment import Environment
from benhan.fhir.fhirpath.faults import NOT_ONE, UNKNOWN_TYPE
from benhan.fhir.fhirpath.functions import function
from benhan.fhir.fhirpath.model import SYSTEM_TYPES, is_fhir_type


def checked_type(namespace: str, name: str) -> tuple[str, str]:
    """The same, if there is such a type. Raises Incorrect BA-2006."""
    in_system, in_fhir = name in SYSTEM_TYPES, is_fhir_type(name)
    if {"System": True, "FHIR": in_fhir, "": in_system or in_fhir}.get(namespace, False):
        return namespace, name
    raise UNKNOWN_TYPE()


def is_of(item: Any, namespace: str, name: str) -> bool:
    """Whether `item` is of the type or of one that derives from it."""
    if isinstance(item, Element):
        return namespace != "System" and name in item.type.names
    return namespace != "FHIR" and name in (type_info(item).name, "Any")


def is_exactly(item: Any, namespace: str, name: str) -> bool:
    """Whether `item` may be taken as the type: a primitive only where it is of that very type."""
    if isinstance(item, Element) and item.type.is_primitive:
        return namespace != "System" and name == item.type.name
    return is_of(item, namespace, name)


def type_test(items: Items, namespace: str, name: str) -> Items:
    """`items is Type`. Raises Incorrect BA-2010 where there are several."""
    if len(items) > 1:
        raise NOT_ONE(count=len(items), what="is")
    return [is_of(items[0], namespace, name)] if items else []


def of_type(items: Items, namespace: str, name: str) -> Items:
    """The items that are of the type: ofType(), and `as`, which for several items should be an error by the letter.

    R4's own definitions take `as` of several (dom-3; the search parameters of useContext), so that it is not one here.
    """
    return [item for item in items if is_exactly(item, namespace, name)]


@function("type")
def type_(env: Environment, items: Items) -> Items:
    """Namespace and name of the type of each item."""
    env.spend(len(items))
    return [type_info(item) for item in items]
