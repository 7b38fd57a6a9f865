"""What an expression reads: elements of a resource with their types, and system values.

A collection is a Python list. An item is an Element of FHIR, or a system value: bool, int, Decimal, str, Temporal,
Quantity. A primitive of FHIR turns into its system value where an operator or function needs one.

Decimals: a resource read as `ParsedResource.plain` has floats; their shortest digits are taken, which are the digits
written but for trailing zeros and for more than fifteen of them. `ParsedResource.body` keeps all, and may be evaluated
as well: use it where `1.50` is not `1.5` (precision(), lowBoundary(), a patch).
Source: FHIRPath 2.0.0, "Collections", "Types"; FHIR R4 fhirpath.html, json.html#primitive.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

from benhan.fhir.fhirpath.faults import NOT_ONE, WRONG_OPERANDS
from benhan.fhir.fhirpath.model import UNKNOWN, FhirType, Option, decimal_of, known_type
from benhan.fhir.fhirpath.quantities import DEFINITE, INDEFINITE, Quantity
from benhan.fhir.fhirpath.temporals import Temporal

Json = dict[str, Any]
Items = list[Any]

UCUM = "http://unitsofmeasure.org"


class Element:
    """A node of a resource: `value` is its JSON (None for a primitive that has only extensions), `twin` the JSON of
    a primitive's id and extensions, None where there is none."""

    __slots__ = ("twin", "type", "value")

    def __init__(self, value: Any, type_: FhirType, twin: Any = None) -> None:
        self.value = value
        self.type = type_
        self.twin = twin

    def __repr__(self) -> str:  # never the content: it may end in a log
        return f"Element({self.type.name})"

    def made(self, value: Any, type_: FhirType, twin: Any, name: str, index: int | None) -> Element:
        """The child of this element: `name` is its JSON name, `index` its place in a list. To be overridden."""
        del name, index
        return Element(value, type_, twin)


class TypeInfo:
    """What `type()` gives: `namespace` and `name`."""

    __slots__ = ("name", "namespace")

    def __init__(self, namespace: str, name: str) -> None:
        self.namespace = namespace
        self.name = name


def element_of(value: Any, type_: str = "", twin: Any = None) -> Element:
    """An Element for a piece of a resource: `type_` is its FHIR type, by default what `resourceType` says."""
    if not type_ and isinstance(value, dict):
        type_ = str(value.get("resourceType", ""))
    return Element(value, known_type(type_), twin)


def children_named(item: Any, name: str, found: Items) -> None:
    """Add the children of `item` of that name to `found`."""
    if not isinstance(item, Element):
        if type(item) is TypeInfo and name in ("namespace", "name"):
            found.append(getattr(item, name))
        return
    value = item.value
    if type(value) is dict:
        for option in item.type.steps.get(name, ()):
            _add(item, value, option, found)
    elif item.type.is_primitive:
        if name == "value" and value is not None:
            found.append(system(item))
        elif type(item.twin) is dict:
            for option in UNKNOWN.steps.get(name, ()):
                _add(item, item.twin, option, found)


def children(item: Any) -> Items:
    """All children of `item`, in the order of the definition."""
    found = Items()
    if isinstance(item, Element):
        if type(item.value) is dict:
            for options in item.type.steps.values():
                for option in options:
                    _add(item, item.value, option, found)
        elif item.type.is_primitive and type(item.twin) is dict:
            for options in UNKNOWN.steps.values():
                _add(item, item.twin, options[0], found)
    return found


def _add(item: Element, value: Json, option: Option, found: Items) -> None:
    name, type_, twin_name = option
    inner = value.get(name)
    twin = value.get(twin_name) if twin_name else None
    if inner is None and twin is None:
        return
    if type(inner) is list or type(twin) is list:
        _add_list(item, inner if type(inner) is list else [], type_, twin if type(twin) is list else [], name, found)
        return
    if type_.is_resource and type(inner) is dict:
        type_ = resource_type_of(inner)
    found.append(item.made(inner, type_, twin, name, None))


def _add_list(item: Element, inner: list[Any], type_: FhirType, twins: list[Any], name: str, found: Items) -> None:
    for index in range(max(len(inner), len(twins))):
        each = inner[index] if index < len(inner) else None
        twin = twins[index] if index < len(twins) else None
        if each is not None or twin is not None:
            found.append(
                item.made(
                    each,
                    resource_type_of(each) if type_.is_resource and type(each) is dict else type_,
                    twin,
                    name,
                    index,
                )
            )


def resource_type_of(value: Json) -> FhirType:
    """The type that a resource says it is."""
    name = value.get("resourceType")
    return known_type(name) if type(name) is str else UNKNOWN


