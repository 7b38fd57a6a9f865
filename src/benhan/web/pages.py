"""Rendering: Jinja with everything escaped, the words of the session's language, errors as pages."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from benhan.access.middleware import Scope
from benhan.access.routes import GuardedRoute, route
from benhan.access.sessions import Session
from benhan.fhir_api.api import UNEXPECTED
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Language
from benhan.kernel.trace import current_trace
from benhan.web import words
from benhan.web.charts import analyte_sparkline

log = Log("web")

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Site:
    """Whose pages these are."""

    kind: str
    name: str
    demo: bool = False
    accounts: tuple[tuple[str, str, str], ...] = ()
    """Demonstration accounts shown at the door: login, password, role."""


@cache
def static_url(name: str) -> str:
    """The address of a static file with a mark of its content, so that it may be kept for long."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def language_of(scope: Scope) -> Language:
    """The session's language; before sign-in the browser's, Vietnamese unless it asks for English."""
    session: Session | None = scope.get("state", {}).get("session")
    if session is not None:
        return session.language
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return "en" if value[:2].lower() == b"en" else "vi"
    return "vi"


def render(request: Request, site: Site, template: str, status: int = 200, **context: Any) -> Response:
    """A page."""
    language = language_of(request.scope)
    session: Session | None = request.scope.get("state", {}).get("session")
    text = _ENVIRONMENT.get_template(template).render(
        site=site,
        language=language,
        t=partial(words.say, language),
        session=session,
        csrf=session.csrf if session is not None else "",
        may=lambda name: session is not None and session.actor.may(Permission[name]),
        path=request.url.path,
        static=static_url,
        when=words.clock_and_day,
        exact=words.exact_time,
        day=words.day,
        number=lambda value: words.number(str(value), language),
        sparkline=analyte_sparkline,
        **context,
    )
    return HTMLResponse(text, status, {"cache-control": "no-store"})


Page = Callable[[Request], Awaitable[Response]]


def page(site: Site, handler: Page) -> Page:
    """A handler whose Faults are answered as pages."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Fault as fault:
            if fault.category == "broken":
                log.failure("page.failed", fault)
            return error_page(request, site, fault)
        except Exception as cause:  # noqa: BLE001  # the edge of the pages: nothing foreign goes further
            log.failure("page.failed", cause)
            return error_page(request, site, UNEXPECTED())

    return answer


def error_page(request: Request, site: Site, fault: Fault) -> Response:
    """What happened, what is safe, what to do, and the code to tell support."""
    text = fault.text.in_language(language_of(request.scope))
    return render(
        request,
        site,
        "error.html",
        status_of(fault),
        fault=fault,
        text=text,
        trace=current_trace.get(),
        title=fault.code,
    )


def assets() -> GuardedRoute:
    """The static files of the package; public, since they hold nothing but style and script.

    Kept by browsers for a year: their addresses carry a mark of their content.
    """
    files = StaticFiles(directory=STATIC)

    async def serve(request: Request) -> Response:
        response = await files.get_response(request.path_params["path"], request.scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response

    return route("/static/{path:path}", serve, permission=Permission.PUBLIC, name="static")
