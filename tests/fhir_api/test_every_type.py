"""Every resource type of FHIR R4 is written, read, searched and deleted, whatever valid resource it is."""

from __future__ import annotations

import random

import httpx
import orjson
import pytest
from tests.fuzz.any_resource import any_resource

from benhan.fhir.definitions import resource_types
from benhan.fhir_api.subscriptions.secrets import without_secrets


@pytest.mark.parametrize("type_", sorted(resource_types()))
async def test_a_resource_of_every_type_lives_and_ends(fhir: httpx.AsyncClient, type_: str) -> None:
    body = any_resource(type_, random.Random(type_))
    if type_ == "Subscription":  # one that asks for something must be one that can be
        body["status"] = "off"
    created = await fhir.post(type_, content=orjson.dumps(body))
    assert created.status_code == 201, created.text
    id_ = created.json()["id"]
    shown = orjson.loads(without_secrets(orjson.dumps(body)))  # of a Subscription, headers are not
    assert created.json() == {**shown, "id": id_, "meta": created.json()["meta"]}
    updated = await fhir.put(f"{type_}/{id_}", content=orjson.dumps({**body, "id": id_}))
    assert (updated.status_code, updated.headers["etag"]) == (200, 'W/"2"')
    found = (await fhir.get(type_, params={"_id": id_, "_lastUpdated": "ge2026-01-01"})).json()
    assert [each["resource"] for each in found["entry"]] == [updated.json()]
    assert (await fhir.delete(f"{type_}/{id_}")).status_code == 204
    assert "entry" not in (await fhir.get(type_, params={"_id": id_})).json()
