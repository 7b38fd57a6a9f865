"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.accounts import Accounts
from benhan.access.faults import TOO_MANY_SIGN_INS
from benhan.access.headers import headers_of
from benhan.access.middleware import cookie_of
from benhan.access.rates import Rate
from benhan.access.routes import route
from benhan.access.sessions import Session, Sessions
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Language
from benhan.web.pages import LANGUAGE_COOKIE, Site, assets, language_of, page, render

LANGUAGE_KEPT_S = 365 * 86400


def form_of(request: Request) -> Mapping[str, str]:
    """The fields of the form that came with a request; the door has read and checked it."""
    return cast(Mapping[str, str], request.scope["state"]["form"])


def session_of(request: Request) -> Session:
    """The session of somebody who is signed in."""
    return cast(Session, request.scope["state"]["session"])


def safe_next(text: str, home: str = "/") -> str:
    """Where to go after signing in: a path of this site, nothing else."""
    is_path = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_path and text.isascii() and text.isprintable() and len(text) < 2000 else home


class SignIn:
    """The door's pages."""

    def __init__(self, site: Site, accounts: Accounts, sessions: Sessions, rate: Rate, *, home: str = "/") -> None:
        self._site = site
        self._accounts = accounts
        self._sessions = sessions
        self._rate = rate
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
        answer = render(request, self._site, "sign_in.html", next=wanted, login="", fault=None, text="")
        if request.query_params.get("language") in ("vi", "en"):
            self._remember(answer, language_of(request.scope))
        return answer

    async def enter(self, request: Request) -> Response:
        """The door has seen that the form comes from our own page."""
        form = form_of(request)
        login, wanted = form.get("login", "")[:200], safe_next(form.get("next", ""), self._home)
        try:
            if not self._rate.take(request.client.host if request.client else ""):
                raise TOO_MANY_SIGN_INS()
            account = await self._accounts.check(login, form.get("password", ""))
        except Fault as fault:
            text = fault.text.in_language(language_of(request.scope))
            status = status_of(fault)
            return render(request, self._site, "sign_in.html", status, next=wanted, login=login, fault=fault, text=text)
        before = cookie_of(headers_of(request.scope), self._sessions.cookie)
        secret = await self._sessions.open(account, language_of(request.scope), instead_of=before)
        answer = RedirectResponse(wanted, 303)
        secure = self._sessions.secure
        answer.set_cookie(self._sessions.cookie, secret, httponly=True, secure=secure, samesite="lax", path="/")
        return answer

    async def leave(self, request: Request) -> Response:
        await self._sessions.close(session_of(request))
        answer = RedirectResponse("/sign-in", 303, {"clear-site-data": '"cache", "storage"'})
        answer.delete_cookie(self._sessions.cookie, path="/", secure=self._sessions.secure, httponly=True)
        return answer

    async def speak(self, request: Request) -> Response:
        session = session_of(request)
        language: Language = "en" if session.language == "vi" else "vi"
        await self._sessions.speak(session, language)
        answer = RedirectResponse(safe_next(form_of(request).get("next", ""), self._home), 303)
        self._remember(answer, language)
        return answer

    def _remember(self, answer: Response, language: Language) -> None:
        secure = self._sessions.secure
        answer.set_cookie(
            LANGUAGE_COOKIE, language, max_age=LANGUAGE_KEPT_S, secure=secure, samesite="lax", httponly=True
        )
