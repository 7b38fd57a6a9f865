"""Rendering: Jinja with everything escaped, the words of the session's language, errors as pages."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from benhan.access.faults import NO_SUCH_PAGE
from benhan.access.headers import headers_of
from benhan.access.middleware import Scope, cookie_of
from benhan.access.routes import GuardedRoute, route
from benhan.access.sessions import Session
from benhan.fhir_api.requests import actor_of
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Language
from benhan.kernel.trace import current_trace
from benhan.node.chart.moments import Moment
from benhan.web import words
from benhan.web.charts import analyte_sparkline
from benhan.web.menu import menu

log = Log("web")

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
LANGUAGE_COOKIE = "benhan-language"

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
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
    """The session's language; before sign-in what was asked for, now or earlier. Vietnamese otherwise."""
    session: Session | None = scope.get("state", {}).get("session")
    if session is not None:
        return session.language
    asked = scope.get("query_string", b"").decode("latin-1")
    if "language=" in asked:
        return "en" if "language=en" in asked else "vi"
    return "en" if cookie_of(headers_of(scope), LANGUAGE_COOKIE) == "en" else "vi"


def render(request: Request, site: Site, template: str, status: int = 200, **context: Any) -> Response:
    """A page."""
    language = language_of(request.scope)
    session: Session | None = request.scope.get("state", {}).get("session")

    def may(name: str) -> bool:
        return session is not None and session.actor.may(Permission[name])

    text = _ENVIRONMENT.get_template(template).render(
        site=site,
        language=language,
        t=partial(words.say, language),
        session=session,
        csrf=session.csrf if session is not None else "",
        may=may,
        menu=menu(may, request.url.path),
        path=request.url.path,
        here=_here(request.scope),
        static=static_url,
        **_writing(language),
        **context,
    )
    return HTMLResponse(text, status, {"cache-control": "no-store"})


def _writing(language: Language) -> Mapping[str, Any]:
    """How times, numbers and small pictures are written, for the templates."""
    return {
        "when": words.clock_and_day,
        "clock": words.clock,
        "exact": words.exact_time,
        "date_of": words.date_of,
        "day": words.day,
        "number": lambda value: words.number(str(value), language),
        "count": lambda value: words.count(int(value), language),
        "unit": lambda code: words.unit(code, language),
        "band": lambda text: words.band(text, language),
        "elapsed": lambda since, until: words.elapsed(since, until, language),
        "waited": lambda since, now: words.waited(since, now, language),
        "sparkline": analyte_sparkline,
        "instant": words.instant,
        "first_large": lambda text: text[:1].upper() + text[1:],
        "by_day": by_day,
    }


def name_of(request: Request) -> str:
    """The name of the person who is signed in; the actor's id where it is a machine."""
    session: Session | None = request.scope["state"].get("session")
    return session.name if session is not None else actor_of(request).id


def by_day(moments: Iterable[Moment]) -> list[tuple[str, list[Moment]]]:
    """Moments (newest first) under the day they fall on in Vietnam; "" for the undated."""
    return [
        (date, list(group))
        for date, group in groupby(moments, lambda each: words.date_of(each.at) if each.at is not None else "")
    ]


def _here(scope: Scope) -> str:
    """The address of the page as it is, for coming back to it."""
    asked = scope.get("query_string", b"").decode("latin-1")
    return str(scope["path"]) + (f"?{asked}" if asked else "")


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

    return answer


def error_page(request: Request, site: Site, fault: Fault) -> Response:
    """What happened, what is safe, what to do, and the code to tell support."""
    text = fault.text.in_language(language_of(request.scope))
    answer = render(request, site, "error.html", status_of(fault), fault=fault, text=text, trace=current_trace.get())
    allowed = request.scope.get("state", {}).get("allow")
    if allowed:
        answer.headers["allow"] = allowed
    return answer


def assets() -> GuardedRoute:
    """The static files of the package; public, since they hold nothing but style and script.

    Kept by browsers for a year: their addresses carry a mark of their content.
    """
    files = StaticFiles(directory=STATIC)

    async def serve(request: Request) -> Response:
        try:
            response = await files.get_response(request.path_params["path"], request.scope)
        except HTTPException:
            return Response(NO_SUCH_PAGE.text.vi, 404, media_type="text/plain")
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response

    return route("/static/{path:path}", serve, permission=Permission.PUBLIC, name="static")
