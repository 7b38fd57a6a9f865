"""Composition/$document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from tests.fhir_api.conftest import BASE, codes_of, patient
from tests.fhir_api.test_everything import made, observation

Json = dict[str, Any]


async def composed(fhir: httpx.AsyncClient, *entries: str, of: str, author: str) -> str:
    body: Json = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "a"},
        "date": "2026-01-01",
        "title": "a",
        "subject": {"reference": f"Patient/{of}"},
        "author": [{"reference": f"Practitioner/{author}"}],
    }
    if entries:
        body["section"] = [{"title": "a", "entry": [{"reference": each} for each in entries]}]
    return await made(fhir, body)


async def test_a_document_is_the_composition_first_and_all_it_leads_to_once(fhir: httpx.AsyncClient) -> None:
    place = await made(fhir, {"resourceType": "Organization", "name": "a"})
    author = await made(
        fhir,
        {
            "resourceType": "Practitioner",
            "qualification": [{"code": {"text": "a"}, "issuer": {"reference": f"Organization/{place}"}}],
        },
    )
    an = await made(fhir, patient())
    first, second = [await made(fhir, observation(an)) for _ in range(2)]
    id_ = await composed(fhir, f"Observation/{first}", f"Observation/{second}", of=an, author=author)
    answer = await fhir.get(f"Composition/{id_}/$document")
    assert answer.status_code == 200
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "document")
    assert bundle["identifier"]["value"].startswith("urn:uuid:")
    assert bundle["timestamp"]
    urls = [each["fullUrl"] for each in bundle["entry"]]
    assert urls[0] == f"{BASE}/Composition/{id_}"
    expected = [f"Patient/{an}", f"Practitioner/{author}", f"Observation/{first}", f"Observation/{second}"]
    assert sorted(urls[1:]) == sorted(f"{BASE}/{each}" for each in [*expected, f"Organization/{place}"])
    for each in bundle["entry"]:
        assert (await fhir.get(each["fullUrl"])).json() == each["resource"]


async def test_a_persisted_document_is_a_bundle_of_its_own(fhir: httpx.AsyncClient) -> None:
    an, author = await made(fhir, patient()), await made(fhir, {"resourceType": "Practitioner"})
    id_ = await composed(fhir, of=an, author=author)
    answer = await fhir.get(f"Composition/{id_}/$document", params={"persist": "true"})
    assert answer.status_code == 201
    stored = (await fhir.get(answer.headers["location"])).json()
    assert stored == answer.json()
    assert (stored["type"], len(stored["entry"])) == ("document", 3)


async def test_a_document_that_would_lack_something_is_refused(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    an, author, gone = await made(fhir, patient()), await made(fhir, {"resourceType": "Practitioner"}), unique()
    id_ = await composed(fhir, f"Observation/{gone}", of=an, author=author)
    answer = await fhir.get(f"Composition/{id_}/$document")
    assert (answer.status_code, codes_of(answer)) == (409, ["BA-2358"])
    assert f"Observation/{gone}" in answer.text


async def test_a_document_that_leads_too_far_is_refused(fhir: httpx.AsyncClient, monkeypatch: Any) -> None:
    monkeypatch.setattr("benhan.fhir_api.operations.document.RESOURCES_MAX", 2)
    an, author = await made(fhir, patient()), await made(fhir, {"resourceType": "Practitioner"})
    id_ = await composed(fhir, of=an, author=author)
    assert codes_of(await fhir.get(f"Composition/{id_}/$document")) == ["BA-2357"]


async def test_a_composition_that_is_not_there_has_no_document(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    assert (await fhir.get(f"Composition/{unique()}/$document")).status_code == 404
