"""Every route of every role, asked by nobody, by every role, and by machines: only who may comes in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from benhan.access.middleware import SAFE_METHODS, Door
from benhan.access.roles import PERMISSIONS
from benhan.access.routes import RouteTable
from benhan.kernel.actors import Role
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.serving.roles import refusing

PEOPLE = tuple(role for role in Role if role not in (Role.MACHINE, Role.SYSTEM))
OF_APPS = {
    "/fhir/.well-known/smart-configuration", "/.well-known/smart-configuration", "/.well-known/openid-configuration",
    "/oauth/jwks", "/oauth/token", "/oauth/introspect", "/oauth/revoke",
}  # fmt: skip
"""What an app asks before it has a token; the last three prove the client themselves."""
PUBLIC = {
    "node": {
        "/healthz",
        "/readyz",
        "/fhir/metadata",
        "/sign-in",
        "/static/{path:path}",
        "/p",
        "/p/{code}",
        *OF_APPS,
    },
    "repository": {"/healthz", "/readyz", "/fhir/metadata", "/sign-in", "/static/{path:path}", *OF_APPS},
    "healthbook": {"/healthz", "/readyz", "/sign-in", "/static/{path:path}"},
    "portal": {
        *{"/healthz", "/readyz", "/sign-in", "/static/{path:path}", "/", "/facilities/{code}"},
        *{"/evidence", "/evidence/keys", "/data/facilities.csv", "/data/facilities.json", "/data/curve.csv"},
    },
    "hub": {
        "/healthz",
        "/readyz",
        "/fhir/metadata",
        "/sign-in",
        "/static/{path:path}",
        *OF_APPS,
        "/hub/messages",
        "/hub/configuration",
        "/hub/status",
    },  # a message proves its sender itself; the other two are for everybody
}
LEAST_ROUTES = {"node": 30, "repository": 14, "healthbook": 14, "portal": 20, "hub": 17}

House = Any


def _guarded(house: House) -> list[tuple[str, str, Permission]]:
    return [each for each in house.walked() if each[2] is not Permission.PUBLIC]


def _is_page(house: House, path: str) -> bool:
    of_machines = ("/exchange", "/fhir", "/hub", "/metrics", *(["/deliveries"] if house.role == "repository" else []))
    return not path.startswith(of_machines)


def _turned_away(house: House, path: str, answer: httpx.Response) -> bool:
    """Whether the answer is that of somebody unknown: the sign-in page for people, 401 for machines."""
    if _is_page(house, path):
        return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    return answer.status_code == 401


def test_every_route_names_its_permission(house: House) -> None:
    assert len(house.routes) >= LEAST_ROUTES[house.role]
    assert RouteTable(house.routes).without_permission() == []
    assert all(isinstance(route.permission, Permission) for route in house.routes)


def test_only_the_listed_routes_are_public(house: House) -> None:
    assert {route.path for route in house.routes if route.permission is Permission.PUBLIC} == PUBLIC[house.role]


async def test_nobody_reaches_what_is_not_public(house: House) -> None:
    let_in = []
    for method, path, _ in _guarded(house):
        answer = await house.ask(method, path)
        if not _turned_away(house, path, answer):
            let_in.append((method, path, answer.status_code))
    assert let_in == []


async def test_an_unknown_cookie_and_an_unknown_token_are_nobody(house: House) -> None:
    let_in = []
    for method, path, _ in _guarded(house):
        for headers in ({"cookie": "benhan=" + "A" * 43}, {"authorization": "Bearer " + "A" * 43}):
            answer = await house.ask(method, path, headers)
            if not _turned_away(house, path, answer):
                let_in.append((method, path, headers, answer.status_code))
    assert let_in == []


@pytest.mark.parametrize("role", PEOPLE, ids=lambda role: role.value)
async def test_a_role_reaches_what_it_may_and_nothing_else(house: House, role: Role) -> None:
    wrong = []
    for method, path, permission in _guarded(house):
        headers, session = await house.enter(role)
        answer = await house.ask(method, path, {**headers, "x-csrf-token": session.csrf})
        if permission in PERMISSIONS[role]:
            is_right = answer.status_code < 500 and answer.status_code != 401 and "BA-0902" not in answer.text
        else:
            is_right = answer.status_code == 403 and (method == "HEAD" or "BA-0902" in answer.text)
        if not is_right:
            wrong.append((method, path, permission.name, answer.status_code, answer.text[:200]))
    assert wrong == []


async def test_a_machine_without_permissions_reaches_nothing(house: House) -> None:
    token = await house.access.sessions.make_token("weak", [])
    let_in = []
    for method, path, _ in _guarded(house):
        answer = await house.ask(method, path, {"authorization": f"Bearer {token}"})
        if answer.status_code != 403:
            let_in.append((method, path, answer.status_code))
    assert let_in == []


async def test_a_machine_has_each_permission_alone(house: House) -> None:
    wrong = []
    for wanted in sorted({permission for _, _, permission in _guarded(house)}, key=lambda each: each.value):
        token = await house.access.sessions.make_token(f"only-{wanted.value}", [wanted])
        for method, path, permission in _guarded(house):
            if permission is wanted or permission is Permission.SIGNED_IN:
                continue
            answer = await house.ask(method, path, {"authorization": f"Bearer {token}"})
            if answer.status_code != 403:
                wrong.append((wanted.name, method, path, answer.status_code))
    assert wrong == []


async def test_an_outlived_token_lets_nobody_in(house: House) -> None:
    token = await house.access.sessions.make_token("old", list(Permission), life=timedelta(seconds=-1))
    let_in = [
        (method, path)
        for method, path, _ in _guarded(house)
        if not _turned_away(house, path, await house.ask(method, path, {"authorization": f"Bearer {token}"}))
    ]
    assert let_in == []


async def test_what_changes_something_needs_the_token_of_the_session(house: House) -> None:
    changed = []
    for method, path, permission in _guarded(house):
        if method in SAFE_METHODS:
            continue
        able = next((role for role in PEOPLE if permission in PERMISSIONS[role]), None)
        if able is None:
            continue
        headers, _ = await house.enter(able)
        _, other = await house.enter(able)
        for sent in ({}, {"x-csrf-token": "wrong"}, {"x-csrf-token": other.csrf}, {"x-csrf-token": ""}):
            answer = await house.ask(method, path, {**headers, **sent})
            if answer.status_code != 403 or "BA-0905" not in answer.text:
                changed.append((method, path, sent, answer.status_code))
    assert changed == []


async def test_the_token_in_a_form_field_serves_as_well_as_in_a_header(houses: dict[str, House]) -> None:
    house = houses["node"]
    headers, session = await house.enter(Role.NURSE)
    refused = await house.ask("POST", "/language", headers, data={"csrf": "x", "next": "/"})
    taken = await house.ask("POST", "/language", headers, data={"csrf": session.csrf, "next": "/"})
    assert (refused.status_code, taken.status_code) == (403, 303)


async def test_other_sites_send_us_no_forms(house: House) -> None:
    sent = []
    for method, path, permission in house.walked():
        if method in SAFE_METHODS or path in OF_APPS:  # apps in other sites' pages prove themselves, never by a cookie
            continue
        able = next((role for role in PEOPLE if permission in PERMISSIONS[role]), Role.DOCTOR)
        headers, session = await house.enter(able)
        for foreign in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
            answer = await house.ask(method, path, {**headers, "x-csrf-token": session.csrf, **foreign})
            if answer.status_code != 403:
                sent.append((method, path, foreign, answer.status_code))
    assert sent == []


async def test_a_bearer_header_does_not_lend_a_session_its_way_round_the_token(houses: dict[str, House]) -> None:
    headers, _ = await houses["node"].enter(Role.DOCTOR)
    answer = await houses["node"].ask("POST", "/sign-out", {**headers, "authorization": "Bearer x"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert (await houses["node"].ask("GET", "/patients", headers)).status_code == 200


async def test_a_route_without_permission_is_denied_even_to_the_system(houses: dict[str, House]) -> None:
    async def endpoint(_request: Any) -> PlainTextResponse:
        return PlainTextResponse("in")

    sessions = houses["node"].access.sessions
    open_routes = [Route("/open", endpoint), Mount("/mounted", Starlette(routes=[Route("/x", endpoint)]))]
    door = Door(open_routes, sessions, SystemRandom(), refusing(None))
    token = await sessions.make_token("all", list(Permission))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://house") as client:
        for path in ("/open", "/mounted/x"):
            for headers in ({}, {"authorization": f"Bearer {token}"}):
                answer = await client.get(path, headers=headers)
                assert (answer.status_code, "BA-0909" in answer.text) == (403, True)


async def test_what_is_not_there_and_what_is_not_done_there_are_told_apart(house: House) -> None:
    assert (await house.ask("GET", "/nothing/here/at/all/for/you")).status_code == 404
    answer = await house.ask("DELETE", "/healthz")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


async def test_every_answer_carries_the_headers_that_protect_pages(house: House) -> None:
    for path in ("/healthz", "/nothing", "/metrics"):
        answer = await house.ask("GET", path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert len(answer.headers["traceresponse"]) == 55


def test_a_machine_may_nothing_by_its_role_alone() -> None:
    assert PERMISSIONS[Role.MACHINE] == frozenset()
