"""What the tests of bulk data share: an API with a runner of its own, and clients that wait for a job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from benhan.access.middleware import Door
from benhan.access.sessions import Sessions
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bulk.bulk import Bulk
from benhan.fhir_api.routes import routes
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.serving.roles import refusing
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store

BASE = "http://node.example/fhir"
ASYNC = {"prefer": "respond-async"}
EVERYTHING = (
    Permission.FHIR_READ,
    Permission.FHIR_SEARCH,
    Permission.FHIR_WRITE,
    Permission.FHIR_DELETE,
    Permission.BULK_EXPORT,
    Permission.BULK_IMPORT,
)
Json = dict[str, Any]


@dataclass(slots=True)
class BulkServer:
    """A server on a store of its own; its jobs are run by `work` alone, so that a test sees every state."""

    store: Store
    api: FhirApi
    bulk: Bulk
    sessions: Sessions
    door: Door
    clients: list[httpx.AsyncClient]

    async def client(self, name: str = "tester", permissions: tuple[Permission, ...] = EVERYTHING) -> httpx.AsyncClient:
        token = await self.sessions.make_token(name, permissions)
        headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.door), base_url=BASE + "/", headers=headers)
        self.clients.append(client)
        return client

    async def work(self) -> bool:
        """Do one job as far as it goes; whether there was one."""
        runner = self.bulk.runner()
        worked = await runner.step(asyncio.Event())
        await runner.tidy()
        return worked


async def bulk_server(database_url: str, folder: Path, **limits: Any) -> AsyncIterator[BulkServer]:
    kek = make_kek_file(folder / "kek.json", SystemRandom())
    clock = limits.pop("clock", None)
    store = await Store.open(await Database.connect(database_url, pool_size=8), kek, clock=clock)
    bulk = Bulk.on(store, folder / "bulk", BASE, **{"life_s": 3600.0, **limits})
    api = FhirApi(store, BASE, bulk=bulk)
    sessions = Sessions(store.database, store.clock, store.random)
    server = BulkServer(store, api, bulk, sessions, Door(routes(api), sessions, SystemRandom(), refusing(None)), [])
    try:
        yield server
    finally:
        for client in server.clients:
            await client.aclose()
        await store.close()


async def put(client: httpx.AsyncClient, body: Json) -> str:
    """Store a resource; gives its reference."""
    if "id" in body:
        answer = await client.put(f"{body['resourceType']}/{body['id']}", json=body)
    else:
        answer = await client.post(body["resourceType"], json=body)
    assert answer.status_code in (200, 201), answer.text
    told = answer.json()
    return f"{told['resourceType']}/{told['id']}"


async def kicked_off(client: httpx.AsyncClient, address: str, **asked: Any) -> str:
    """The address of a new job."""
    answer = await client.get(address, params=asked, headers=ASYNC)
    assert answer.status_code == 202, answer.text
    return answer.headers["content-location"]


async def exported(server: BulkServer, client: httpx.AsyncClient, address: str = "$export", **asked: Any) -> Json:
    """The manifest of an export that is run to its end."""
    job = await kicked_off(client, address, **asked)
    assert (await client.get(job)).status_code == 202
    assert await server.work()
    answer = await client.get(job)
    assert answer.status_code == 200, answer.text
    manifest: Json = answer.json()
    return manifest


async def lines_of(client: httpx.AsyncClient, manifest: Json, group: str = "output") -> list[Json]:
    """All lines of the files of a group; the counts and types told are those found."""
    found: list[Json] = []
    for file in manifest.get(group, []):
        answer = await client.get(file["url"])
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/fhir+ndjson"
        lines = [orjson.loads(line) for line in answer.content.splitlines()]
        assert len(lines) == file["count"]
        assert {line["resourceType"] for line in lines} == {file["type"]}
        found += lines
    return found


def references(lines: list[Json]) -> list[str]:
    return sorted(f"{line['resourceType']}/{line['id']}" for line in lines)
