"""The pages of a hospital node."""

from __future__ import annotations

import re

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.middleware import check_form_token
from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.kernel.trace import is_trace_id
from benhan.node.dead_letters import DeadLetters
from benhan.node.exports import Exports, Format
from benhan.node.patients import Patients
from benhan.node.traces import Traces
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.store.outbox import Outbox
from benhan.web.charts import trend_data
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.sign_in import read_form

TABS = ("overview", "results", "timeline", "looked")


class NodePages:
    """Everything a hospital's people see."""

    def __init__(
        self,
        site: Site,
        patients: Patients,
        traces: Traces,
        letters: DeadLetters,
        outbox: Outbox,
        exports: Exports,
    ) -> None:
        self._site = site
        self._patients = patients
        self._traces = traces
        self._letters = letters
        self._outbox = outbox
        self._exports = exports

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/", self.home, Permission.TRACE_VIEW),
            ("GET", "/flow", self.flow, Permission.TRACE_VIEW),
            ("GET", "/patients", self.patients, Permission.PATIENT_LIST),
            ("GET", "/patients/{id}", self.patient, Permission.PATIENT_VIEW),
            ("GET", "/patients/{id}/trend/{analyte}", self.trend, Permission.PATIENT_VIEW),
            ("POST", "/encounters/{id}/export", self.export, Permission.RECORD_EXPORT),
            ("GET", "/trace", self.trace, Permission.TRACE_VIEW),
            ("GET", "/letters", self.letters, Permission.MESSAGE_VIEW),
            ("GET", "/letters/{id:int}", self.letter, Permission.MESSAGE_VIEW),
            ("POST", "/letters/{id:int}", self.mend, Permission.MESSAGE_MEND),
            ("GET", "/deliveries", self.deliveries, Permission.DELIVERY_VIEW),
            ("POST", "/deliveries/retry", self.retry, Permission.DELIVERY_VIEW),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def home(self, request: Request) -> Response:
        return render(
            request, self._site, "home.html", flow=await self._traces.flow(), ways=await self._traces.latest()
        )

    async def flow(self, request: Request) -> Response:
        return render(
            request, self._site, "flow.html", flow=await self._traces.flow(), ways=await self._traces.latest()
        )

    async def patients(self, request: Request) -> Response:
        text, link = request.query_params.get("q", ""), request.query_params.get("page", "")
        found = await self._patients.listed(text, actor_of(request), page=link)
        return render(request, self._site, "patients.html", q=text, found=found)

    async def patient(self, request: Request) -> Response:
        tab = request.query_params.get("tab", "overview")
        tab = tab if tab in TABS else "overview"
        patient_id = request.path_params["id"]
        chart = await self._patients.chart(patient_id, actor_of(request), page=tab)
        looks = await self._patients.looks(patient_id) if tab == "looked" else []
        return render(request, self._site, "patient.html", chart=chart, tab=tab, tabs=TABS, looks=looks)

    async def trend(self, request: Request) -> Response:
        patient_id, key = request.path_params["id"], request.path_params["analyte"]
        chart = await self._patients.chart(patient_id, actor_of(request), page="trend")
        analyte = next((each for panel in chart.panels for each in panel.analytes if each.key == key), None)
        if analyte is None:
            raise NO_SUCH_RESOURCE(type="Observation", id="?")
        data = orjson.dumps(trend_data(analyte)).decode().replace("<", "\\u003c")
        return render(request, self._site, "trend.html", chart=chart, analyte=analyte, data=data)

    async def export(self, request: Request) -> Response:
        form = await read_form(request)
        check_form_token(request.scope, form.get("csrf", ""))
        wanted = form.get("format", Format.HOSO_XML.value)
        format_ = next((each for each in Format if each.value == wanted), Format.HOSO_XML)
        export = await self._exports.export(request.path_params["id"], format_, actor_of(request))
        headers = {"content-disposition": f'attachment; filename="{export.name}"', "cache-control": "no-store"}
        return Response(export.content, media_type=export.media_type, headers=headers)

    async def trace(self, request: Request) -> Response:
        wanted = re.sub(r"[^0-9a-f]", "", request.query_params.get("id", "").lower())[:32]
        way = await self._traces.way(wanted) if is_trace_id(wanted) else None
        return render(request, self._site, "trace.html", wanted=wanted, way=way)

    async def letters(self, request: Request) -> Response:
        listed = await self._letters.listed()
        replayed = "replayed" in request.query_params
        return render(request, self._site, "letters.html", listed=listed, replayed=replayed)

    async def letter(self, request: Request) -> Response:
        letter = await self._letters.read(request.path_params["id"], actor_of(request))
        return render(request, self._site, "letter.html", letter=letter, typed=letter.text, fault=None, text="")

    async def mend(self, request: Request) -> Response:
        form = await read_form(request)
        check_form_token(request.scope, form.get("csrf", ""))
        message_id, actor = request.path_params["id"], actor_of(request)
        typed = form.get("message", "")
        try:
            await self._letters.replay(message_id, typed if form.get("act") == "mend" else None, actor)
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            letter = await self._letters.read(message_id, actor)
            text = fault.text.in_language(language_of(request.scope))
            return render(request, self._site, "letter.html", 400, letter=letter, typed=typed, fault=fault, text=text)
        return RedirectResponse("/letters?replayed", 303)

    async def deliveries(self, request: Request) -> Response:
        return render(request, self._site, "deliveries.html", listed=await self._outbox.listed())

    async def retry(self, request: Request) -> Response:
        form = await read_form(request)
        check_form_token(request.scope, form.get("csrf", ""))
        bucket, _, number = form.get("delivery", "").partition("-")
        if bucket.isdigit() and number.isdigit():
            await self._outbox.retry(int(bucket), int(number))
        return RedirectResponse("/deliveries", 303)
