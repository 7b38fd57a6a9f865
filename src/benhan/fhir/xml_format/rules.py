"""What each type holds in XML: its children in the order of the definition, and what stands in attributes.

Compiled once per type, on first use, from the tables of the definitions. Source: FHIR R4 xml.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

from benhan.fhir.definitions import resource_types, type_of
from benhan.fhir.primitives import CHECKS

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"


class Kind(Enum):
    """How a child is written: a value in an attribute, an element of elements, a resource inside, or the narrative."""

    PRIMITIVE = "primitive"
    COMPLEX = "complex"
    RESOURCE = "resource"
    XHTML = "xhtml"


@dataclass(frozen=True, slots=True)
class Child:
    """One child element; `name` is that of XML and JSON alike, `order` the place in the definition.

    The types of a choice (`valueString`, `valueQuantity`) share one place.
    """

    name: str
    twin: str
    type: str
    kind: Kind
    order: int
    repeats: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """A type: `children` by JSON name (and by that of a primitive's extension twin), `attributes` by name."""

    type: str
    children: dict[str, Child]
    elements: dict[str, Child]
    """The same children by what the parser calls them: namespace, space, name."""
    attributes: tuple[str, ...]
    no_elements: frozenset[str]
    """Names of JSON that are no elements in XML."""


@cache
def rules_of(type_: str) -> Rules:
    """The rules of a resource, data type or backbone. The type must be one of the definitions."""
    definition = type_of(type_)
    assert definition is not None, type_
    attributes = tuple(name for name in definition.bare if name != "div")
    children: dict[str, Child] = {}
    elements: dict[str, Child] = {}
    for order, element in enumerate(definition.elements):
        if element.name in attributes:
            continue
        stem, is_choice = element.name.removesuffix("[x]"), element.name.endswith("[x]")
        for inner in element.types:
            name = stem + inner[0].upper() + inner[1:] if is_choice else stem
            child = Child(name, "_" + name, inner, _kind(inner), order, element.max != 1)
            children[name] = child
            if child.kind is Kind.PRIMITIVE:
                children[child.twin] = child
            elements[f"{XHTML if child.kind is Kind.XHTML else FHIR} {name}"] = child
    no_elements = frozenset(attributes) if attributes else frozenset({"resourceType"})
    return Rules(type_, children, elements, attributes, no_elements)


def _kind(type_: str) -> Kind:
    if type_ == "xhtml":
        return Kind.XHTML
    if type_ == "Resource":
        return Kind.RESOURCE
    return Kind.PRIMITIVE if type_ in CHECKS else Kind.COMPLEX


@cache
def resource_elements() -> dict[str, str]:
    """The resource type of what the parser calls its element."""
    return {f"{FHIR} {type_}": type_ for type_ in resource_types()}
