"""What a resource is found by: index terms, its main date and quantity, further ranges, its patient.

All parameters of a type are compiled to one tree of JSON names, so that a resource is walked once.
Source: FHIR R4 search.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benhan.fhir.content_words import content_terms
from benhan.fhir.dates import Range
from benhan.fhir.emitters import (
    WHOLES,
    Emitter,
    Found,
    RangeEntry,
    emitter_of,
    patient_named,
    string_paths,
    without_version,
)
from benhan.fhir.main_values import MAIN_DATES, MAIN_QUANTITIES, PATIENT_ELEMENTS, deciding_path
from benhan.fhir.search_parameters import R4, Filter, Leaf, SearchParameter, SearchRegistry
from benhan.fhir.terms import LABELS, contained_term, system_code_term

__all__ = ["Found", "Indexed", "Json", "RangeEntry", "index_resource", "patient_of", "values_at", "without_version"]

Json = dict[str, Any]
ALWAYS_THERE = ("_id", "_lastUpdated")
"""Parameters that the row itself answers."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the store keeps beside a resource to find it.

    `at` is the main date as a half-open range; `quantity` the main quantity in its canonical unit; `patient` the
    reference (`Patient/1`) whose compartment the resource belongs to, None for none (a Patient itself has None);
    `present` has the bit of each parameter that has a value.
    """

    terms: tuple[str, ...]
    at: Range | None
    quantity: float | None
    ranges: tuple[RangeEntry, ...]
    patient: str | None
    present: int = 0


@dataclass(slots=True)
class Node:
    """A JSON member on the way: what to emit of it, what to look at inside, and the narrowed ways.

    `present` has the bits of the parameters that have a value where this member is; `pointing` those that have one only
    where it points to one of some types. `only` is the emitter of a member where there is nothing else to do.
    """

    emitters: list[Emitter] = field(default_factory=list)
    members: dict[str, Node] = field(default_factory=dict)
    narrowed: dict[tuple[Filter, ...], Node] = field(default_factory=dict)
    present: int = 0
    pointing: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    only: Emitter | None = None


def index_resource(plain: Json, registry: SearchRegistry = R4) -> Indexed:
    """The index of a resource that is structurally valid."""
    found = Found()
    type_ = plain["resourceType"]
    _walk(plain, tree_of(type_, registry), found)
    found.terms += content_terms(type_, plain)
    for each in plain.get("contained", ()):
        found.terms.append(contained_term(each["resourceType"]))
    if "security" in plain.get("meta", ()):
        found.terms += _labels(plain["meta"]["security"])
    return Indexed(tuple(found.terms), found.at, found.quantity, tuple(found.ranges), patient_of(plain), found.present)


def _labels(security: Sequence[Json]) -> list[str]:
    return [system_code_term(LABELS, each.get("system", ""), each["code"]) for each in security if "code" in each]


def index_element(element: Json, kinds: Sequence[tuple[str, Sequence[Leaf]]]) -> Indexed:
    """The index of one element by leaves below it, each group of a kind: what a composite's parts are compared with."""
    found = Found()
    for kind, leaves in kinds:
        for leaf in leaves:
            emit = emitter_of(kind, leaf, main=False)
            if emit is not None:
                for value in values_at(element, [leaf]):
                    emit(value, found)
    return Indexed(tuple(found.terms), None, None, tuple(found.ranges), None)


def patient_of(plain: Json) -> str | None:
    """The reference to the patient whose compartment a resource is in, or None."""
    element = PATIENT_ELEMENTS.get(plain["resourceType"])
    if element is None:
        return None
    value = plain.get(element)
    for each in value if isinstance(value, list) else [value]:
        named = patient_named(each.get("reference")) if isinstance(each, dict) else None
        if named is not None:
            return named
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


def tree_of(type_: str, registry: SearchRegistry = R4) -> Node:
    """The compiled tree of all parameters of a type."""
    known: Node | None = registry.memo.get(type_)
    if known is None:
        known = registry.memo[type_] = _told_apart(_tree(type_, registry))
    return known


