"""One's own account: who I am, what I may, where I am signed in, my password."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.accounts import PASSWORD_CHARACTERS_MIN, Accounts
from benhan.access.faults import REPEATED_OTHERWISE
from benhan.access.routes import route
from benhan.access.sessions import Sessions, account_number
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.sign_in import form_of, session_of


class OwnAccount:
    """The page of one's own account."""

    def __init__(self, site: Site, accounts: Accounts, sessions: Sessions) -> None:
        self._site = site
        self._accounts = accounts
        self._sessions = sessions

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/account", self.show),
            ("POST", "/account/password", self.change_password),
            ("POST", "/account/sessions/close", self.close_others),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=Permission.SIGNED_IN)
            for method, path, handler in table
        ]

    async def show(self, request: Request) -> Response:
        return await self._shown(request, 200, None)

    async def change_password(self, request: Request) -> Response:
        """Whoever knew the old password is signed out everywhere; here a new session goes on."""
        session, form = session_of(request), form_of(request)
        try:
            if form.get("new", "") != form.get("again", ""):
                raise REPEATED_OTHERWISE()
            account = await self._accounts.change_own_password(
                account_number(session.actor), form.get("old", ""), form.get("new", "")
            )
        except Fault as fault:
            return await self._shown(request, status_of(fault), fault)
        secret = await self._sessions.open(account, session.language)
        answer = RedirectResponse("/account?changed", 303)
        secure = self._sessions.secure
        answer.set_cookie(self._sessions.cookie, secret, httponly=True, secure=secure, samesite="lax", path="/")
        return answer

    async def close_others(self, request: Request) -> Response:
        await self._sessions.close_others(session_of(request))
        return RedirectResponse("/account", 303)

    async def _shown(self, request: Request, status: int, fault: Fault | None) -> Response:
        return render(
            request,
            self._site,
            "account.html",
            status,
            sessions=await self._sessions.living(session_of(request)),
            is_changed="changed" in request.query_params,
            least=PASSWORD_CHARACTERS_MIN,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )
