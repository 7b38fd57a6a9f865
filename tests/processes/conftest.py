"""The applications of all roles in this process, each on a database of its own, with an account of every role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.postgres import copy_of_template

from benhan.access.accounts import Account
from benhan.access.routes import GuardedRoute
from benhan.access.sessions import COOKIE, Session
from benhan.kernel.actors import Role
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.serving.roles import ROLES
from benhan.store.opening import open_store
from benhan.wiring import Access, build_access

PEOPLE = tuple(role for role in Role if role not in (Role.MACHINE, Role.SYSTEM))
PASSWORD = "mat-khau-dung-de-thu"
PLACES = {
    "{id}": "abcdefgh12345678", "{id:int}": "1", "{type}": "Patient", "{version}": "1", "{analyte}": "glu",
    "{wanted}": "Observation", "{job}": "abc", "{file}": "x", "{operation}": "nothing",
    "{name}": "emrhub", "{key}": "0-1", "{part}": "0", "{observation}": "abcdefgh12345678", "{of}": "abcdefgh12345678",
    "{field}": "hinh", "{place}": "0", "{kind}": "file", "{encounter}": "abcdefgh12345678", "{number:int}": "1",
    "{batch}": "0" * 24, "{letter}": "council", "{holder}": "01001", "{exchange}": "x",
}  # fmt: skip


@dataclass
class House:
    """One role's application, and who may come to its door."""

    role: str
    app: Any
    access: Access
    accounts: dict[Role, Account] = field(default_factory=dict)
    store: Any = None

    @property
    def routes(self) -> list[Any]:
        app = self.app
        while not hasattr(app, "_table"):
            app = app._app
        return list(app._table.routes)

    def walked(self) -> list[tuple[str, str, Permission]]:
        """Method, an address, and permission of every route."""
        return [
            (method, address_of(route.path), route.permission)
            for route in self.routes
            if isinstance(route, GuardedRoute)
            for method in sorted(route.methods or ())
        ]

    async def enter(self, role: Role) -> tuple[dict[str, str], Session]:
        """A fresh session: the header that carries it, and what it is."""
        secret = await self.access.sessions.open(self.accounts[role])
        session = await self.access.sessions.find(secret)
        assert session is not None
        return {"cookie": f"{COOKIE}={secret}"}, session

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            return await client.request(method, path, headers=headers, **more)


def address_of(pattern: str) -> str:
    """An address that a route's pattern matches."""
    for place, value in PLACES.items():
        pattern = pattern.replace(place, value)
    for place, value in {
        "{job}": "0" * 32,
        "{file}": "Patient.1",
        "{operation}": "nothing",
        "{wanted}": "Basic",
        "{number}": "1",
        "{list}": "icd10",
        "{code}": "A" * 20,
    }.items():
        pattern = pattern.replace(place, value)
    pattern = pattern.replace("{path:path}", "app.css")
    assert "{" not in pattern, pattern
    return pattern


@pytest.fixture(scope="session")
async def houses(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, House]]:
    """The application of every role."""
    async with AsyncExitStack() as open_:
        made: dict[str, House] = {}
        for role, open_role in ROLES.items():
            url = await copy_of_template(embedded_url, f"doors_{role}")
            settings = Settings(data=Path(tmp_path_factory.mktemp(role)), database=url, mllp_port=0, pool_size=4)
            if role == "node":  # the destinations without a line to anywhere
                settings = replace(settings, bhxh_send="file", emrhub_send="file")
            running = await open_.enter_async_context(open_role(settings))
            store = await open_.enter_async_context(open_store(settings, role))
            house = House(role, running.app, build_access(store, settings), store=store)
            for each in PEOPLE:
                house.accounts[each] = await house.access.accounts.create(each.value, each.value, each, PASSWORD)
            made[role] = house
        yield made


@pytest.fixture(params=list(ROLES))
def house(request: pytest.FixtureRequest, houses: dict[str, House]) -> House:
    """The application of one role; the test runs for each."""
    return houses[request.param]
