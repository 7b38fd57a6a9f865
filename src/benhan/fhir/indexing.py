"""What a resource is found by: index terms, its main date and quantity, further ranges, its patient.

All parameters of a type are compiled to one tree of JSON names, so that a resource is walked once.
Source: FHIR R4 search.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, NamedTuple

from benhan.fhir.dates import Range, period_range, range_of
from benhan.fhir.main_values import MAIN_DATES, MAIN_QUANTITIES, PATIENT_ELEMENTS
from benhan.fhir.search_parameters import Filter, Leaf, SearchParameter, parameters_of
from benhan.fhir.terms import (
    SOURCE_KEY,
    code_term,
    reference_term,
    string_terms,
    system_code_term,
    system_term,
    unit_key,
    uri_term,
)
from benhan.fhir.ucum import canonical

Json = dict[str, Any]


class RangeEntry(NamedTuple):
    """A further date (seconds of the epoch), number or quantity: from `low` to `high` under `key`."""

    key: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the store keeps beside a resource to find it.

    `at` is the main date as a half-open range; `quantity` the main quantity in its canonical unit; `patient` the
    reference (`Patient/1`) whose compartment the resource belongs to, None for none (a Patient itself has None).
    """

    terms: tuple[str, ...]
    at: Range | None
    quantity: float | None
    ranges: tuple[RangeEntry, ...]
    patient: str | None


@dataclass(slots=True)
class Found:
    """What is collected on the way through one resource."""

    terms: list[str] = field(default_factory=list)
    ranges: list[RangeEntry] = field(default_factory=list)
    at: Range | None = None
    quantity: float | None = None


Emitter = Callable[[Any, Found], None]


@dataclass(slots=True)
class Node:
    """A JSON member on the way: what to emit of it, what to look at inside, and the narrowed ways."""

    emitters: list[Emitter] = field(default_factory=list)
    members: dict[str, Node] = field(default_factory=dict)
    narrowed: dict[tuple[Filter, ...], Node] = field(default_factory=dict)


def index_resource(plain: Json) -> Indexed:
    """The index of a resource that is structurally valid."""
    found = Found()
    type_ = plain["resourceType"]
    _walk(plain, tree_of(type_), found)
    return Indexed(tuple(found.terms), found.at, found.quantity, tuple(found.ranges), patient_of(plain))


def patient_of(plain: Json) -> str | None:
    """The reference to the patient whose compartment a resource is in, or None."""
    element = PATIENT_ELEMENTS.get(plain["resourceType"])
    if element is None:
        return None
    value = plain.get(element)
    for each in value if isinstance(value, list) else [value]:
        reference = each.get("reference") if isinstance(each, dict) else None
        if isinstance(reference, str) and reference.startswith("Patient/"):
            return "/".join(reference.split("/")[:2])
    return None


def values_at(plain: Json, leaves: Iterable[Leaf]) -> Iterator[Any]:
    """The values that stand at `leaves` of a resource."""
    for leaf in leaves:
        found: list[Any] = [plain]
        for step in leaf.steps:
            inner = [each[step.name] for each in found if isinstance(each, dict) and step.name in each]
            flat = [
                (index, one) for each in inner for index, one in enumerate(each if isinstance(each, list) else [each])
            ]
            found = [one for index, one in flat if all(_passes(one, narrowing, index) for narrowing in step.narrowed)]
        yield from found


@cache
def tree_of(type_: str) -> Node:
    """The compiled tree of all parameters of a type."""
    root = Node()
    in_columns = {
        (parameter.type, leaf)
        for parameter in parameters_of(type_).values()
        if _is_main(type_, parameter)
        for leaf in parameter.leaves
    }
    seen: set[tuple[str, Leaf]] = set()
    for parameter in parameters_of(type_).values():
        for leaf in parameter.leaves:
            mark = (parameter.type, leaf)
            emitter = _emitter(parameter, leaf, main=mark in in_columns)
            if emitter is None or mark in seen or parameter.code == "_id":
                continue
            seen.add(mark)
            node = root
            for step in leaf.steps:
                node = node.members.setdefault(step.name, Node())
                if step.narrowed:
                    node = node.narrowed.setdefault(step.narrowed, Node())
            node.emitters.append(emitter)
    return root