def system(item: Any) -> Any:
    """The system value of an item: of a primitive its value, of a Quantity a Quantity; else the item itself."""
    if not isinstance(item, Element):
        return item
    value, type_ = item.value, item.type
    if type_.is_primitive:
        if type(value) is str or type(value) is bool:
            convert = type_.convert
            return value if convert is None else convert(value)
        return item if value is None or type(value) is dict or type(value) is list else _number(value, type_)
    if type_.is_quantity and type(value) is dict:
        return _quantity(value) or item
    return item


def _number(value: Any, type_: FhirType) -> Any:
    """The system value of a JSON number; in a primitive that is no number, still a number and no Fault."""
    if type_.convert is not None:
        return type_.convert(value)
    return value if type(value) is int else decimal_of(value)


def _quantity(value: Json) -> Quantity | None:
    """Source: FHIR R4 fhirpath.html, "the Quantity type"."""
    number = value.get("value")
    if isinstance(number, bool) or not isinstance(number, int | float | orjson.Fragment):
        return None
    amount = decimal_of(number)
    if not isinstance(amount, Decimal):
        return None
    return _in_unit(amount, value.get("system"), value.get("code"), value.get("unit"))


def _in_unit(amount: Decimal, system_: Any, code: Any, unit: Any) -> Quantity:
    """A unit that is not UCUM's is told with its system, or a bar: comparable with itself and nothing else."""
    if system_ == UCUM and isinstance(code, str):
        calendar = DEFINITE.get(code) or INDEFINITE.get(code)
        return Quantity(amount, calendar, is_calendar=True) if calendar else Quantity(amount, code)
    if code is None and unit is None and system_ is None:
        return Quantity(amount, "1")
    return Quantity(amount, f"{system_ or ''}|{code if isinstance(code, str) else unit}")


def one(items: Items, what: str) -> Any:
    """The system value of a collection of one, None of an empty one. Raises Incorrect BA-2010 where there are more."""
    if not items:
        return None
    if len(items) > 1:
        raise NOT_ONE(count=len(items), what=what)
    return system(items[0])


def truth(items: Items, what: str = "criteria") -> bool | None:
    """The boolean of a collection of one: itself, or True for any other value; None of an empty one.

    Source: FHIRPath 2.0.0, "Singleton Evaluation of Collections".
    """
    if not items:
        return None
    if len(items) > 1:
        raise NOT_ONE(count=len(items), what=what)
    item = items[0]
    if item is True or item is False:
        return item
    value = system(item)
    return value if type(value) is bool else True


def text_of(items: Items, what: str) -> str | None:
    """The string of a collection of one, or None. Raises Incorrect: BA-2010 several, BA-2011 not a string."""
    value = one(items, what)
    if value is None or type(value) is str:
        return value
    if isinstance(value, Element) and value.type.is_primitive:
        return None
    raise WRONG_OPERANDS(what=what, types=type_name(items[0]))


def integer_of(items: Items, what: str) -> int | None:
    """The integer of a collection of one, or None. Raises Incorrect: BA-2010 several, BA-2011 not an integer."""
    value = one(items, what)
    if value is None or type(value) is int:
        return value
    raise WRONG_OPERANDS(what=what, types=type_name(items[0]))


def type_name(item: Any) -> str:
    """The name of an item's type for a person (`Integer`, `HumanName`)."""
    return type_info(item).name


def type_info(item: Any) -> TypeInfo:
    """Namespace and name of an item's type."""
    if isinstance(item, Element):
        return TypeInfo("FHIR", item.type.told_name)
    if isinstance(item, Temporal):
        return TypeInfo("System", item.kind)
    return TypeInfo("System", _SYSTEM_NAMES.get(type(item), "Any"))


_SYSTEM_NAMES: dict[type, str] = {
    bool: "Boolean",
    int: "Integer",
    Decimal: "Decimal",
    str: "String",
    Quantity: "Quantity",
}


def key(item: Any) -> Any:
    """A hashable value that is equal for two items that are equal for certain."""
    value = system(item)
    if type(value) is bool:
        return ("boolean", value)
    if isinstance(value, Temporal | Quantity):
        return value.key()
    if isinstance(value, Element):
        if value.type.is_primitive:
            return ("primitive", _json_key(value.value), _json_key(value.twin))
        return _json_key(value.value)
    if type(value) is TypeInfo:
        return ("type", value.namespace, value.name)
    return value


def _json_key(value: Any) -> Any:
    if type(value) is dict:
        return frozenset((name, _json_key(inner)) for name, inner in value.items())
    if type(value) is list:
        return ("list", *map(_json_key, value))
    if type(value) is bool:
        return ("boolean", value)
    if type(value) is float or isinstance(value, orjson.Fragment):
        return decimal_of(value)
    return value


def has_no_value(item: Any) -> bool:
    """Whether an item, made a system value where it can be, is a primitive of extensions only: nothing can be said."""
    return isinstance(item, Element) and item.type.is_primitive
