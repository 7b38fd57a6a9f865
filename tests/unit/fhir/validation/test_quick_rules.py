"""What is told without FHIRPath agrees with the FHIRPath it stands for: the quick rules, ele-1, ext-1, dom-3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.test_fhir_examples import NOT_FHIR, examples
from tests.tries import tries

from benhan.fhir.fhirpath import compile_path
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.resource import parse_resource
from benhan.fhir.validation.base import elements_of
from benhan.fhir.validation.definitions import ShippedDefinitions
from benhan.fhir.validation.fast import is_structurally_valid
from benhan.fhir.validation.invariants import BY_STRUCTURE, REPLACED
from benhan.fhir.validation.items import Item, children_of, element_of_item
from benhan.fhir.validation.quick_rules import QUICK, REF_1, VS_1
from benhan.fhir.validation.report import Report, written
from benhan.fhir.validation.scope import Scope
from benhan.fhir.validation.validator import Validator

Json = dict[str, Any]

ELE_1 = "hasValue() or (children().count() > id.count())"
EXT_1 = "extension.exists() != value.exists()"
WORK = 10_000_000
VALIDATOR = Validator(ShippedDefinitions())

TIMES = ["2025", "2026-01", "2026-01-05", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00+07:00", "2026-01-05T10:00:00.5Z"]
CODE: Json = {"text": "x"}
UNKNOWN: Json = {"extension": [{"url": "http://vn.example/e", "valueCode": "unknown"}]}
CODED: Json = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}

BROKEN: dict[str, Json] = {
    "contained.contained.empty()": {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Patient", "id": "a", "contained": [{"resourceType": "Patient", "id": "b"}]}],
    },
    "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()": {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Patient", "id": "a", "meta": {"versionId": "1"}}],
    },
    "contained.meta.security.empty()": {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Patient", "id": "a", "meta": {"security": [{"system": "urn:s", "code": "R"}]}}],
    },
    "text.`div`.exists()": {"resourceType": "Patient"},
    REF_1: {"resourceType": "Patient", "managingOrganization": {"reference": "#gone"}},
    "code.empty() or system.exists()": {
        "resourceType": "Observation", "status": "final", "code": CODE, "valueQuantity": {"value": 1, "code": "g"},
    },
    "value.empty() or system.exists()": {"resourceType": "Patient", "telecom": [{"value": "1"}]},
    "start.hasValue().not() or end.hasValue().not() or (start <= end)": {
        "resourceType": "Patient", "name": [{"period": {"start": "2026", "end": "2025"}}],
    },
    "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()": {
        "resourceType": "Observation", "status": "final", "code": CODED, "valueString": "x",
        "component": [{"code": CODED, "valueString": "y"}],
    },
    "dataAbsentReason.empty() or value.empty()": {
        "resourceType": "Observation", "status": "final", "code": CODE, "valueString": "x", "dataAbsentReason": CODE,
    },
}  # fmt: skip
"""A resource that breaks each rule."""


def scope_of(plain: Json) -> Scope:
    element = element_of_item(Item(plain, None, str(plain["resourceType"]), ()))
    return Scope(VALIDATOR, Report(WORK), element, element, {})


def walked(item: Item, scope: Scope) -> Iterator[tuple[Item, Scope]]:
    """The element and all below it, each with the scope it is checked in."""
    yield item, scope
    for name in known_type(item.type if item.value is not None else "Element").steps:
        for child in children_of(item, name):
            is_resource = type(child.value) is dict and "resourceType" in child.value
            inner = scope.inside(child.value, is_contained=name == "contained") if is_resource else scope
            yield from walked(child, inner)


def elements(plain: Json) -> Iterator[tuple[Item, Scope]]:
    type_ = str(plain["resourceType"])
    yield from walked(Item(plain, None, type_, (type_,)), scope_of(plain))


def expressions_of(type_: str) -> set[str]:
    return {str(each.get("expression")) for each in elements_of(type_).get(type_, {}).get("constraint", ())}


def holds(expression: str, item: Item, scope: Scope) -> bool | None:
    return compile_path(expression).holds(
        element_of_item(item), resource=scope.resource, root=scope.root, services=scope.services
    )


def verdicts(plain: Json) -> Iterator[tuple[str, bool, bool | None]]:
    """(rule, what the quick test says, what FHIRPath says) of each element that has a rule with a quick test."""
    for item, scope in elements(plain):
        if type(item.value) is dict:
            for expression in QUICK.keys() & expressions_of(item.type):
                yield expression, QUICK[expression](item.value, scope), holds(expression, item, scope)


def broken(rule: str, plain: Json) -> set[str]:
    """Where FHIRPath says that a rule of every element, or of every extension, is broken."""
    return {
        bare(written(item.path))
        for item, scope in elements(plain)
        if not (type(item.value) is dict and "resourceType" in item.value)
        and (rule == ELE_1 or item.type == "Extension")
        and holds(rule, item, scope) is False
    }


def bare(place: str) -> str:
    """A place without the mark of primitives' extensions."""
    return re.sub(r"\b_", "", place)


def told(key: str, plain: Json) -> set[str]:
    """Where the validator says that a rule is broken."""
    issues = VALIDATOR.validate(plain, steps_max=WORK)
    return {bare(each.place) for each in issues if each.text.en.startswith(f"The rule {key} ")}


# Resources whose structure is right, so that only rules can be broken.


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Objects with some of the members, never empty."""
    return st.fixed_dictionaries({}, optional=members).filter(bool)


ID = st.sampled_from(["a", "b"])
TWIN = st.one_of(st.just(UNKNOWN), st.just({"id": "x"}), st.just({"id": "x", **UNKNOWN}))
MOMENT = st.one_of(
    st.sampled_from(TIMES),
    st.builds(
        lambda at, form, zone: at.strftime(form) + (zone if "%S" in form else ""),
        st.datetimes(datetime.fromisoformat("2025-12-30"), datetime.fromisoformat("2026-01-02")),
        st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"]),
        st.sampled_from(["Z", "+07:00", "-11:00"]),
    ),
)
PERIOD = some(start=MOMENT, end=MOMENT, _start=TWIN, _end=TWIN, id=ID)
CODING = some(system=st.just("urn:s"), code=st.sampled_from(["1", "2"]), _code=TWIN, _system=TWIN, id=ID)
CONCEPT = some(coding=st.lists(CODING, min_size=1, max_size=2), text=st.just("x"))
QUANTITY = some(
    value=st.just(1), code=st.just("g"), system=st.just("urn:s"), _code=TWIN, _system=TWIN, _value=TWIN, id=ID
)
TELECOM = some(system=st.just("phone"), value=st.just("1"), _value=TWIN, _system=TWIN, period=PERIOD)
REFERENCE = some(
    reference=st.sampled_from(["#a", "#b", "#", "#gone", "Patient/a", "http://h/Patient/a#b"]),
    _reference=TWIN,
    display=st.just("x"),
)
META = some(
    versionId=st.just("1"), lastUpdated=st.just("2026-01-05T10:00:00Z"),
    security=st.lists(CODING, min_size=1, max_size=1),
    profile=st.just(["http://hl7.org/fhir/StructureDefinition/Patient"]), _versionId=TWIN,
)  # fmt: skip
EXTENSION = st.recursive(
    st.fixed_dictionaries({"url": st.just("http://vn.example/e")}).flatmap(
        lambda told: some(valueString=st.just("x"), _valueString=TWIN, valuePeriod=PERIOD).map(
            lambda value: told | dict(list(value.items())[:1])
        )
    ),
    lambda inner: st.builds(
        lambda listed: {"url": "http://vn.example/c", "extension": listed}, st.lists(inner, min_size=1, max_size=2)
    ),
    max_leaves=3,
)
NAMES = st.tuples(
    st.lists(st.one_of(st.none(), st.just("A")), min_size=1, max_size=3),
    st.lists(st.one_of(st.none(), TWIN), min_size=1, max_size=3),
).map(lambda both: {"given": both[0], "_given": both[1]})
NAME = st.one_of(NAMES, some(family=st.just("N"), _family=TWIN, id=ID, period=PERIOD))
TEXT = st.just({"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'})


def patient(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"resourceType": st.just("Patient")}, optional={
        "id": ID, "meta": META, "text": TEXT, "name": st.lists(NAME, min_size=1, max_size=2),
        "telecom": st.lists(TELECOM, min_size=1, max_size=2), "managingOrganization": REFERENCE,
        "link": st.lists(
            st.fixed_dictionaries({"other": REFERENCE, "type": st.just("seealso")}), min_size=1, max_size=1),
        "extension": st.lists(EXTENSION, min_size=1, max_size=2), "_birthDate": TWIN, "gender": st.just("male"),
        "contact": st.lists(some(id=ID, period=PERIOD), min_size=1, max_size=1), **more,
    })  # fmt: skip


CONTAINED = st.lists(patient(contained=st.lists(patient(), min_size=1, max_size=1)), min_size=1, max_size=2)
OBSERVATION = st.fixed_dictionaries(
    {"resourceType": st.just("Observation"), "status": st.just("final"), "code": CONCEPT},
    optional={
        "contained": CONTAINED, "subject": REFERENCE, "effectivePeriod": PERIOD, "valueQuantity": QUANTITY,
        "dataAbsentReason": CONCEPT, "text": TEXT,
        "component": st.lists(
            st.fixed_dictionaries(
                {"code": CONCEPT}, optional={"valueQuantity": QUANTITY, "dataAbsentReason": CONCEPT}
            ), min_size=1, max_size=2),
    },
)  # fmt: skip
RESOURCE = st.one_of(patient(contained=CONTAINED), OBSERVATION).filter(is_structurally_valid)


def test_the_quick_rule_of_vital_signs_says_yes_only_of_what_reaches_the_day() -> None:
    for each in [*TIMES, "2026-01-05T10:00:00.123-11:00"]:
        item = Item(each, None, "dateTime", ())
        scope = scope_of({"resourceType": "Observation"})
        assert QUICK[VS_1](each, scope) == (len(each) > len("2026-01"))
        assert holds(VS_1, item, scope) is (len(each) > len("2026-01"))


@pytest.mark.parametrize("expression", sorted(QUICK.keys() - {VS_1}))
def test_every_quick_rule_is_one_of_r4_and_refuses_what_breaks_it(expression: str) -> None:
    plain = BROKEN[expression]
    assert is_structurally_valid(plain)
    found = [(quick, path) for rule, quick, path in verdicts(plain) if rule == expression]
    assert (False, False) in found
    assert (True, False) not in found


@settings(max_examples=tries(300), deadline=None)
@given(RESOURCE)
def test_a_quick_rule_says_yes_only_where_fhirpath_does_not_say_no(plain: Json) -> None:
    for expression, quick, path in verdicts(plain):
        assert not (quick and path is False), expression


@pytest.mark.slow
def test_both_say_the_same_of_hl7_s_examples() -> None:
    tried = 0
    for path in examples()[::6]:
        if path.name in NOT_FHIR or path.stat().st_size > 60_000:
            continue
        plain = parse_resource(path.read_bytes()).plain
        if is_structurally_valid(plain):
            tried += 1
            assert [each[0] for each in verdicts(plain) if each[1] and each[2] is False] == [], path.name
            assert told("ele-1", plain) == broken(ELE_1, plain), path.name
    assert tried > 700


@settings(max_examples=tries(300), deadline=None)
@given(RESOURCE)
def test_ele_1_is_told_exactly_where_fhirpath_says_so(plain: Json) -> None:
    assert told("ele-1", plain) == broken(ELE_1, plain)


@settings(max_examples=tries(200), deadline=None)
@given(RESOURCE)
def test_what_has_the_structure_of_an_extension_keeps_ext_1(plain: Json) -> None:
    assert broken(EXT_1, plain) == set()


@pytest.mark.parametrize(
    "extension",
    [
        {"url": "urn:x"},
        {"url": "urn:x", "id": "a"},
        {"url": "urn:x", "valueString": "a", "extension": [{"url": "y", "valueString": "b"}]},
        {"url": "urn:x", "_valueString": UNKNOWN, "extension": [{"url": "y", "valueString": "b"}]},
    ],
)
def test_what_breaks_ext_1_has_not_the_structure_of_an_extension(extension: Json) -> None:
    plain = {"resourceType": "Patient", "extension": [extension]}
    assert broken(EXT_1, plain) == {"Patient.extension[0]"}
    assert [(each.kind, each.place) for each in VALIDATOR.validate(plain)] == [("invariant", "Patient.extension[0]")]


@pytest.mark.parametrize(
    "name",
    [{}, {"given": []}, {"given": [None]}, {"given": [None, "A"], "_given": [None, UNKNOWN]},
     {"_given": [None, UNKNOWN]}, {"given": ["A"], "_given": [None, None]}],
)  # fmt: skip
def test_what_is_nothing_at_all_is_a_fault_of_structure(name: Json) -> None:
    assert not is_structurally_valid({"resourceType": "Patient", "name": [name]})
    assert is_structurally_valid({"resourceType": "Patient", "name": [{"given": [None, "A"], "_given": [UNKNOWN]}]})


def test_no_other_rule_is_left_to_something_else() -> None:
    assert frozenset({"ele-1", "ext-1"}) == BY_STRUCTURE
    assert frozenset({"dom-3"}) == REPLACED


DOM_3 = next(each["expression"] for each in elements_of("Patient")["Patient"]["constraint"] if each["key"] == "dom-3")


def keeps_dom_3(plain: Json) -> tuple[bool | None, bool]:
    """What FHIRPath says, and what the validator says."""
    item, scope = next(elements(plain))
    return holds(DOM_3, item, scope), not told("dom-3", plain)


def held(*contained: Json, **more: Any) -> Json:
    return {"resourceType": "Patient", **more, "contained": [*contained]}


def inner(id_: str, **more: Any) -> Json:
    return {"resourceType": "Basic", "id": id_, "code": CODE, **more}


def to(fragment: str) -> Json:
    return {"reference": fragment}


def valued(**value: str) -> list[Json]:
    return [{"url": "http://vn.example/e", **value}]


@pytest.mark.parametrize(
    ("plain", "is_right"),
    [
        (held(inner("a"), managingOrganization=to("#a")), True),
        (held(inner("a"), managingOrganization=to("#b")), False),
        (held(inner("a")), False),
        (held(inner("a", subject=to("#"))), True),
        (held(inner("a"), inner("b", subject=to("#a")), managingOrganization=to("#b")), True),
        (held(inner("a"), extension=valued(valueCanonical="#a")), True),
        (held(inner("a"), extension=valued(valueUri="#a")), True),
        (held(inner("a"), extension=valued(valueUrl="#a")), True),
        (held(inner("a"), extension=valued(valueString="#a")), False),
        (held(inner("a"), managingOrganization={"display": "#a"}), False),
        (held(inner("a", extension=valued(valueCanonical="#"))), True),
    ],
)
def test_dom_3_is_held_as_its_expression_says(plain: Json, *, is_right: bool) -> None:
    assert keeps_dom_3(plain) == (is_right, is_right)


@pytest.mark.parametrize(
    ("plain", "expression", "ours"),
    [
        pytest.param(held({"resourceType": "Patient"}), True, False, id="no id: nothing can refer to it"),
        pytest.param(held(inner("a", subject=to("#a"))), True, False, id="only by itself: not from elsewhere"),
        pytest.param(held(inner("a", extension=valued(valueUri="#"))), False, True, id="refers back by a uri"),
    ],
)
def test_where_the_words_of_dom_3_are_held_against_its_expression(plain: Json, *, expression: bool, ours: bool) -> None:
    assert keeps_dom_3(plain) == (expression, ours)


@settings(max_examples=tries(60), deadline=None)
@given(RESOURCE)
def test_dom_3_differs_from_its_expression_for_those_reasons_only(plain: Json) -> None:
    is_odd = any("id" not in each or f"'#{each['id']}'" in str(each) for each in plain.get("contained", ()))
    item, scope = next(elements(plain))
    ours = not any(re.fullmatch(r"\w+\.contained\[\d+\]", each) for each in told("dom-3", plain))
    assert is_odd or ours == (holds(DOM_3, item, scope) is not False)
