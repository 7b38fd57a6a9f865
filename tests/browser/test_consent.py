"""A real browser goes the whole way: sign-in, patient, consent by keyboard, back to an app on another site."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.browser.test_every_page import FAULTS

from benhan.access.routes import route
from benhan.access.smart.clients import ClientKind, Registration
from benhan.access.smart.grants import challenge_of
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Role, system
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.node.patients import Patients
from benhan.serving.role_server import http_server
from benhan.serving.roles import app_doors, application, door_pages
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store
from benhan.web.consent_pages import ConsentPages, LaunchPages
from benhan.web.pages import Site
from benhan.wiring import build_access

pytestmark = pytest.mark.browser

PASSWORD = "con-ngua-dung-pin-ghim"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Place:
    """A node, an app's own web server, and the patient who is asked about."""

    node: str
    app: str
    patient: str
    asked: list[str] = field(default_factory=list)


async def nothing(_request: Request) -> Response:
    return Response(status_code=204)


@pytest.fixture
async def place(fresh_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    store = await Store.open(
        await Database.connect(fresh_url, pool_size=4), make_kek_file(tmp_path / "kek.json", SystemRandom())
    )
    port, app_port = free_port(), free_port()
    settings = Settings(data=tmp_path, http_port=port)
    access = build_access(store, settings)
    site = Site("node", "Bệnh viện thử")
    pages = [
        *door_pages(site, access, store),
        *ConsentPages(site, access.smart, Patients(store)).routes(),
        *LaunchPages(site, access.smart).routes(),
        route("/signing/count", nothing, permission=Permission.SIGNED_IN),  # the shell asks for it
    ]
    app = application([*app_doors(access, store), *pages], store, access, {}, site)
    found = Place(settings.base_url, f"http://localhost:{app_port}", "")
    unit = store.begin(system("tests"))
    found.patient = unit.create(resource_of({"resourceType": "Patient", "name": [{"text": "Đặng Thị Ánh"}]}))
    await store.commit(unit)
    await access.accounts.create("lan", "BS. Lan", Role.DOCTOR, PASSWORD)
    scopes = "openid launch launch/patient patient/*.rs user/*.rs offline_access"
    uris = (f"{found.app}/back",)
    asked = Registration("an-app", "Sổ đo đường huyết", ClientKind.PUBLIC, scopes, uris, f"{found.app}/open")
    await access.smart.clients.add(asked)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.asked.append((await reader.readline()).decode().split()[1])
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9\r\n\r\n<p>ok</p>")
        await writer.drain()
        writer.close()

    server = http_server(app, settings)
    serving = asyncio.create_task(server.serve())
    async with await asyncio.start_server(answer, "127.0.0.1", app_port):
        yield found
        server.stop()
        await asyncio.gather(serving, return_exceptions=True)
    await store.close()


async def test_a_doctor_lets_an_app_in_by_keyboard(place: Place, browser: Any, shoot: Any) -> None:
    fields = {
        "response_type": "code",
        "client_id": "an-app",
        "redirect_uri": f"{place.app}/back",
        "scope": "openid launch/patient patient/Observation.rs?category=laboratory user/*.rs offline_access",
        "state": "s",
        "aud": f"{place.node}/fhir",
        "code_challenge": challenge_of("v" * 43),
        "code_challenge_method": "S256",
    }
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    await page.goto(f"{place.node}/oauth/authorize?{urlencode(fields)}")
    await page.fill("#login", "lan")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#pick-q")
    assert await page.evaluate(FAULTS) == []
    await page.keyboard.type("dang anh")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("button[name=patient]")
    assert await page.evaluate(FAULTS) == []
    await shoot(page, "pick-patient")
    await page.focus("button[name=patient]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("button[value=allow]")
    assert await page.evaluate(FAULTS) == []
    assert "Đặng Thị Ánh" in await page.inner_text("main")
    assert await page.evaluate("document.activeElement.value") != "allow"  # a key held too long agrees to nothing
    await shoot(page, "consent")
    await page.focus("button[value=allow]")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{place.app}/back**")
    told = dict(parse_qsl(urlsplit(page.url).query))
    assert (set(told), told["state"], told["iss"]) == ({"code", "state", "iss"}, "s", place.node)
    await page.goto(f"{place.node}/account/apps")
    assert await page.evaluate(FAULTS) == []
    assert "Sổ đo đường huyết" in await page.inner_text("main")
    await shoot(page, "apps")
    await page.goto(f"{place.node}/patients/{place.patient}/apps")
    assert await page.evaluate(FAULTS) == []
    await shoot(page, "launch")
    await page.click("button[name=client]")
    await page.wait_for_url(f"{place.app}/open**")
    assert set(dict(parse_qsl(urlsplit(page.url).query))) == {"iss", "launch"}
    assert errors == []
    await context.close()
