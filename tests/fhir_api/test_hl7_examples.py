"""HL7's examples go in as XML and come out in JSON and XML as they were, to the digit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conformance.test_fhir_examples import NOT_FHIR, examples
from tests.fhir_api.conftest import BASE, EVERYTHING

from benhan.access.middleware import Door
from benhan.access.sessions import Sessions
from benhan.fhir.resource import to_bytes
from benhan.fhir.validation import check_structure
from benhan.fhir.xml_format import parse_xml, to_xml
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.routes import routes
from benhan.kernel.ids import SystemRandom
from benhan.serving.roles import refusing
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store

BODY_BYTES_MAX = 2_000_000
SIDE_BY_SIDE = 16


@pytest.fixture
async def client(fresh_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    store = await Store.open(
        await Database.connect(fresh_url, pool_size=8), make_kek_file(tmp_path / "kek.json", SystemRandom())
    )
    sessions = Sessions(store.database, store.clock, store.random)
    door = Door(routes(FhirApi(store, BASE)), sessions, SystemRandom(), refusing(None))
    headers = {"authorization": f"Bearer {await sessions.make_token('examples', EVERYTHING)}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url=BASE, headers=headers) as asking:
        yield asking
    await store.close()


def chosen() -> list[bytes]:
    """The valid examples, but for a few bundles of definitions that no server keeps as one resource."""
    found = []
    for path in examples():
        if path.name not in NOT_FHIR and path.stat().st_size < BODY_BYTES_MAX:
            data = path.read_bytes()
            if not check_structure(json.loads(data)):
                found.append(data)
    return found


def told(data: bytes) -> Any:
    """A resource with its numbers as they are written, without what the server says of the version."""
    body = json.loads(data, parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text))
    meta = {name: value for name, value in body.pop("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    if "header" in body.get("channel", {}):  # written and never shown
        body["channel"]["header"] = [f"{each.partition(':')[0]}: ***" for each in body["channel"]["header"]]
    return {**body, "meta": meta} if meta else body


async def difference(client: httpx.AsyncClient, data: bytes) -> str:
    """What went wrong with an example, "" for nothing."""
    plain = json.loads(data)
    place = f"{plain['resourceType']}/{plain['id']}"
    put = await client.put(place, content=to_xml(data), headers={"content-type": "application/fhir+xml"})
    if put.status_code not in (200, 201):
        return f"{place}: {put.status_code} {put.text[:500]}"
    read = await client.get(place, headers={"accept": "application/fhir+json"})
    in_xml = await client.get(f"{place}?_format=xml")
    if told(read.content) != told(data):
        return f"{place} in JSON"
    return "" if told(to_bytes(parse_xml(in_xml.content).body)) == told(data) else f"{place} in XML"


@pytest.mark.slow
async def test_every_example_goes_in_as_xml_and_comes_out_equal(client: httpx.AsyncClient) -> None:
    waiting = chosen()
    assert len(waiting) > 5_200
    wrong: list[str] = []

    async def work() -> None:
        while waiting:
            wrong.append(await difference(client, waiting.pop()))

    await asyncio.gather(*(work() for _ in range(SIDE_BY_SIDE)))
    assert [each for each in wrong if each] == []
