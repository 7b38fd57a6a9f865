"""The tree of an expression made into nested closures, once; running them is all that an evaluation does.

Source: FHIRPath 2.0.0, "Path selection", "Expressions", "Operations"; FHIR R4 fhirpath.html, "Variables".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from benhan.fhir.fhirpath import (
    aggregates,
    boundaries,
    combining,
    conversion,
    existence,
    fhir_functions,
    filtering,
    maths,
    strings,
    subsetting,
    tree,
    types,
    utility,
)
from benhan.fhir.fhirpath.arithmetic import calculate, concatenated, signed
from benhan.fhir.fhirpath.comparison import order, values_order
from benhan.fhir.fhirpath.elements import Element, Items, children_named, element_of, one, truth, type_name
from benhan.fhir.fhirpath.environment import Closure, Environment
from benhan.fhir.fhirpath.equality import equal, equivalent
from benhan.fhir.fhirpath.faults import (
    NOT_ONE,
    SYNTAX,
    TOO_NESTED,
    UNKNOWN_FUNCTION,
    UNKNOWN_VARIABLE,
    WRONG_COUNT,
    WRONG_OPERANDS,
)
from benhan.fhir.fhirpath.functions import FUNCTIONS, Function
from benhan.fhir.fhirpath.model import is_fhir_type
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

HEIGHT_MAX = 150
UNCOUNTED = 16
"""Children that are read without a count; a rule that reads a list of thousands for each of its elements is stopped."""
CHAPTERS = (
    aggregates, boundaries, combining, conversion, existence, fhir_functions, filtering, maths, strings, subsetting,
    tree, types, utility,
)  # fmt: skip
"""Imported so that their functions are in the table."""

CONSTANTS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
PREFIXES = {
    "vs-": "http://hl7.org/fhir/ValueSet/",
    "ext-": "http://hl7.org/fhir/StructureDefinition/",
}


def compile_node(node: Node, height: int = 0) -> Closure:
    """The closure of a tree.

    Raises Incorrect: BA-2002 too high a tree, BA-2003 an unknown function, BA-2004 a wrong number of arguments,
    BA-2006 an unknown type.
    """
    if height > HEIGHT_MAX:
        raise TOO_NESTED(limit=HEIGHT_MAX)
    return _COMPILERS[type(node)](node, height + 1)


def _this(_: Environment, this: Items) -> Items:
    return this


def _source(node: Node | None, height: int) -> Closure:
    return _this if node is None else compile_node(node, height)


def _literal(node: Literal, _: int) -> Closure:
    values = list(node.values)
    return lambda _env, _this: values


def _variable(node: Variable, _: int) -> Closure:
    name, position = node.name, node.position
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    value = CONSTANTS.get(name)
    for prefix, url in PREFIXES.items():
        if name.startswith(prefix):
            value = url + name.removeprefix(prefix)

    def read(env: Environment, _this: Items) -> Items:
        if name in env.variables:
            found = env.variables[name]
            return found if type(found) is list else [found]
        if value is None:
            raise UNKNOWN_VARIABLE(position=position + 1)
        return [value]

    return read


_BUILT_IN: dict[str, Closure] = {
    "context": lambda env, _this: env.context,
    "resource": lambda env, _this: env.resource,
    "rootResource": lambda env, _this: env.root,
}


def _special(node: Special, _: int) -> Closure:
    return _SPECIALS[node.name]


_SPECIALS: dict[str, Closure] = {
    "this": _this,
    "index": lambda env, _this: [] if env.index is None else [env.index],
    "total": lambda env, _this: env.total,
}


def _member(node: Member, height: int) -> Closure:
    name = node.name
    if node.source is None:
        return _typed_root(name) if is_fhir_type(name) and name[0].isupper() else _child(_this, name)
    return _child(compile_node(node.source, height), name)


def _child(source: Closure, name: str) -> Closure:
    def read(env: Environment, this: Items) -> Items:
        found = Items()
        for item in source(env, this):
            children_named(item, name, found)
        if len(found) > UNCOUNTED:
            env.spend(len(found) // 4)
        return found

    return read


def _typed_root(name: str) -> Closure:
    """A name of a type at the beginning is `$this` where it is of the type (`Patient.name`)."""

    def read(_: Environment, this: Items) -> Items:
        found = Items()
        for item in this:
            if isinstance(item, Element) and name in item.type.names:
                found.append(item)
            else:
                children_named(item, name, found)
        return found

    return read


def _index(node: Index, height: int) -> Closure:
    source, index = compile_node(node.source, height), compile_node(node.index, height)
    return lambda env, this: subsetting.item_at(source(env, this), index(env, this))


def _sign(node: Sign, height: int) -> Closure:
    sign, operand = node.sign, compile_node(node.operand, height)
    return lambda env, this: signed(sign, operand(env, this))


def _type_test(node: TypeTest, height: int) -> Closure:
    operand = compile_node(node.operand, height)
    namespace, name = types.checked_type(node.namespace, node.name)
    test = types.type_test if node.operator == "is" else types.of_type
    return lambda env, this: test(operand(env, this), namespace, name)


def _operation(node: Operation, height: int) -> Closure:
    return _OPERATORS[node.operator](compile_node(node.left, height), compile_node(node.right, height))


def _calculation(operator: str) -> Callable[[Closure, Closure], Closure]:
    def build(left: Closure, right: Closure) -> Closure:
        return lambda env, this: calculate(operator, left(env, this), right(env, this))

    return build


def _comparison(is_so: Callable[[int], bool]) -> Callable[[Closure, Closure], Closure]:
    def build(left: Closure, right: Closure) -> Closure:
        def run(env: Environment, this: Items) -> Items:
            found = order(left(env, this), right(env, this))
            return [] if found is None else [is_so(found)]

        return run

    return build


def _equality(left: Closure, right: Closure) -> Closure:
    def run(env: Environment, this: Items) -> Items:
        same = equal(env, left(env, this), right(env, this))
        return [] if same is None else [same]

    return run


def _inequality(left: Closure, right: Closure) -> Closure:
    def run(env: Environment, this: Items) -> Items:
        same = equal(env, left(env, this), right(env, this))
        return [] if same is None else [not same]

    return run


def _and(left: Closure, right: Closure) -> Closure:
    def run(env: Environment, this: Items) -> Items:
        first = truth(left(env, this), "and")
        if first is False:
            return [False]
        second = truth(right(env, this), "and")
        return [False] if second is False else [True] if first and second else []

    return run


def _or(left: Closure, right: Closure) -> Closure:
    def run(env: Environment, this: Items) -> Items:
        first = truth(left(env, this), "or")
        if first:
            return [True]
        second = truth(right(env, this), "or")
        return [True] if second else [] if first is None or second is None else [False]

    return run


def _xor(left: Closure, right: Closure) -> Closure:
    def run(env: Environment, this: Items) -> Items:
        first, second = truth(left(env, this), "xor"), truth(right(env, this), "xor")
        return [] if first is None or second is None else [first != second]

    return run


def _implies(left: Closure, right: Closure) -> Closure:
    def run(env: Environment, this: Items) -> Items:
        first = truth(left(env, this), "implies")
        if first is False:
            return [True]
        second = truth(right(env, this), "implies")
        return [True] if second else [] if first is None or second is None else [False]

    return run


_OPERATORS: dict[str, Callable[[Closure, Closure], Closure]] = {
    **{operator: _calculation(operator) for operator in ("+", "-", "*", "/", "div", "mod")},
    "&": lambda left, right: lambda env, this: concatenated(left(env, this), right(env, this)),
    "|": lambda left, right: lambda env, this: combining.union(env, left(env, this), right(env, this)),
    "<": _comparison(lambda found: found < 0),
    ">": _comparison(lambda found: found > 0),
    "<=": _comparison(lambda found: found <= 0),
    ">=": _comparison(lambda found: found >= 0),
    "=": _equality,
    "!=": _inequality,
    "~": lambda left, right: lambda env, this: [equivalent(env, left(env, this), right(env, this))],
    "!~": lambda left, right: lambda env, this: [not equivalent(env, left(env, this), right(env, this))],
    "in": lambda left, right: lambda env, this: combining.is_in(env, left(env, this), right(env, this), "in"),
    "contains": lambda left, right: (
        lambda env, this: combining.is_in(env, right(env, this), left(env, this), "contains")
    ),
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
}


def _call(node: Call, height: int) -> Closure:
    build = _BUILDERS.get(node.name)
    if build is not None:
        low, high, builder = build
        _check_count(node, low, high)
        return builder(node, height)
    known = FUNCTIONS.get(node.name)
    if known is None:
        raise UNKNOWN_FUNCTION(name=node.name[:40] if node.name.isidentifier() and node.name.isascii() else "?")
    _check_count(node, known.low, known.high)
    source = _source(node.source, height)
    arguments = [compile_node(each, height) for each in node.arguments]
    return _lazy_call(known, source, arguments) if known.is_lazy else _eager_call(known, source, arguments)


def _check_count(node: Call, low: int, high: int) -> None:
    if not low <= len(node.arguments) <= high:
        raise WRONG_COUNT(name=node.name, low=low, high=high)


def _lazy_call(known: Function, source: Closure, arguments: list[Closure]) -> Closure:
    run = known.implementation
    if len(arguments) == 1:
        (only,) = arguments
        return lambda env, this: run(env, source(env, this), only)
    return lambda env, this: run(env, source(env, this), *arguments)


def _eager_call(known: Function, source: Closure, arguments: list[Closure]) -> Closure:
    """Arguments are told from where the call stands (`$this`), not from what it is called on."""
    run = known.implementation
    if not arguments:
        return lambda env, this: run(env, source(env, this))
    if len(arguments) == 1:
        (only,) = arguments
        return lambda env, this: run(env, source(env, this), only(env, this))
    return lambda env, this: run(env, source(env, this), *(each(env, this) for each in arguments))


def _iif(node: Call, height: int) -> Closure:
    """iif(criterion, then, else): only the branch that is needed is run. `$this` is what it is called on."""
    source = _source(node.source, height)
    criterion, chosen, *rest = (compile_node(each, height) for each in node.arguments)
    other = rest[0] if rest else None
    has_source = node.source is not None

    def run(env: Environment, this: Items) -> Items:
        focus = source(env, this)
        if has_source and len(focus) > 1:
            raise NOT_ONE(count=len(focus), what="iif()")
        told = criterion(env, focus)
        value = one(told, "iif()")
        if value is not None and type(value) is not bool:
            raise WRONG_OPERANDS(what="iif()", types=type_name(told[0]))
        if value:
            return chosen(env, focus)
        return [] if other is None else other(env, focus)

    return run


def _sort(node: Call, height: int) -> Closure:
    """sort(key, …): a key with a minus sign sorts downwards; an item without the key is greater than all others.

    Source: FHIRPath 3.0 (ballot), "sort".
    """
    source = _source(node.source, height)
    keys = [
        (compile_node(each.operand, height), -1)
        if isinstance(each, Sign) and each.sign == "-"
        else (compile_node(each, height), 1)
        for each in node.arguments
    ] or [(_this, 1)]

    def run(env: Environment, this: Items) -> Items:
        items = source(env, this)
        env.spend(len(items) * (len(keys) + 10))
        told = [(item, [one(told_by(env, [item]), "sort()") for told_by, _ in keys]) for item in items]

        def compare(left: tuple[Any, list[Any]], right: tuple[Any, list[Any]]) -> int:
            for first, second, (_, direction) in zip(left[1], right[1], keys, strict=True):
                found = _key_order(first, second) * direction
                if found:
                    return found
            return 0

        return [item for item, _ in sorted(told, key=cmp_to_key(compare))]

    return run


def _key_order(first: Any, second: Any) -> int:
    if first is None or second is None:
        return (first is None) - (second is None)
    return values_order(first, second) or 0


def _type_argument(node: Call) -> tuple[str, str]:
    """The type that a function was given: `code`, `FHIR.code` or `'code'`."""
    argument = node.arguments[0]
    if isinstance(argument, Member):
        if argument.source is None:
            return types.checked_type("", argument.name)
        if isinstance(argument.source, Member) and argument.source.source is None:
            return types.checked_type(argument.source.name, argument.name)
    if isinstance(argument, Literal) and argument.values and type(argument.values[0]) is str:
        namespace, _, name = argument.values[0].rpartition(".")
        return types.checked_type(namespace, name)
    raise SYNTAX(position=node.position + 1, reason="a type is expected")


def _with_type(run: Callable[[Items, str, str], Items]) -> Callable[[Call, int], Closure]:
    def build(node: Call, height: int) -> Closure:
        source = _source(node.source, height)
        namespace, name = _type_argument(node)
        return lambda env, this: run(source(env, this), namespace, name)

    return build


def _reference_key(node: Call, height: int) -> Closure:
    source = _source(node.source, height)
    name = _type_argument(node)[1] if node.arguments else ""
    return lambda env, this: fhir_functions.reference_keys(source(env, this), name)


_BUILDERS: dict[str, tuple[int, int, Callable[[Call, int], Closure]]] = {
    "iif": (2, 3, _iif),
    "sort": (0, 10, _sort),
    "is": (1, 1, _with_type(types.type_test)),
    "as": (1, 1, _with_type(types.of_type)),
    "ofType": (1, 1, _with_type(types.of_type)),
    "getReferenceKey": (0, 1, _reference_key),
}
_COMPILERS: dict[type, Callable[[Any, int], Closure]] = {
    Literal: _literal,
    Variable: _variable,
    Special: _special,
    Member: _member,
    Call: _call,
    Index: _index,
    Sign: _sign,
    Operation: _operation,
    TypeTest: _type_test,
}


def as_items(value: Any) -> Items:
    """A collection of what a caller gives: a list, the JSON of a resource, an Element, a system value or None."""
    if type(value) is list:
        return [element_of(each) if isinstance(each, dict) else each for each in value]
    if value is None:
        return []
    return [element_of(value) if isinstance(value, dict) else value]
