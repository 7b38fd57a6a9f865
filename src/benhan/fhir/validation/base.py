"""A resource against R4's own definitions beyond its structure: invariants, bindings, references, extensions.

Each type is compiled once to what there is to check of it; a member about which nothing is said is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from benhan.fhir.definitions import type_of
from benhan.fhir.definitions.structures import CORE, shipped_structure
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.validation import texts
from benhan.fhir.validation.bindings import binding_check
from benhan.fhir.validation.contained import check_contained
from benhan.fhir.validation.extensions import check_extension
from benhan.fhir.validation.invariants import invariant_check, invariants_of
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.references import existence_check, reference_check
from benhan.fhir.validation.report import Path
from benhan.fhir.validation.scope import Scope

Json = dict[str, Any]
Check = Callable[[Item, Scope], None]

ELE_1 = "all FHIR elements must have a value or children"


@dataclass(slots=True)
class Member:
    """What is checked of one JSON member: `checks` of each value, then the rules of its `type`."""

    name: str
    type: str
    where: str
    checks: tuple[Check, ...]
    kind: str
    """complex, primitive, resource, extension, modifier, twin."""


@dataclass(slots=True)
class Rules:
    """What is checked of a type or backbone: of an object as a whole, and of its members by JSON name."""

    name: str
    checks: tuple[Check, ...] = ()
    members: dict[str, Member] = field(default_factory=dict)


def check_base(resource: Json, path: Path, scope: Scope) -> None:
    """Note what a resource, and those in it, lack of R4's own definitions."""
    type_ = str(resource["resourceType"])
    check_contained(resource, path, scope)
    _check_object(resource, rules_of(type_), path, scope, type_)


def _check_object(value: Json, rules: Rules, path: Path, scope: Scope, where: str) -> None:
    scope.report.spend()
    if rules.checks:
        item = Item(value, None, rules.name, path)
        for check in rules.checks:
            check(item, scope)
    members = rules.members
    for name, inner in value.items():
        member = members.get(name)
        if member is None:
            continue
        if type(inner) is list:
            for index, each in enumerate(inner):
                if each is not None:
                    _check_member(each, member, (*path, name, index), scope, rules, where, value)
        elif inner is not None:
            _check_member(inner, member, (*path, name), scope, rules, where, value)
    if len(value) == 1 and "id" in value and "resourceType" not in value:
        scope.report.error("invariant", path, texts.RULE, texts.RULES_CLAUSE, key="ele-1", human=ELE_1)


def _check_member(value: Any, member: Member, path: Path, scope: Scope, rules: Rules, where: str, holder: Json) -> None:
    kind = member.kind
    if kind == "resource":
        _check_resource(value, path, scope, is_contained=member.name == "contained")
        return
    if member.checks:
        item = Item(value, None, member.type, path)
        for check in member.checks:
            check(item, scope)
    if kind == "primitive":
        return
    if kind == "twin":
        _check_twin(value, member, path, scope, holder)
    elif type(value) is dict:
        if kind in ("extension", "modifier"):
            item = Item(value, None, "Extension", path)
            check_extension(item, scope, rules.name, where, is_modifier=kind == "modifier")
        _check_object(value, rules_of(member.type), path, scope, member.where)


def _check_resource(value: Any, path: Path, scope: Scope, *, is_contained: bool) -> None:
    if type(value) is dict:
        check_base(value, path, scope.inside(value, is_contained=is_contained))


def _check_twin(value: Any, member: Member, path: Path, scope: Scope, holder: Json) -> None:
    """The extensions of a primitive, and that it has a value where it has none."""
    if type(value) is not dict:
        return
    listed = value.get("extension")
    for index, each in enumerate(listed if type(listed) is list else ()):
        if type(each) is dict:
            place = (*path, "extension", index)
            item = Item(each, None, "Extension", place)
            check_extension(item, scope, member.type, member.where, is_modifier=False)
            _check_object(each, rules_of("Extension"), place, scope, "Extension")
    if "extension" not in value and not _has_value(holder.get(member.name[1:]), path[-1]):
        scope.report.error("invariant", path, texts.RULE, texts.RULES_CLAUSE, key="ele-1", human=ELE_1)


def _has_value(primitive: Any, step: str | int) -> bool:
    """Whether the primitive of a twin is there; of a list, at the place of the twin."""
    if isinstance(step, int):
        return type(primitive) is list and step < len(primitive) and primitive[step] is not None
    return primitive is not None


@cache
def rules_of(type_: str) -> Rules:
    """The rules of a type or backbone, compiled."""
    rules = Rules(type_)
    elements = elements_of(type_)
    own = elements.get(type_, {})
    rules.checks = tuple(_invariants(own, type_))
    defined = type_of(type_)
    for element in defined.elements if defined is not None else ():
        told = elements.get(f"{type_}.{element.name}", {})
        stem = element.name.removesuffix("[x]")
        names = [stem + each[0].upper() + each[1:] for each in element.types] if stem != element.name else [stem]
        for name, each in zip(names, element.types, strict=False):
            _add(rules, name, each, told, f"{type_}.{element.name}", is_coded=element.codes is not None)
    return rules


def _add(rules: Rules, name: str, type_: str, told: Json, where: str, *, is_coded: bool) -> None:
    known = known_type(type_)
    checks = tuple(_checks(told, type_, is_coded=is_coded))
    kind = "complex"
    if known.is_primitive:
        kind = "primitive"
        rules.members["_" + name] = Member("_" + name, type_, where, (), "twin")
        if not checks:
            return
    elif type_ == "Resource":
        kind = "resource"
    elif type_ == "Extension":
        kind = "modifier" if name == "modifierExtension" else "extension"
    rules.members[name] = Member(name, type_, where, checks, kind)


def _checks(told: Json, type_: str, *, is_coded: bool) -> Iterator[Check]:
    """The checks that an element's own definition asks of a value of one of its types."""
    if "." not in type_ or told.get("contentReference"):
        yield from _invariants(told, type_)
    bound = told.get("binding", {})
    if "valueSet" in bound and not is_coded and is_bindable(type_):
        check = binding_check(bound.get("strength", ""), bound["valueSet"])
        if check is not None:
            yield check
    if type_ == "Reference":
        targets = [url for each in told.get("type", ()) for url in each.get("targetProfile", ())]
        yield reference_check(targets)
        yield existence_check


def is_bindable(type_: str) -> bool:
    """Whether values of a type can be bound to a value set."""
    return type_ in (
        "code",
        "Coding",
        "CodeableConcept",
        "Quantity",
        "string",
        "uri",
        "canonical",
        "url",
        "Age",
        "Duration",
    )


def _invariants(told: Json, type_: str) -> Iterator[Check]:
    for rule in invariants_of(told):
        yield invariant_check(rule, type_)


@cache
def elements_of(type_: str) -> dict[str, Json]:
    """The ElementDefinitions of the type that a type or backbone is part of, by path."""
    structure = shipped_structure(CORE + type_.partition(".")[0])
    if structure is None:
        return {}
    return {each["path"]: each for each in structure["snapshot"]["element"]}
