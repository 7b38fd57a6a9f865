"""Accounts as the administrator sees them: kind, title, licence, days and hours, departments."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.matrix import KINDS
from benhan.access.routes import route
from benhan.access.staff import Member, Particulars, Staff, day_of, hours_of
from benhan.fhir_api.requests import actor_of
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.sign_in import form_of


class AccountPages:
    """The list of accounts, and one of them."""

    def __init__(self, site: Site, staff: Staff) -> None:
        self._site = site
        self._staff = staff

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/accounts", self.listed),
            ("GET", "/accounts/{number}", self.member),
            ("POST", "/accounts/{number}", self.change),
            ("POST", "/accounts/{number}/departments", self.department),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=Permission.ACCOUNT_MANAGE)
            for method, path, handler in table
        ]

    async def listed(self, request: Request) -> Response:
        return render(request, self._site, "accounts.html", members=await self._staff.listed())

    async def member(self, request: Request) -> Response:
        return await self._shown(request, await self._member(request), 200, None)

    async def change(self, request: Request) -> Response:
        """Change the particulars; what is refused is told above the form, which keeps what was typed."""
        member, form = await self._member(request), form_of(request)
        try:
            told = Particulars(
                form.get("kind", ""),
                form.get("title", ""),
                form.get("licence", ""),
                day_of(form.get("valid_from", "")),
                day_of(form.get("valid_until", "")),
                hours_of(form.get("hours", "")),
            )
            await self._staff.change(member.login, told, actor_of(request))
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            return await self._shown(request, member, status_of(fault), fault)
        return RedirectResponse(f"/accounts/{member.id}?changed", 303)

    async def department(self, request: Request) -> Response:
        """Put an account into a department, or end its work there."""
        member, form = await self._member(request), form_of(request)
        department, actor = form.get("department", ""), actor_of(request)
        try:
            if form.get("act") == "leave":
                await self._staff.take_out(member.login, department, actor)
            else:
                since, until = day_of(form.get("since", "")), day_of(form.get("until", ""))
                await self._staff.put_in(member.login, department, actor, since=since, until=until)
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            return await self._shown(request, member, status_of(fault), fault)
        return RedirectResponse(f"/accounts/{member.id}", 303)

    async def _member(self, request: Request) -> Member:
        """The account of the address. Raises NotFound BA-0914."""
        return await self._staff.by_number(request.path_params["number"])

    async def _shown(self, request: Request, member: Member, status: int, fault: Fault | None) -> Response:
        return render(
            request,
            self._site,
            "account_one.html",
            status,
            member=member,
            stays=await self._staff.departments(member.login),
            now=self._staff.now(),
            kinds=KINDS,
            form=form_of(request) if fault is not None else {},
            is_changed="changed" in request.query_params,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )
