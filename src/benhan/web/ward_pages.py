"""The board of a ward and one's own patients; who treats a patient from now on."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.kernel.actors import Role
from benhan.kernel.permissions import Permission
from benhan.node.ward.wards import Wards
from benhan.web.pages import Page, Site, name_of, page, render

DEPARTMENT_MAX = 100


class WardPages:
    """What people on a ward begin their shift with."""

    def __init__(self, site: Site, wards: Wards) -> None:
        self._site = site
        self._wards = wards

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/ward", self.board, Permission.RECORD_VIEW),
            ("POST", "/stays/{id}/take", self.take, Permission.ORDER_WRITE),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def board(self, request: Request) -> Response:
        """One's own patients or those of a department: a doctor with patients begins with them."""
        actor = actor_of(request)
        departments = await self._wards.departments(actor)
        wanted = request.query_params.get("department")
        has_own = actor.role is Role.DOCTOR
        mine = has_own and wanted is None and ("mine" in request.query_params or any(each.mine for each in departments))
        if wanted is None:
            wanted = max(departments, key=lambda each: each.patients).name if departments else ""
        wanted = wanted[:DEPARTMENT_MAX]
        lines = await (self._wards.mine(actor) if mine else self._wards.board(wanted, actor))
        return render(
            request,
            self._site,
            "ward.html",
            lines=lines,
            mine=mine,
            has_own=has_own,
            own=sum(each.mine for each in departments),
            department=wanted,
            departments=departments,
        )

    async def take(self, request: Request) -> Response:
        await self._wards.take(id_of_path(request), actor_of(request), name_of(request))
        return RedirectResponse("/ward?mine", 303)
