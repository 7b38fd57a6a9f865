"""A profile as a tree of rules: only what it says beyond R4's own definitions, which `base` holds.

What is checked of an element first, and nearly always alone, is in `quick_profile`; here is what tells.
Source: FHIR R4 profiling.html, elementdefinition.html, conformance-rules.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from benhan.fhir.definitions.structures import CORE
from benhan.fhir.validation import texts
from benhan.fhir.validation.base import elements_of, is_bindable
from benhan.fhir.validation.bindings import binding_check
from benhan.fhir.validation.checks import Check, Quick, always, never
from benhan.fhir.validation.element_tree import Node, value_with
from benhan.fhir.validation.invariants import invariant_check, invariant_of
from benhan.fhir.validation.items import Item, children_of
from benhan.fhir.validation.matching import has_pattern, is_fixed
from benhan.fhir.validation.references import reference_check
from benhan.fhir.validation.scope import Scope
from benhan.fhir.validation.slicing import Slice, Slicing, tests_of
from benhan.kernel.texts import Text

Json = dict[str, Any]
TreeOf = Callable[[str], "Node | None"]

SYSTEM = "http://hl7.org/fhirpath/System."
QUANTITIES = {"Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity"}
TYPE_SLICING: Json = {"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"}
URL_SLICING: Json = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}


@dataclass(slots=True)
class Rule:
    """What a profile asks of an element: how many, of which types, the checks of each, and its children's rules."""

    name: str
    type: str = ""
    """The type of all its elements where there is one only."""
    min: int = 0
    max: int | None = None
    types: frozenset[str] | None = None
    checks: tuple[Check, ...] = ()
    children: tuple[Rule, ...] = ()
    slicing: Slicing | None = None
    must_support: bool = False
    is_bare: bool = False
    """Whether it says nothing beyond the base."""
    quicks: dict[str, Quick] = field(default_factory=dict)
    """The quick forms for an element by its type, made as they are needed (`quick_profile`)."""
    listed: dict[str, Quick] = field(default_factory=dict)
    """Those for all the elements in a member, by its name."""


def check_rule(rule: Rule, item: Item, scope: Scope) -> None:
    """Note what an item lacks of a rule."""
    scope.report.spend()
    for check in rule.checks:
        check.tell(item, scope)
    for child in rule.children:
        check_children(child, item, scope)


def check_children(rule: Rule, holder: Item, scope: Scope) -> None:
    """Note what the children that a rule is for lack, in number and each."""
    items = children_of(holder, rule.name)
    _check_count(rule, items, holder, scope, rule.name)
    if rule.types is not None:
        for item in items:
            if item.type not in rule.types and not (item.type == "Quantity" and rule.types & QUANTITIES):
                scope.report.error(
                    "structure", item.path, texts.WRONG_TYPE, texts.PROFILE_CLAUSE,
                    type=item.type, valid=", ".join(sorted(rule.types)),
                )  # fmt: skip
    if rule.checks or rule.children:
        for item in items:
            check_rule(rule, item, scope)
    if rule.slicing is not None:
        _check_slices(rule.slicing, items, holder, scope)


def _check_slices(slicing: Slicing, items: list[Item], holder: Item, scope: Scope) -> None:
    for part, members in zip(slicing.slices, slicing.parted(items, scope), strict=True):
        if part.tests is None and part.name != "@default":
            if part.rule.min:
                path = (*holder.path, part.rule.name)
                scope.report.inform(path, texts.SLICE_UNDECIDED, texts.SLICING_CLAUSE, name=part.name)
            continue
        _check_count(part.rule, members, holder, scope, f"{part.rule.name}:{part.name}")
        for item in members:
            check_rule(part.rule, item, scope)
        if part.rule.slicing is not None:
            _check_slices(part.rule.slicing, members, holder, scope)


def _check_count(rule: Rule, items: list[Item], holder: Item, scope: Scope, name: str) -> None:
    count = len(items)
    if count >= rule.min and (rule.max is None or count <= rule.max) and (count or not rule.must_support):
        return
    path = (*holder.path, rule.name)
    if count < rule.min:
        scope.report.error("required", path, _too_few(rule.min, name, count), texts.CARDINALITY_CLAUSE)
    elif rule.max is not None and count > rule.max:
        scope.report.error(
            "structure", path, texts.TOO_MANY, texts.CARDINALITY_CLAUSE, max=rule.max, name=name, count=count
        )
    elif not count and rule.must_support and scope.judge.options.must_support:
        scope.report.inform(path, texts.MUST_SUPPORT, texts.MUST_SUPPORT_CLAUSE)


