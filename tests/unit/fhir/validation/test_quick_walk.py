"""The quick forms differ from the thorough walk in speed only: both tell the same of whatever is sent."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.test_fhir_examples import NOT_FHIR, examples
from tests.tries import tries
from tests.unit.fhir.validation.test_fast import SEEDS, changed
from tests.unit.fhir.validation.test_quick_rules import REFERENCE, RESOURCE, elements, expressions_of
from tests.unit.fhir.validation.test_slicing import URL, Given, element, profile, sliced

from benhan.fhir.definitions.structures import CORE
from benhan.fhir.fhirpath import compile_path
from benhan.fhir.resource import parse_resource
from benhan.fhir.validation import base, checks
from benhan.fhir.validation.fast import is_structurally_valid
from benhan.fhir.validation.items import Item, element_of_item
from benhan.fhir.validation.profile import Rule, check_rule
from benhan.fhir.validation.scope import Options, Scope
from benhan.fhir.validation.validator import Validator
from benhan.kernel.faults import Fault

Json = dict[str, Any]
LOINC = "http://loinc.org"
WORK = 10_000_000

RANGE = profile("range", "Quantity", element("Quantity.unit", min=1))
MARK: Json = {
    "resourceType": "StructureDefinition", "url": URL + "mark", "kind": "complex-type", "type": "Extension",
    "baseDefinition": CORE + "Extension", "derivation": "constraint",
    "context": [{"type": "element", "expression": "Observation"}],
    "differential": {"element": [
        {"id": "Extension", "path": "Extension"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": URL + "mark"},
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": "string"}]},
    ]},
}  # fmt: skip
RESULT = profile(
    "result", "Observation",
    element("Observation.status", patternCode="final"),
    sliced("Observation.category", "pattern", "$this", "openAtEnd", ordered=True),
    element("Observation.category:a", min=1, max="1", patternCodeableConcept={"coding": [{"code": "a"}]}),
    element("Observation.category:b", mustSupport=True, patternCodeableConcept={"coding": [{"code": "b"}]}),
    element("Observation.code", binding={"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"}),
    element("Observation.code.text", maxLength=3),
    element("Observation.subject", min=1, mustSupport=True,
            type=[{"code": "Reference", "targetProfile": [CORE + "Patient"]}]),
    element("Observation.value[x]", type=[{"code": "Quantity"}, {"code": "string"}],
            constraint=[{"key": "x-1", "severity": "error", "human": "x", "expression": "$this.toString() != 'bad'"}]),
    element("Observation.dataAbsentReason", max="0"),
    element("Observation.note", mustSupport=True),
    sliced("Observation.component", "value", "code", "closed"),
    element("Observation.component:one", max="1"),
    element("Observation.component:one.code", patternCodeableConcept={"coding": [{"code": "1"}]}),
    element("Observation.component:one.value[x]", type=[{"code": "Quantity", "profile": [URL + "range"]}]),
    sliced("Observation.extension", "value", "url"),
    element("Observation.extension:mark", type=[{"code": "Extension", "profile": [URL + "mark"]}]),
    element("Observation", constraint=[
        {"key": "y-1", "severity": "error", "human": "y", "expression": "value.exists() or dataAbsentReason.exists()"},
        {"key": "y-2", "severity": "warning", "human": "y", "expression": "note.empty() or %resource.text.exists()"},
        {"key": "y-3", "severity": "error", "human": "y", "expression": "subject.reference.substring(1) / 2 = 3"},
    ]),
)  # fmt: skip
PERSON = profile(
    "person", "Patient",
    element("Patient.gender", min=1, fixedCode="male"),
    element("Patient.name", max="1"),
    element("Patient.name.period", min=1),
    element("Patient.link.other", type=[{"code": "Reference", "targetProfile": [CORE + "Patient"],
                                         "aggregation": ["contained"]}]),
)  # fmt: skip
DEFINED = (RESULT, PERSON, RANGE, MARK)
OF_TYPE = {"Observation": [URL + "result", CORE + "vitalsigns"], "Patient": [URL + "person"]}

CONCEPTS: list[Json] = [{"coding": [{"system": LOINC, "code": code}]} for code in "ab1"] + [{"text": "long"}]
CONCEPT = st.sampled_from(CONCEPTS)
QUANTITY = st.sampled_from([{"value": 1}, {"value": 1, "unit": "g"}, {"value": 1, "comparator": "<", "unit": "g"}])
OBSERVATION = st.fixed_dictionaries(
    {"resourceType": st.just("Observation"), "status": st.sampled_from(["final", "amended"]), "code": CONCEPT},
    optional={
        "category": st.lists(CONCEPT, min_size=1, max_size=4), "subject": REFERENCE, "valueQuantity": QUANTITY,
        "_valueQuantity": st.just({"id": "x"}), "dataAbsentReason": CONCEPT, "effectiveDateTime": st.just("2026"),
        "note": st.just([{"text": "x"}]), "performer": st.lists(REFERENCE, min_size=1, max_size=2),
        "contained": st.just([{"resourceType": "Patient", "id": "a"}]),
        "extension": st.lists(st.sampled_from([
            {"url": URL + "mark", "valueString": "x"}, {"url": URL + "mark", "valueCode": "x"},
            {"url": URL + "other", "valueCode": "x"},
        ]), min_size=1, max_size=2),
        "component": st.lists(st.fixed_dictionaries(
            {"code": CONCEPT}, optional={"valueQuantity": QUANTITY, "valueString": st.just("x")}
        ), min_size=1, max_size=3),
        "referenceRange": st.lists(st.sampled_from([{"low": {"value": 1, "comparator": "<"}}, {"age": {
            "low": {"value": 1}}}]), min_size=1, max_size=2),
        "valueString": st.sampled_from(["ok", "bad"]), "_valueString": st.just({"id": "x"}),
    },
).map(lambda told: {name: each for name, each in told.items() if name != "_valueQuantity"}).filter(
    is_structurally_valid
)  # fmt: skip
OPTIONS = st.builds(
    Options, invariants=st.booleans(), unknown_extensions=st.sampled_from(["ignore", "warn"]),
    references=st.booleans(), must_support=st.booleans(), best_practice=st.booleans(),
)  # fmt: skip


class Known(Given):
    def exists(self, reference: str) -> bool | None:
        return reference != "Patient/a"


class Thorough(Validator):
    """A validator without any quick form."""

    def _hold(self, rule: Rule, item: Item, profile: str, scope: Scope) -> None:
        del profile
        check_rule(rule, item, scope)

    def passes(self, value: Any, type_: str, profile: str, scope: Scope) -> bool:
        del value, type_, profile, scope
        return False


@contextmanager
def thoroughly() -> Iterator[None]:
    def plan_of(resource: Json, rules: base.Rules) -> base.Plan:
        members = [replace(rules.members[name], quick=checks.never) for name in resource if name in rules.members]
        return base.Plan([(each.tell, checks.never) for each in rules.checks], members)

    with mock.patch.object(base, "_plan_of", plan_of):
        yield


def told(validator: Validator, plain: Json, profiles: list[str]) -> list[tuple[str, str, str, str]]:
    issues = validator.validate(plain, profiles, steps_max=WORK)
    return [(each.severity.value, each.kind, each.place, each.text.en) for each in issues]


def assert_both_tell_the_same(plain: Json, options: Options, profiles: list[str]) -> list[tuple[str, str, str, str]]:
    quick = told(Validator(Known(*DEFINED), options), plain, profiles)
    with thoroughly():
        assert told(Thorough(Known(*DEFINED), options), plain, profiles) == quick
    return quick


@settings(max_examples=tries(200), deadline=None)
@given(OBSERVATION, OPTIONS)
def test_both_tell_the_same_of_an_observation_against_profiles(plain: Json, options: Options) -> None:
    assert_both_tell_the_same(plain, options, OF_TYPE["Observation"])


@settings(max_examples=tries(200), deadline=None)
@given(RESOURCE, OPTIONS)
def test_both_tell_the_same_of_rules(plain: Json, options: Options) -> None:
    assert_both_tell_the_same(plain, options, OF_TYPE[plain["resourceType"]])


@settings(max_examples=tries(200), deadline=None)
@given(changed().filter(is_structurally_valid), OPTIONS)
def test_both_tell_the_same_of_whatever_is_sent(plain: Json, options: Options) -> None:
    assert_both_tell_the_same(plain, options, OF_TYPE.get(plain["resourceType"], []))


MALE = {"coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}], "text": "abc"}
RIGHT: Json = {
    "resourceType": "Observation", "status": "final", "text": {"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    "category": [CONCEPTS[0], CONCEPTS[1]], "code": MALE,
    "subject": {"reference": "Patient/b"}, "valueQuantity": {"value": 1, "unit": "g"}, "note": [{"text": "x"}],
    "component": [{"code": CONCEPTS[2], "valueQuantity": {"value": 1, "unit": "g"}}],
    "extension": [{"url": URL + "mark", "valueString": "x"}],
}  # fmt: skip
FAULTS: list[tuple[str, Any]] = [
    ("status", "amended"), ("category", [CONCEPTS[1], CONCEPTS[0]]), ("category", [CONCEPTS[0]] * 2),
    ("category", [CONCEPTS[2], CONCEPTS[0]]), ("category", [CONCEPTS[1]]), ("code", {"text": "abcd"}),
    ("subject", None), ("subject", {"reference": "Group/1"}), ("subject", {"reference": "#x"}),
    ("valueQuantity", None), ("component", [{"code": CONCEPTS[0]}]), ("component", RIGHT["component"] * 2),
    ("component", [{"code": CONCEPTS[2], "valueQuantity": {"value": 1}}]), ("dataAbsentReason", CONCEPTS[0]),
    ("extension", [{"url": URL + "mark", "valueCode": "x"}]), ("note", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), FAULTS, ids=lambda each: str(each)[:40])
def test_both_find_what_a_seeded_fault_adds(name: str, value: Any) -> None:
    options = Options(must_support=True)
    right = assert_both_tell_the_same(RIGHT, options, [URL + "result"])
    wrong = copy.deepcopy(RIGHT)
    if value is None:
        del wrong[name]
    else:
        wrong[name] = value
    assert set(assert_both_tell_the_same(wrong, options, [URL + "result"])) - set(right)


@settings(max_examples=tries(100), deadline=None)
@given(st.one_of(RESOURCE, OBSERVATION))
def test_what_names_decide_is_what_fhirpath_says(plain: Json) -> None:
    for item, scope in elements(plain):
        if type(item.value) is not dict:
            continue
        for expression in expressions_of(item.type) - {"None"}:
            compiled = compile_path(expression)
            decided = compiled.decision(item.type, frozenset(item.value))
            if decided is not None:
                found = compiled.holds(element_of_item(item), resource=scope.resource, root=scope.root)
                assert (found,) == decided, expression


LOGIC = ["status", "note", "value", "component.code.text"]


@st.composite
def rules(draw: st.DrawFn, depth: int = 3) -> str:
    if not depth or draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(LOGIC))
        return draw(st.sampled_from([f"{name}.exists()", f"{name}.empty()", f"{name} = 'final'", name, "true", "{}"]))
    left, right = draw(rules(depth - 1)), draw(rules(depth - 1))
    if draw(st.booleans()):
        return f"({left}).not()"
    return f"({left} {draw(st.sampled_from(['and', 'or', 'xor', 'implies']))} {right})"


@settings(max_examples=tries(300), deadline=None)
@given(rules(), OBSERVATION)
def test_what_names_decide_of_any_rule_is_what_fhirpath_says(expression: str, plain: Json) -> None:
    compiled = compile_path(expression)
    decided = compiled.decision("Observation", frozenset(plain))
    if decided is None:
        return
    try:
        found = compiled.evaluate(element_of_item(Item(plain, None, "Observation", ())))
    except Fault:
        pytest.fail(f"{expression} cannot be run, and was decided")
    assert ((found[0] if found else None),) == decided


def test_objects_of_more_shapes_than_are_kept_are_read_thoroughly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SHAPES_MAX", 0)
    monkeypatch.setattr(base, "SHAPES_MAX", 0)
    base.rules_of.cache_clear()
    try:
        wrong = {**RIGHT, "valueQuantity": {"value": 1, "code": "g"}}
        found = told(Validator(Known(*DEFINED)), wrong, [URL + "result"])
        assert [each[2] for each in found if each[3].startswith("The rule qty-3")] == ["Observation.valueQuantity"]
        assert [each for each in told(Validator(Known(*DEFINED)), RIGHT, []) if each[0] == "error"] == []
    finally:
        base.rules_of.cache_clear()


def test_work_is_counted_in_the_quick_forms_too() -> None:
    many = {**RIGHT, "category": [CONCEPTS[0]] * 5_000}
    assert told(Validator(Known()), many, [])[-1:] != [("error", "too-costly")]
    issues = Validator(Known()).validate(many, steps_max=1_000)
    assert [each.kind for each in issues][-1] == "too-costly"


@pytest.mark.slow
def test_both_tell_the_same_of_hl7_s_examples() -> None:
    tried = 0
    validator, thorough = Validator(), Thorough()
    for path in examples()[::4]:
        if path.name in NOT_FHIR or path.stat().st_size > 60_000:
            continue
        plain = parse_resource(path.read_bytes()).plain
        profiles = [CORE + "vitalsigns"] if plain["resourceType"] == "Observation" else []
        quick = told(validator, plain, profiles)
        with thoroughly():
            assert told(thorough, plain, profiles) == quick, path.name
        tried += 1
    assert tried > 1_000


def test_the_seeds_are_of_the_types_that_profiles_are_tried_on() -> None:
    assert {each["resourceType"] for each in SEEDS} >= set(OF_TYPE)
