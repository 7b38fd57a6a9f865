"""What one value gives to the index: a writer of terms or ranges for each pair of parameter kind and element type.

Not given anything, since nothing of them can be compared: SampledData (a series has no one value) and Attachment (not a
reference). Source: FHIR R4 search.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from benhan.fhir.dates import Range, period_range, range_of
from benhan.fhir.identifier_terms import identifier_terms
from benhan.fhir.search_parameters import Leaf
from benhan.fhir.terms import (
    code_term,
    reference_term,
    string_terms,
    system_code_term,
    unit_key,
    uri_term,
)
from benhan.fhir.ucum import UCUM, canonical
from benhan.fhir.usual_systems import usual_systems


class RangeEntry(NamedTuple):
    """A further date (seconds of the epoch), number or quantity: from `low` to `high` under `key`."""

    key: str
    low: float
    high: float


@dataclass(slots=True)
class Found:
    """What is collected on the way through one resource."""

    terms: list[str] = field(default_factory=list)
    ranges: list[RangeEntry] = field(default_factory=list)
    at: Range | None = None
    quantity: float | None = None
    present: int = 0


Emitter = Callable[[Any, Found], None]


def emitter_of(kind: str, leaf: Leaf, *, main: bool) -> Emitter | None:
    """What writes the terms of one value, or None where the pair of parameter kind and element type has none.

    `main`: the value goes to the type's column for its main date, quantity or patient.
    """
    if leaf.type == "Extension":
        return _extension(kind, leaf)
    if kind == "date":
        return _date_emitter(leaf, main=main)
    if kind == "quantity":
        return _quantity_emitter(leaf, main=main)
    makers: dict[str, dict[str, Callable[[str], Emitter]]] = {
        "token": TOKEN_EMITTERS,
        "string": STRING_EMITTERS,
        "reference": REFERENCE_EMITTERS,
        "uri": URI_EMITTERS,
        "number": NUMBER_EMITTERS,
        "special": {"Location.position": _position},
    }
    if main and kind == "reference" and leaf.type == "Reference":
        return _reference(leaf.path, in_column=patient_named)
    make = makers.get(kind, {}).get(leaf.type)
    return make(leaf.path) if make is not None else None


def _extension(kind: str, leaf: Leaf) -> Emitter | None:
    """The value of an extension, whatever type it has that the parameter's kind can compare."""
    ways = [
        (f"value{type_[0].upper()}{type_[1:]}", one)
        for type_ in EXTENSION_TYPES[kind]
        if (one := _inside(kind, Leaf(leaf.steps, type_, leaf.path))) is not None
    ]

    def emit(value: Any, found: Found) -> None:
        for name, one in ways:
            if name in value:
                one(value[name], found)

    return emit if ways else None


def _inside(kind: str, leaf: Leaf) -> Emitter | None:
    return _identifier_inside(leaf.path) if leaf.type == "Identifier" else emitter_of(kind, leaf, main=False)


EXTENSION_TYPES = {
    "token": ("code", "Coding", "CodeableConcept", "Identifier", "boolean"),
    "string": ("string", "markdown", "HumanName", "Address"),
    "reference": ("Reference", "canonical"),
    "date": ("date", "dateTime", "instant", "Period"),
    "quantity": ("Quantity", "Age", "Duration", "Money"),
    "number": ("decimal", "integer", "positiveInt", "unsignedInt"),
    "uri": ("uri", "url"),
    "special": (),
    "composite": (),
}
"""The types of `value[x]` that each kind of parameter looks at."""


# ── tokens ──


@lru_cache(maxsize=16_384)
def _coded_terms(path: str, system: str, code: str) -> tuple[str, ...]:
    within = system_code_term(path, system, code)
    return (within,) if system in usual_systems(path) else (code_term(path, code), within)


