"""Destruction of records out of their term: what is due, the batches, one batch with its council and minutes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.patients import Patients
from benhan.node.records.destruction import Destruction
from benhan.node.records.life import Records
from benhan.store.ids import encode_rid
from benhan.vn.retention import RetentionClass
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.record_paths import whole_number
from benhan.web.sign_in import form_of


class DestructionPages:
    """What those see who propose and approve destruction; it is carried out by command."""

    def __init__(self, site: Site, records: Records, patients: Patients) -> None:
        self._site = site
        self._records = records
        self._destruction = Destruction(records)
        self._patients = patients

    def routes(self) -> list[BaseRoute]:
        one = "/destruction/{number}"
        table: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/destruction", self.listed),
            ("POST", "/destruction", self.propose),
            ("GET", one, self.batch),
            ("POST", one, self.act),
            ("GET", f"{one}/minutes", self.minutes),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=Permission.RECORD_DESTROY)
            for method, path, handler in table
        ]

    async def listed(self, request: Request) -> Response:
        return await self._listed(request, None)

    async def _listed(self, request: Request, fault: Fault | None) -> Response:
        actor = actor_of(request)
        due = await self._destruction.due(actor)
        return render(
            request,
            self._site,
            "destruction.html",
            status_of(fault) if fault is not None else 200,
            due=[(each, self._records.forms.by_key(each.form).name) for each in due],
            batches=await self._destruction.batches(actor),
            typed=form_of(request) if fault is not None else {},
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def propose(self, request: Request) -> Response:
        form = form_of(request)
        try:
            number = await self._destruction.propose(
                form.get("decision", ""), form.get("council", "")[:4000], actor_of(request)
            )
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            return await self._listed(request, fault)
        return RedirectResponse(f"/destruction/{number}", 303)

    async def batch(self, request: Request) -> Response:
        return await self._batch(request, None)

    async def _batch(self, request: Request, fault: Fault | None) -> Response:
        batch = await self._destruction.read(whole_number(request.path_params["number"]))
        actors = {batch.proposed_by, batch.approved_by, batch.done_by}
        return render(
            request,
            self._site,
            "destruction_batch.html",
            status_of(fault) if fault is not None else 200,
            batch=batch,
            items=[
                (each, encode_rid(each.record), self._records.forms.by_key(each.form).name, _retention(each.retention))
                for each in batch.items
            ],
            people=await self._patients.names_of(actors),
            own=actor_of(request).id,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def act(self, request: Request) -> Response:
        """Approve, give up, or take a record off the list."""
        form, number, actor = form_of(request), whole_number(request.path_params["number"]), actor_of(request)
        try:
            match form.get("act", ""):
                case "approve":
                    await self._destruction.approve(number, actor)
                case "drop":
                    await self._destruction.drop(number, actor)
                case _:
                    await self._destruction.leave_out(number, form.get("record", ""), actor)
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._batch(request, fault)
        return RedirectResponse(f"/destruction/{number}", 303)

    async def minutes(self, request: Request) -> Response:
        """The minutes as they stand now."""
        number = whole_number(request.path_params["number"])
        pdf = await self._destruction.minutes(number, actor_of(request))
        headers = {"content-disposition": f'inline; filename="bien-ban-{number}.pdf"', "cache-control": "no-store"}
        return Response(pdf, media_type="application/pdf", headers=headers)


def _retention(name: str) -> str:
    return RetentionClass[name].value.name.vi if name in RetentionClass.__members__ else name
