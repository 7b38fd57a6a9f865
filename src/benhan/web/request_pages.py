"""Requests of patients for a summary or a copy: the list with its clock, one patient's, the desk that takes them in."""

from __future__ import annotations

from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.chart.charts import Charts
from benhan.node.records.life import Records
from benhan.node.records.requests import ASKERS, STEPS, Requests, Scope, Told
from benhan.web.pages import Page, Site, language_of, name_of, page, render
from benhan.web.patient_pages import head_of
from benhan.web.sign_in import form_of


class RequestPages:
    """What the desk of the records department sees."""

    def __init__(self, site: Site, records: Records, requests: Requests, charts: Charts) -> None:
        self._site = site
        self._records = records
        self._requests = requests
        self._charts = charts

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/requests", self.listed),
            ("POST", "/requests/{key}", self.act),
            ("POST", "/requests/{key}/answer", self.answer),
            ("GET", "/patients/{id}/requests", self.of_patient),
            ("POST", "/patients/{id}/requests", self.ask),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=Permission.RECORD_REQUEST)
            for method, path, handler in table
        ]

    async def listed(self, request: HttpRequest) -> Response:
        return await self._listed(request, None)

    async def _listed(self, request: HttpRequest, fault: Fault | None) -> Response:
        found = await self._requests.open(actor_of(request))
        return render(
            request,
            self._site,
            "requests.html",
            status_of(fault) if fault is not None else 200,
            found=found,
            today=day_in_vietnam(self._records.store.clock.now()),
            steps=STEPS,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def act(self, request: HttpRequest) -> Response:
        """Acknowledge, agree, refuse or withdraw; what is refused is told on the list."""
        form = form_of(request)
        try:
            await self._requests.act(
                request.path_params["key"], form.get("act", ""), actor_of(request), reason=form.get("reason", "")
            )
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._listed(request, fault)
        return RedirectResponse("/requests", 303)

    async def answer(self, request: HttpRequest) -> Response:
        """What is asked for, as a file; with that it is given."""
        try:
            given = await self._requests.answer(request.path_params["key"], actor_of(request), name_of(request))
        except Fault as fault:
            if fault.category != "conflict":
                raise
            return await self._listed(request, fault)
        headers = {"content-disposition": f'attachment; filename="{given.name}"', "cache-control": "no-store"}
        return Response(given.content, media_type=given.media_type, headers=headers)

    async def of_patient(self, request: HttpRequest) -> Response:
        return await self._of_patient(request, None)

    async def _of_patient(self, request: HttpRequest, fault: Fault | None) -> Response:
        patient_id, actor = id_of_path(request), actor_of(request)
        banner, _ = await self._charts.banner(patient_id, actor, page="requests")
        rid = self._records.store.workshop.ids.rid_of("Patient", patient_id)
        records = await self._records.rows.of_patient(rid, actor)
        return render(
            request,
            self._site,
            "patient_requests.html",
            status_of(fault) if fault is not None else 200,
            **head_of(banner),
            tab="records",
            found=await self._requests.of_patient(patient_id, actor),
            records=[
                (each.id, each.storage_number, self._records.forms.by_key(each.form).name)
                for each in records
                if not each.is_cancelled
            ],
            scopes=[each.value for each in Scope],
            askers=list(ASKERS),
            typed=form_of(request) if fault is not None else {},
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def ask(self, request: HttpRequest) -> Response:
        form = form_of(request)
        scope = next((each for each in Scope if each.value == form.get("scope")), Scope.SUMMARY)
        told = Told(*(form.get(name, "").strip()[:300] for name in ("name", "paper", "purpose")))
        try:
            await self._requests.ask(form.get("record", ""), scope, form.get("asker", ""), told, actor_of(request))
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._of_patient(request, fault)
        return RedirectResponse("/requests", 303)
