"""Patients: the list, one patient's pages, exports."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.kernel.care import Use
from benhan.kernel.permissions import Permission
from benhan.node.access.looks import Looks
from benhan.node.chart.banner import Banner
from benhan.node.chart.charts import Charts
from benhan.node.chart.pictures import Instance
from benhan.node.exports import Exports, Format
from benhan.node.patients import Patients
from benhan.store.newest import COUNTED_MAX
from benhan.web.charts import drug_bars, trend_json
from benhan.web.looks import look_lines
from benhan.web.pages import Page, Site, page, render
from benhan.web.result_table import COLUMNS, result_table
from benhan.web.sealed_text import SealedText
from benhan.web.sign_in import form_of

TABS = ("overview", "timeline", "results", "images", "drugs", "records", "looked")
"""The sections of a patient, in the one order that all pages keep."""
COUNTED = {
    "timeline": ("Encounter", "Condition", "ServiceRequest", "DiagnosticReport", "MedicationRequest", "Composition"),
    "results": ("Observation",),
    "images": ("ImagingStudy",),
    "drugs": ("MedicationRequest",),
}
"""What the number beside the name of a section counts."""
COLUMNS_MAX = 400


class PatientPages:
    """Everything about patients that a hospital's people see."""

    def __init__(
        self, site: Site, patients: Patients, charts: Charts, exports: Exports, sealed: SealedText, looks: Looks
    ) -> None:
        self._site = site
        self._patients = patients
        self._charts = charts
        self._exports = exports
        self._sealed = sealed
        self._looks = looks

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/patients", self.patients, Permission.PATIENT_LIST),
            ("POST", "/patients/search", self.search, Permission.PATIENT_LIST),
            ("GET", "/patients/{id}", self.patient, Permission.PATIENT_VIEW),
            ("GET", "/patients/{id}/trend/{observation}", self.trend, Permission.PATIENT_VIEW),
            ("GET", "/patients/{id}/from/{type}/{of}", self.source, Permission.PATIENT_VIEW),
            ("GET", "/patients/{id}/pictures/{of}", self.picture, Permission.PATIENT_VIEW),
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
        """One section of a patient's pages."""
        shown = {
            "timeline": self._timeline,
            "results": self._results,
            "images": self._images,
            "drugs": self._drugs,
            "looked": self._looked,
        }
        return await shown.get(request.query_params.get("tab", ""), self._overview)(request)

    def _shown(self, request: Request, tab: str, banner: Banner, template: str = "", **context: Any) -> Response:
        return render(
            request, self._site, template or f"patient_{tab}.html", tab=tab, **head_of(banner), before=_before(request),
            **context,
        )  # fmt: skip

    async def _overview(self, request: Request) -> Response:
        found = await self._charts.overview(id_of_path(request), actor_of(request))
        return self._shown(request, "overview", found.banner, chart=found)

    async def _timeline(self, request: Request) -> Response:
        found = await self._charts.timeline(id_of_path(request), actor_of(request), _before(request))
        return self._shown(request, "timeline", found.banner, chart=found)

    async def _results(self, request: Request) -> Response:
        found = await self._charts.results(id_of_path(request), actor_of(request), _before(request))
        columns = COLUMNS_MAX if "all" in request.query_params else COLUMNS
        tables = [result_table(panel, columns) for panel in found.panels]
        return self._shown(request, "results", found.banner, chart=found, tables=tables)

    async def _images(self, request: Request) -> Response:
        banner, studies, others = await self._charts.images(id_of_path(request), actor_of(request))
        return self._shown(request, "images", banner, studies=studies, others=others)

    async def picture(self, request: Request) -> Response:
        """A picture as the viewer takes it: four bytes how long the head is, the head as JSON, then all frames.

        One request is one view, whatever the number of frames.
        """
        kind, content = await self._charts.picture(id_of_path(request), request.path_params["of"], actor_of(request))
        if kind == "application/dicom":
            instance = await asyncio.to_thread(Instance, content)
            frames = await asyncio.to_thread(instance.all_frames)
            told = dataclasses.asdict(instance.frames)
        else:
            frames, told = [content], {"kind": "jpeg", "frames": 1, "number": 0}
        head = orjson.dumps({**told, "sizes": [len(each) for each in frames]})
        body = b"".join([len(head).to_bytes(4, "little"), head, *frames])
        return Response(body, media_type="application/octet-stream", headers={"cache-control": "no-store"})

    async def _drugs(self, request: Request) -> Response:
        found = await self._charts.drugs(id_of_path(request), actor_of(request), _before(request))
        return self._shown(request, "drugs", found.banner, chart=found, bars=drug_bars(found.drugs))

    async def _looked(self, request: Request) -> Response:
        banner, _ = await self._charts.banner(id_of_path(request), actor_of(request), page="looked")
        looks = await self._looks.of_patient(self._patients.rid_of(id_of_path(request)))
        lines = look_lines((each.at, each.name, each.role, each.event, each.by) for each in looks)
        return self._shown(request, "looked", banner, looks=lines)

    async def trend(self, request: Request) -> Response:
        """An analyte through time; the address names one of its values."""
        found = await self._charts.trend(id_of_path(request), actor_of(request), request.path_params["observation"])
        return self._shown(
            request, "results", found.banner, "trend.html", analyte=found.analyte, lower=found.lower,
            data=trend_json(found.analyte, found.lower, found.drugs),
        )  # fmt: skip

    async def source(self, request: Request) -> Response:
        """Where something on the chart comes from."""
        type_, id_ = request.path_params["type"], request.path_params["of"]
        banner, found = await self._charts.source(id_of_path(request), type_, id_, actor_of(request))
        names = await self._patients.names_of({each.actor for each in found.versions})
        return self._shown(request, "", banner, "source.html", source=found, names=names)

    async def export(self, request: Request) -> Response:
        wanted = form_of(request).get("format", Format.HOSO_XML.value)
        format_ = next((each for each in Format if each.value == wanted), Format.HOSO_XML)
        export = await self._exports.export(id_of_path(request), format_, actor_of(request))
        headers = {"content-disposition": f'attachment; filename="{export.name}"', "cache-control": "no-store"}
        return Response(export.content, media_type=export.media_type, headers=headers)


def head_of(banner: Banner) -> dict[str, Any]:
    """What the head of every page of a patient shows: the banner, the sections with how many are in each."""
    tabs = [(each, _count(banner, each)) for each in TABS]
    return {"banner": banner, "p": banner.patient, "tabs": tabs, "counted_max": COUNTED_MAX}


def _count(banner: Banner, tab: str) -> int | None:
    """How many there are in a section; None where that is not counted."""
    types = COUNTED.get(tab)
    return min(sum(banner.counts.get(each, 0) for each in types), COUNTED_MAX) if types else None


def _before(request: Request) -> datetime | None:
    """The instant before which a list is asked for; None where none is named."""
    try:
        return datetime.fromtimestamp(float(request.query_params["before"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _is_limited(request: Request) -> bool:
    """Whether there may be patients whom the one who asks does not see."""
    care = actor_of(request).care
    return care is not None and not care.of(Use.READ).is_free
