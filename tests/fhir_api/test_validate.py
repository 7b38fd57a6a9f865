"""$validate: what is found is told with 200; modes, profiles, and what is asked wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import codes_of, patient

Json = dict[str, Any]


def observation(**more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def found(answer: httpx.Response) -> list[tuple[str, str, str]]:
    """(severity, code, place) of each issue."""
    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    return [(each["severity"], each["code"], each.get("expression", [""])[0]) for each in outcome["issue"]]


async def test_a_resource_without_faults_is_told_so(fhir: httpx.AsyncClient) -> None:
    told = patient(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">A</div>'})
    assert found(await fhir.post("Patient/$validate", json=told)) == [("information", "informational", "")]


async def test_structure_invariants_bindings_and_references_are_told_with_their_places(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post("Patient/$validate", json=patient(gender="Male"))
    assert found(answer) == [("error", "code-invalid", "Patient.gender")]
    wrong = observation(
        subject={"reference": "Medication/1"},
        referenceRange=[{"appliesTo": [{"text": "x"}]}],
        valueQuantity={"value": 1, "code": "g"},
        dataAbsentReason={"text": "x"},
    )
    errors = [each[1:] for each in found(await fhir.post("Observation/$validate", json=wrong)) if each[0] == "error"]
    assert sorted(errors) == [
        ("invariant", "Observation"),
        ("invariant", "Observation.referenceRange[0]"),
        ("invariant", "Observation.valueQuantity"),
        ("structure", "Observation.subject.reference"),
    ]


async def test_parameters_and_the_address_say_the_same(fhir: httpx.AsyncClient) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/bodyweight"
    asked = {
        "resourceType": "Parameters",
        "parameter": [{"name": "profile", "valueUri": url}, {"name": "resource", "resource": observation()}],
    }
    by_parameters = found(await fhir.post("Observation/$validate", json=asked))
    by_address = found(await fhir.post("Observation/$validate", params={"profile": url}, json=observation()))
    assert by_parameters == by_address
    assert ("error", "required", "Observation.category") in by_parameters
    assert ("error", "required", "Observation.subject") in by_parameters


async def test_a_profile_that_is_not_known_is_named_as_such(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post("Patient/$validate?profile=http://vn.example/p", json=patient())
    assert (answer.status_code, codes_of(answer)) == (404, ["BA-2201"])
    claimed = patient(meta={"profile": ["http://vn.example/p"]})
    assert ("warning", "not-found", "Patient") in found(await fhir.post("Patient/$validate", json=claimed))


async def test_a_stored_resource_is_validated_in_its_place(fhir: httpx.AsyncClient) -> None:
    id_ = (await fhir.post("Patient", json=patient())).json()["id"]
    assert ("warning", "invariant", "Patient") in found(await fhir.get(f"Patient/{id_}/$validate"))
    asked = {"resourceType": "Parameters", "parameter": [{"name": "mode", "valueCode": "delete"}]}
    assert found(await fhir.post(f"Patient/{id_}/$validate", json=asked)) == [("information", "informational", "")]
    answer = await fhir.post(f"Patient/{id_}/$validate?mode=update", json=patient(id="another"))
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-0305"])
    answer = await fhir.post("Patient/not-there/$validate", json=asked)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("address", "body", "code"),
    [
        ("Patient/$validate?mode=destroy", patient(), "BA-2203"),
        ("Patient/$validate?profil=x", patient(), "BA-2351"),
        ("Patient/$validate", observation(), "BA-0304"),
        ("Patient/$validate", {"resourceType": "Parameters"}, "BA-2353"),
        ("Patient/$validate", {"resourceType": "Parameters", "parameter": 1}, "BA-2354"),
        ("Patient/$validate", [], "BA-2354"),
    ],
)
async def test_what_is_asked_wrongly_is_refused(fhir: httpx.AsyncClient, address: str, body: Any, code: str) -> None:
    answer = await fhir.post(address, json=body)
    assert (answer.status_code, codes_of(answer)) == (400, [code])


async def test_a_profile_posted_to_the_store_is_used_and_its_change_is_seen(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    url = f"http://vn.example/StructureDefinition/{unique()}"
    profile: Json = {
        "resourceType": "StructureDefinition", "url": url, "name": "P", "status": "active", "kind": "resource",
        "abstract": False, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {"element": [{"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1}]},
    }  # fmt: skip
    made = await fhir.post("StructureDefinition", json=profile)
    assert made.status_code == 201, made.text
    asked = patient(meta={"profile": [url]})
    assert ("error", "required", "Patient.birthDate") in found(await fhir.post("Patient/$validate", json=asked))
    assert "error" not in {
        each[0] for each in found(await fhir.post("Patient/$validate", json={**asked, "birthDate": "1990"}))
    }


async def test_a_value_set_of_the_store_bounds_a_profile(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    word = unique()
    url, value_set = f"http://vn.example/StructureDefinition/{word}", f"http://vn.example/ValueSet/{word}"
    await fhir.post(
        "ValueSet",
        json={
            "resourceType": "ValueSet", "url": value_set, "status": "active",
            "compose": {"include": [{"system": "http://vn.example/cs", "concept": [{"code": "a"}]}]},
        },
    )  # fmt: skip
    made = await fhir.post("StructureDefinition", json=bound(url, value_set))
    assert made.status_code == 201
    for code, expected in (("a", False), ("b", True)):
        resource = observation(
            meta={"profile": [url]}, code={"coding": [{"system": "http://vn.example/cs", "code": code}]}
        )
        answer = await fhir.post("Observation/$validate", json=resource)
        assert (("error", "code-invalid", "Observation.code") in found(answer)) is expected, answer.text


def bound(url: str, value_set: str) -> Json:
    """A profile whose codes are of a value set."""
    binding = {"strength": "required", "valueSet": value_set}
    return {
        "resourceType": "StructureDefinition", "url": url, "name": "O", "status": "active", "kind": "resource",
        "abstract": False, "type": "Observation", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
        "differential": {"element": [{"id": "Observation.code", "path": "Observation.code", "binding": binding}]},
    }  # fmt: skip


@pytest.mark.parametrize("is_posted", [False, True], ids=["unknown value set", "unknown code system"])
async def test_what_nobody_can_tell_of_a_value_set_is_said_and_no_error(
    fhir: httpx.AsyncClient, unique: Callable[[], str], *, is_posted: bool
) -> None:
    word = unique()
    url, value_set = f"http://vn.example/StructureDefinition/{word}", f"http://vn.example/ValueSet/{word}"
    if is_posted:
        below = {"property": "concept", "op": "is-a", "value": "1"}
        include = [{"system": f"http://vn.example/cs/{word}", "filter": [below]}]
        told = {"resourceType": "ValueSet", "url": value_set, "status": "active", "compose": {"include": include}}
        assert (await fhir.post("ValueSet", json=told)).status_code == 201
    assert (await fhir.post("StructureDefinition", json=bound(url, value_set))).status_code == 201
    code = {"coding": [{"system": f"http://vn.example/cs/{word}", "code": "2"}]}
    answer = await fhir.post("Observation/$validate", json=observation(meta={"profile": [url]}, code=code))
    assert "error" not in {each[0] for each in found(answer)}, answer.text
    assert value_set in answer.text
