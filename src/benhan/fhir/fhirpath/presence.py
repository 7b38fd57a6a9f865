"""What the names of an object's members decide of a rule, whatever the members hold.

Of R4's rules about an element, most ask whether members are there, or something about members that are not there:
for objects with the same names such a rule is answered once.
"""

from __future__ import annotations

from benhan.fhir.fhirpath.compiler import compile_node
from benhan.fhir.fhirpath.elements import Element, truth
from benhan.fhir.fhirpath.environment import NO_SERVICES, STEPS_MAX, Environment
from benhan.fhir.fhirpath.model import UNKNOWN, FhirType
from benhan.fhir.fhirpath.nodes import Call, Member, Node, Operation
from benhan.fhir.fhirpath.shortcuts import QUIET, Answer
from benhan.kernel.faults import Fault

Decision = tuple[Answer] | None
"""The answer (None: it has none) in a tuple; None where more must be known than names."""

_SETTLES: dict[str, tuple[bool, bool]] = {"and": (False, False), "or": (True, True), "implies": (False, True)}
"""The answer of the left side that settles the whole, and what the whole then is: the right side is not asked."""
_OF_TIME = frozenset({"now", "today", "timeOfDay"})


def decision(node: Node, type_: FhirType, names: frozenset[str]) -> Decision:
    """What a rule says of every object of `type_` whose members have these names."""
    if type_.is_primitive or type_ is UNKNOWN:
        return None
    if isinstance(node, Operation):
        return _of_logic(node, type_, names)
    if isinstance(node, Call) and node.source is not None:
        if node.name == "not":
            inner = decision(node.source, type_, names)
            return inner if inner is None or inner[0] is None else (not inner[0],)
        own = node.source.name if isinstance(node.source, Member) and node.source.source is None else ""
        if own and node.name in ("exists", "empty") and not node.arguments:
            is_there = _is_there(own, type_, names)
            return None if is_there is None else (is_there is (node.name == "exists"),)
    return _of_nothing(node, type_) if _is_there(_first_name(node), type_, names) is False else None


def _of_logic(node: Operation, type_: FhirType, names: frozenset[str]) -> Decision:
    settles = _SETTLES.get(node.operator)
    left = None if settles is None else decision(node.left, type_, names)
    if settles is None or left is None:
        return None
    if left[0] is settles[0]:
        return (settles[1],)
    right = decision(node.right, type_, names)
    if right is None or left[0] is not None:  # of `true and x`, `false or x`, `true implies x`, x is the answer
        return right
    is_sure = right[0] is (node.operator != "and")  # of nothing, only `and false`, `or true` and `implies true` are
    return right if is_sure else (None,)


def _is_there(name: str, type_: FhirType, names: frozenset[str]) -> bool | None:
    """Whether an object has an element; None where its type has none of that name."""
    options = type_.steps.get(name)
    if options is None:
        return None
    return any(each.name in names or (each.twin and each.twin in names) for each in options)


def _first_name(node: Node | None) -> str:
    """The element of the focus that all of the path comes from; "" where that is not all it depends on."""
    while isinstance(node, Member | Call):
        if isinstance(node, Call) and not _is_quiet(node):
            return ""
        if isinstance(node, Member) and node.source is None:
            return node.name
        node = node.source
    return ""


def _is_quiet(node: Call) -> bool:
    return node.name in QUIET or (not node.arguments and node.name not in _OF_TIME)


def _of_nothing(node: Node, type_: FhirType) -> Decision:
    items = [Element({}, type_)]
    env = Environment(items, items, items, {}, NO_SERVICES, STEPS_MAX)
    try:
        return (truth(compile_node(node)(env, items)),)
    except Fault:
        return None
