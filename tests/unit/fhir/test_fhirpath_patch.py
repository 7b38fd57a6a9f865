"""FHIRPath Patch: what each operation does to a resource, what is refused, and that nothing is half done."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.fhirpath_patch import apply_fhirpath_patch
from benhan.fhir.resource import parse_json, to_bytes
from benhan.kernel.faults import Fault

Json = dict[str, Any]


def operation(**parts: Any) -> Json:
    """An operation: texts as code or string, numbers as integer, dictionaries as they are."""
    made = []
    for name, value in parts.items():
        if name == "kind":
            made.append({"name": "type", "valueCode": value})
        elif isinstance(value, dict):
            made.append({"name": name, **value})
        elif isinstance(value, int):
            made.append({"name": name, "valueInteger": value})
        else:
            made.append({"name": name, "valueString": value})
    return {"name": "operation", "part": made}


def patch(*operations: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(operations)}


PATIENT: Json = {
    "resourceType": "Patient",
    "id": "1",
    "birthDate": "1920-01-01",
    "_birthDate": {"extension": [{"url": "urn:a", "valueCode": "x"}]},
    "name": [{"given": ["An", "Binh"], "_given": [None, {"id": "g"}]}, {"text": "An"}],
    "identifier": [{"value": "1"}, {"value": "2"}, {"value": "3"}],
    "deceasedBoolean": False,
    "contact": [{"name": {"text": "Cha"}}],
}


def changed(**members: Any) -> Json:
    """The patient with some members changed, those that are None gone."""
    return {name: value for name, value in {**PATIENT, **members}.items() if value is not None}


EXTENSION = {"part": [{"name": "url", "valueUri": "urn:b"}, {"name": "value", "valueCode": "y"}]}
NARRATIVE = {
    "part": [
        {"name": "status", "valueCode": "generated"},
        {"name": "div", "valueString": "<div xmlns='http://www.w3.org/1999/xhtml'>a</div>"},
    ]
}

DONE = {
    "an element is added": (
        operation(kind="add", path="Patient", name="active", value={"valueBoolean": True}),
        changed(active=True),
    ),
    "an item is added at the end": (
        operation(kind="add", path="Patient", name="identifier", value={"valueIdentifier": {"value": "4"}}),
        changed(identifier=[{"value": "1"}, {"value": "2"}, {"value": "3"}, {"value": "4"}]),
    ),
    "a first item is added": (
        operation(kind="add", path="Patient", name="address", value={"valueAddress": {"city": "Huế"}}),
        changed(address=[{"city": "Huế"}]),
    ),
    "an element is added to a part": (
        operation(kind="add", path="Patient.contact[0]", name="gender", value={"valueCode": "male"}),
        changed(contact=[{"name": {"text": "Cha"}, "gender": "male"}]),
    ),
    "a choice is added under the name of its type": (
        operation(kind="add", path="Patient", name="multipleBirth", value={"valueInteger": 2}),
        changed(multipleBirthInteger=2),
    ),
    "a part is added out of parts": (
        operation(
            kind="add",
            path="Patient",
            name="contact",
            value={
                "part": [
                    {"name": "name", "valueHumanName": {"text": "Mẹ"}},
                    {"name": "gender", "valueCode": "female"},
                    {"name": "relationship", "valueCodeableConcept": {"text": "mẹ"}},
                ]
            },
        ),
        changed(
            contact=[
                {"name": {"text": "Cha"}},
                {"name": {"text": "Mẹ"}, "gender": "female", "relationship": [{"text": "mẹ"}]},
            ]
        ),
    ),
    "a contained resource is added": (
        operation(
            kind="add", path="Patient", name="contained", value={"resource": {"resourceType": "Basic", "id": "b"}}
        ),
        changed(contained=[{"resourceType": "Basic", "id": "b"}]),
    ),
    "an extension is added to a primitive that has one": (
        operation(
            kind="add",
            path="Patient.birthDate",
            name="extension",
            value=EXTENSION,
        ),
        changed(_birthDate={"extension": [{"url": "urn:a", "valueCode": "x"}, {"url": "urn:b", "valueCode": "y"}]}),
    ),
    "an extension is added to a primitive in a list": (
        operation(
            kind="add",
            path="Patient.name.given[0]",
            name="extension",
            value=EXTENSION,
        ),
        changed(
            name=[
                {"given": ["An", "Binh"], "_given": [{"extension": [{"url": "urn:b", "valueCode": "y"}]}, {"id": "g"}]},
                {"text": "An"},
            ]
        ),
    ),
    "an item is inserted": (
        operation(kind="insert", path="Patient.identifier", index=1, value={"valueIdentifier": {"value": "x"}}),
        changed(identifier=[{"value": "1"}, {"value": "x"}, {"value": "2"}, {"value": "3"}]),
    ),
    "an item is inserted into nothing": (
        operation(
            kind="insert", path="Patient.contact[0].telecom", index=0, value={"valueContactPoint": {"value": "1"}}
        ),
        changed(contact=[{"name": {"text": "Cha"}, "telecom": [{"value": "1"}]}]),
    ),
    "a primitive is inserted beside extensions": (
        operation(kind="insert", path="Patient.name[0].given", index=1, value={"valueString": "Cam"}),
        changed(name=[{"given": ["An", "Cam", "Binh"], "_given": [None, None, {"id": "g"}]}, {"text": "An"}]),
    ),
    "an element is deleted with its extensions": (
        operation(kind="delete", path="Patient.birthDate"),
        changed(birthDate=None, _birthDate=None),
    ),
    "an item is deleted with its twin": (
        operation(kind="delete", path="Patient.name[0].given[1]"),
        changed(name=[{"given": ["An"]}, {"text": "An"}]),
    ),
    "what is left empty is deleted too": (
        operation(kind="delete", path="Patient.contact.name.text"),
        changed(contact=None),
    ),
    "the last extension of a primitive is deleted": (
        operation(kind="delete", path="Patient.birthDate.extension('urn:a')"),
        changed(_birthDate=None),
    ),
    "what is not there is deleted": (operation(kind="delete", path="Patient.gender"), PATIENT),
    "what a condition finds is deleted": (
        operation(kind="delete", path="Patient.identifier.where(value = '2')"),
        changed(identifier=[{"value": "1"}, {"value": "3"}]),
    ),
    "an element is replaced": (
        operation(kind="replace", path="Patient.birthDate", value={"valueDate": "1930-01-01"}),
        changed(birthDate="1930-01-01", _birthDate=None),
    ),
    "a choice is replaced by another of its types": (
        operation(kind="replace", path="Patient.deceased", value={"valueDateTime": "2026-01-01"}),
        changed(deceasedBoolean=None, deceasedDateTime="2026-01-01"),
    ),
    "an item is replaced": (
        operation(kind="replace", path="Patient.name[1]", value={"valueHumanName": {"text": "Ba"}}),
        changed(name=[PATIENT["name"][0], {"text": "Ba"}]),
    ),
    "a value of an extension is replaced": (
        operation(kind="replace", path="Patient.birthDate.extension('urn:a').value", value={"valueString": "y"}),
        changed(_birthDate={"extension": [{"url": "urn:a", "valueString": "y"}]}),
    ),
    "a string stands for a code": (
        operation(kind="add", path="Patient", name="gender", value={"valueString": "male"}),
        changed(gender="male"),
    ),
    "a narrative is replaced by a string": (
        operation(kind="add", path="Patient", name="text", value=NARRATIVE),
        changed(text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>a</div>"}),
    ),
    "an item is moved back": (
        operation(kind="move", path="Patient.identifier", source=2, destination=0),
        changed(identifier=[{"value": "3"}, {"value": "1"}, {"value": "2"}]),
    ),
    "an item is moved forth": (
        operation(kind="move", path="Patient.identifier", source=0, destination=2),
        changed(identifier=[{"value": "2"}, {"value": "3"}, {"value": "1"}]),
    ),
}

REFUSED = {
    "no Parameters": ({"resourceType": "Patient"}, "BA-2030"),
    "no list": ({"resourceType": "Parameters", "parameter": {}}, "BA-2030"),
    "another name": ({"resourceType": "Parameters", "parameter": [{"name": "x"}]}, "BA-2030"),
    "no parts": (patch({"name": "operation"}), "BA-2031"),
    "no type": (patch(operation(path="Patient")), "BA-2031"),
    "another type": (patch(operation(kind="copy", path="Patient")), "BA-2031"),
    "a wrong path": (patch(operation(kind="delete", path="Patient.")), "BA-2031"),
    "a path to no element": (patch(operation(kind="delete", path="1 + 1")), "BA-2031"),
    "a long path": (patch(operation(kind="delete", path="Patient" + " " * 1000)), "BA-2031"),
    "no value": (patch(operation(kind="add", path="Patient", name="active")), "BA-2031"),
    "two values": (
        patch(operation(kind="add", path="Patient", name="active", value={"valueBoolean": True, "valueCode": "x"})),
        "BA-2031",
    ),
    "no index": (
        patch(operation(kind="insert", path="Patient.identifier", value={"valueIdentifier": {}})),
        "BA-2031",
    ),
    "nothing found": (patch(operation(kind="replace", path="Patient.gender", value={"valueCode": "male"})), "BA-2032"),
    "several found": (patch(operation(kind="delete", path="Patient.identifier")), "BA-2038"),
    "there already": (
        patch(operation(kind="add", path="Patient", name="deceased", value={"valueDateTime": "2026"})),
        "BA-2039",
    ),
    "no such element": (patch(operation(kind="add", path="Patient", name="xyz", value={"valueCode": "a"})), "BA-2040"),
    "another type of value": (
        patch(operation(kind="add", path="Patient", name="active", value={"valueString": "yes"})),
        "BA-2040",
    ),
    "a type that the choice has not": (
        patch(operation(kind="replace", path="Patient.deceased", value={"valueString": "yes"})),
        "BA-2040",
    ),
    "beyond the list": (
        patch(operation(kind="insert", path="Patient.identifier", index=4, value={"valueIdentifier": {"value": "x"}})),
        "BA-2041",
    ),
    "moved from beyond": (patch(operation(kind="move", path="Patient.identifier", source=3, destination=0)), "BA-2041"),
    "the whole": (patch(operation(kind="delete", path="Patient")), "BA-2036"),
    "too many": (patch(*[operation(kind="delete", path="Patient.gender")] * 201), "BA-2034"),
    "a list that is no list": (
        patch(operation(kind="insert", path="Patient.birthDate", index=0, value={"valueDate": "2026"})),
        "BA-2040",
    ),
}


@pytest.mark.parametrize("name", DONE)
def test_an_operation_does_what_it_says(name: str) -> None:
    told, after = DONE[name]
    before = copy.deepcopy(PATIENT)
    assert apply_fhirpath_patch(PATIENT, patch(told)) == after
    assert before == PATIENT


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_and_nothing_is_changed(name: str) -> None:
    told, code = REFUSED[name]
    before = copy.deepcopy(PATIENT)
    with pytest.raises(Fault, match=code):
        apply_fhirpath_patch(PATIENT, told)
    assert before == PATIENT


def test_a_patch_without_operations_changes_nothing() -> None:
    assert apply_fhirpath_patch(PATIENT, {"resourceType": "Parameters"}) == PATIENT


def test_operations_see_what_those_before_them_did_and_the_failing_one_is_told() -> None:
    first = operation(kind="add", path="Patient", name="gender", value={"valueCode": "male"})
    second = operation(kind="delete", path="Patient.gender")
    third = operation(kind="replace", path="Patient.gender", value={"valueCode": "male"})
    assert apply_fhirpath_patch(PATIENT, patch(first, second)) == PATIENT
    with pytest.raises(Fault, match="Operation 3"):
        apply_fhirpath_patch(PATIENT, patch(first, second, third))


def test_what_fhirpath_says_of_a_path_is_an_issue_of_the_fault() -> None:
    with pytest.raises(Fault, match="BA-2031") as caught:
        apply_fhirpath_patch(PATIENT, patch(operation(kind="delete", path="Patient.nope()")))
    assert caught.value.issues[0].place == "operation[0].path"
    assert "nope" in caught.value.issues[0].text.en


def test_digits_are_kept() -> None:
    body, _ = parse_json(
        b'{"resourceType":"Observation","valueQuantity":{"value":1.50},"component":[{"valueQuantity":{"value":2.0}}]}'
    )
    told, _ = parse_json(
        b'{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},'
        b'{"name":"path","valueString":"Observation.component.where(value.value > 1.99).value.value"},'
        b'{"name":"value","valueDecimal":3.10}]}]}'
    )
    assert to_bytes(apply_fhirpath_patch(body, told)) == (
        b'{"resourceType":"Observation","valueQuantity":{"value":1.50},"component":[{"valueQuantity":{"value":3.10}}]}'
    )


paths = st.sampled_from(
    [
        "Patient",
        "Patient.name",
        "Patient.name[0].given",
        "Patient.name.given[1]",
        "name.where(text = 'An')",
        "birthDate",
        "Patient.birthDate.extension",
        "Patient.contact.name",
        "Patient.deceased",
        "id",
        "children()",
        "%resource",
        "'x'",
    ]
)
values = st.sampled_from(
    [
        {"valueString": "a"},
        {"valueHumanName": {"text": "b"}},
        {"valueDate": "2026"},
        {"valueBoolean": True},
        {},
        {"part": [{"name": "text", "valueString": "c"}]},
        {"resource": {"resourceType": "Basic"}},
        {"part": [1]},
        EXTENSION,
        {"valueString": None},
        {"_valueString": {"id": "x"}},
    ]
)
operations = st.builds(
    operation,
    kind=st.sampled_from(["add", "insert", "delete", "replace", "move"]),
    path=paths,
    name=st.sampled_from(["name", "given", "extension", "text", "deceased", "birthDate", "contained", "zzz"]),
    value=values,
    index=st.integers(-1, 3),
    source=st.integers(0, 3),
    destination=st.integers(0, 3),
)


@given(st.lists(operations, max_size=4))
def test_any_patch_is_done_or_refused_and_leaves_its_input(told: list[Json]) -> None:
    before = copy.deepcopy(PATIENT)
    try:
        after = apply_fhirpath_patch(PATIENT, patch(*told))
    except Fault:
        after = PATIENT
    assert before == PATIENT
    assert after["resourceType"] == "Patient"
