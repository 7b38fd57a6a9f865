"""Searches of several types and in compartments, by GET and by POST, alone and in bundles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import BASE, codes_of, patient

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def people(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> tuple[str, list[str], list[str]]:
    """A tag, two patients, and what each has: an observation and a condition."""
    tag, patients, others = unique(), [], []
    meta = {"meta": {"tag": [{"system": "urn:test", "code": tag}]}}
    for _ in range(2):
        id_ = (await fhir.post("Patient", json=patient(**meta))).json()["id"]
        patients.append(f"Patient/{id_}")
        subject = {"subject": {"reference": f"Patient/{id_}"}, **meta}
        note = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **subject}
        illness = {"resourceType": "Condition", "code": {"text": "x"}, **subject}
        for body in (note, illness):
            made = (await fhir.post(body["resourceType"], json=body)).json()
            others.append(f"{made['resourceType']}/{made['id']}")
    return tag, patients, others


def found(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {each["fullUrl"].removeprefix(BASE + "/") for each in answer.json().get("entry", [])}


async def test_several_types_and_all_are_searched(fhir: httpx.AsyncClient, people: Any) -> None:
    tag, patients, others = people
    assert found(await fhir.get("", params={"_tag": f"urn:test|{tag}"})) == {*patients, *others}
    some = {"_tag": f"urn:test|{tag}", "_type": "Patient,Condition"}
    wanted = {*patients, *(each for each in others if each.startswith("Condition"))}
    assert found(await fhir.get("", params=some)) == wanted
    assert found(await fhir.post("_search", content=f"_tag=urn:test|{tag}&_type=Patient", headers=FORM)) == {*patients}


async def test_a_compartment_is_searched_and_nothing_of_another_comes(fhir: httpx.AsyncClient, people: Any) -> None:
    _, (one, _), others = people
    assert found(await fhir.get(f"{one}/Observation")) == {others[0]}
    assert found(await fhir.get(f"{one}/Observation?status=amended")) == set()
    assert found(await fhir.get(f"{one}/*")) == {one, *others[:2]}
    assert found(await fhir.post(f"{one}/Condition/_search", content="", headers=FORM)) == {others[1]}


@pytest.mark.parametrize("path", ["Patient/1/Organization", "Observation/1/Patient", "Patient/1/x", "Patient/1/_meta"])
async def test_what_is_no_compartment_is_not_found(fhir: httpx.AsyncClient, path: str) -> None:
    answer = await fhir.get(path)
    assert (answer.status_code, codes_of(answer)) == (404, ["BA-2167"])


async def test_both_are_answered_in_a_bundle(fhir: httpx.AsyncClient, people: Any) -> None:
    tag, patients, others = people
    urls = [f"?_type=Patient&_tag=urn:test|{tag}", f"{patients[0]}/Observation", f"{patients[0]}/_history"]
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    for type_ in ("batch", "transaction"):
        told = (await fhir.post("", json={"resourceType": "Bundle", "type": type_, "entry": entries})).json()["entry"]
        assert [each["response"]["status"] for each in told] == ["200"] * 3
        assert [len(each["resource"]["entry"]) for each in told] == [2, 1, 1]
        assert told[1]["resource"]["entry"][0]["fullUrl"] == f"{BASE}/{others[0]}"
