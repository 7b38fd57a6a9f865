"""The types of FHIR R4 and of FHIRPath: who derives from whom, which elements a type has, how a primitive is read.

Source: FHIR R4 fhirpath.html ("Using FHIR types in expressions"), datatypes.html; FHIRPath 2.0.0, "Types".
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import orjson

from benhan.fhir import definitions
from benhan.fhir.fhirpath.temporals import parse_date, parse_date_time, parse_time

SYSTEM_TYPES = frozenset(
    {"Any", "Boolean", "String", "Integer", "Long", "Decimal", "Date", "DateTime", "Time", "Quantity"}
)

_BASES = {
    "code": "string", "id": "string", "markdown": "string",
    "canonical": "uri", "oid": "uri", "url": "uri", "uuid": "uri",
    "positiveInt": "integer", "unsignedInt": "integer",
    "Age": "Quantity", "Count": "Quantity", "Distance": "Quantity", "Duration": "Quantity",
    "SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity",
    "BackboneElement": "Element", "DomainResource": "Resource",
    "Dosage": "BackboneElement", "ElementDefinition": "BackboneElement", "Timing": "BackboneElement",
    "Population": "BackboneElement", "MarketingStatus": "BackboneElement", "ProdCharacteristic": "BackboneElement",
    "ProductShelfLife": "BackboneElement", "SubstanceAmount": "BackboneElement",
    "Bundle": "Resource", "Binary": "Resource", "Parameters": "Resource",
}  # fmt: skip
"""The bases that are not Element, and not DomainResource for a resource."""


class Option(NamedTuple):
    """One way in which an element stands in JSON: `valueQuantity` with its type; `twin` is `_valueString` of a
    primitive, "" for others."""

    name: str
    type: FhirType
    twin: str


class FhirType:
    """A type of FHIR R4 (`Patient`, `HumanName`, `code`, `Observation.component`)."""

    __slots__ = ("_steps", "convert", "is_primitive", "is_quantity", "is_resource", "name", "names")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.names = _ancestry(name, kind)
        self.is_resource = kind == "resource"
        self.is_primitive = kind == "primitive-type"
        self.is_quantity = "Quantity" in self.names
        self.convert: Callable[[Any], Any] | None = _CONVERT.get(name) or _CONVERT.get(_BASES.get(name, ""))
        self._steps: dict[str, tuple[Option, ...]] | None = None

    @property
    def steps(self) -> dict[str, tuple[Option, ...]]:
        """The elements by their FHIRPath name, a choice under its stem (`value`)."""
        if self._steps is None:
            self._steps = _steps(self.name)
        return self._steps

    @property
    def told_name(self) -> str:
        """The name as `type()` tells it: that of a part of a resource is BackboneElement or Element."""
        return self.names[1] if "." in self.name else self.name


def _ancestry(name: str, kind: str) -> tuple[str, ...]:
    names = [name]
    while True:
        base = _BASES.get(names[-1])
        if base is None:
            if names[-1] in ("Element", "Resource"):
                return tuple(names)
            if kind == "resource":
                base = "DomainResource"
            elif "." in names[-1]:
                base = "BackboneElement" if _has_modifiers(name) else "Element"
            else:
                base = "Element"
        names.append(base)


def _has_modifiers(name: str) -> bool:
    defined = definitions.type_of(name)
    return defined is not None and any(each.name == "modifierExtension" for each in defined.elements)


_ABSTRACT = {"Resource": "resource", "DomainResource": "resource", "BackboneElement": "complex-type"}
_ALIASES = {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}


@cache
def fhir_type(name: str) -> FhirType | None:
    """The type of that name, or None."""
    name = _ALIASES.get(name, name)
    if name in _ABSTRACT:
        return FhirType(name, _ABSTRACT[name])
    if name == "base64Binary":
        return FhirType(name, "primitive-type")
    defined = definitions.type_of(name)
    return None if defined is None else FhirType(name, defined.kind)


@cache
def known_type(name: str) -> FhirType:
    """The type of that name; a bare Element where there is none."""
    return fhir_type(name) or UNKNOWN


def is_fhir_type(name: str) -> bool:
    """Whether R4 has a type of that name (`Patient`, `code`, `BackboneElement`)."""
    return fhir_type(name) is not None


def _steps(name: str) -> dict[str, tuple[Option, ...]]:
    defined = definitions.type_of(name)
    if defined is None:
        return _inherited(name)
    steps = dict[str, tuple[Option, ...]]()
    for element in defined.elements:
        if element.name.endswith("[x]"):
            stem = element.name[:-3]
            steps[stem] = tuple(_option(stem + type_[0].upper() + type_[1:], type_) for type_ in element.types)
        else:
            steps[element.name] = (_option(element.name, element.types[0]),)
    if defined.kind == "resource":
        steps["id"] = (_option("id", "id"),)  # the tables tell the type of its value, string
    return steps


def _inherited(name: str) -> dict[str, tuple[Option, ...]]:
    """What an abstract type has of its own."""
    if name in ("Resource", "DomainResource"):
        told = {"id": "id", "meta": "Meta", "implicitRules": "uri", "language": "code"}
        if name == "DomainResource":
            told |= {"text": "Narrative", "contained": "Resource"}
            told |= {"extension": "Extension", "modifierExtension": "Extension"}
    elif name == "BackboneElement":
        told = {"id": "string", "extension": "Extension", "modifierExtension": "Extension"}
    else:
        return {}
    return {element: (_option(element, type_),) for element, type_ in told.items()}


def _option(name: str, type_: str) -> Option:
    found = known_type(type_)
    return Option(name, found, "_" + name if found.is_primitive else "")


def decimal_of(value: Any) -> Any:
    """The exact Decimal of a JSON number: an int, a float by its shortest digits, an orjson.Fragment by its text."""
    if type(value) is float:
        return Decimal(repr(value))
    if isinstance(value, orjson.Fragment):
        value = orjson.dumps(value).decode()
        return Decimal(value) if len(value) <= 140 else None
    return Decimal(value) if type(value) is int else value


def _integer(value: Any) -> Any:
    return decimal_of(value) if isinstance(value, orjson.Fragment | float) else value


def _temporal(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if type(value) is not str:
            return _integer(value)
        found = read(value) if len(value) <= 64 else None
        return value if found is None else found

    return convert


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "decimal": decimal_of,
    "integer": _integer,
    "date": _temporal(parse_date),
    "dateTime": _temporal(parse_date_time),
    "instant": _temporal(parse_date_time),
    "time": _temporal(parse_time),
}
SYSTEM_OF = {
    "boolean": "Boolean", "integer": "Integer", "decimal": "Decimal", "date": "Date", "dateTime": "DateTime",
    "instant": "DateTime", "time": "Time", "string": "String", "uri": "String", "base64Binary": "String",
    "xhtml": "String",
}  # fmt: skip
"""The FHIRPath type that each primitive type of FHIR is converted to. Source: FHIR R4 fhirpath.html."""

UNKNOWN = FhirType("Element", "complex-type")
"""The type of what the definitions do not tell."""
