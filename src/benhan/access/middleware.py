"""The door: every request gets a trace and an actor, and reaches only the route its actor may use.

The application's routes are matched here, once; what names no permission is denied. Pages answer a missing sign-in
with the sign-in page, machines get an OperationOutcome.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.routing import BaseRoute, Match

from benhan.access.faults import BAD_CSRF, NOT_ALLOWED, SIGN_IN_NEEDED, UNKNOWN_ROUTE
from benhan.access.routes import GuardedRoute
from benhan.access.sessions import Session, Sessions
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.kernel.permissions import Permission
from benhan.kernel.trace import current_trace, new_trace_id, trace_of_traceparent

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[Scope, Fault], ASGIApp]
"""What answers a request that is not let through."""

COOKIE = "benhan"
SECURE_COOKIE = "__Host-benhan"
CSRF_HEADER = b"x-csrf-token"

_CONTENT_SECURITY_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", _CONTENT_SECURITY_POLICY),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class Door:
    """ASGI middleware in front of `app`, whose `routes` it knows."""

    def __init__(
        self, app: ASGIApp, routes: Sequence[BaseRoute], sessions: Sessions, random: RandomSource, refuse: Refuse
    ) -> None:
        self._app = app
        self._routes = list(routes)
        self._sessions = sessions
        self._random = random
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        trace = trace_of_traceparent(headers.get(b"traceparent", b"").decode("latin-1")) or new_trace_id(self._random)
        token = current_trace.set(trace)
        try:
            answer = await self._admitted(scope, headers)
            await answer(scope, receive, _with_headers(send, trace))
        finally:
            current_trace.reset(token)

    async def _admitted(self, scope: Scope, headers: dict[bytes, bytes]) -> ASGIApp:
        """The application, or what answers why not."""
        matched = self._matched(scope)
        if matched is None:
            scope["state"] = {"actor": None, "session": None}
            return self._app  # it answers 404 or 405 itself, and reveals nothing else
        if not isinstance(matched, GuardedRoute):
            return self._refuse(scope, UNKNOWN_ROUTE())
        scope["route"] = matched
        try:
            actor, session = await self._who(headers)
        except Fault as fault:
            scope["state"] = {"actor": None, "session": None}
            return self._refuse(scope, fault)
        scope["state"] = {"actor": actor, "session": session}
        denied = _denial(scope, headers, matched.permission, actor, session)
        return self._refuse(scope, denied) if denied is not None else self._app

    def _matched(self, scope: Scope) -> BaseRoute | None:
        for route in self._routes:
            match, _child = route.matches(scope)
            if match is Match.FULL:
                return route
        return None

    async def _who(self, headers: dict[bytes, bytes]) -> tuple[Actor | None, Session | None]:
        authorization = headers.get(b"authorization", b"")
        if authorization[:7].lower() == b"bearer ":
            return await self._sessions.machine(authorization[7:].decode("latin-1").strip()), None
        secret = _cookie(headers)
        if secret is None:
            return None, None
        session = await self._sessions.find(secret)
        return (session.actor, session) if session is not None else (None, None)


def _denial(
    scope: Scope, headers: dict[bytes, bytes], permission: Permission, actor: Actor | None, session: Session | None
) -> Fault | None:
    if permission is Permission.PUBLIC:
        return None
    if actor is None:
        return SIGN_IN_NEEDED()
    if not actor.may(permission):
        return NOT_ALLOWED()
    if session is not None and scope["method"] not in ("GET", "HEAD"):
        sent = headers.get(CSRF_HEADER, b"").decode("latin-1")
        if sent and not hmac.compare_digest(sent, session.csrf):
            return BAD_CSRF()
        scope["state"]["csrf_checked"] = bool(sent)
    return None


def check_form_token(scope: Scope, sent: str) -> None:
    """Hold a form's hidden token against the session's. Raises Forbidden BA-0905. Every form handler calls it."""
    session: Session | None = scope["state"]["session"]
    if scope["state"].get("csrf_checked"):
        return
    if session is None or not hmac.compare_digest(sent, session.csrf):
        raise BAD_CSRF()


def _cookie(headers: dict[bytes, bytes]) -> str | None:
    raw = headers.get(b"cookie")
    if raw is None:
        return None
    try:
        cookies = SimpleCookie(raw.decode("latin-1"))
    except CookieError:
        return None
    for name in (SECURE_COOKIE, COOKIE):
        if name in cookies:
            return cookies[name].value
    return None


def _with_headers(send: Send, trace: str) -> Send:
    extra = [*SECURITY_HEADERS, (b"traceresponse", f"00-{trace}-0000000000000001-01".encode())]

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await send(message)

    return sending