def _is_main(type_: str, parameter: SearchParameter) -> bool:
    return parameter.code in (MAIN_DATES.get(type_), MAIN_QUANTITIES.get(type_))


def _walk(value: Json, node: Node, found: Found) -> None:
    members = node.members
    for name in members.keys() & value.keys():
        inner = value[name]
        child = members[name]
        if type(inner) is list:
            for index, each in enumerate(inner):
                _visit(each, child, found, index)
        else:
            _visit(inner, child, found, 0)


def _visit(value: Any, node: Node, found: Found, index: int) -> None:
    if value is None:
        return
    for emit in node.emitters:
        emit(value, found)
    if node.members and type(value) is dict:
        _walk(value, node, found)
    for filters, narrowed in node.narrowed.items():
        if all(_passes(value, each, index) for each in filters):
            _visit(value, narrowed, found, index)


def _passes(value: Any, narrowing: Filter, index: int) -> bool:
    kind = narrowing[0]
    if kind == "first":
        return index == 0
    if not isinstance(value, dict):
        return False
    if kind == "equals":
        return bool(value.get(narrowing[1]) == narrowing[2])
    if kind == "extension":
        return bool(value.get("url") == narrowing[1])
    return any(each.get("url") == narrowing[1] for each in value.get("extension", []))


def _emitter(parameter: SearchParameter, leaf: Leaf, *, main: bool) -> Emitter | None:
    """What writes the terms of one value, or None where the pair of parameter and element type has none."""
    if parameter.type == "date":
        return _date_emitter(leaf, main=main)
    if parameter.type == "quantity":
        return _quantity_emitter(leaf, main=main)
    makers: dict[str, dict[str, Callable[[str], Emitter]]] = {
        "token": TOKEN_EMITTERS,
        "string": STRING_EMITTERS,
        "reference": REFERENCE_EMITTERS,
        "uri": URI_EMITTERS,
        "number": NUMBER_EMITTERS,
    }
    make = makers.get(parameter.type, {}).get(leaf.type)
    return make(leaf.path) if make is not None else None


# ── tokens ──


def _add_code(path: str, system: str | None, code: str, found: Found) -> None:
    found.terms += _coded_terms(path, system or "", code)


@lru_cache(maxsize=16_384)
def _coded_terms(path: str, system: str, code: str) -> tuple[str, ...]:
    terms = [code_term(path, code), system_code_term(path, system, code)]
    return (*terms, system_term(path, system)) if system else tuple(terms)


