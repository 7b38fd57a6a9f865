"""Slicing by type, profile and exists, the rules closed, openAtEnd and ordered, the default slice, reslicing."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.definitions.structures import shipped_structure
from benhan.fhir.validation.definitions import ShippedDefinitions
from benhan.fhir.validation.scope import Options
from benhan.fhir.validation.validator import Validator

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/StructureDefinition/"
URL = "http://vn.example/StructureDefinition/"
LOINC = "http://loinc.org"


class Given(ShippedDefinitions):
    """R4's definitions and those of a test."""

    def __init__(self, *structures: Json) -> None:
        self._structures = {each["url"]: each for each in structures}

    def structure(self, url: str) -> Json | None:
        return self._structures.get(url) or shipped_structure(url)


def profile(name: str, type_: str, *elements: Json) -> Json:
    return {
        "resourceType": "StructureDefinition", "url": URL + name, "kind": "resource", "type": type_,
        "baseDefinition": CORE + type_, "derivation": "constraint", "differential": {"element": [*elements]},
    }  # fmt: skip


def sliced(path: str, kind: str, discriminator: str, rules: str = "open", **more: Any) -> Json:
    by = [{"type": kind, "path": discriminator}]
    return {"id": path, "path": path, "slicing": {"discriminator": by, "rules": rules, **more}}


def element(id_: str, **more: Any) -> Json:
    steps = id_.split(".")
    name = steps[-1].partition(":")[2]
    told = {"id": id_, "path": ".".join(step.partition(":")[0] for step in steps), **more}
    return told | ({"sliceName": name} if name else {})


def found(resource: Json, *definitions: Json, severity: str = "error") -> list[tuple[str, str]]:
    """(kind, place) of what the resource lacks of the first profile."""
    issues = Validator(Given(*definitions), Options(invariants=False)).validate(resource, [definitions[0]["url"]])
    return [(each.kind, each.place) for each in issues if each.severity.value == severity]


