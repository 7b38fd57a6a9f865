"""Where a stay goes on: consultation, surgery, another department, discharge with its papers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.clock import VIETNAM
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.ward.faults import BAD_LEAVING
from benhan.node.ward.leaving import AGAIN, CONSULTATION, DISCHARGE, REFERRAL, SUMMARY, SURGERY, Leaving, Wish, outcomes
from benhan.node.ward.places import BETWEEN, Place
from benhan.node.ward.wards import Wards
from benhan.vn.forms.catalogue import named_forms
from benhan.web.form_inputs import Inputs, Unreadable, read_date, read_moment
from benhan.web.order_pages import inputs_of_body
from benhan.web.pages import Page, Site, language_of, name_of, page, render

PLACE_MAX = 60


class LeavingPages:
    """Moves and discharges of one stay."""

    def __init__(self, site: Site, leaving: Leaving, wards: Wards) -> None:
        self._site = site
        self._leaving = leaving
        self._wards = wards

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/stays/{id}/move", self.shown, Permission.RECORD_VIEW),
            ("POST", "/stays/{id}/move", self.act, Permission.ORDER_WRITE),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def shown(self, request: Request) -> Response:
        return await self._shown(request, {}, None)

    async def act(self, request: Request) -> Response:
        """Make papers, move or discharge, by what the form says it does."""
        inputs, actor, name = await inputs_of_body(request), actor_of(request), name_of(request)
        encounter, what = id_of_path(request), _first(inputs, "what")
        try:
            if what == "move":
                place = Place(*(_line(_first(inputs, each)) for each in ("department", "room", "bed")))
                await self._leaving.move(encounter, place, _first(inputs, "why")[:500], actor, name)
            elif what == "leave":
                await self._leaving.leave(encounter, _wish(inputs), actor)
            else:
                await self._leaving.make(encounter, inputs.get("paper", []), _wish(inputs), actor, name)
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._shown(request, inputs, fault)
        return RedirectResponse(f"/stays/{encounter}/move?done={what}", 303)

    async def _shown(self, request: Request, inputs: Inputs, fault: Fault | None) -> Response:
        actor = actor_of(request)
        stay, papers = await self._leaving.open(id_of_path(request), actor)
        names = {each.number: each.name for each in named_forms()}
        done = request.query_params.get("done", "")
        return render(
            request,
            self._site,
            "move.html",
            status_of(fault) if fault is not None else 200,
            stay=stay,
            tab="move",
            papers=papers,
            names=names,
            bedside=(CONSULTATION, SURGERY),
            leaving=(DISCHARGE, SUMMARY, AGAIN, REFERRAL),
            departments=[each.name for each in await self._wards.departments(actor) if each.name],
            outcomes=outcomes(),
            typed={name: values[0] for name, values in inputs.items()},
            chosen=inputs.get("paper", [DISCHARGE, SUMMARY] if not papers else []),
            at=inputs.get("at", [self._leaving.now().astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")])[0],
            done=done if done in ("move", "leave", "papers") else "",
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )


def _first(inputs: Inputs, name: str) -> str:
    return inputs.get(name, [""])[0]


def _line(text: str) -> str:
    """A short line of a place, without what parts its three."""
    plain = "".join(letter for letter in text if letter.isprintable()).replace(BETWEEN.strip(), " ")
    return " ".join(plain.split())[:PLACE_MAX]


def _wish(inputs: Inputs) -> Wish:
    """What was typed of a leaving. Raises Incorrect BA-5353."""
    again = _first(inputs, "again_on").strip()
    try:
        at = read_moment(_first(inputs, "at")) if _first(inputs, "at").strip() else ""
        again_on = read_date(again) if again else ""
    except Unreadable as told:
        raise BAD_LEAVING() from told
    if not at:
        raise BAD_LEAVING()
    return Wish(at, _first(inputs, "outcome"), again_on, _first(inputs, "destination")[:200])
