"""Every example in docs/interfaces/fhir is run: what the page shows is what the server answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import BASE, EVERYTHING
from tests.fhir_api.documented import Captured, Example, differences, examples_of, filled, matches, read_json

from benhan.access.middleware import Door
from benhan.access.rates import Rate
from benhan.access.sessions import Sessions
from benhan.access.smart.endpoints import SmartEndpoints
from benhan.access.smart.smart import build_smart
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bulk.bulk import Bulk
from benhan.fhir_api.routes import routes
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.serving.roles import refusing
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store

FOLDER = Path(__file__).parents[2] / "docs" / "interfaces" / "fhir"
PAGES = {path.stem: examples_of(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.md"))}


@pytest.fixture
async def empty(fresh_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with an empty store, who may do everything and reads English."""
    kek = make_kek_file(tmp_path / "kek.json", SystemRandom())
    store = await Store.open(await Database.connect(fresh_url, pool_size=6), kek)
    sessions = Sessions(store.database, store.clock, store.random)
    smart = build_smart(store, Settings(public_url=BASE.removesuffix("/fhir")))
    apps = SmartEndpoints(smart, Rate(store.clock, burst=60, per_s=2)).routes()
    bulk = Bulk.on(store, tmp_path / "bulk", BASE, life_s=3600)
    doors = [*apps, *routes(FhirApi(store, BASE, bulk=bulk))]
    door = Door(doors, sessions, SystemRandom(), refusing(None), smart.grants)
    may = (*EVERYTHING, Permission.BULK_EXPORT, Permission.BULK_IMPORT)
    headers = {"authorization": f"Bearer {await sessions.make_token('docs', may)}", "accept-language": "en"}

    async def work(answer: httpx.Response) -> None:
        """What is accepted is done before the next request of the page."""
        if answer.status_code == 202:
            await bulk.runner().step(asyncio.Event())

    transport, hooks = httpx.ASGITransport(door), {"response": [work]}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, event_hooks=hooks) as client:
        yield client
    await store.close()


async def asked(client: httpx.AsyncClient, example: Example, captured: Captured) -> httpx.Response:
    """The answer to the request of an example; paths are below the base."""
    method, path = filled(example.request.first, captured).split(" ", 1)
    headers = {name: filled(value, captured) for name, value in example.request.headers.items()}
    body = filled(example.request.body, captured)
    if body:
        headers.setdefault("content-type", "application/fhir+json")
    address = path if path.startswith("http") else BASE + path
    return await client.request(method, address, headers=headers, content=body.encode() or None)


def check(answer: httpx.Response, example: Example, captured: Captured) -> None:
    """Fails where the answer is not the one that the page shows."""
    at = f"example {example.number}, {example.request.first}: {answer.text[:2000]}"
    if example.answer is None:
        assert answer.status_code < 400, at
        return
    assert answer.status_code == int(example.answer.first.split()[1]), at
    for name, value in example.answer.headers.items():
        assert name in answer.headers, f"{at}\n{name} is not there"
        assert matches(value, answer.headers[name], captured), f"{at}\n{name} is {answer.headers[name]}"
    if example.answer.body and "json" in answer.headers["content-type"]:
        assert differences(read_json(example.answer.body), read_json(answer.text), captured) == [], at
    elif example.answer.body:
        assert matches(example.answer.body, answer.text.strip("\n"), captured), at


@pytest.mark.parametrize("page", [name for name, examples in PAGES.items() if examples])
async def test_the_examples_of_a_page_are_answered_as_it_shows(empty: httpx.AsyncClient, page: str) -> None:
    captured: Captured = {}
    for example in PAGES[page]:
        check(await asked(empty, example, captured), example, captured)


# ── the comparison itself ──


@pytest.mark.parametrize(
    ("expected", "real"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": "…"}, {"a": {"b": []}}),
        ([1, "…"], [1, 2, 3]),
        ([1, "…"], [1]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}),
        ({"id": "{{id}}", "again": "Patient/{{id}}"}, {"id": "x", "again": "Patient/x"}),
        ("trace …", "trace 00ff"),
    ],
)
def test_what_is_as_shown_passes(expected: Any, real: Any) -> None:
    assert differences(expected, real, {}) == []


@pytest.mark.parametrize(
    ("expected", "real"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {}),
        ({"a": 1}, [1]),
        ([1], [1, 2]),
        ([1, 2], [2, 1]),
        ([1, 2, "…"], [1]),
        ({"id": "{{id}}", "again": "Patient/{{id}}"}, {"id": "x", "again": "Patient/y"}),
        ("1.0", "1.00"),
        ("trace …", "no trace"),
        (None, False),
        ({"a": "1"}, {"a": 1}),
    ],
)
def test_what_is_not_as_shown_is_noticed(expected: Any, real: Any) -> None:
    assert differences(expected, real, {}) != []


def test_numbers_are_compared_by_their_digits() -> None:
    assert differences(read_json("[1.0]"), read_json("[1.00]"), {}) != []


def test_a_page_of_examples_is_read_in_order() -> None:
    page = (
        "```http\nPOST /A\nX: y\n\n{}\n```\ntext\n```http\nHTTP/1.1 201 Created\nETag: z\n```\n```http\nGET /B\n```\n"
    )
    first, second = examples_of(page)
    assert (first.request.first, first.request.headers, first.request.body) == ("POST /A", {"x": "y"}, "{}")
    assert first.answer is not None
    assert first.answer.headers == {"etag": "z"}
    assert (second.request.first, second.answer) == ("GET /B", None)
    with pytest.raises(AssertionError, match="captured nowhere"):
        filled("GET /{{id}}", {})
