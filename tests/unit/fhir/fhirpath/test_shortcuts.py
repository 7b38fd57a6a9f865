"""A shortcut answers as the closures do: R4's rules and rules by chance, on valid resources and on broken ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.fuzz.any_resource import any_resource
from tests.unit.fhir.fhirpath.r4_rules import RULES

from benhan.fhir.fhirpath import Element, Run, compile_path, element_of
from benhan.fhir.fhirpath.elements import children, truth
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.fhirpath.shortcuts import shortcut_of
from benhan.kernel.faults import Fault

TYPES = ["Observation", "Patient", "Bundle", "Questionnaire", "StructureDefinition", "CapabilityStatement", "Timing"]


def outcome(act: Callable[[], Any]) -> Any:
    """What an act gives, or the code of its Fault."""
    try:
        return act()
    except Fault as fault:
        return fault.code


def elements(item: Element) -> Iterator[Element]:
    yield item
    for child in children(item):
        yield from elements(child)


def broken(value: Any, chance: random.Random) -> Any:
    """`value` with gaps, wrong kinds and doubled values here and there."""
    if isinstance(value, dict):
        return {name: broken(inner, chance) for name, inner in value.items() if chance.random() > 0.05}
    if isinstance(value, list):
        kept = [broken(each, chance) for each in value]
        return kept * 2 if chance.random() < 0.1 else kept[0] if kept and chance.random() < 0.05 else kept
    return chance.choice([None, [], {}, "x", 1, True, [None], {"a": 1}]) if chance.random() < 0.1 else value


def compare(text: str, element: Element, resource: Any) -> None:
    expression = compile_path(text)
    general = outcome(lambda: truth(expression.evaluate(element, resource=resource)))
    assert outcome(lambda: expression.holds(element, resource=resource)) == general, text
    if isinstance(element.value, dict):
        run = Run(element_of(resource), None, None, {})
        assert outcome(lambda: expression.rule(element.type.name)(element.value, run)) == general, text


@pytest.mark.parametrize("type_", [type_ for type_ in TYPES if type_ != "Timing"])
@pytest.mark.parametrize("is_broken", [False, True])
def test_rules_of_r4_are_answered_alike(type_: str, *, is_broken: bool) -> None:
    for seed in range(12):
        chance = random.Random(f"{type_}-{seed}")
        resource = any_resource(type_, chance)
        if is_broken:
            resource = {**broken(resource, chance), "resourceType": type_}
        for element in list(elements(element_of(resource)))[:200]:
            for name in element.type.names:
                for text in RULES.get(name, ()):
                    compare(text, element, resource)


def any_path(type_: str, chance: random.Random, steps: int) -> tuple[str, str]:
    """A path from a type, and the type it ends at ("" where there are several)."""
    words = list[str]()
    for _ in range(steps):
        options = known_type(type_).steps
        if not options:
            break
        name = chance.choice(sorted(options))
        words.append(f"`{name}`")
        if len(options[name]) > 1:
            return ".".join(words), ""
        type_ = options[name][0].type.name
    return ".".join(words) or "$this", type_


def any_rule(type_: str, chance: random.Random, depth: int = 0) -> str:
    """A rule by chance."""
    path, end = any_path(type_, chance, chance.randint(1, 3))
    simple = [
        f"{path}.exists()",
        f"{path}.empty()",
        f"{path}.hasValue()",
        f"{path}.count() {chance.choice(['=', '!=', '<', '>', '<=', '>='])} {chance.randint(0, 2)}",
        f"{path} = 'x'",
        f"{path} != 'a'",
        f"{path} = true",
        f"{path} in ('a' | 'x')",
        f"{path} <= 1.5",
        f"{path} > @2026-01-01",
        f"{path}.startsWith('x')",
        f"{path}.matches('^[a-x]+$')",
        path,
        f"{path}.as(string).exists()",
        f"{path}.ofType(code) = 'a'",
        f"{path}.first().exists()",
        f"%context.{path}.exists()",
    ]
    if depth > 2:
        return chance.choice(simple)
    one, other = any_rule(type_, chance, depth + 1), any_rule(type_, chance, depth + 1)
    joined = [f"({one}) {operator} ({other})" for operator in ("and", "or", "xor", "implies", "=", "!=")]
    inner = any_rule(end, chance, depth + 1) if end and known_type(end).steps else "true"
    nested = [f"{path}.{word}({inner})" for word in ("exists", "all")]
    nested += [f"{path}.where({inner}).{word}()" for word in ("exists", "empty", "first")]
    return chance.choice([*simple, *joined, *joined, *nested, *nested, f"({one}).not()"])


@pytest.mark.parametrize("type_", [type_ for type_ in TYPES if type_ != "Timing"])
def test_rules_by_chance_are_answered_alike(type_: str) -> None:
    for seed in range(250):
        chance = random.Random(f"rule-{type_}-{seed}")
        resource = any_resource(type_, chance)
        if chance.random() < 0.5:
            resource = {**broken(resource, chance), "resourceType": type_}
        compare(any_rule(type_, chance), element_of(resource), resource)


@pytest.mark.parametrize(
    "text",
    [
        "contained.contained.empty()",
        "dataAbsentReason.empty() or value.empty()",
        "status = 'final'",
        "code.coding.exists(code = 'x')",
    ],
)
def test_what_invariants_mostly_ask_has_a_shortcut(text: str) -> None:
    assert shortcut_of(compile_path(text).tree, known_type("Observation")) is not None
