"""The door: every request gets a trace and an actor, and reaches only the route its actor may use.

Routes are matched here, once; what names no permission is denied. What changes something and comes with a session must
carry the session's token, in a header or a form field, and must come from our own pages; no handler can forget it.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Protocol

from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from benhan.access.faults import (
    BAD_CSRF,
    NO_SUCH_PAGE,
    NOT_ALLOWED,
    SIGN_IN_NEEDED,
    UNEXPECTED,
    UNKNOWN_ROUTE,
    WRONG_METHOD,
)
from benhan.access.forms import Receive, is_form, read_form
from benhan.access.headers import Header, Headers, header_map
from benhan.access.routes import GuardedRoute, RouteTable
from benhan.access.sessions import Session, Sessions
from benhan.access.smart.faults import CLOSED_TO_APPS
from benhan.access.smart.grants import ACCESS_PREFIX
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.kernel.logs import Log
from benhan.kernel.permissions import Permission
from benhan.kernel.trace import current_trace, new_trace_id, trace_of_traceparent

log = Log("access")

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[Scope, Fault], ASGIApp]
"""What answers a request that is not let through."""

CSRF_HEADER = b"x-csrf-token"
CSRF_FIELD = "csrf"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
KNOWN_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def content_security_policy(*form_targets: str) -> str:
    """The policy of our pages; forms lead to this site and, through an answer of ours, to `form_targets`."""
    targets = " ".join(["'self'", *dict.fromkeys(form_targets)])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )


SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", content_security_policy().encode()),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
OPEN_HEADERS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"etag, last-modified, location, content-location, retry-after, x-progress"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
"""For what apps in other sites' pages may read: they bring a token, never a cookie. Source: Fetch, CORS protocol."""
PREFLIGHT_HEADERS = {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": "authorization, content-type, accept, prefer, if-match, if-none-match,"
    " if-none-exist, if-modified-since, traceparent",
    "access-control-max-age": "600",
}
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


class AppTokens(Protocol):
    """Finds who an app's token lets in."""

    async def actor(self, secret: str) -> Actor | None: ...


