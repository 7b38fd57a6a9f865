"""Slicing: which slice an item belongs to, and what the slices ask together.

Source: FHIR R4 profiling.html#slicing, #discriminator (value, pattern, exists, type, profile; open, closed, openAtEnd).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from benhan.fhir.definitions import resource_types
from benhan.fhir.definitions.structures import CORE
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.validation import texts
from benhan.fhir.validation.bindings import is_in
from benhan.fhir.validation.element_tree import Node, value_with
from benhan.fhir.validation.items import Item, children_of
from benhan.fhir.validation.matching import has_pattern, is_fixed
from benhan.fhir.validation.scope import Scope

if TYPE_CHECKING:
    from benhan.fhir.validation.profile import Rule

Json = dict[str, Any]
Test = Callable[[Item, Scope], bool]
Steps = tuple[str, ...]
TreeOf = Callable[[str], "Node | None"]

DEFAULT_SLICE = "@default"
_STEP = re.compile(
    r"\$this|resolve\(\)|extension\('([^']{1,300})'\)|ofType\(([A-Za-z]{1,64})\)|[A-Za-z][A-Za-z0-9]{0,63}"
)


@dataclass(slots=True)
class Slice:
    """One slice: its rule, and the tests an item must pass to be of it; None where the profile tells none."""

    name: str
    rule: Rule
    tests: tuple[Test, ...] | None


@dataclass(slots=True)
class Slicing:
    """The slices of an element, in their order."""

    rules: str
    is_ordered: bool
    slices: list[Slice] = field(default_factory=list)

    def parted(self, items: list[Item], scope: Scope) -> list[list[Item]]:
        """The items of each slice; notes those that may not be where they are."""
        parts: list[list[Item]] = [[] for _ in self.slices]
        latest, is_past = 0, False
        for item in items:
            place = self.place_of(item, scope)
            if place < 0:
                is_past = True
                if self.rules == "closed":
                    scope.report.error("structure", item.path, texts.NOT_IN_SLICE, texts.SLICING_CLAUSE)
                continue
            if is_past and self.rules == "openAtEnd":
                scope.report.error("structure", item.path, texts.NOT_AT_END, texts.SLICING_CLAUSE)
            if self.is_ordered and place < latest:
                scope.report.error("structure", item.path, texts.WRONG_ORDER, texts.SLICING_CLAUSE)
            latest = max(latest, place)
            parts[place].append(item)
        return parts

    def place_of(self, item: Item, scope: Scope) -> int:
        """The number of the slice that an item is of; -1 where it is of none."""
        fallback = -1
        for place, each in enumerate(self.slices):
            scope.report.spend()
            if each.name == DEFAULT_SLICE:
                fallback = place
            elif each.tests is not None and _passes_all(each.tests, item, scope):
                return place
        return fallback


def _passes_all(tests: tuple[Test, ...], item: Item, scope: Scope) -> bool:
    for test in tests:  # noqa: SIM110  # a generator would cost more than the tests
        if not test(item, scope):
            return False
    return True


def steps_of(path: str) -> Steps | None:
    """The steps of a discriminator's path; None for what a discriminator may not be."""
    found: list[str] = []
    rest = path.strip()
    while rest:
        match = _STEP.match(rest)
        if match is None:
            return None
        if match[0] != "$this":
            found.append(match[0])
        rest = rest[match.end() :]
        if rest and not rest.startswith("."):
            return None
        rest = rest[1:]
    return tuple(found)


def reached(item: Item, steps: Steps, scope: Scope) -> list[Item]:
    """The elements that the steps lead to."""
    items = [item]
    for step in steps:
        match = _STEP.fullmatch(step)
        if step == "resolve()":
            items = [found for each in items for found in _resolved(each, scope)]
        elif match is not None and match[1]:
            items = [
                found
                for each in items
                for found in children_of(each, "extension")
                if found.value.get("url") == match[1]
            ]
        elif match is not None and match[2]:
            items = [each for each in items if match[2] in known_type(each.type).names]
        else:
            items = [found for each in items for found in children_of(each, step)]
    return items


def _resolved(item: Item, scope: Scope) -> list[Item]:
    if type(item.value) is not dict:
        return []
    type_, resource = scope.target_of(item.value)
    if not type_:
        return []
    return [Item(resource if resource is not None else {"resourceType": type_}, None, type_, item.path)]


def node_at(node: Node, steps: Steps, tree_of: TreeOf) -> Node | None:
    """What a profile says of the element that the steps lead to; through the profiles of types where they name one."""
    for number, step in enumerate(steps):
        match = _STEP.fullmatch(step)
        if step == "resolve()" and steps[number + 1 :]:
            return _first_at(_targets(node), steps[number + 1 :], tree_of)
        if step == "resolve()" or (match is not None and match[2]):
            continue
        if match is not None and match[1]:
            child = next((each for each in _extensions(node) if match[1] in _profiles(each)), None)
        else:
            child = node.children.get(step)
        if child is None:
            return _first_at(_profiles(node), steps[number:], tree_of)
        node = child
    return node


def _first_at(urls: list[str], steps: Steps, tree_of: TreeOf) -> Node | None:
    """What the first of the profiles that is known says of the element that the steps lead to."""
    trees = (tree_of(url) for url in urls)
    tree = next((each for each in trees if each is not None), None)
    return None if tree is None else node_at(tree, steps, tree_of)


def _extensions(node: Node) -> list[Node]:
    found = node.children.get("extension")
    return found.slices if found is not None else []


