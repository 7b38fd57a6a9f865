"""One check of an element in two forms: a quick one, which nearly every element passes, and one that tells.

The quick form builds nothing: no place, no Item, no Issue. It says True only where the other would note nothing; where
it is not sure it says False, and the other decides. So the two may differ in speed only, and a test holds them to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from benhan.fhir.validation.items import Item
from benhan.fhir.validation.scope import Scope

Quick = Callable[[Any, Scope], bool]
"""Of the JSON of an element that has no extensions beside it; or of a list of them, where it is so said."""
Tell = Callable[[Item, Scope], None]
Parts = list[tuple[str, Quick]]
"""What an object is asked: of the member of that name, or of the object itself where the name is empty."""

SHAPES_MAX = 500
"""Shapes of one element that have a quick form; objects of further ones are checked thoroughly."""
UNCOUNTED = 8
"""Elements of a list that are read without a count."""


class Check(NamedTuple):
    """`tell` notes what an item lacks; `quick` gives the quick form for elements of a FHIR type.

    `decide` says what is true of every object of a type with members of some names: that the check passes, that it
    does not (`refuse` notes it then without asking again), or None.
    """

    tell: Tell
    quick: Callable[[str], Quick]
    decide: Callable[[str, frozenset[str]], bool | None] = lambda _type, _names: None
    refuse: Tell | None = None
    settles: str = ""
    """An invariant's expression that holds wherever the quick form says yes."""
    expression: str = ""
    """Of an invariant."""


def asked_of(checks: Iterable[Check], type_: str, names: frozenset[str]) -> list[tuple[Tell, Quick]]:
    """What an object of a type with members of these names is asked: what tells, and its quick form."""
    asked = list[tuple[Tell, Quick]]()
    for check in checks:
        passes = check.decide(type_, names)
        if passes is None:
            asked.append((check.tell, check.quick(type_)))
        elif not passes:
            asked.append((check.refuse or check.tell, never))
    return [each for each in asked if each[1] is not always]


def quick_parts(checks: Iterable[Check], type_: str, names: frozenset[str]) -> Parts:
    """The quick forms of what an object of a type with members of these names is asked."""
    listed = [*checks]
    settled = {each.settles for each in listed}
    left = [each for each in listed if not each.expression or each.expression not in settled]
    return [("", quick) for _, quick in asked_of(left, type_, names)]


def always(_value: Any, _scope: Scope) -> bool:
    """Nothing is asked."""
    return True


def never(_value: Any, _scope: Scope) -> bool:
    """The thorough form decides."""
    return False


def by_shape(parts_of: Callable[[frozenset[str]], Parts | None]) -> Quick:
    """The quick form for an object or a list of objects, made once for each shape (the member names in their order).

    `parts_of` gives what an object with members of these names is asked, None for one that is checked thoroughly.
    """
    shapes: dict[tuple[str, ...], Quick] = {}

    def quick(value: Any, scope: Scope) -> bool:
        values = value if type(value) is list else (value,)
        if len(values) > UNCOUNTED:
            scope.report.spend(len(values))
        for each in values:
            if type(each) is not dict:  # a null, whose extensions stand elsewhere
                return False
            shape = tuple(each)
            test = shapes.get(shape)
            if test is None:
                if len(shapes) >= SHAPES_MAX:
                    return False
                test = shapes[shape] = _all_of(parts_of(frozenset(shape)))
            if test is not always and not test(each, scope):
                return False
        return True

    return quick


def _all_of(parts: Parts | None) -> Quick:
    """One function of all the parts. Its text holds names of R4's elements only, nothing that was sent."""
    if parts is None or any(quick is never for _, quick in parts):
        return never
    known: dict[str, Any] = {}
    tests = []
    for number, (name, quick) in enumerate(parts):
        if quick is not always:
            assert not name or name.isidentifier(), "a name of an element"
            known[f"t{number}"] = quick
            tests.append(f"t{number}(value[{name!r}], scope)" if name else f"t{number}(value, scope)")
    if not tests:
        return always
    found: Quick = eval(f"lambda value, scope: {' and '.join(tests)}", known)  # noqa: S307  # our own text, see above
    return found


def in_turn(tests: list[Quick]) -> Quick:
    """All of the tests as one."""
    if len(tests) < 2:
        return tests[0] if tests else always
    return never if never in tests else lambda value, scope: all(test(value, scope) for test in tests)


def of_each(one: Quick) -> Quick:
    """The quick form for a primitive or a list of primitives."""
    if one is never or one is always:
        return one

    def quick(value: Any, scope: Scope) -> bool:
        if type(value) is not list:
            return one(value, scope)
        if len(value) > UNCOUNTED:
            scope.report.spend(len(value))
        return all(each is not None and one(each, scope) for each in value)

    return quick