def _tree(type_: str, registry: SearchRegistry) -> Node:
    root = Node()
    parameters = registry.parameters_of(type_)
    in_columns = {(parameters[code].type, leaf) for code in _main(type_) for leaf in parameters[code].leaves}
    deciding = deciding_path(type_)
    in_wholes = _told_by_wholes(parameters.values())
    seen: set[tuple[str, Leaf]] = set()
    for parameter in parameters.values():
        if parameter.code in ALWAYS_THERE or parameter.type == "composite":
            continue
        for leaf in parameter.leaves:
            node = _node_at(root, leaf)
            _tell_presence(node, parameter)
            mark = (parameter.type, leaf)
            emitter = emitter_of(parameter.type, leaf, main=mark in in_columns or leaf.path == deciding)
            if emitter is not None and mark not in seen and not (mark[0] == "string" and leaf.path in in_wholes):
                seen.add(mark)
                node.emitters.append(emitter)
    return root


def _told_by_wholes(parameters: Iterable[SearchParameter]) -> frozenset[str]:
    """The paths of parts (`Patient.name.family`) that the name or address they stand in gives to the index."""
    wholes = {
        leaf
        for parameter in parameters
        if parameter.type == "string"
        for leaf in parameter.leaves
        if leaf.type in WHOLES and not any(step.narrowed for step in leaf.steps)
    }
    return frozenset(path for leaf in wholes for path in string_paths(leaf))


def _told_apart(node: Node) -> Node:
    """The same tree, where nodes with nothing but one emitter are known as such: most of what a resource has is one."""
    if len(node.emitters) == 1 and not (node.members or node.narrowed or node.pointing):
        node.only = node.emitters[0]
    for each in (*node.members.values(), *node.narrowed.values()):
        _told_apart(each)
    return node


def _node_at(root: Node, leaf: Leaf) -> Node:
    node = root
    for step in leaf.steps:
        node = node.members.setdefault(step.name, Node())
        if step.narrowed:
            node = node.narrowed.setdefault(step.narrowed, Node())
    return node


def _tell_presence(node: Node, parameter: SearchParameter) -> None:
    if parameter.bit < 0 or parameter.computed:
        return
    if parameter.type == "reference" and parameter.targets:
        node.pointing.append((1 << parameter.bit, frozenset(parameter.targets)))
    else:
        node.present |= 1 << parameter.bit


def _main(type_: str) -> list[str]:
    return [code for code in (MAIN_DATES.get(type_), MAIN_QUANTITIES.get(type_)) if code is not None]


def in_column(type_: str, leaf: Leaf, kind: str, registry: SearchRegistry = R4) -> bool:
    """Whether the values at `leaf` are in the type's own column for dates or quantities."""
    parameters = registry.parameters_of(type_)
    return any(leaf in parameters[code].leaves and parameters[code].type == kind for code in _main(type_))


def points_to(value: Any, types: frozenset[str]) -> bool:
    """Whether a Reference or canonical points to one of `types`, as far as it tells itself.

    A resource itself, such as the first of a document, points to none, whatever its members `type` and `reference` are.
    """
    if isinstance(value, str):
        return True
    if not isinstance(value, dict):
        return False
    reference, type_ = value.get("reference", ""), value.get("type")
    if not isinstance(reference, str):
        return False
    end = reference.find("/")
    if (reference[:end] if end >= 0 else reference) in types:
        return end >= 0
    return (isinstance(type_, str) and type_ in types) or not types.isdisjoint(reference.split("/")[:-1])


def _walk(value: Json, node: Node, found: Found) -> None:
    child_of = node.members.get
    for name, inner in value.items():
        child = child_of(name)
        if child is None:
            continue
        values = inner if type(inner) is list else (inner,)
        emit = child.only
        if emit is None:
            for index, each in enumerate(values):
                _visit(each, child, found, index)
            continue
        for each in values:
            if each is not None:
                found.present |= child.present
                emit(each, found)


def _visit(value: Any, node: Node, found: Found, index: int) -> None:
    if value is None:
        return
    found.present |= node.present
    for bits, types in node.pointing:
        if points_to(value, types):
            found.present |= bits
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
