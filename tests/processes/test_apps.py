"""Apps at the running applications of node and repository: from the sign-in page to the data of one patient."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from tests.processes.conftest import PASSWORD, House

from benhan.access.smart.clients import ClientKind, Registration
from benhan.access.smart.grants import challenge_of
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Role, system

BACK = "https://app.example/back"
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.mark.parametrize("role", ["node", "repository"])
async def test_a_citizen_lets_an_app_read_their_own_data_and_no_more(houses: dict[str, House], role: str) -> None:
    house = houses[role]
    smart = house.access.smart
    await smart.clients.add(Registration("books", "Books", ClientKind.PUBLIC, "launch/patient patient/*.rs", (BACK,)))
    unit = smart.store.begin(system("tests"))
    own, other = (unit.create(resource_of({"resourceType": "Patient"})) for _ in range(2))
    await smart.store.commit(unit)
    account = await house.access.accounts.create("nguoi-dan", "Người Dân", Role.CITIZEN, PASSWORD, patient=own)
    assert account.patient == own
    fields = {
        "response_type": "code", "client_id": "books", "redirect_uri": BACK, "scope": "launch/patient patient/*.rs",
        "state": "s", "aud": smart.fhir_url, "code_challenge": challenge_of("v" * 43), "code_challenge_method": "S256",
    }  # fmt: skip
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as browser:
        answer = await browser.get(f"/oauth/authorize?{urlencode(fields)}")
        assert answer.status_code == 303
        next_ = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["next"]
        signing = {"login": "nguoi-dan", "password": PASSWORD, "next": next_}
        answer = await browser.post("/sign-in", data=signing)
        page = await browser.get(answer.headers["location"])
        assert page.status_code == 200, page.text
        told = {name: unescape(value) for name, value in FIELD.findall(page.text)}
        answer = await browser.post("/oauth/authorize", data={**told, "act": "allow"})
        code = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]
        asked = {"grant_type": "authorization_code", "client_id": "books", "redirect_uri": BACK, "code": code}
        tokens = (await browser.post("/oauth/token", data={**asked, "code_verifier": "v" * 43})).json()
        assert tokens["patient"] == own
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=headers) as app:
        statuses = [(await app.get(f"/fhir/Patient/{each}")).status_code for each in (own, other)]
        assert statuses == [200, 404]
        assert (await app.get("/account")).status_code == 403
        assert (await app.post("/deliveries")).status_code in (403, 405)