class Door:
    """An ASGI application: `routes`, each behind its permission; apps come in by `apps`."""

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        sessions: Sessions,
        random: RandomSource,
        refuse: Refuse,
        apps: AppTokens | None = None,
    ) -> None:
        self._table = RouteTable(routes)
        self._sessions = sessions
        self._random = random
        self._refuse = refuse
        self._apps = apps
        self._headers = [*SECURITY_HEADERS, STRICT_TRANSPORT] if sessions.secure else [*SECURITY_HEADERS]
        self._open_headers = completed(OPEN_HEADERS, self._headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = header_map(scope["headers"])
        traceparent = headers.get(b"traceparent")
        trace = trace_of_traceparent(traceparent.decode("latin-1")) if traceparent is not None else None
        trace = trace or new_trace_id(self._random)
        token = current_trace.set(trace)
        scope["state"] = {
            "actor": None, "session": None, "form": {}, "status": 0, "is_open": False, "headers": headers,
        }  # fmt: skip
        sending = self._with_headers(scope["state"], send, trace)
        try:
            try:
                answer, receive = await self._admitted(scope, headers, receive)
            except Fault as fault:
                answer = self._refuse(scope, fault)
            await answer(scope, receive, sending)
        except Exception as cause:  # noqa: BLE001  # the edge of the house: nothing foreign goes further
            log.failure("request.failed", cause)
            if not scope["state"]["status"]:
                await self._broken(scope, receive, sending)
        finally:
            current_trace.reset(token)

    async def _broken(self, scope: Scope, receive: Receive, sending: Send) -> None:
        """Say that we failed; in plain words where even the page that says so fails."""
        try:
            answer = self._refuse(scope, UNEXPECTED())
            await answer(scope, receive, sending)
        except Exception as cause:  # noqa: BLE001
            log.failure("request.failed", cause)
            if not scope["state"]["status"]:
                told = UNEXPECTED()
                text = f"{told.text.vi} ({told.code})\n{told.text.en}\n"
                await PlainTextResponse(text, 500)(scope, receive, sending)

    async def _admitted(self, scope: Scope, headers: Headers, receive: Receive) -> tuple[ASGIApp, Receive]:
        """The route that answers, and the body for it. Raises the Fault that tells why there is none."""
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers and self._is_open(scope):
            return Response(b"", 204, PREFLIGHT_HEADERS), receive
        matched = self._matched(scope)
        if not isinstance(matched, GuardedRoute):
            raise UNKNOWN_ROUTE()
        scope["state"]["is_open"] = matched.is_open
        is_machine = headers.get(b"authorization", b"")[:7].lower() == b"bearer "
        if matched.permission is not Permission.PUBLIC:
            actor, session = await self._who(headers, is_machine=is_machine, is_poll=matched.is_poll)
            scope["state"].update(actor=actor, session=session)
            if actor is None:
                raise SIGN_IN_NEEDED()
            if not actor.may(matched.permission):
                raise NOT_ALLOWED()
            if actor.limits is not None and not matched.keeps_limits:
                raise CLOSED_TO_APPS()
        if scope["method"] not in SAFE_METHODS and not is_machine:
            receive = await self._own_pages_only(scope, headers, receive)
        return matched.handle, receive

    def _matched(self, scope: Scope) -> BaseRoute:
        """The route of a request. Raises NotFound BA-0911, Unsupported BA-0912."""
        found = self._table.find(scope)
        if found is not None:
            scope["route"], scope["path_params"] = found
            return found.route
        others = self._table.of_any_method(scope)
        allowed = {method for route in others for method in getattr(route, "methods", None) or ()}
        if not allowed:
            raise NO_SUCH_PAGE()
        scope["state"]["allow"] = ", ".join(sorted(allowed))
        raise WRONG_METHOD(method=scope["method"] if scope["method"] in KNOWN_METHODS else "?")

    async def _who(self, headers: Headers, *, is_machine: bool, is_poll: bool) -> tuple[Actor | None, Session | None]:
        if is_machine:
            token = headers[b"authorization"][7:].decode("latin-1").strip()
            if self._apps is not None and token.startswith(ACCESS_PREFIX):
                return await self._apps.actor(token), None
            return await self._sessions.machine(token), None
        secret = cookie_of(headers, self._sessions.cookie)
        session = await self._sessions.find(secret, is_poll=is_poll) if secret else None
        return (session.actor, session) if session is not None else (None, None)

    async def _own_pages_only(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        """Hold what changes something against the token of the session. Raises Forbidden BA-0905, Incorrect BA-0913."""
        session: Session | None = scope["state"]["session"]
        if not _is_own_page(headers) and (session is not None or not scope["state"]["is_open"]):
            raise BAD_CSRF()
        if is_form(headers):
            scope["state"]["form"], receive = await read_form(receive)
        sent = headers.get(CSRF_HEADER, b"").decode("latin-1") or scope["state"]["form"].get(CSRF_FIELD, "")
        if session is not None and not hmac.compare_digest(sent.encode(), session.csrf.encode()):
            raise BAD_CSRF()
        return receive

    def _is_open(self, scope: Scope) -> bool:
        """Whether a route for this address is open to other sites' pages, by whatever method."""
        routes = self._table.of_any_method(scope)
        is_open = any(isinstance(route, GuardedRoute) and route.is_open for route in routes)
        scope["state"]["is_open"] = is_open
        return is_open

    def _with_headers(self, state: dict[str, Any], send: Send, trace: str) -> Send:
        """`send`, which notes the status, and adds to an answer what every answer says and this one does not."""

        def sending(message: MutableMapping[str, Any]) -> Awaitable[None]:
            if message["type"] != "http.response.start":
                return send(message)
            state["status"] = message["status"]
            own = [*message.get("headers", ()), (b"traceresponse", f"00-{trace}-0000000000000001-01".encode())]
            ours = self._open_headers if state["is_open"] else self._headers
            return send({**message, "headers": completed(own, ours)})

        return sending


def completed(own: Sequence[Header], further: Sequence[Header]) -> list[Header]:
    """`own`, and those of `further` whose name it does not have."""
    told = {name for name, _ in own}
    return [*own, *[each for each in further if each[0] not in told]]


def _is_own_page(headers: Headers) -> bool:
    """Whether a browser says that the request comes from our own pages; what is no browser says nothing.

    Source: Fetch Metadata Request Headers, Sec-Fetch-Site; RFC 6454, Origin.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    return origin is None or origin.rpartition(b"//")[2] == headers.get(b"host")


def cookie_of(headers: Headers, name: str) -> str:
    """The value of a cookie, "" for none; what else is in the header, however written, does not matter."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value.strip('"')
    return ""