def _coding(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        if "code" in value:
            found.terms += _coded_terms(path, value.get("system") or "", value["code"])

    return emit


def _codeable_concept(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        for each in value.get("coding", ()):
            if "code" in each:
                found.terms += _coded_terms(path, each.get("system") or "", each["code"])

    return emit


def _identifier(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        if "value" in value:
            found.terms += identifier_terms(path, value.get("system", ""), value["value"])

    return emit


def _identifier_inside(path: str) -> Emitter:
    """An identifier that is no element of the resource: of a reference, or the value of an extension."""

    def emit(value: Any, found: Found) -> None:
        if "value" in value:
            found.terms.append(code_term(path, value["value"]))
            found.terms.append(system_code_term(path, value.get("system", ""), value["value"]))

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
"""`SampledData`, `Quantity`, `Range` and `Reference` have no token."""


# ── strings ──

_NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")


def has_trigrams(path: str) -> bool:
    """Whether the texts of a path are found by what they contain without opening every resource."""
    return "name" in path.lower() or "address" in path


def _text(path: str) -> Emitter:
    trigrams = has_trigrams(path)

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


WHOLES = {"HumanName": _NAME_PARTS, "Address": _ADDRESS_PARTS}
"""What is indexed by its parts."""


def string_paths(leaf: Leaf) -> list[str]:
    """The paths under which a string parameter's leaf is indexed: a name and an address by their parts."""
    names = {**WHOLES, "Extension": (*_NAME_PARTS, *_ADDRESS_PARTS)}
    parts = [f"{leaf.path}.{name}" for name in dict.fromkeys(names.get(leaf.type, ()))]
    return [leaf.path, *parts] if leaf.type == "Extension" else parts or [leaf.path]


def texts_of_value(type_: str, value: Any) -> Iterator[str]:
    """The texts of a string, name, address, or extension of one of these."""
    if isinstance(value, str):
        yield value
    elif type_ == "Extension":
        for inner in EXTENSION_TYPES["string"]:
            yield from texts_of_value(inner, value.get(f"value{inner[0].upper()}{inner[1:]}", ""))
    elif isinstance(value, dict):
        for name in _NAME_PARTS if type_ == "HumanName" else _ADDRESS_PARTS:
            found = value.get(name)
            yield from (each for each in (found if isinstance(found, list) else [found]) if isinstance(each, str))


# ── references and uris ──


def patient_named(reference: object) -> str | None:
    """The relative reference to a Patient (`Patient/1`), without what follows the id; None for any other."""
    if isinstance(reference, str) and reference.startswith("Patient/"):
        end = reference.find("/", 8)
        return reference if end < 0 else reference[:end]
    return None


def _reference(path: str, in_column: Callable[[object], object] = lambda _reference: None) -> Emitter:
    """`in_column` tells of which references the row's own columns know already."""
    identify = _identifier_inside(f"{path}.identifier")

    def emit(value: Any, found: Found) -> None:
        reference = value.get("reference")
        if reference and not in_column(reference):
            found.terms.append(reference_term(path, without_version(reference)))
        identifier = value.get("identifier")
        if identifier is not None:
            identify(identifier, found)

    return emit


def _canonical(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        found.terms.append(reference_term(path, value.split("|")[0]))

    return emit


def without_version(reference: str) -> str:
    """A reference without `/_history/…`."""
    return reference.partition("/_history/")[0]


def _uri(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        found.terms.append(uri_term(path, value))

    return emit


def _resource(path: str) -> Emitter:
    """A resource that stands where a reference could: `Bundle.entry[0].resource`."""

    def emit(value: Any, found: Found) -> None:
        if "id" in value:
            found.terms.append(reference_term(path, f"{value['resourceType']}/{value['id']}"))

    return emit


REFERENCE_EMITTERS: dict[str, Callable[[str], Emitter]] = {
    "Reference": _reference,
    "Resource": _resource,
    "canonical": _canonical,
    "uri": _canonical,
}


def _versioned(path: str) -> Emitter:
    """A canonical is found as written, and without its version."""

    def emit(value: Any, found: Found) -> None:
        found.terms.append(uri_term(path, value))
        if "|" in value:
            found.terms.append(uri_term(path, value.split("|")[0]))

    return emit


URI_EMITTERS: dict[str, Callable[[str], Emitter]] = {"uri": _uri, "url": _uri, "oid": _uri, "canonical": _versioned}


# ── dates, numbers, quantities ──


DATE_RANGES: dict[str, Callable[[Any], Iterable[Range | None]]] = {
    "date": lambda value: (range_of(value),),
    "dateTime": lambda value: (range_of(value),),
    "instant": lambda value: (range_of(value),),
    "Period": lambda value: (period_range(value.get("start"), value.get("end")),),
    "Timing": lambda value: [range_of(each) for each in value.get("event", []) if each is not None],
}


def _date_emitter(leaf: Leaf, *, main: bool) -> Emitter | None:
    ranges_of, path = DATE_RANGES.get(leaf.type), leaf.path
    if ranges_of is None:
        return None

    def emit(value: Any, found: Found) -> None:
        for each in ranges_of(value):
            if each is None:
                continue
            low, high = each
            if not main:
                found.ranges.append(RangeEntry(path, low.timestamp(), high.timestamp()))
            elif found.at is None:
                found.at = each
            else:
                found.at = (min(found.at[0], low), max(found.at[1], high))

    return emit


def _number(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        found.ranges.append(RangeEntry(path, float(value), float(value)))

    return emit


def _number_range(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        low, high = (value.get(name, {}).get("value") for name in ("low", "high"))
        if low is not None or high is not None:
            found.ranges.append(RangeEntry(path, _or(low, -FAR), _or(high, FAR)))

    return emit


FAR = 1e308
"""An end that is open."""


def _or(value: Any, otherwise: float) -> float:
    return float(value) if value is not None else otherwise


NUMBER_EMITTERS: dict[str, Callable[[str], Emitter]] = {
    "decimal": _number,
    "integer": _number,
    "positiveInt": _number,
    "unsignedInt": _number,
    "Range": _number_range,
}


def _position(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        for name in ("latitude", "longitude"):
            if name in value:
                found.ranges.append(RangeEntry(f"{path}.{name}", float(value[name]), float(value[name])))

    return emit


_QUANTITIES = frozenset({"Quantity", "Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity"})
CURRENCIES = "urn:iso:std:iso:4217"


def quantity_key(path: str, quantity: Any) -> tuple[str, float] | None:
    """The key of a Quantity's unit and its value in the canonical unit, or None where it has no value.

    A unit of UCUM has a key of its own; what has no system is understood as UCUM but keyed apart, so that a search that
    names the system finds only those that name it too.
    """
    if "value" not in quantity:
        return None
    system, unit = quantity.get("system", ""), quantity.get("code") or quantity.get("unit") or ""
    number = float(quantity["value"])
    if system in (UCUM, ""):
        number, unit = canonical(number, unit)
    return unit_key(path, unit, of_ucum=system == UCUM), number


def _quantity_emitter(leaf: Leaf, *, main: bool) -> Emitter | None:
    if leaf.type == "Range":
        return _quantity_range(leaf.path)
    if leaf.type == "Money":
        return _money(leaf.path)
    if leaf.type not in _QUANTITIES:
        return None

    def emit(value: Any, found: Found) -> None:
        keyed = quantity_key(leaf.path, value)
        if keyed is None:
            return
        key, number = keyed
        if main:
            found.quantity = number
            found.terms.append(key)
        else:
            found.ranges.append(RangeEntry(key, number, number))

    return emit


def _quantity_range(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        ends = [quantity_key(path, value[name]) if name in value else None for name in ("low", "high")]
        keys = {end[0] for end in ends if end is not None}
        if len(keys) == 1:
            low, high = ends
            found.ranges.append(RangeEntry(keys.pop(), low[1] if low else -FAR, high[1] if high else FAR))

    return emit


def _money(path: str) -> Emitter:
    def emit(value: Any, found: Found) -> None:
        if "value" in value:
            number = float(value["value"])
            found.ranges.append(RangeEntry(unit_key(path, value.get("currency", "")), number, number))

    return emit
