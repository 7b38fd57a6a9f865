"""A hospital's authorization server behind its real door: people with browsers, apps with their own clients."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from tests.clocks import MovedClock
from tests.postgres import copy_of_template

from benhan.access.smart.clients import ClientKind, Registration
from benhan.access.smart.grants import challenge_of
from benhan.fhir.resource import resource_of
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.routes import routes as fhir_routes
from benhan.kernel.actors import Role, system
from benhan.kernel.ids import SystemRandom
from benhan.kernel.settings import Settings
from benhan.node.patients import Patients
from benhan.serving.roles import app_doors, application, door_pages
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store
from benhan.web.consent_pages import ConsentPages, LaunchPages
from benhan.web.pages import Site
from benhan.wiring import Access, build_access

ADDRESS = "http://node.example"
BASE = f"{ADDRESS}/fhir"
PASSWORD = "con-ngua-dung-pin-ghim"
BACK = "https://app.example/back"
VERIFIER = "v" * 43
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
PEOPLE = "openid fhirUser launch launch/patient launch/encounter online_access offline_access patient/*.rs user/*.cruds"
Json = dict[str, Any]
_numbers = itertools.count(1)


@dataclass
class House:
    """A running node: its parts, its application."""

    store: Store
    access: Access
    clock: MovedClock
    app: Any

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ADDRESS, headers=headers)

    async def register(self, kind: ClientKind = ClientKind.PUBLIC, scopes: str = PEOPLE, **more: Any) -> App:
        id_ = f"app-{next(_numbers)}"
        more = {"redirect_uris": (BACK,), **more}
        secret = await self.access.smart.clients.add(Registration(id_, f"App {id_}", kind, scopes, **more))
        return App(self, id_, secret)

    async def person(self, role: Role = Role.DOCTOR, patient: str = "") -> Person:
        login = f"person-{next(_numbers)}"
        await self.access.accounts.create(login, f"BS. {login}", role, PASSWORD, patient=patient)
        browser = self.client()
        self.clock.advance(seconds=1)  # people come one after another, not sixty at once
        answer = await browser.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return Person(self, login, browser)

    async def write(self, resource: Json) -> str:
        """Put a resource into the store, as the house itself; gives its id."""
        unit = self.store.begin(system("tests"))
        if "id" in resource:
            unit.update(resource_of(resource))
        else:
            unit.create(resource_of(resource))
        stored = (await self.store.commit(unit))[0]
        assert stored is not None
        return stored.id

    async def events(self, client: str) -> list[str]:
        """What the ledger holds of a client, in order."""
        from benhan.store.ledger.events import EVENTS_BY_NUMBER

        rows = await self.store.database.fetch(
            "select event from ("
            "select event, 1 as part, id as n, place from ledger_waiting where bucket >= 0 and detail like $1"
            " union all "
            "select event, 0, seq, 0 from ledger_entry where bucket >= 0 and detail like $1) e order by part, n, place",
            f'%"client":"{client}"%',
        )
        return [EVENTS_BY_NUMBER[row["event"]].label for row in rows]


@dataclass
class Person:
    """Somebody with a browser, signed in."""

    house: House
    login: str
    browser: httpx.AsyncClient

    async def press(self, page: httpx.Response, **buttons: str) -> httpx.Response:
        """Send the form of a page with what is pressed."""
        fields = {name: unescape(value) for name, value in FIELD.findall(page.text)}
        return await self.browser.post("/oauth/authorize", data={**fields, **buttons})


@dataclass
class App:
    """An app as its developer would write it."""

    house: House
    id: str
    secret: str = ""
    seen: Json = field(default_factory=dict)

    def address(self, **changed: str | None) -> str:
        fields = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": BACK,
            "scope": "launch/patient patient/*.rs",
            "state": "s t&a=te",
            "aud": BASE,
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changed,
        }
        told = {name: value for name, value in fields.items() if value is not None}
        return f"/oauth/authorize?{urlencode(told)}"

    async def ask(self, person: Person, **changed: str | None) -> httpx.Response:
        return await person.browser.get(self.address(**changed))

    async def code(self, person: Person, patient: str = "", **changed: str | None) -> str:
        """The code that a person's yes gives; they choose `patient` where they are asked."""
        page = await self.ask(person, **changed)
        assert page.status_code == 200, (page.status_code, page.headers.get("location"))
        if 'name="act" value="find"' in page.text:
            page = await person.press(page, patient=patient)
        answer = await person.press(page, act="allow")
        told = back(answer)
        assert "code" in told, told
        assert told["state"] == "s t&a=te"
        assert told["iss"] == ADDRESS
        return told["code"]

    async def post(self, path: str = "/oauth/token", **fields: str) -> httpx.Response:
        async with self.house.client() as client:
            if self.secret:
                return await client.post(path, data=fields, auth=(self.id, self.secret))
            return await client.post(path, data={"client_id": self.id, **fields})

    async def exchange(self, code: str, /, **changed: str) -> httpx.Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return await self.post(**{**fields, **changed})

    async def tokens(self, person: Person, patient: str = "", **changed: str | None) -> Json:
        answer = await self.exchange(await self.code(person, patient, **changed))
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        told: Json = answer.json()
        return told

    def fhir(self, token: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.house.app), base_url=f"{BASE}/", headers=headers)


def back(answer: httpx.Response) -> dict[str, str]:
    """What the redirect to the app tells it."""
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == BACK
    return dict(parse_qsl(parts.query))


@pytest.fixture(scope="session")
async def house(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One node for all tests of this folder; each works with people, apps and patients of its own."""
    folder: Path = tmp_path_factory.mktemp("smart")
    database = await Database.connect(await copy_of_template(embedded_url, "smart"), pool_size=8)
    clock = MovedClock()
    store = await Store.open(database, make_kek_file(folder / "kek.json", SystemRandom()), clock=clock)
    settings = Settings(data=folder, public_url=ADDRESS)
    access = build_access(store, settings)
    site = Site("node", "Bệnh viện thử")
    api = FhirApi(store, BASE, 200_000, 50, security=access.smart.security())
    routes = [
        *app_doors(access, store),
        *fhir_routes(api),
        *door_pages(site, access, store),
        *ConsentPages(site, access.smart, Patients(store)).routes(),
        *LaunchPages(site, access.smart).routes(),
    ]
    yield House(store, access, clock, application(routes, store, access, {}, site))
    await store.close()


@pytest.fixture
async def own(house: House) -> str:
    """A patient of the test, with a name that no other has."""
    return await house.write({"resourceType": "Patient", "name": [{"family": f"Rieng{next(_numbers)}"}]})


@pytest.fixture
async def other(house: House) -> str:
    """Another patient."""
    return await house.write({"resourceType": "Patient", "name": [{"family": f"Khac{next(_numbers)}"}]})


def observation(patient: str, category: str = "laboratory", **more: Any) -> Json:
    system_ = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": system_, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }
