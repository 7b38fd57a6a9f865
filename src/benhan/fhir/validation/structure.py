"""Structural rules of a resource: names, cardinality, forms of primitives, choices, required codes.

Each type is compiled once, on first use, to a table of what to do with each member, so that a resource is read in one
pass and nothing is built while all is well.
Source: FHIR R4 json.html, elementdefinition.html, extensibility.html, references.html.
Not checked here: invariants, profiles, bindings weaker than required, whether references exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from benhan.fhir.definitions import Element, resource_types, type_of
from benhan.fhir.primitives import CHECKS
from benhan.fhir.validation import texts
from benhan.fhir.validation.report import ISSUES_MAX, Path, written
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

Json = dict[str, Any]


def structural_issues(plain: Json) -> list[Issue]:
    """The structural faults of a resource, each with its place (`Patient.name[0].family`); empty where there is none.

    At most ISSUES_MAX are listed. `plain` is the resource as read (`ParsedResource.plain`).
    """
    issues: list[Issue] = []
    type_ = plain.get("resourceType")
    if not isinstance(type_, str) or type_ not in resource_types():
        return [error("structure", "resourceType", texts.UNKNOWN_TYPE, texts.RESOURCE_CLAUSE)]
    _check_object(plain, compiled(type_), (type_,), issues)
    return issues


@dataclass(slots=True)
class Compiled:
    """What a type allows: `members` by JSON name, the names that must be there, the choices of which one may be."""

    name: str
    members: dict[str, Member] = field(default_factory=dict)
    required: list[tuple[str, ...]] = field(default_factory=list)
    choices: list[frozenset[str]] = field(default_factory=list)
    choice_names: frozenset[str] = frozenset()


@dataclass(slots=True)
class Member:
    """One JSON member: a primitive (`check`, `codes`), a primitive's extension twin, a complex type or a resource."""

    name: str
    type: str
    repeats: bool
    check: Callable[[Any], bool] | None
    codes: frozenset[str] | None
    twin: bool = False


@cache
def compiled(type_: str) -> Compiled:
    """The compiled rules of a type or backbone."""
    definition = type_of(type_)
    assert definition is not None, type_
    rules = Compiled(type_)
    if definition.kind == "resource":
        rules.members["resourceType"] = Member("resourceType", "code", False, CHECKS["code"], None)
    for element in definition.elements:
        _add(rules, element)
    for name in definition.bare:
        del rules.members["_" + name]
    rules.choice_names = frozenset(name for choice in rules.choices for name in choice)
    return rules


def _add(rules: Compiled, element: Element) -> None:
    stem = element.name.removesuffix("[x]")
    if element.name.endswith("[x]"):
        names = [stem + type_[0].upper() + type_[1:] for type_ in element.types]
        if len(names) > 1:
            rules.choices.append(frozenset(names) | frozenset("_" + name for name in names))
    else:
        names = [stem]
    for name, type_ in zip(names, element.types, strict=False):
        check = CHECKS.get(type_)
        rules.members[name] = Member(name, type_, element.max != 1, check, element.codes)
        if check is not None:
            rules.members["_" + name] = Member("_" + name, "Element", element.max != 1, None, None, twin=True)
    if element.min:
        rules.required.append(tuple(names) + tuple("_" + name for name in names))


def _check_object(value: Json, rules: Compiled, path: Path, issues: list[Issue]) -> None:
    members = rules.members
    for name, inner in value.items():
        member = members.get(name)
        if member is None:
            _note(issues, "structure", (*path, name), texts.UNKNOWN_ELEMENT, texts.JSON_CLAUSE)
        elif member.repeats:
            _check_list(value, member, path, issues)
        elif member.check is not None:
            if not member.check(inner):
                _note_primitive(inner, member, (*path, name), issues)
            elif member.codes is not None and inner not in member.codes:
                _note(issues, "code-invalid", (*path, name), texts.NOT_IN_BINDING, texts.BINDING_CLAUSE)
        else:
            _check_complex(inner, member, (*path, name), issues)
    for names in rules.required:
        if names[0] not in value and not any(name in value for name in names[1:]):
            _note(issues, "required", (*path, names[0]), texts.MISSING, texts.CARDINALITY_CLAUSE)
    if rules.choices and not rules.choice_names.isdisjoint(value):
        _check_choices(value, rules, path, issues)
    if not value:
        _note(issues, "structure", path, texts.EMPTY, texts.JSON_CLAUSE)
    if rules.name == "Extension":
        _check_extension(value, path, issues)


