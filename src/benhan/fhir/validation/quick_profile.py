"""The rules of a profile in their quick form: what there is to ask of an element, by its type and shape.

Says yes where it is sure that `profile` would note nothing. Resources in resources, extensions of primitives and slices
of slices are left to it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from benhan.fhir.fhirpath.model import Option, known_type
from benhan.fhir.validation.checks import (
    Parts,
    Quick,
    Tell,
    always,
    asked_of,
    by_shape,
    in_turn,
    never,
    of_each,
    quick_parts,
)
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.profile import QUANTITIES, Rule, check_children
from benhan.fhir.validation.scope import Scope
from benhan.fhir.validation.slicing import DEFAULT_SLICE, Slice, Slicing


def quick_of(rule: Rule, type_: str) -> Quick:
    """The quick form of a rule for an element, or a list of elements, of a type."""
    made = rule.quicks.get(type_)
    if made is None:
        made = rule.quicks[type_] = _made(rule, type_)
    return made


def _made(rule: Rule, type_: str) -> Quick:
    if known_type(type_).is_primitive:
        parts: Parts = [("", each.quick(type_)) for each in rule.checks]
        parts += [("", _absent(child)) for child in rule.children]
        return of_each(in_turn([quick for _, quick in parts if quick is not always]))

    def parts_of(names: frozenset[str]) -> Parts | None:
        own = quick_parts(rule.checks, type_, names)
        return own + [_child(child, type_, names) for child in rule.children]

    return by_shape(parts_of)


def asked_of_object(rule: Rule, type_: str, names: frozenset[str]) -> list[tuple[Tell, Quick]]:
    """What a rule asks of an object with members of these names, part by part: what tells, and its quick form."""
    asked = asked_of(rule.checks, type_, names)
    for child in rule.children:
        name, quick = _child(child, type_, names)
        if quick is not always:
            asked.append((partial(check_children, child), _of_member(name, quick) if name else quick))
    return asked


def _of_member(name: str, quick: Quick) -> Quick:
    return lambda value, scope: quick(value[name], scope)


def _child(rule: Rule, type_: str, names: frozenset[str]) -> tuple[str, Quick]:
    """The member that a rule for children is about, and its quick form; no name where there is none."""
    present = [
        each for each in known_type(type_).steps.get(rule.name, ()) if not names.isdisjoint((each.name, each.twin))
    ]
    if not present:
        return "", _absent(rule)
    option = present[0]
    is_plain = len(present) == 1 and option.twin not in names and option.type.name != "Resource"
    return (option.name, _children(rule, option)) if is_plain and _is_of_type(rule, option) else ("", never)


def _is_of_type(rule: Rule, option: Option) -> bool:
    name = option.type.name
    return rule.types is None or name in rule.types or (name == "Quantity" and not rule.types.isdisjoint(QUANTITIES))


def _absent(rule: Rule) -> Quick:
    """The quick form where no child is there that the rule is for."""
    slices = rule.slicing.slices if rule.slicing is not None else []
    if rule.min or any(_absent(each.rule) is never for each in slices):
        return never
    marked = [rule, *(each.rule for each in slices if _is_decided(each))]
    return _unless_told if any(each.must_support for each in marked) else always


def _unless_told(_: Any, scope: Scope) -> bool:
    """Absent elements that a profile marks are told of where the receiver asks for that."""
    return not scope.judge.options.must_support


def _children(rule: Rule, option: Option) -> Quick:
    made = rule.listed.get(option.name)
    if made is None:
        made = rule.listed[option.name] = _children_made(rule, option.type.name)
    return made


def _children_made(rule: Rule, type_: str) -> Quick:
    """The quick form for the value or the values of a member of a type."""
    one, least, most = quick_of(rule, type_), rule.min, rule.max
    sliced = always if rule.slicing is None else _sliced(rule.slicing, type_)
    is_one_right = least <= 1 and (most is None or most >= 1)

    def quick(value: Any, scope: Scope) -> bool:
        if type(value) is not list:
            return is_one_right and one(value, scope) and (sliced is always or sliced([value], scope))
        if len(value) < least or (most is not None and len(value) > most):
            return False
        return one(value, scope) and (sliced is always or sliced(value, scope))

    return quick


def _is_decided(part: Slice) -> bool:
    return part.tests is not None or part.name == DEFAULT_SLICE


def _sliced(slicing: Slicing, type_: str) -> Quick:
    """The quick form for all the items that are sliced."""
    slices = slicing.slices
    if any(each.rule.slicing is not None or (not _is_decided(each) and each.rule.min) for each in slices):
        return never
    quicks = [quick_of(each.rule, type_) for each in slices]

    def quick(values: list[Any], scope: Scope) -> bool:
        counts = [0] * len(slices)
        latest = 0
        for value in values:
            place = slicing.place_of(Item(value, None, type_, ()), scope)
            if place < 0:
                if slicing.rules != "open":
                    return False
                continue
            if (slicing.is_ordered and place < latest) or not quicks[place](value, scope):
                return False
            latest = max(latest, place)
            counts[place] += 1
        return all(_is_right(each, count, scope) for each, count in zip(slices, counts, strict=True))

    return quick


def _is_right(part: Slice, count: int, scope: Scope) -> bool:
    """Whether there are as many items in a slice as its profile says."""
    if not _is_decided(part):
        return True
    rule = part.rule
    if not count and rule.must_support and scope.judge.options.must_support:
        return False
    return count >= rule.min and (rule.max is None or count <= rule.max)
