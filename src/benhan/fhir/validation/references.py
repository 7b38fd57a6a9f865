"""References: what they may lead to, by type, profile and aggregation; whether it is there.

Source: FHIR R4 references.html; elementdefinition.html (type.targetProfile, type.aggregation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from benhan.fhir.definitions import resource_types
from benhan.fhir.definitions.structures import CORE
from benhan.fhir.validation import texts
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.scope import Scope

Check = Callable[[Item, Scope], None]
Json = dict[str, Any]

_TYPES = resource_types()


def reference_check(target_profiles: Iterable[str], aggregation: Iterable[str] = ()) -> Check:
    """The check of a Reference that may lead to `target_profiles` (none: to anything)."""
    profiles = tuple(target_profiles)
    names = frozenset(url.removeprefix(CORE) for url in profiles)
    is_any = not profiles or "Resource" in names
    modes = frozenset(aggregation)
    is_plain = names <= _TYPES

    def check(item: Item, scope: Scope) -> None:
        value = item.value
        if type(value) is not dict:
            return
        if modes:
            _check_mode(item, modes, scope)
        if is_any:
            return
        type_, resource = scope.target_of(value)
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

    return check


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


def existence_check(item: Item, scope: Scope) -> None:
    """Whether the target of a literal reference is there, where the receiver asks for that."""
    if not scope.judge.options.references or type(item.value) is not dict:
        return
    literal = item.value.get("reference")
    if not isinstance(literal, str) or literal.startswith(("#", "urn:")) or scope.resolve(literal) is not None:
        return
    if scope.judge.definitions.exists(literal) is False:
        scope.report.error("not-found", (*item.path, "reference"), texts.NO_TARGET, texts.REFERENCE_CLAUSE)
