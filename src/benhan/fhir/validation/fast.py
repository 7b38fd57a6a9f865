"""Whether a resource has any structural fault at all: the same rules as `structure`, said with yes or no.

Nearly every resource is right, so this pass comes first and builds nothing: no place, no Issue. What it refuses is read
again by `structure`, which says why.

An object's member names in their order are its shape. What a shape alone decides (unknown names, what is required, one
type of a choice) is decided once; for a shape that is right, one Python function that tests the values is written and
compiled. The text of that function holds nothing that was sent: names of arguments are numbers, tests are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from benhan.fhir.definitions import resource_types
from benhan.fhir.primitives import CHECKS, STRING_CHARACTERS_MAX
from benhan.fhir.validation.structure import Compiled, Member, compiled, is_paired, structural_issues
from benhan.kernel.issues import Issue

Json = dict[str, Any]
Verdict = Callable[..., Any]

SHAPES_MAX = 200
"""Shapes of one type that have a function of their own; further ones are tested member by member."""
REMEMBERED_MAX = 20_000
REMEMBERED_CHARACTERS_MAX = 200

_RESOURCES = resource_types()


def check_structure(plain: Json) -> list[Issue]:
    """The structural faults of a resource, each with its place (`Patient.name[0].family`); empty where there is none.

    `plain` is the resource as read (`ParsedResource.plain`).
    """
    return [] if is_structurally_valid(plain) else structural_issues(plain)


def is_structurally_valid(plain: Json) -> bool:
    """Whether `check_structure` would find nothing."""
    return bool(_resource(plain))


def _resource(value: Any) -> Any:
    if type(value) is not dict:
        return False
    type_ = value.get("resourceType")
    if type(type_) is not str or type_ not in _RESOURCES:
        return False
    return verdict_of(type_)(value)


@dataclass(frozen=True, slots=True)
class Tests:
    """The tests of a type's objects by their shape, as far as such objects have come."""

    rules: Compiled
    of_shape: dict[tuple[str, ...], Verdict] = field(default_factory=dict)

    def made(self, value: Json) -> Verdict:
        """The test of the values of a shape that has none yet."""
        shape = tuple(value)
        if not _is_right(shape, self.rules):
            return _never
        if len(self.of_shape) >= SHAPES_MAX:
            return lambda *_values: _tested_singly(value, self.rules)
        test = self.of_shape[shape] = _written(shape, self.rules)
        return test


@cache
def tests_of(type_: str) -> Tests:
    """The tests of a type or backbone."""
    return Tests(compiled(type_))


@cache
def verdict_of(type_: str) -> Verdict:
    """The test of an object of a type or backbone."""
    tests = tests_of(type_)
    test_of, made = tests.of_shape.get, tests.made

    def verdict(value: Any) -> Any:
        if type(value) is not dict:
            return False
        try:
            return (test_of(tuple(value)) or made(value))(*value.values())
        except TypeError:  # a list or an object where a text belongs cannot be looked up
            return False

    return verdict


def _never(*_values: Any) -> bool:
    return False


def _is_right(shape: tuple[str, ...], rules: Compiled) -> bool:
    """Whether objects of this shape may be right: what the names alone tell."""
    names = frozenset(shape)
    return (
        bool(names)
        and names <= rules.members.keys()
        and all(not names.isdisjoint(each) for each in rules.required)
        and all(len({each.removeprefix("_") for each in choice & names}) < 2 for choice in rules.choices)
        and (rules.name != "Extension" or _is_one_of(names))
    )


def _is_one_of(names: frozenset[str]) -> bool:
    """An extension has a value or extensions, not both."""
    return any(name.startswith(("value", "_value")) for name in names) != ("extension" in names)


def _tested_singly(value: Json, rules: Compiled) -> bool:
    try:
        return all(_test_of(rules.name, shape)(*(value[name] for name in shape)) for shape in _parts(value))
    except TypeError:
        return False


def _parts(value: Json) -> Iterator[tuple[str, ...]]:
    """The members one by one, a primitive together with its twin."""
    for name in value:
        if "_" + name in value:
            yield name, "_" + name
        elif not (name.startswith("_") and name[1:] in value):
            yield (name,)


@cache
def _test_of(type_: str, shape: tuple[str, ...]) -> Verdict:
    return _written(shape, compiled(type_))


