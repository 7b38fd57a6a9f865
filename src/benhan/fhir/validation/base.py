"""A resource against R4's own definitions beyond its structure: invariants, bindings, references, extensions.

Each type is compiled once to what there is to check of it; a member about which nothing is said is passed over. Each
member of a resource is read by the quick forms first (`checks`), thoroughly only where they are not sure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from benhan.fhir.definitions import type_of
from benhan.fhir.definitions.structures import CORE, shipped_structure
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.validation import texts
from benhan.fhir.validation.bindings import binding_check
from benhan.fhir.validation.checks import (
    SHAPES_MAX,
    Check,
    Parts,
    Quick,
    Tell,
    asked_of,
    by_shape,
    in_turn,
    never,
    of_each,
    quick_parts,
)
from benhan.fhir.validation.contained import check_contained
from benhan.fhir.validation.extensions import check_extension
from benhan.fhir.validation.invariants import invariant_check, invariants_of
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.references import reference_check
from benhan.fhir.validation.report import Path
from benhan.fhir.validation.scope import Scope

Json = dict[str, Any]

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
    quick: Quick = never
    """Of its value or list of values."""


@dataclass(slots=True)
class Rules:
    """What is checked of a type or backbone: of an object as a whole, and of its members by JSON name."""

    name: str
    checks: tuple[Check, ...] = ()
    members: dict[str, Member] = field(default_factory=dict)
    plans: dict[tuple[str, ...], Plan] = field(default_factory=dict)
    """Of resources, by shape."""


@dataclass(slots=True)
class Plan:
    """What resources of one shape are asked: what tells with its quick form, and the members that are asked too."""

    checks: list[tuple[Tell, Quick]]
    members: list[Member]


def check_base(resource: Json, path: Path, scope: Scope) -> None:
    """Note what a resource, and those in it, lack of R4's own definitions."""
    type_ = str(resource["resourceType"])
    check_contained(resource, path, scope)
    scope.report.spend()
    rules = rules_of(type_)
    plan = _plan_of(resource, rules)
    for tell, quick in plan.checks:
        if not quick(resource, scope):
            tell(Item(resource, None, type_, path), scope)
    for member in plan.members:
        inner = resource[member.name]
        if not member.quick(inner, scope):
            _check_all(inner, member, path, scope, rules, type_, resource)


def _plan_of(resource: Json, rules: Rules) -> Plan:
    shape = tuple(resource)
    plan = rules.plans.get(shape)
    if plan is None:
        checks = asked_of(rules.checks, rules.name, frozenset(shape))
        plan = Plan(checks, [rules.members[name] for name in shape if name in rules.members])
        if len(rules.plans) < SHAPES_MAX:
            rules.plans[shape] = plan
    return plan


def _check_object(value: Json, rules: Rules, path: Path, scope: Scope, where: str) -> None:
    scope.report.spend()
    if rules.checks:
        item = Item(value, None, rules.name, path)
        for check in rules.checks:
            check.tell(item, scope)
    members = rules.members
    for name, inner in value.items():
        member = members.get(name)
        if member is not None:
            _check_all(inner, member, path, scope, rules, where, value)
    if len(value) == 1 and "id" in value and "resourceType" not in value:
        scope.report.error("invariant", path, texts.RULE, texts.RULES_CLAUSE, key="ele-1", human=ELE_1)


def _check_all(inner: Any, member: Member, path: Path, scope: Scope, rules: Rules, where: str, holder: Json) -> None:
    """The value of a member, or each of its values."""
    if type(inner) is list:
        for index, each in enumerate(inner):
            if each is not None:
                _check_member(each, member, (*path, member.name, index), scope, rules, where, holder)
    elif inner is not None:
        _check_member(inner, member, (*path, member.name), scope, rules, where, holder)


def _check_member(value: Any, member: Member, path: Path, scope: Scope, rules: Rules, where: str, holder: Json) -> None:
    kind = member.kind
    if kind == "resource":
        _check_resource(value, path, scope, is_contained=member.name == "contained")
        return
    if member.checks:
        item = Item(value, None, member.type, path)
        for check in member.checks:
            check.tell(item, scope)
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
    rules.checks = tuple(map(invariant_check, invariants_of(own)))
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
    rules.members[name] = Member(name, type_, where, checks, kind, _quick_of(type_, checks, kind))


def _quick_of(type_: str, checks: tuple[Check, ...], kind: str) -> Quick:
    """The quick form of a member's value or list of values. Resources in it, and extensions, are read thoroughly."""
    if kind == "primitive":
        return of_each(in_turn([check.quick(type_) for check in checks]))
    return _object_quick(type_, checks) if kind == "complex" else never


def _object_quick(type_: str, checks: tuple[Check, ...]) -> Quick:
    """The quick form of an object or objects of a type: `checks`, those of the type, and what its members are asked."""

    def parts_of(names: frozenset[str]) -> Parts | None:
        rules = rules_of(type_)
        if names == {"id"}:
            return None
        own = quick_parts((*checks, *rules.checks), type_, names)
        return own + [(name, each.quick) for name, each in rules.members.items() if name in names]

    return by_shape(parts_of)


def _checks(told: Json, type_: str, *, is_coded: bool) -> Iterator[Check]:
    """The checks that an element's own definition asks of a value of one of its types."""
    if "." not in type_ or told.get("contentReference"):
        yield from map(invariant_check, invariants_of(told))
    bound = told.get("binding", {})
    if "valueSet" in bound and not is_coded and is_bindable(type_):
        check = binding_check(bound.get("strength", ""), bound["valueSet"])
        if check is not None:
            yield check
    if type_ == "Reference":
        targets = [url for each in told.get("type", ()) for url in each.get("targetProfile", ())]
        yield reference_check(targets, also_there=True)


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


@cache
def elements_of(type_: str) -> dict[str, Json]:
    """The ElementDefinitions of the type that a type or backbone is part of, by path."""
    structure = shipped_structure(CORE + type_.partition(".")[0])
    if structure is None:
        return {}
    return {each["path"]: each for each in structure["snapshot"]["element"]}
