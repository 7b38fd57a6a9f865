"""The capability statement says what the routes do, and no more."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import BASE

from benhan.access.middleware import Door
from benhan.access.sessions import Sessions
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.interactions.capabilities import OF_SYSTEM, OF_TYPES
from benhan.fhir_api.routes import TABLE, routes
from benhan.kernel.ids import SystemRandom
from benhan.serving.roles import refusing
from benhan.store.store import Store

ROUTES: dict[str, tuple[str, str]] = {
    "read": ("GET", "/{type}/{id}"),
    "vread": ("GET", "/{type}/{id}/_history/{version}"),
    "update": ("PUT", "/{type}/{id}"),
    "patch": ("PATCH", "/{type}/{id}"),
    "delete": ("DELETE", "/{type}/{id}"),
    "history-instance": ("GET", "/{type}/{id}/_history"),
    "history-type": ("GET", "/{type}/_history"),
    "create": ("POST", "/{type}"),
    "search-type": ("GET", "/{type}"),
    "transaction": ("POST", "/"),
    "batch": ("POST", "/"),
    "search-system": ("GET", "/"),
    "history-system": ("GET", "/_history"),
}
"""Interactions as R4 writes them. Source: http.html#summary."""


@pytest.fixture
async def statement(fhir: httpx.AsyncClient) -> dict[str, Any]:
    answer = await fhir.get("metadata", headers={"authorization": ""})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_every_interaction_that_has_a_code_has_its_route_in_the_table() -> None:
    there = {(method, path) for method, path, _, _ in TABLE}
    offered = {interaction.__name__ for _, _, interaction, _ in TABLE}
    for name, codes in [*((name, (code,)) for name, code in OF_TYPES.items()), *OF_SYSTEM.items()]:
        for code in codes:
            assert (ROUTES[code] in there) == (name in offered), code


async def test_the_statement_names_exactly_the_interactions_of_the_table(statement: dict[str, Any]) -> None:
    there = {(method, path) for method, path, _, _ in TABLE}
    wanted = {code for code, route in ROUTES.items() if route in there}
    (rest,) = statement["rest"]
    of_system = {each["code"] for each in rest["interaction"]}
    for told in rest["resource"]:
        assert {each["code"] for each in told["interaction"]} | of_system == wanted


async def test_conditions_are_told_as_they_are_done(
    statement: dict[str, Any], api_store: Store, sessions: Sessions
) -> None:
    told = statement["rest"][0]["resource"][0]
    names = ("conditionalCreate", "conditionalUpdate", "conditionalRead", "conditionalDelete", "updateCreate")
    assert [told[name] for name in names] == [True, True, "full-support", "single", True]
    api = FhirApi(api_store, BASE, conditional_deletes_max=9)
    transport = httpx.ASGITransport(Door(routes(api), sessions, SystemRandom(), refusing(None)))
    async with httpx.AsyncClient(transport=transport, base_url=BASE + "/") as client:
        other = (await client.get("metadata")).json()
    assert other["rest"][0]["resource"][0]["conditionalDelete"] == "multiple"