def _check_list(holder: Json, member: Member, path: Path, issues: list[Issue]) -> None:
    inner = holder[member.name]
    if type(inner) is not list:
        _note(issues, "structure", (*path, member.name), texts.NOT_A_LIST, texts.JSON_CLAUSE)
        return
    if not inner:
        _note(issues, "structure", (*path, member.name), texts.EMPTY, texts.JSON_CLAUSE)
    check = member.check
    for index, each in enumerate(inner):
        if check is None:
            if each is None and member.twin:
                continue
            _check_complex(each, member, (*path, member.name, index), issues)
        elif each is None:
            continue
        elif not check(each):
            _note_primitive(each, member, (*path, member.name, index), issues)
        elif member.codes is not None and each not in member.codes:
            _note(issues, "code-invalid", (*path, member.name, index), texts.NOT_IN_BINDING, texts.BINDING_CLAUSE)
    if check is not None or member.twin:
        _check_nulls(holder, member, path, issues)


def _check_nulls(value: Json, member: Member, path: Path, issues: list[Issue]) -> None:
    """A null in a list of primitives, or of their twins, keeps a place for what the other list has there."""
    name = member.name.removeprefix("_")
    listed, twins = value.get(name, []), value.get("_" + name, [])
    if member.twin and name in value:  # told with the values already
        return
    if type(listed) is list and type(twins) is list and not is_paired(listed, twins):
        _note(issues, "structure", (*path, member.name), texts.BARE_NULL, texts.JSON_CLAUSE)


def is_paired(listed: list[Any], twins: list[Any]) -> bool:
    """Whether each place of a list of primitives has a value, or something in the list of their twins."""
    short = min(len(listed), len(twins))
    if None in listed[short:] or None in twins[short:]:
        return False
    return None not in listed or all(
        one is not None or other is not None for one, other in zip(listed, twins, strict=False)
    )


def _check_complex(inner: Any, member: Member, path: Path, issues: list[Issue]) -> None:
    if type(inner) is not dict:
        _note(issues, "structure", path, texts.NOT_AN_OBJECT, texts.JSON_CLAUSE)
    elif member.type == "Resource":
        _check_inner_resource(inner, path, issues)
    else:
        _check_object(inner, compiled(member.type), path, issues)


def _check_inner_resource(inner: Json, path: Path, issues: list[Issue]) -> None:
    type_ = inner.get("resourceType")
    if not isinstance(type_, str) or type_ not in resource_types():
        _note(issues, "structure", (*path, "resourceType"), texts.UNKNOWN_TYPE, texts.RESOURCE_CLAUSE)
        return
    _check_object(inner, compiled(type_), path, issues)


def _check_choices(value: Json, rules: Compiled, path: Path, issues: list[Issue]) -> None:
    for choice in rules.choices:
        present = {name.removeprefix("_") for name in choice if name in value}
        if len(present) > 1:
            _note(issues, "structure", (*path, min(present)), texts.ONE_CHOICE, texts.CHOICE_CLAUSE)


def _check_extension(value: Json, path: Path, issues: list[Issue]) -> None:
    has_value = any(name.startswith(("value", "_value")) for name in value)
    if has_value == ("extension" in value):
        _note(issues, "invariant", path, texts.EXTENSION_VALUE, texts.EXTENSION_CLAUSE)


def _note_primitive(value: Any, member: Member, path: Path, issues: list[Issue]) -> None:
    if isinstance(value, dict | list) or value is None:
        _note(issues, "structure", path, texts.NOT_A_PRIMITIVE, texts.JSON_CLAUSE, type=member.type)
    else:
        _note(issues, "value", path, texts.BAD_PRIMITIVE, texts.DATATYPES_CLAUSE, type=member.type)


def _note(issues: list[Issue], kind: str, path: Path, text: Text, clause: str, **params: object) -> None:
    if len(issues) < ISSUES_MAX:
        issues.append(error(kind, written(path), text.filled(**params), clause))