@lru_cache(maxsize=1024)
def _too_few(least: int, name: str, count: int) -> Text:
    return texts.TOO_FEW.filled(min=least, name=name, count=count)


def compile_profile(tree: Node, type_: str, tree_of: TreeOf) -> Rule:
    """The rule of a profile for a type, out of the tree of its snapshot."""
    return _Compiler(tree, tree_of).rule(tree, type_)


class _Compiler:
    """Compiles one tree."""

    def __init__(self, tree: Node, tree_of: TreeOf) -> None:
        self._tree = tree
        self._tree_of = tree_of

    def rule(self, node: Node, type_: str) -> Rule:
        """The rule of a node; `type_` is the FHIR type of its items where there is one only, else ""."""
        told, base = node.told, _base_of(node)
        rule = Rule(node.name, type_, _number(told.get("min")), _maximum(told.get("max")))
        rule.types = _narrowed(told, base)
        rule.must_support = told.get("mustSupport") is True
        rule.checks = tuple(self._checks(told, base, type_))
        children = (self.rule(each, _type_of(each)) for each in node.children.values())
        rule.children = tuple(each for each in children if not each.is_bare)
        rule.slicing = self._slicing(node)
        is_plain = rule.types is None and not rule.checks and not rule.children and rule.slicing is None
        same_count = bool(base) and told.get("min") == base.get("min") and told.get("max") == base.get("max")
        rule.is_bare = is_plain and (same_count or not told) and not rule.must_support
        return rule

    def _slicing(self, node: Node) -> Slicing | None:
        told = node.told.get("slicing")
        if told is None and node.slices:
            told = URL_SLICING if node.name in ("extension", "modifierExtension") else TYPE_SLICING
        if told is None or (not node.slices and told.get("rules") != "closed"):
            return None
        discriminators = [each for each in told.get("discriminator") or () if isinstance(each, dict)]
        made = Slicing(str(told.get("rules", "open")), told.get("ordered") is True)
        for each in node.slices:
            tests = tests_of(each, discriminators, self._tree_of) if discriminators else None
            made.slices.append(Slice(each.slice_name, self.rule(each, _type_of(each) or _type_of(node)), tests))
        return made if made.slices else None

    def _checks(self, told: Json, base: Json, type_: str) -> Iterator[Check]:
        yield from _value_checks(told)
        yield from _rule_checks(told, base, type_)
        bound = told.get("binding") or {}
        if bound and bound != base.get("binding") and any(is_bindable(each) for each in _codes(told)):
            check = binding_check(str(bound.get("strength", "")), str(bound.get("valueSet") or ""))
            if check is not None and bound.get("valueSet"):
                yield check
        yield from _target_checks(told, base)
        yield from _profile_checks(told, is_root=told is self._tree.told)


def _value_checks(told: Json) -> Iterator[Check]:
    fixed, pattern = value_with(told, "fixed"), value_with(told, "pattern")
    if fixed is not None:
        yield _comparing(fixed[0], is_fixed, texts.NOT_FIXED)
    if pattern is not None:
        yield _comparing(pattern[0], has_pattern, texts.NOT_PATTERN)
    if isinstance(told.get("maxLength"), int):
        yield _not_longer(told["maxLength"])
    low, high = value_with(told, "minValue"), value_with(told, "maxValue")
    if low is not None or high is not None:
        yield _between(low[0] if low else None, high[0] if high else None)


def _comparing(wanted: Any, fits: Callable[[Any, Any], bool], text: Text) -> Check:
    def tell(item: Item, scope: Scope) -> None:
        if not fits(item.value, wanted):
            scope.report.error("value", item.path, text, texts.PROFILE_CLAUSE)

    def quick(value: Any, _: Scope) -> bool:
        return fits(value, wanted)

    return Check(tell, lambda _type: quick)


def _not_longer(limit: int) -> Check:
    def quick(value: Any, _: Scope) -> bool:
        return not isinstance(value, str) or len(value) <= limit

    def tell(item: Item, scope: Scope) -> None:
        if not quick(item.value, scope):
            scope.report.error("value", item.path, texts.TOO_LONG, texts.PROFILE_CLAUSE, limit=limit)

    return Check(tell, lambda _type: quick)


