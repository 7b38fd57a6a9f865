"""Patients: the list, one patient's page, the trend of an analyte, exports."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.kernel.care import Use
from benhan.kernel.permissions import Permission
from benhan.node.access.looks import Looks
from benhan.node.exports import Exports, Format
from benhan.node.patients import Patients
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.web.charts import trend_json
from benhan.web.looks import look_lines
from benhan.web.pages import Page, Site, page, render
from benhan.web.result_table import COLUMNS, result_table
from benhan.web.sealed_text import SealedText
from benhan.web.sign_in import form_of

TABS = ("overview", "timeline", "results", "looked")
COLUMNS_MAX = 400


class PatientPages:
    """Everything about patients that a hospital's people see."""

    def __init__(self, site: Site, patients: Patients, exports: Exports, sealed: SealedText, looks: Looks) -> None:
        self._site = site
        self._patients = patients
        self._exports = exports
        self._sealed = sealed
        self._looks = looks

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/patients", self.patients, Permission.PATIENT_LIST),
            ("POST", "/patients/search", self.search, Permission.PATIENT_LIST),
            ("GET", "/patients/{id}", self.patient, Permission.PATIENT_VIEW),
            ("GET", "/patients/{id}/trend/{analyte}", self.trend, Permission.PATIENT_VIEW),
            ("POST", "/encounters/{id}/export", self.export, Permission.RECORD_EXPORT),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def patients(self, request: Request) -> Response:
        """The list, or what was found: `s` is what was typed, sealed, since an address must name nobody."""
        sealed, link = request.query_params.get("s", ""), request.query_params.get("page", "")
        text = self._sealed.read(sealed)
        found = await self._patients.listed(text, actor_of(request), page=link)
        template = "patients_found.html" if "hx-request" in request.headers else "patients.html"
        return render(
            request, self._site, template, q=text, sealed=sealed, found=found, is_first=not link,
            is_limited=_is_limited(request),
        )  # fmt: skip

    async def search(self, request: Request) -> Response:
        """What was typed comes in the body; its sealed form becomes the address."""
        text = form_of(request).get("q", "").strip()[:100]
        sealed = self._sealed.write(text)
        address = "/patients" + (f"?{urlencode({'s': sealed})}" if sealed else "")
        if "hx-request" not in request.headers:
            return RedirectResponse(address, 303)
        found = await self._patients.listed(text, actor_of(request))
        answer = render(
            request, self._site, "patients_found.html", q=text, sealed=sealed, found=found, is_first=True,
            is_limited=_is_limited(request),
        )  # fmt: skip
        answer.headers["hx-replace-url"] = address
        return answer

    async def patient(self, request: Request) -> Response:
        wanted = request.query_params.get("tab", "overview")
        tab = wanted if wanted in TABS else "overview"
        patient_id, actor = id_of_path(request), actor_of(request)
        chart = await self._patients.chart(patient_id, actor, page=tab)
        columns = COLUMNS_MAX if "all" in request.query_params else COLUMNS
        looks = await self._looks.of_patient(self._patients.rid_of(patient_id)) if tab == "looked" else []
        return render(
            request,
            self._site,
            f"patient_{tab}.html",
            chart=chart,
            tab=tab,
            tabs=TABS,
            tables=[result_table(panel, columns) for panel in chart.panels],
            looks=look_lines((each.at, each.name, each.role, each.event, each.by) for each in looks),
        )

    async def trend(self, request: Request) -> Response:
        patient_id, key = id_of_path(request), request.path_params["analyte"]
        chart = await self._patients.chart(patient_id, actor_of(request), page="trend")
        analyte = next((each for panel in chart.panels for each in panel.analytes if each.key == key), None)
        if analyte is None:
            raise NO_SUCH_RESOURCE(type="Observation", id="?")
        return render(
            request, self._site, "trend.html", chart=chart, tab="results", tabs=TABS, analyte=analyte,
            data=trend_json(analyte),
        )  # fmt: skip

    async def export(self, request: Request) -> Response:
        wanted = form_of(request).get("format", Format.HOSO_XML.value)
        format_ = next((each for each in Format if each.value == wanted), Format.HOSO_XML)
        export = await self._exports.export(id_of_path(request), format_, actor_of(request))
        headers = {"content-disposition": f'attachment; filename="{export.name}"', "cache-control": "no-store"}
        return Response(export.content, media_type=export.media_type, headers=headers)


def _is_limited(request: Request) -> bool:
    """Whether there may be patients whom the one who asks does not see."""
    care = actor_of(request).care
    return care is not None and not care.of(Use.READ).is_free
