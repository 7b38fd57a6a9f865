"""What a person sees who is not let through."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from benhan.access.middleware import ASGIApp, Scope
from benhan.kernel.faults import Fault
from benhan.web.pages import Site, error_page


def refused_page(scope: Scope, fault: Fault, site: Site) -> ASGIApp:
    """The sign-in page for somebody unknown, a page that says why for somebody known."""
    if fault.category != "unauthenticated":
        return error_page(Request(scope), site, fault)
    address = sign_in_address(scope)
    if any(name == b"hx-request" for name, _value in scope["headers"]):
        return Response("", 401, {"hx-redirect": "/sign-in"})
    return RedirectResponse(address, 303)


def sign_in_address(scope: Scope) -> str:
    """The sign-in page, which afterwards leads to where somebody wanted to go."""
    if scope["method"] not in ("GET", "HEAD") or scope["path"] == "/":
        return "/sign-in"
    asked = scope.get("query_string", b"").decode("latin-1")
    return "/sign-in?" + urlencode({"next": quote(scope["path"]) + (f"?{asked}" if asked else "")})