def _between(low: Any, high: Any) -> Check:
    """minValue and maxValue of what compares in Python as in FHIR: numbers, dates of one length, Quantity by value."""

    def outside(value: Any, bound: Any, sign: int) -> bool:
        if isinstance(value, dict) and isinstance(bound, dict):
            return outside(value.get("value"), bound.get("value"), sign)
        numbers = isinstance(value, int | float) and isinstance(bound, int | float)
        if numbers or (isinstance(value, str) and isinstance(bound, str) and len(value) == len(bound)):
            return bool(value < bound) if sign < 0 else bool(value > bound)
        return False

    def quick(value: Any, _: Scope) -> bool:
        return not outside(value, low, -1) and not outside(value, high, 1)

    def tell(item: Item, scope: Scope) -> None:
        if not quick(item.value, scope):
            scope.report.error("value", item.path, texts.OUT_OF_RANGE, texts.PROFILE_CLAUSE)

    return Check(tell, lambda _type: quick)


def _rule_checks(told: Json, base: Json, type_: str) -> Iterator[Check]:
    """The invariants that are not the base's own."""
    known = {(each.get("key"), each.get("expression")) for each in base.get("constraint", ())}
    for each in elements_of(type_).get(type_, {}).get("constraint", ()) if type_ else ():
        known.add((each.get("key"), each.get("expression")))
    seen = set()
    for each in told.get("constraint", ()):
        rule = invariant_of(each)
        if rule is None or (each.get("key"), each.get("expression")) in known or rule.expression in seen:
            continue
        seen.add(rule.expression)
        yield invariant_check(rule)


def _target_checks(told: Json, base: Json) -> Iterator[Check]:
    """Where references may lead, where that is narrower than in the base."""
    types = [each for each in told.get("type", ()) if each.get("code") == "Reference"]
    targets = [url for each in types for url in each.get("targetProfile", ())]
    modes = [mode for each in types for mode in each.get("aggregation", ())]
    of_base = {url for each in base.get("type", ()) for url in each.get("targetProfile", ())}
    if types and ((targets and set(targets) != of_base) or modes):
        yield reference_check(targets, modes)


def _profile_checks(told: Json, *, is_root: bool) -> Iterator[Check]:
    """The profiles of types: an item of the type follows one of them."""
    for each in told.get("type", ()):
        urls = tuple(url for url in each.get("profile", ()) if url.removeprefix(CORE) != each.get("code"))
        if urls:
            yield _following(str(each.get("code", "")), urls, is_root=is_root)


def _following(type_: str, urls: tuple[str, ...], *, is_root: bool) -> Check:
    def is_meant(of: str) -> bool:
        return type_ in (of, "Resource") or (of == "Quantity" and type_ in QUANTITIES)

    def tell(item: Item, scope: Scope) -> None:
        if not is_meant(item.type):
            return
        if len(urls) == 1:
            scope.judge.check_profile(item, urls[0], scope)
        elif not any(scope.judge.conforms(item, url, scope) is not False for url in urls):
            scope.report.error(
                "structure", item.path, texts.NOT_OF_PROFILE, texts.PROFILE_CLAUSE, valid=", ".join(urls)
            )

    def quick_for(of: str) -> Quick:
        if not is_meant(of):
            return always
        if is_root:  # two profiles may name each other for the same element
            return never
        if len(urls) == 1:
            return lambda value, scope: scope.judge.passes(value, of, urls[0], scope)
        return lambda value, scope: any(scope.judge.passes(value, of, url, scope) for url in urls)

    return Check(tell, quick_for)


def _codes(told: Json) -> list[str]:
    return [str(each.get("code", "")) for each in told.get("type", ())]


def _type_of(node: Node) -> str:
    """The type of a node's items where it has one; that of a backbone is its path."""
    codes = _codes(node.told)
    if len(codes) != 1:
        return ""
    if codes[0] in ("BackboneElement", "Element"):
        return str((node.told.get("base") or {}).get("path") or node.path)
    return codes[0]


def _narrowed(told: Json, base: Json) -> frozenset[str] | None:
    """The types allowed, where the base allows more."""
    codes, of_base = _codes(told), _codes(base)
    if not codes or not of_base or set(of_base) <= set(codes) or "Resource" in of_base:
        return None
    if any(each.startswith(SYSTEM) for each in codes):  # ids and values of primitives, whose type nobody can narrow
        return None
    return frozenset(codes)


def _base_of(node: Node) -> Json:
    """What R4 itself says of the element."""
    for path in (node.path, str((node.told.get("base") or {}).get("path") or "")):
        found = elements_of(path).get(path) if path else None
        if found is not None:
            return found
    return {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _maximum(value: Any) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None
