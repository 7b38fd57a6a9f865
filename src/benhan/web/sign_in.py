"""Signing in and out, and the language of a session."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.accounts import Accounts
from benhan.access.middleware import COOKIE, SECURE_COOKIE, check_form_token
from benhan.access.routes import route
from benhan.access.sessions import Session, Sessions
from benhan.fhir_api.faults import BODY_TOO_LARGE
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.web.pages import Site, assets, language_of, page, render

FORM_BYTES_MAX = 1024 * 1024


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form, bounded. Raises BA-0301."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise BODY_TOO_LARGE(limit=FORM_BYTES_MAX)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))


def safe_next(text: str, home: str) -> str:
    """Where to go after signing in: a path of this site, nothing else."""
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) and "\n" not in text else home


class SignIn:
    """The door's pages."""

    def __init__(self, site: Site, accounts: Accounts, sessions: Sessions, *, secure: bool, home: str = "/") -> None:
        self._site = site
        self._accounts = accounts
        self._sessions = sessions
        self._secure = secure
        self._home = home

    def routes(self) -> list[BaseRoute]:
        return [
            route("/sign-in", page(self._site, self.show), permission=Permission.PUBLIC),
            route("/sign-in", page(self._site, self.enter), methods=["POST"], permission=Permission.PUBLIC),
            route("/sign-out", page(self._site, self.leave), methods=["POST"], permission=Permission.SIGNED_IN),
            route("/language", page(self._site, self.speak), methods=["POST"], permission=Permission.SIGNED_IN),
            assets(),
        ]

    async def show(self, request: Request) -> Response:
        wanted = safe_next(request.query_params.get("next", ""), self._home)
        return render(request, self._site, "sign_in.html", next=wanted, login="", fault=None, text="")

    async def enter(self, request: Request) -> Response:
        """A form of another site cannot sign anybody in: the cookie is SameSite, the origin is checked."""
        form = await read_form(request)
        wanted = safe_next(form.get("next", ""), self._home)
        try:
            account = await self._accounts.check(form.get("login", ""), form.get("password", ""))
        except Fault as fault:
            text = fault.text.in_language(language_of(request.scope))
            login = form.get("login", "")[:200]
            return render(request, self._site, "sign_in.html", 401, next=wanted, login=login, fault=fault, text=text)
        secret = await self._sessions.open(account, language_of(request.scope))
        answer = RedirectResponse(wanted, 303)
        name = SECURE_COOKIE if self._secure else COOKIE
        answer.set_cookie(name, secret, httponly=True, secure=self._secure, samesite="lax", path="/")
        return answer

    async def leave(self, request: Request) -> Response:
        session = await self._checked(request)
        await self._sessions.close(session)
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(SECURE_COOKIE if self._secure else COOKIE, path="/", secure=self._secure)
        return answer

    async def speak(self, request: Request) -> Response:
        session = await self._checked(request)
        await self._sessions.speak(session, "en" if session.language == "vi" else "vi")
        form: Mapping[str, str] = request.scope["state"]["form"]
        return RedirectResponse(safe_next(form.get("next", ""), self._home), 303)

    async def _checked(self, request: Request) -> Session:
        form = await read_form(request)
        check_form_token(request.scope, form.get("csrf", ""))
        request.scope["state"]["form"] = form
        session: Session = request.scope["state"]["session"]
        return session