def _coding(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        if "code" in value:
            _add_code(path, value.get("system"), value["code"], found)

    return emit


def _codeable_concept(path: str) -> Emitter:
    one = _coding(path)

    def emit(value: Any, found: Found) -> None:
        for each in value.get("coding", ()):
            one(each, found)

    return emit


def _identifier(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        if "value" not in value:
            return
        system = value.get("system", "")
        found.terms.append(system_code_term(path, system, value["value"]))
        if system != SOURCE_KEY:
            found.terms.append(code_term(path, value["value"]))
            if system:
                found.terms.append(system_term(path, system))

    return emit


def _contact_point(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        if "value" in value:
            found.terms.append(code_term(path, value["value"]))
            found.terms.append(system_code_term(path, value.get("system", ""), value["value"]))

    return emit


def _code(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        found.terms.append(code_term(path, value))

    return emit


def _boolean(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        found.terms.append(code_term(path, "true" if value else "false"))

    return emit


def _is_there(path: str) -> Emitter:
    """`Patient.deceased` as a date and time: it is there, so it is true."""

    def emit(_value: Any, found: Found) -> None:
        found.terms.append(code_term(path, "true"))

    return emit


TOKEN_EMITTERS: dict[str, Callable[[str], Emitter]] = {
    "Coding": _coding,
    "CodeableConcept": _codeable_concept,
    "Identifier": _identifier,
    "ContactPoint": _contact_point,
    "code": _code,
    "id": _code,
    "string": _code,
    "uri": _code,
    "canonical": _code,
    "boolean": _boolean,
    "dateTime": _is_there,
}


# ── strings ──

_NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")


def _text(path: str) -> Emitter:
    trigrams = "name" in path.lower() or "address" in path

    def emit(value: Any, found: Found) -> None:
        found.terms += string_terms(path, value, trigrams=trigrams)

    return emit


def _parts(names: tuple[str, ...]) -> Callable[[str], Emitter]:
    def make(path: str) -> Emitter:
        emitters = [(name, _text(f"{path}.{name}")) for name in names]

        def emit(value: Any, found: Found) -> None:
            for name, one in emitters:
                inner = value.get(name)
                for each in inner if isinstance(inner, list) else (inner,):
                    if each:
                        one(each, found)

        return emit

    return make


STRING_EMITTERS: dict[str, Callable[[str], Emitter]] = {
    "string": _text,
    "markdown": _text,
    "HumanName": _parts(_NAME_PARTS),
    "Address": _parts(_ADDRESS_PARTS),
}


def string_paths(leaf: Leaf) -> list[str]:
    """The paths under which a string parameter's leaf is indexed: a name and an address by their parts."""
    if leaf.type == "HumanName":
        return [f"{leaf.path}.{name}" for name in _NAME_PARTS]
    if leaf.type == "Address":
        return [f"{leaf.path}.{name}" for name in _ADDRESS_PARTS]
    return [leaf.path]


# ── references and uris ──


def _reference(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        reference = value.get("reference")
        if reference:
            found.terms.append(reference_term(path, without_version(reference)))
        identifier = value.get("identifier")
        if identifier is not None and "value" in identifier:
            found.terms.append(
                system_code_term(f"{path}.identifier", identifier.get("system", ""), identifier["value"])
            )

    return emit


def _canonical(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        found.terms.append(reference_term(path, value.split("|")[0]))

    return emit


def without_version(reference: str) -> str:
    """A reference without `/_history/…`."""
    return reference.split("/_history/", maxsplit=1)[0]


def _uri(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        found.terms.append(uri_term(path, value))

    return emit


REFERENCE_EMITTERS: dict[str, Callable[[str], Emitter]] = {
    "Reference": _reference,
    "canonical": _canonical,
    "uri": _canonical,
}
URI_EMITTERS: dict[str, Callable[[str], Emitter]] = {"uri": _uri, "url": _uri, "oid": _uri, "canonical": _uri}


# ── dates, numbers, quantities ──


def _ranges_of(type_: str, value: Any) -> Iterator[Range]:
    if type_ in ("date", "dateTime", "instant"):
        ranges: Iterable[Range | None] = [range_of(value)]
    elif type_ == "Period":
        ranges = [period_range(value.get("start"), value.get("end"))]
    elif type_ == "Timing":
        ranges = [range_of(each) for each in value.get("event", []) if each is not None]
    else:
        ranges = []
    yield from (each for each in ranges if each is not None)


def _date_emitter(leaf: Leaf, *, main: bool) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        for low, high in _ranges_of(leaf.type, value):
            if main:
                known = found.at or (low, high)
                found.at = (min(known[0], low), max(known[1], high))
            else:
                found.ranges.append(RangeEntry(leaf.path, low.timestamp(), high.timestamp()))

    return emit


def _number(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        found.ranges.append(RangeEntry(path, float(value), float(value)))

    return emit


NUMBER_EMITTERS: dict[str, Callable[[str], Emitter]] = {
    "decimal": _number,
    "integer": _number,
    "positiveInt": _number,
    "unsignedInt": _number,
}

_QUANTITIES = frozenset({"Quantity", "Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity"})


def _quantity_emitter(leaf: Leaf, *, main: bool) -> Emitter | None:
    if leaf.type not in _QUANTITIES:
        return None

    def emit(value: Any, found: Found) -> None:
        if "value" not in value:
            return
        number, unit = canonical(float(value["value"]), value.get("code") or value.get("unit") or "")
        if main:
            found.quantity = number
            found.terms.append(unit_key(leaf.path, unit))
        else:
            found.ranges.append(RangeEntry(unit_key(leaf.path, unit), number, number))

    return emit
