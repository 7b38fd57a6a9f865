"""Search parameters of one's own: what depends on a search takes them as it takes R4's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clocks import MovedClock
from tests.fhir_api.bulk import BulkServer, bulk_server, exported, lines_of, put, references
from tests.fhir_api.conftest import codes_of, patient

from benhan.store.reindex import SETTLE_S, reindex

OWN = {
    "resourceType": "SearchParameter",
    "id": "biet-danh",
    "url": "urn:test:biet-danh",
    "name": "BietDanh",
    "status": "active",
    "description": "Patient.name.text",
    "code": "biet-danh",
    "base": ["Patient"],
    "type": "string",
    "expression": "Patient.name.text",
}


def named(text: str, **more: Any) -> dict[str, Any]:
    return patient(name=[{"text": text}], **more)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(fresh_url: str, tmp_path: Path, clock: MovedClock) -> AsyncIterator[BulkServer]:
    async for each in bulk_server(fresh_url, tmp_path, clock=clock):
        yield each


@pytest.fixture
async def client(server: BulkServer, clock: MovedClock) -> httpx.AsyncClient:
    """A client of a server whose own parameter has been built."""
    client = await server.client()
    await put(client, OWN)
    await server.store.parameters.refresh()
    clock.ahead += timedelta(seconds=SETTLE_S)
    await reindex(server.store)
    await server.store.parameters.refresh()
    return client


async def test_conditions_of_writes_take_them(client: httpx.AsyncClient) -> None:
    headers = {"if-none-exist": "biet-danh=T%C3%AD"}
    first = await client.post("Patient", json=named("Tí"), headers=headers)
    second = await client.post("Patient", json=named("Tí"), headers=headers)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["id"] == first.json()["id"]
    updated = await client.put("Patient?biet-danh=Ti", json=named("Tèo"))
    assert (updated.status_code, updated.json()["id"]) == (200, first.json()["id"])
    change = [{"op": "add", "path": "/gender", "value": "male"}]
    kind = {"content-type": "application/json-patch+json"}
    patched = await client.patch("Patient?biet-danh=teo", json=change, headers=kind)
    assert (patched.status_code, patched.json()["gender"]) == (200, "male")
    assert (await client.delete("Patient?biet-danh=teo")).status_code == 204
    assert (await client.get(f"Patient/{first.json()['id']}")).status_code == 410


async def test_bundles_take_them_in_conditions_and_references(client: httpx.AsyncClient) -> None:
    there = await put(client, named("Tí"))
    request = {"method": "POST", "url": "Patient", "ifNoneExist": "biet-danh=Tí"}
    basic = {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "Patient?biet-danh=Tí"}}
    entries = [
        {"request": request, "resource": named("Tí")},
        {"request": {"method": "POST", "url": "Basic"}, "resource": basic},
    ]
    told = (await client.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})).json()
    assert told["entry"][0]["response"]["status"] == "200"
    made = await client.get(told["entry"][1]["response"]["location"])
    assert made.json()["subject"] == {"reference": there}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": entries[:1]}
    assert (await client.post("", json=batch)).json()["entry"][0]["response"]["status"] == "200"


async def test_filters_of_exports_take_them(server: BulkServer, client: httpx.AsyncClient) -> None:
    one, _ = await put(client, named("Tí")), await put(client, named("Tèo"))
    manifest = await exported(server, client, _type="Patient", _typeFilter="Patient?biet-danh=ti")
    assert references(await lines_of(client, manifest)) == [one]


async def test_one_that_is_being_built_is_refused_for_writes_as_for_searches(
    server: BulkServer, client: httpx.AsyncClient
) -> None:
    await put(client, {**OWN, "id": "moi", "code": "moi", "url": "urn:test:moi"})
    await server.store.parameters.refresh()
    answer = await client.post("Patient", json=named("Tí"), headers={"if-none-exist": "moi=T%C3%AD"})
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-0220"])
    assert "incomplete" in [each["code"] for each in answer.json()["issue"]]
