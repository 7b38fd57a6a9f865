"""References: what they may lead to, by type, profile and aggregation; whether it is there.

Source: FHIR R4 references.html; elementdefinition.html (type.targetProfile, type.aggregation).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benhan.fhir.definitions import resource_types
from benhan.fhir.definitions.structures import CORE
from benhan.fhir.validation import texts
from benhan.fhir.validation.checks import Check, Quick, never
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.quick_rules import REF_1
from benhan.fhir.validation.scope import Scope

Json = dict[str, Any]

_TYPES = resource_types()


def reference_check(
    target_profiles: Iterable[str], aggregation: Iterable[str] = (), *, also_there: bool = False
) -> Check:
    """The check of a Reference that may lead to `target_profiles` (none: to anything).

    `also_there` asks besides that the target of a literal reference exists, where the receiver wants that.
    """
    profiles = tuple(target_profiles)
    names = frozenset(url.removeprefix(CORE) for url in profiles)
    is_any = not profiles or "Resource" in names
    modes = frozenset(aggregation)
    is_plain = names <= _TYPES

    def tell(item: Item, scope: Scope) -> None:
        value = item.value
        if type(value) is not dict:
            return
        if modes:
            _check_mode(item, modes, scope)
        if not is_any:
            _check_target(item, scope)
        if also_there and not _is_there(value, scope):
            scope.report.error("not-found", (*item.path, "reference"), texts.NO_TARGET, texts.REFERENCE_CLAUSE)

    def _check_target(item: Item, scope: Scope) -> None:
        type_, resource = scope.target_of(item.value)
        if not type_:
            return
        allowed = names if is_plain else frozenset(_types_of(profiles, scope))
        if allowed and type_ not in allowed:
            scope.report.error(
                "structure", (*item.path, "reference"), texts.WRONG_TARGET, texts.REFERENCE_CLAUSE,
                type=type_, valid=", ".join(sorted(allowed)),
            )  # fmt: skip
        elif resource is not None and not is_plain:
            _check_profiles(item, resource, type_, profiles, scope)

    quick = never if modes or not (is_any or is_plain) else _target_quick(names, is_any=is_any, also_there=also_there)
    return Check(tell, lambda _type: quick, settles=REF_1 if quick is not never else "")


def _target_quick(names: frozenset[str], *, is_any: bool, also_there: bool) -> Quick:
    """Sure of `Type/id`, and of what is in the resource or its Bundle, where the type is allowed as such.

    Where it says yes, ref-1 is kept as well: what begins with # is contained.
    """

    def quick(value: Any, scope: Scope) -> bool:
        literal = value.get("reference")
        if type(literal) is not str:
            return is_any or "type" not in value or value["type"] in names
        resource = scope.bundle.get(literal)
        if literal.startswith("#"):
            resource = scope.contained_ids.get(literal[1:])
            return resource is not None and (is_any or resource.get("resourceType") in names)
        if resource is not None:
            return is_any or resource.get("resourceType") in names
        type_, _, id_ = literal.partition("/")
        is_right = is_any or (type_ in names and "/" not in id_ and "type" not in value)
        return is_right and (not also_there or _is_there(value, scope))

    return quick


def _is_there(value: Any, scope: Scope) -> bool:
    """Whether the target of a literal reference may be there, where the receiver asks for that."""
    if not scope.judge.options.references:
        return True
    literal = value.get("reference")
    if type(literal) is not str or literal.startswith(("#", "urn:")) or scope.resolve(literal) is not None:
        return True
    return scope.judge.definitions.exists(literal) is not False


def _types_of(profiles: Iterable[str], scope: Scope) -> set[str]:
    """The types that the profiles are for; nothing where one is not known, since that may be any."""
    found = set()
    for url in profiles:
        name = url.removeprefix(CORE)
        if name not in _TYPES:
            structure = scope.judge.definitions.structure(url)
            if structure is None:
                return set()
            name = str(structure.get("type", ""))
        if name in ("Resource", "DomainResource"):
            return set()
        found.add(name)
    return found


def _check_profiles(item: Item, resource: Json, type_: str, profiles: tuple[str, ...], scope: Scope) -> None:
    """One of the profiles must be followed by a target that is at hand."""
    target = Item(resource, None, type_, item.path)
    inner = scope.inside(resource, is_contained=any(each is resource for each in scope.contained_ids.values()))
    for url in profiles:
        if url.removeprefix(CORE) == type_ or scope.judge.conforms(target, url, inner) is not False:
            return
    scope.report.error(
        "structure", (*item.path, "reference"), texts.TARGET_NOT_OF_PROFILE, texts.REFERENCE_CLAUSE,
        valid=", ".join(profiles),
    )  # fmt: skip


def _check_mode(item: Item, modes: frozenset[str], scope: Scope) -> None:
    literal = item.value.get("reference")
    if not isinstance(literal, str):
        return
    is_contained = literal.startswith("#")
    is_bundled = not is_contained and literal in scope.bundle
    fits = (
        ("contained" in modes and is_contained)
        or ("bundled" in modes and is_bundled)
        or ("referenced" in modes and not is_contained)
    )
    if not fits:
        scope.report.error(
            "structure", (*item.path, "reference"), texts.NOT_CONTAINED, texts.REFERENCE_CLAUSE,
            modes=", ".join(sorted(modes)),
        )  # fmt: skip