def observation(**more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def bundle(*resources: Json) -> Json:
    entries = [{"fullUrl": f"http://h/{each['resourceType']}/{each['id']}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


PATIENT: Json = {"resourceType": "Patient", "id": "p"}
MALE: Json = {"resourceType": "Patient", "id": "m", "gender": "male"}
BASIC: Json = {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}
MEN = profile("men", "Patient", element("Patient.gender", min=1, patternCode="male"))


# type


BY_TYPE = profile(
    "p", "Observation",
    sliced("Observation.value[x]", "type", "$this", "closed"),
    element("Observation.value[x]:valueQuantity", type=[{"code": "Quantity"}]),
    element("Observation.value[x]:valueQuantity.unit", min=1),
    element("Observation.value[x]:valueString", type=[{"code": "string"}], maxLength=3),
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": {"value": 1, "unit": "g"}}, []),
        ({"valueQuantity": {"value": 1}}, [("required", "Observation.valueQuantity.unit")]),
        ({"valueString": "abc"}, []),
        ({"valueString": "abcd"}, [("value", "Observation.valueString")]),
        ({"valueBoolean": True}, [("structure", "Observation.valueBoolean")]),
        ({}, []),
    ],
)
def test_a_choice_is_sliced_by_its_type(value: Json, expected: list[tuple[str, str]]) -> None:
    assert found(observation(**value), BY_TYPE) == expected


ENTRIES_BY_TYPE = profile(
    "p", "Bundle",
    sliced("Bundle.entry", "type", "resource"),
    element("Bundle.entry:patient", min=1, max="1"),
    element("Bundle.entry:patient.resource", type=[{"code": "Patient"}]),
)  # fmt: skip


def test_entries_are_sliced_by_the_type_of_their_resource() -> None:
    assert found(bundle(PATIENT, BASIC), ENTRIES_BY_TYPE) == []
    assert found(bundle(BASIC), ENTRIES_BY_TYPE) == [("required", "Bundle.entry")]
    assert found(bundle(PATIENT, MALE), ENTRIES_BY_TYPE) == [("structure", "Bundle.entry")]


def by_target(target: str, kind: str = "type") -> Json:
    return profile(
        "p", "Observation",
        sliced("Observation.focus", kind, "resolve()"),
        element("Observation.focus:who", min=1, type=[{"code": "Reference", "targetProfile": [target]}]),
    )  # fmt: skip


@pytest.mark.parametrize("target", [CORE + "Patient", URL + "men"])
def test_references_are_sliced_by_the_type_they_lead_to(target: str) -> None:
    definition = by_target(target)
    resource = observation(focus=[{"reference": "Basic/1"}, {"reference": "Patient/1"}])
    assert found(resource, definition, MEN) == []
    assert found(observation(focus=[{"reference": "Basic/1"}]), definition, MEN) == [("required", "Observation.focus")]


# profile


ENTRIES_BY_PROFILE = profile(
    "p", "Bundle",
    sliced("Bundle.entry", "profile", "resource"),
    element("Bundle.entry:man", min=1, max="1"),
    element("Bundle.entry:man.resource", type=[{"code": "Patient", "profile": [URL + "men"]}]),
)  # fmt: skip


def test_entries_are_sliced_by_the_profile_their_resource_follows() -> None:
    assert found(bundle(PATIENT, MALE), ENTRIES_BY_PROFILE, MEN) == []
    assert found(bundle(PATIENT), ENTRIES_BY_PROFILE, MEN) == [("required", "Bundle.entry")]
    assert found(bundle(MALE, MALE), ENTRIES_BY_PROFILE, MEN) == [("structure", "Bundle.entry")]


def test_references_are_sliced_by_the_profile_of_what_they_lead_to() -> None:
    definition = by_target(URL + "men", "profile")
    resource = observation(contained=[MALE, PATIENT], focus=[{"reference": "#p"}, {"reference": "#m"}])
    assert found(resource, definition, MEN) == []
    resource["focus"].pop()
    assert found(resource, definition, MEN) == [("required", "Observation.focus")]


def test_a_profile_that_is_not_known_tells_nothing_apart_and_that_is_said() -> None:
    assert found(bundle(MALE), ENTRIES_BY_PROFILE) == []
    assert ("informational", "Bundle.entry") in found(bundle(MALE), ENTRIES_BY_PROFILE, severity="information")


def test_what_a_reference_leads_to_is_told_apart_by_a_value_in_it() -> None:
    definition = profile(
        "p", "Observation",
        sliced("Observation.focus", "value", "resolve().gender"),
        element("Observation.focus:man", min=1,
                type=[{"code": "Reference", "targetProfile": [URL + "men"]}]),
    )  # fmt: skip
    assert found(observation(contained=[MALE], focus=[{"reference": "#m"}]), definition, MEN) == []
    resource = observation(contained=[PATIENT], focus=[{"reference": "#p"}])
    assert found(resource, definition, MEN) == [("required", "Observation.focus")]


# exists


BY_PRESENCE = profile(
    "p", "Observation",
    sliced("Observation.component", "exists", "value", "closed"),
    element("Observation.component:told", max="1"),
    element("Observation.component:told.value[x]", min=1),
    element("Observation.component:missing"),
    element("Observation.component:missing.value[x]", max="0"),
    element("Observation.component:missing.dataAbsentReason", min=1),
)  # fmt: skip
TOLD: Json = {"code": {"text": "x"}, "valueString": "y"}
MISSING: Json = {"code": {"text": "x"}, "dataAbsentReason": {"text": "z"}}


def test_components_are_sliced_by_whether_an_element_is_there() -> None:
    assert found(observation(component=[TOLD, MISSING, MISSING]), BY_PRESENCE) == []
    assert found(observation(component=[TOLD, TOLD]), BY_PRESENCE) == [("structure", "Observation.component")]
    bare = {"code": {"text": "x"}}
    expected = [("required", "Observation.component[0].dataAbsentReason")]
    assert found(observation(component=[bare]), BY_PRESENCE) == expected


def test_presence_that_a_slice_leaves_open_tells_nothing_apart_and_that_is_said() -> None:
    definition = profile(
        "p", "Observation",
        sliced("Observation.component", "exists", "value"),
        element("Observation.component:told", min=1),
        element("Observation.component:told.value[x]", short="maybe"),
    )  # fmt: skip
    assert found(observation(component=[MISSING]), definition) == []
    assert found(observation(component=[MISSING]), definition, severity="information")


# closed, openAtEnd, ordered, @default


def coded(code: str) -> Json:
    return {"coding": [{"system": LOINC, "code": code}]}


def component(code: str, **more: Any) -> Json:
    return {"code": coded(code), **more}


def by_code(rules: str, *names: str, **more: Any) -> Json:
    slices = []
    for name in names:
        slices.append(element(f"Observation.component:{name}"))
        if name != "@default":
            slices.append(element(f"Observation.component:{name}.code", patternCodeableConcept=coded(name)))
        else:
            slices.append(element("Observation.component:@default.value[x]", max="0"))
    return profile("p", "Observation", sliced("Observation.component", "value", "code", rules, **more), *slices)


@pytest.mark.parametrize(
    ("rules", "codes", "wrong"),
    [
        ("open", "axb", []),
        ("openAtEnd", "abxx", []),
        ("openAtEnd", "ba", []),
        ("openAtEnd", "axb", [2]),
        ("openAtEnd", "xab", [1, 2]),
        ("closed", "ab", []),
        ("closed", "axb", [1]),
    ],
)
def test_what_is_of_no_slice_stands_where_the_rules_let_it(rules: str, codes: str, wrong: list[int]) -> None:
    resource = observation(component=[component(code) for code in codes])
    expected = [("structure", f"Observation.component[{each}]") for each in wrong]
    assert found(resource, by_code(rules, "a", "b")) == expected


@pytest.mark.parametrize(("codes", "wrong"), [("aab", []), ("axb", []), ("ba", [1]), ("aba", [2])])
def test_ordered_slices_come_in_their_order(codes: str, wrong: list[int]) -> None:
    resource = observation(component=[component(code) for code in codes])
    expected = [("structure", f"Observation.component[{each}]") for each in wrong]
    assert found(resource, by_code("open", "a", "b", ordered=True)) == expected


def test_the_default_slice_takes_what_no_other_does() -> None:
    definition = by_code("closed", "a", "@default")
    assert found(observation(component=[component("a", valueString="v"), component("x")]), definition) == []
    resource = observation(component=[component("a"), component("x", valueString="v")])
    assert found(resource, definition) == [("structure", "Observation.component[1].value")]


# reslicing


RESLICED = profile(
    "p", "Observation",
    sliced("Observation.component", "value", "code"),
    element("Observation.component:a", min=1, max="2",
            slicing={"discriminator": [{"type": "type", "path": "value"}], "rules": "closed"}),
    element("Observation.component:a.code", patternCodeableConcept=coded("a")),
    element("Observation.component:a/number", max="1"),
    element("Observation.component:a/number.value[x]", min=1, type=[{"code": "Quantity"}]),
    element("Observation.component:a/number.interpretation", min=1),
    element("Observation.component:a/words", max="1"),
    element("Observation.component:a/words.value[x]", min=1, type=[{"code": "string"}]),
    element("Observation.component:b"),
    element("Observation.component:b.code", patternCodeableConcept=coded("b")),
)  # fmt: skip
NUMBER = component("a", valueQuantity={"value": 1}, interpretation=[{"text": "high"}])
WORDS = component("a", valueString="x")


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([NUMBER, WORDS], []),
        ([WORDS, component("b", valueBoolean=True)], []),
        ([component("a", valueQuantity={"value": 1})], [("required", "Observation.component[0].interpretation")]),
        ([WORDS, WORDS], [("structure", "Observation.component")]),
        ([component("a", valueBoolean=True)], [("structure", "Observation.component[0]")]),
        ([component("b")], [("required", "Observation.component")]),
    ],
)
def test_the_items_of_a_slice_are_sliced_again(components: list[Json], expected: list[tuple[str, str]]) -> None:
    assert found(observation(component=components), RESLICED) == expected
