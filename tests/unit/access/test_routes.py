"""The table of routes finds what a list of them, held against a path one after another, would find."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import given
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount

from benhan.access.routes import GuardedRoute, RouteTable, route
from benhan.fhir_api.routes import every_row
from benhan.kernel.permissions import Permission


async def _nothing(_request: Request) -> Response:
    return Response(b"")


ROUTES = [
    *(route(f"/fhir{path}", _nothing, methods=[method], permission=of) for method, path, _, of in every_row()),
    route("/", _nothing, permission=Permission.SIGNED_IN),
    route("/patients/{id}", _nothing, permission=Permission.PUBLIC),
    route("/patients/new", _nothing, methods=["GET", "POST"], permission=Permission.PUBLIC),
    route("/static/{path:path}", _nothing, permission=Permission.PUBLIC),
    Mount("/mounted", routes=[]),
]
TABLE = RouteTable(ROUTES)
LITERALS = sorted({part for each in ROUTES for part in each.path.split("/") if "{" not in part})  # type: ignore[attr-defined]
PARTS = st.sampled_from([*LITERALS, "Patient", "abc", "", "$", "$nothing", "{id}", "a\n", "%", "static", "fhir"])
PATHS = st.lists(PARTS, max_size=7).map(lambda parts: "/" + "/".join(parts))
OF_PATTERNS = st.sampled_from(ROUTES).map(lambda each: each.path.replace("{", "").replace("}", ""))  # type: ignore[attr-defined]
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])


def _in_a_list(scope: dict[str, Any]) -> tuple[Any, Any, set[Any]]:
    """The first route that answers, its parts, and every route of the path; operations stand by themselves."""
    first, parts, of_path = None, None, set()
    for each in ROUTES:
        is_whole = isinstance(each, GuardedRoute) and ":path}" not in each.path
        if is_whole and ("/$" in each.path) != ("/$" in scope["path"]):
            continue
        match, child = each.matches(scope)
        if match is not Match.NONE:
            of_path.add(id(each))
        if match is Match.FULL and first is None:
            first, parts = each, child["path_params"]
    return first, parts, of_path


@given(METHODS, PATHS | OF_PATTERNS)
def test_a_path_finds_what_a_list_of_routes_finds(method: str, path: str) -> None:
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    first, parts, of_path = _in_a_list(scope)
    found = TABLE.find(scope)
    assert (found.route, found.parts) == (first, parts) if first is not None else found is None
    assert {id(each) for each in TABLE.of_any_method(scope)} == of_path


def test_the_first_of_two_routes_answers() -> None:
    scope = {"type": "http", "method": "GET", "path": "/patients/new", "root_path": "", "headers": []}
    found = TABLE.find(scope)
    assert found is not None
    assert found.route.path == "/patients/{id}"  # type: ignore[attr-defined]
    assert found.parts == {"id": "new"}
    posted = TABLE.find({**scope, "method": "POST"})
    assert posted is not None
    assert posted.parts == {}
