"""The FHIR API behind the real door, asked over ASGI by a machine with a token."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clocks import MovedClock
from tests.fhir_api.subscribing import House, Receiver
from tests.postgres import copy_of_template

from benhan.access.middleware import Door
from benhan.access.owners import KnownOwners
from benhan.access.sessions import Sessions
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.routes import routes
from benhan.fhir_api.subscriptions.tasks import subscription_parts
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.serving.roles import refusing
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store

BASE = "http://node.example/fhir"
BODY_BYTES_MAX = 200_000
EVERYTHING = (Permission.FHIR_READ, Permission.FHIR_SEARCH, Permission.FHIR_WRITE, Permission.FHIR_DELETE)
Json = dict[str, Any]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def api_store(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """One store for all tests of this folder; each works on resources of its own."""
    database = await Database.connect(await copy_of_template(embedded_url, "fhir_api"), pool_size=8)
    folder: Path = tmp_path_factory.mktemp("fhir_api")
    store = await Store.open(database, make_kek_file(folder / "kek.json", SystemRandom()))
    yield store
    await store.close()


@pytest.fixture(scope="session")
def sessions(api_store: Store) -> Sessions:
    return Sessions(api_store.database, api_store.clock, api_store.random)


@pytest.fixture(scope="session")
def door(api_store: Store, sessions: Sessions) -> Door:
    api = FhirApi(api_store, BASE, BODY_BYTES_MAX, bundle_entries_max=50)
    return Door(routes(api), sessions, SystemRandom(), refusing(None))


@pytest.fixture(scope="session")
async def token(sessions: Sessions) -> str:
    """The token of a machine that may do everything FHIR."""
    return await sessions.make_token("tester", EVERYTHING)


@pytest.fixture
async def fhir(door: Door, token: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API; bodies given as `json` are sent as application/fhir+json."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    transport = httpx.ASGITransport(door)
    async with httpx.AsyncClient(transport=transport, base_url=BASE + "/", headers=headers) as client:
        yield client


@pytest.fixture
def unique() -> Callable[[], str]:
    """Gives words that no other test has."""
    return lambda: f"t{next(_numbers)}"


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", "name": [{"family": "Nguyễn", "given": ["Thử"]}], **more}


def codes_of(answer: httpx.Response) -> list[str]:
    """The BA- codes of an OperationOutcome; fails where the answer is none or speaks no words."""
    outcome = answer.json()
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert outcome["resourceType"] == "OperationOutcome"
    assert all(issue["details"]["text"] and issue["severity"] and issue["code"] for issue in outcome["issue"])
    return [coding["code"] for issue in outcome["issue"] for coding in issue["details"].get("coding", [])]


@pytest.fixture
async def house(fresh_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A store of one's own with subscriptions that are followed and told when a test says so."""
    database = await Database.connect(fresh_url, pool_size=8)
    clock = MovedClock()
    store = await Store.open(database, make_kek_file(tmp_path / "kek.json", SystemRandom()), clock=clock)
    sessions = Sessions(database, clock, store.random)
    receiver = Receiver()
    follower, teller, sockets = subscription_parts(store, BASE, KnownOwners(database, clock), receiver)
    door = Door(routes(FhirApi(store, BASE)), sessions, SystemRandom(), refusing(None))
    token = await sessions.make_token("subscriber", EVERYTHING)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    transport = httpx.ASGITransport(door)
    async with httpx.AsyncClient(transport=transport, base_url=BASE + "/", headers=headers) as fhir:
        yield House(store, clock, follower, teller, receiver, fhir, sessions, sockets)
    await store.close()