def _written(shape: tuple[str, ...], rules: Compiled) -> Verdict:
    """A function of the values of a shape, in its order."""
    known: dict[str, Any] = {"string": CHECKS["string"], "listed": _listed, "sparse": _sparse, "paired": is_paired}
    places = {name: number for number, name in enumerate(shape)}
    tests = []
    for name, number in places.items():
        member = rules.members[name]
        other = places.get(name[1:] if member.twin else "_" + name)
        tests.append(_expression(member, number, known, is_alone=other is None))
        if member.repeats and member.twin and other is not None:
            tests.append(f"paired(v{other}, v{number})")
    arguments = ", ".join(f"v{number}" for number in range(len(shape)))
    found: Verdict = eval(f"lambda {arguments}: {' and '.join(tests)}", known)  # noqa: S307  # our own text, see above
    return found


def _expression(member: Member, number: int, known: dict[str, Any], *, is_alone: bool) -> str:
    """The test of the argument `v<number>`, as Python; what it names is put into `known`.

    `is_alone` is a primitive without its twin, or a twin without its primitive: in its list no null may stand.
    """
    value, test = f"v{number}", f"t{number}"
    many = "listed" if is_alone else "sparse"
    if member.check is None:
        known[test] = _resource if member.type == "Resource" else verdict_of(member.type)
        if member.repeats and member.twin:
            return f"{many}({value}, {test})"
        if member.type == "Resource":
            return f"listed({value}, {test})" if member.repeats else f"{test}({value})"
        tests = tests_of(member.type)
        known[f"g{number}"], known[f"m{number}"] = tests.of_shape.get, tests.made
        if not member.repeats:
            return _object(value, number)
        alone = _object(f"{value}[0]", number)
        return f"(type({value}) is list and (len({value}) == 1 and {alone} or listed({value}, {test})))"
    if member.repeats:
        known[test] = PRIMITIVES.get(member.type) or member.check
        if member.codes is not None:
            known[test] = _coded(member.codes)
        return f"{many}({value}, {test})"
    if member.codes is not None:
        known[test] = _right_codes(member.codes)
        return f"{value} in {test}"
    return _primitive(member, value, test, known)


def _object(value: str, number: int) -> str:
    """The test of an object, as `verdict_of` has it, without a call of its own: most of what is tested is nested."""
    return f"(type({value}) is dict and (g{number}(tuple({value})) or m{number}({value}))(*{value}.values()))"


def _primitive(member: Member, value: str, test: str, known: dict[str, Any]) -> str:
    match member.type:
        case "string" | "markdown":
            most = STRING_CHARACTERS_MAX
            return (
                f"(type({value}) is str and ({value}.isprintable() and 0 < len({value}) <= {most} or string({value})))"
            )
        case "boolean":
            return f"({value} is True or {value} is False)"
        case "decimal":
            return f"(type({value}) is float or type({value}) is int)"
        case kind if kind in REMEMBERED:
            known[test], known[f"r{test}"] = PRIMITIVES[kind], REMEMBERED[kind]
            return f"({value} in r{test} or {test}({value}))"
        case _:
            known[test] = member.check
            return f"{test}({value})"


def _coded(codes: frozenset[str]) -> Verdict:
    right = _right_codes(codes)
    return lambda value: type(value) is str and value in right


@cache
def _right_codes(codes: frozenset[str]) -> frozenset[str]:
    return frozenset(code for code in codes if CHECKS["code"](code))


def _listed(value: Any, one: Verdict) -> bool:
    if type(value) is not list or not value:
        return False
    for each in value:  # noqa: SIM110  # a generator would cost more than the tests
        if not one(each):
            return False
    return True


def _sparse(value: Any, one: Verdict) -> bool:
    """Primitives, or their twins, with null where there is only the other."""
    return type(value) is list and bool(value) and all(each is None or one(each) for each in value)


def _remembering(check: Verdict, right: set[str]) -> Verdict:
    """`check` of texts, which remembers in `right` what was right: the same addresses, codes and days come again."""

    def verdict(value: Any) -> bool:
        if type(value) is not str:
            return False
        if value in right:
            return True
        if not check(value):
            return False
        if len(value) <= REMEMBERED_CHARACTERS_MAX:
            if len(right) >= REMEMBERED_MAX:
                right.clear()
            right.add(value)
        return True

    return verdict


REMEMBERED: dict[str, set[str]] = {
    name: set() for name in ("uri", "url", "canonical", "oid", "code", "date", "dateTime", "instant", "time")
}
PRIMITIVES: dict[str, Verdict] = {name: _remembering(CHECKS[name], right) for name, right in REMEMBERED.items()}
"""Tests of primitives that say the same as those of `primitives`, faster where the same values come again."""
