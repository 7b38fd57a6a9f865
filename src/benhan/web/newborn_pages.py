"""Children of a stay on the mother's page, the mother on theirs; a child's own number when it is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.clock import VIETNAM
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.ward.faults import BAD_BIRTH
from benhan.node.ward.newborns import CHILDREN_MAX, Born, Newborns
from benhan.web.form_inputs import Unreadable, read_moment
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.record_paths import whole_number
from benhan.web.sign_in import form_of

ROWS = 3
"""So many children are told of at once."""
SEXES = ("male", "female", "unknown")


class NewbornPages:
    """Births of one stay."""

    def __init__(self, site: Site, newborns: Newborns) -> None:
        self._site = site
        self._newborns = newborns

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/stays/{id}/newborns", self.shown, Permission.RECORD_VIEW),
            ("POST", "/stays/{id}/newborns", self.born, Permission.RECORD_EDIT),
            ("POST", "/stays/{id}/own-number", self.give_number, Permission.RECORD_EDIT),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def shown(self, request: Request) -> Response:
        return await self._shown(request, None)

    async def born(self, request: Request) -> Response:
        """Tell of children; what cannot be is told above the form, which keeps what was typed."""
        form = form_of(request)
        try:
            await self._newborns.born(
                id_of_path(request), _children(form), whole_number(form.get("known", "")), actor_of(request),
                opens_record=bool(form.get("record")),
            )  # fmt: skip
        except Fault as fault:
            if fault.category not in ("incorrect", "conflict"):
                raise
            return await self._shown(request, fault)
        return RedirectResponse(f"/stays/{id_of_path(request)}/newborns?done", 303)

    async def give_number(self, request: Request) -> Response:
        form = form_of(request)
        try:
            await self._newborns.give_number(
                id_of_path(request), form.get("number", "")[:30], form.get("name", "")[:200], actor_of(request)
            )
        except Fault as fault:
            if fault.category not in ("incorrect", "conflict"):
                raise
            return await self._shown(request, fault)
        return RedirectResponse(f"/stays/{id_of_path(request)}/newborns?done", 303)

    async def _shown(self, request: Request, fault: Fault | None) -> Response:
        stay, children, mother = await self._newborns.open(id_of_path(request), actor_of(request))
        return render(
            request,
            self._site,
            "newborns.html",
            status_of(fault) if fault is not None else 200,
            stay=stay,
            tab="newborns",
            children=children,
            mother=mother,
            may_tell=stay.is_open and not stay.is_of_child and len(children) < CHILDREN_MAX,
            has_number=bool(stay.patient.cccd),
            rows=range(ROWS),
            sexes=SEXES,
            now=self._newborns.now().astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y"),
            form=form_of(request) if fault is not None else {},
            done="done" in request.query_params,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )


def _children(form: Mapping[str, str]) -> list[Born]:
    """The children of the rows in which something is chosen. Raises Incorrect BA-5460."""
    found = []
    for row in range(ROWS):
        sex, at = form.get(f"sex.{row}", ""), form.get(f"at.{row}", "").strip()
        if not sex:
            continue
        try:
            found.append(Born(sex, datetime.fromisoformat(read_moment(at)).replace(tzinfo=VIETNAM)))
        except Unreadable as told:
            raise BAD_BIRTH(most=CHILDREN_MAX) from told
    return found