def _profiles(node: Node) -> list[str]:
    return _urls(node, "profile")


def _targets(node: Node) -> list[str]:
    return _urls(node, "targetProfile")


def _urls(node: Node, member: str) -> list[str]:
    return [url.partition("|")[0] for each in node.told.get("type", ()) for url in each.get(member, ())]


def tests_of(node: Node, discriminators: list[Json], tree_of: TreeOf) -> tuple[Test, ...] | None:
    """The tests of a slice; None where a discriminator does not tell it apart."""
    found: list[Test] = []
    for each in discriminators:
        steps = steps_of(str(each.get("path", "")))
        if steps is None:
            return None
        target = node_at(node, steps, tree_of)
        made = _tests(str(each.get("type", "")), steps, target, node, tree_of)
        if not made:
            return None
        found += made
    return tuple(found) or None


def _tests(kind: str, steps: Steps, target: Node | None, node: Node, tree_of: TreeOf) -> list[Test]:
    if kind == "value" and steps == ("url",) and node.name in ("extension", "modifierExtension"):
        urls = frozenset(_profiles(node))
        if urls:
            return [lambda item, _: type(item.value) is dict and item.value.get("url") in urls]
    if target is None:
        return []
    match kind:
        case "value" | "pattern":
            return _value_tests(steps, target)
        case "exists":
            return _presence_tests(steps, target)
        case "type":
            return _type_tests(steps, target, tree_of)
        case "profile":
            return _profile_tests(steps, target, tree_of)
        case _:
            return []


def _value_tests(steps: Steps, target: Node) -> list[Test]:
    """Tests of the fixed values and patterns at the element or below it; else of its required binding."""
    found = []
    for below, node in _below(target, ()):
        fixed, pattern = value_with(node.told, "fixed"), value_with(node.told, "pattern")
        if fixed is not None:
            found.append(_some((*steps, *below), is_fixed, fixed[0]))
        elif pattern is not None:
            found.append(_some((*steps, *below), has_pattern, pattern[0]))
    bound = target.told.get("binding", {})
    if not found and bound.get("strength") == "required" and isinstance(bound.get("valueSet"), str):
        found.append(_bound(steps, bound["valueSet"]))
    return found


def _below(node: Node, steps: Steps) -> list[tuple[Steps, Node]]:
    found = [(steps, node)]
    if len(steps) < 8:
        for name, child in node.children.items():
            found += _below(child, (*steps, name))
    return found


def _some(steps: Steps, fits: Callable[[Any, Any], bool], wanted: Any) -> Test:
    def test(item: Item, scope: Scope) -> bool:
        names = _members(item.type, steps)
        if names is not None and type(item.value) is dict:
            return _fits(item.value, names, fits, wanted)
        return any(fits(each.value, wanted) for each in reached(item, steps, scope))

    return test


@cache
def _members(type_: str, steps: Steps) -> tuple[str, ...] | None:
    """The JSON members on the way that the steps go from an element of a type; None where that is no plain way."""
    names = []
    known = known_type(type_)
    for step in steps:
        options = known.steps.get(step, ())
        if len(options) != 1 or options[0].type.name == "Resource":
            return None
        names.append(options[0].name)
        known = options[0].type
    return tuple(names) or None


def _fits(value: Json, names: tuple[str, ...], fits: Callable[[Any, Any], bool], wanted: Any) -> bool:
    """Whether one of the values at the end of the way is what is wanted."""
    inner = value.get(names[0])
    for each in inner if type(inner) is list else (inner,):
        if len(names) > 1:
            if type(each) is dict and _fits(each, names[1:], fits, wanted):
                return True
        elif each is not None and fits(each, wanted):
            return True
    return False


def _bound(steps: Steps, value_set: str) -> Test:
    def test(item: Item, scope: Scope) -> bool:
        codes = scope.judge.definitions.codes(value_set)
        return codes is not None and any(is_in(each.value, codes) is True for each in reached(item, steps, scope))

    return test


def _presence_tests(steps: Steps, target: Node) -> list[Test]:
    """One slice says that the element must be there (min of 1), the other that it may not be (max of 0)."""
    is_absent = target.told.get("max") == "0"
    if not is_absent and not target.told.get("min"):
        return []
    return [lambda item, scope: bool(reached(item, steps, scope)) != is_absent]


def _type_tests(steps: Steps, target: Node, tree_of: TreeOf) -> list[Test]:
    if "resolve()" in steps:
        names = {_type_of(url, tree_of) for url in _targets(target)} - {""}
    else:
        names = {str(each.get("code", "")) for each in target.told.get("type", ())}
    if not names:
        return []
    return [
        lambda item, scope: any(
            not names.isdisjoint(known_type(each.type).names) for each in reached(item, steps, scope)
        )
    ]


def _type_of(url: str, tree_of: TreeOf) -> str:
    """The type that a profile, or the definition of a type, is of; "" where it is not known."""
    name = url.removeprefix(CORE)
    if name in resource_types():
        return name
    tree = tree_of(url)
    return "" if tree is None else tree.path


def _profile_tests(steps: Steps, target: Node, tree_of: TreeOf) -> list[Test]:
    listed = _targets(target) if "resolve()" in steps else _profiles(target)
    urls = [url for url in listed if tree_of(url) is not None]
    if not urls:
        return []

    def test(item: Item, scope: Scope) -> bool:
        return any(
            scope.judge.conforms(each, url, scope) is True for each in reached(item, steps, scope) for url in urls
        )

    return [test]
