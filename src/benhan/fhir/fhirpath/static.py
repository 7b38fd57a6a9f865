"""An expression held against the type it is for, before any resource: elements that are not defined, and order asked of
what has none.

For whoever writes a profile, a search parameter or a view: at run time a name that is not there finds nothing, as
FHIRPath says, and the mistake is never seen.
Source: FHIRPath 2.0.0, "Type Safety and Strict Evaluation"; FHIR R4 fhirpath.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from benhan.fhir.fhirpath.expression import Expression
from benhan.fhir.fhirpath.functions import FUNCTIONS
from benhan.fhir.fhirpath.model import UNKNOWN, FhirType, fhir_type, is_fhir_type, known_type
from benhan.fhir.fhirpath.nodes import (
    Call,
    Index,
    Literal,
    Member,
    Node,
    Operation,
    Sign,
    Special,
    TypeTest,
    Variable,
)
from benhan.kernel.issues import Issue, error, warning
from benhan.kernel.texts import Text

CLAUSE = "http://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation"
NOT_DEFINED = Text(
    "Kiểu {type} không có phần tử này; một choice được gọi bằng tên gốc (value, không phải valueQuantity).",
    "The type {type} has no such element; a choice goes by its stem (value, not valueQuantity).",
)
NO_ORDER = Text(
    "{name}() cần thứ tự, mà children() và descendants() không có thứ tự.",
    "{name}() asks for an order, which children() and descendants() do not have.",
)


@dataclass(frozen=True, slots=True)
class Static:
    """What is known of a collection beforehand: its types (None: anything) and whether it has an order."""

    types: frozenset[FhirType] | None
    is_ordered: bool = True


ANYTHING = Static(None)
SYSTEM = Static(frozenset())
"""System values: they have no elements."""

_SAME = frozenset(
    {"where", "first", "last", "tail", "skip", "take", "single", "distinct", "exclude", "intersect", "trace", "sort"}
)
_ORDERED = frozenset({"first", "last", "tail", "skip", "take"})
_UNORDERED = frozenset({"children", "descendants"})
_OPEN = frozenset({"children", "descendants", "resolve", "type", "getValue", "aggregate"})
_ABSTRACT = frozenset({"Resource", "DomainResource", "Element", "BackboneElement"})


def check_path(expression: Expression, type_: str) -> list[Issue]:
    """What is wrong with the expression for `type_` (`Patient`, `Observation.component`); empty where nothing is seen.

    Errors are elements that the type does not have, warnings are functions that need an order on what has none. The
    place of an issue is the name concerned. Raises Incorrect BA-2006 where there is no such type.
    """
    from benhan.fhir.fhirpath.faults import UNKNOWN_TYPE

    if not is_fhir_type(type_):
        raise UNKNOWN_TYPE()
    checker = _Checker(Static(frozenset({known_type(type_)})))
    checker.infer(expression.tree, checker.context)
    return checker.issues


class _Checker:
    def __init__(self, context: Static) -> None:
        self.context = context
        self.issues: list[Issue] = []

    def infer(self, node: Node, this: Static) -> Static:
        """What the node gives where `$this` is as told."""
        return _INFER[type(node)](self, node, this)

    def nothing(self, node: Literal, _: Static) -> Static:
        del node
        return SYSTEM

    def variable(self, node: Variable, _: Static) -> Static:
        return self.context if node.name == "context" else ANYTHING

    def special(self, node: Special, this: Static) -> Static:
        return this if node.name == "this" else ANYTHING

    def index(self, node: Index, this: Static) -> Static:
        self.infer(node.index, this)
        return self.infer(node.source, this)

    def sign(self, node: Sign, this: Static) -> Static:
        self.infer(node.operand, this)
        return SYSTEM

    def type_test(self, node: TypeTest, this: Static) -> Static:
        self.infer(node.operand, this)
        return SYSTEM if node.operator == "is" else _of_name(node.name)

    def operation(self, node: Operation, this: Static) -> Static:
        left, right = self.infer(node.left, this), self.infer(node.right, this)
        return _together((left, right)) if node.operator == "|" else SYSTEM

    def member(self, node: Member, this: Static) -> Static:
        source = this if node.source is None else self.infer(node.source, this)
        if source.types is None:
            return Static(None, source.is_ordered)
        if node.source is None and node.name[:1].isupper() and is_fhir_type(node.name):
            return self.root(node.name, source)
        found = set[FhirType]()
        is_open = False
        for type_ in source.types:
            options = _steps_of(type_).get(node.name)
            is_open = is_open or type_.name in _ABSTRACT
            found.update(option.type for option in options or ())
        if not found and not is_open:
            self.not_defined(node.name, source.types)
        is_anything = is_open or not found or any(type_.name == "Resource" for type_ in found)
        return Static(None if is_anything else frozenset(found), source.is_ordered)

    def root(self, name: str, source: Static) -> Static:
        """A type's name at the beginning."""
        assert source.types is not None
        kept = frozenset(type_ for type_ in source.types if name in type_.names or type_.name in _ABSTRACT)
        if not kept:
            self.not_defined(name, source.types)
        return Static(kept or None, source.is_ordered)

    def not_defined(self, name: str, types: Iterable[FhirType]) -> None:
        told = ", ".join(sorted(type_.name for type_ in types)[:5]) or "System"
        self.issues.append(error("value", name, NOT_DEFINED.filled(type=told), CLAUSE))

    def call(self, node: Call, this: Static) -> Static:
        source = this if node.source is None else self.infer(node.source, this)
        if node.name in _ORDERED and not source.is_ordered:
            self.issues.append(warning("value", node.name, NO_ORDER.filled(name=node.name), CLAUSE))
        if node.name in ("is", "as", "ofType"):
            return SYSTEM if node.name == "is" else _of_argument(node)
        if node.name == "getReferenceKey":
            return SYSTEM
        known = FUNCTIONS.get(node.name)
        is_lazy = node.name in ("iif", "sort") or (known is not None and known.is_lazy)
        told = [self.infer(each, source if is_lazy else this) for each in node.arguments]
        return self.result(node, source, told)

    def result(self, node: Call, source: Static, told: list[Static]) -> Static:
        name = node.name
        if name in _SAME:
            return source
        if name == "select":
            return told[0]
        if name == "repeat":
            return self.infer(node.arguments[0], told[0]) and told[0]
        if name in ("union", "combine"):
            return _together((source, *told))
        if name == "iif":
            return _together(told[1:])
        if name == "extension":
            return _of_name("Extension")
        if name in _OPEN:
            return Static(None, is_ordered=name not in _UNORDERED)
        return SYSTEM


def _steps_of(type_: FhirType) -> dict[str, Any]:
    return {**UNKNOWN.steps, "value": ()} if type_.is_primitive else type_.steps


def _of_name(name: str) -> Static:
    found = fhir_type(name)
    return ANYTHING if found is None or name in _ABSTRACT else Static(frozenset({found}))


def _of_argument(node: Call) -> Static:
    argument = node.arguments[0]
    if isinstance(argument, Member):
        return _of_name(argument.name)
    return ANYTHING


def _together(all_: Iterable[Static]) -> Static:
    types, is_ordered = set[FhirType](), True
    is_anything = False
    for each in all_:
        is_anything = is_anything or each.types is None
        types.update(each.types or ())
        is_ordered = is_ordered and each.is_ordered
    return Static(None if is_anything else frozenset(types), is_ordered)


_INFER: dict[type, Callable[[_Checker, Any, Static], Static]] = {
    Literal: _Checker.nothing,
    Variable: _Checker.variable,
    Special: _Checker.special,
    Member: _Checker.member,
    Call: _Checker.call,
    Index: _Checker.index,
    Sign: _Checker.sign,
    Operation: _Checker.operation,
    TypeTest: _Checker.type_test,
}
