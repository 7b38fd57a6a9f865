"""Packages of records: taken out of a record, taken in from other hospitals, looked at with signatures' verdicts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path, read_content
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.chart.charts import Charts
from benhan.node.packages.arrivals import Arrivals, Preview, Received
from benhan.node.packages.making import Packages
from benhan.node.packages.reading import open_package
from benhan.node.packages.rows import Arrived, State
from benhan.node.patients import PatientLine, line_of
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.patient_pages import head_of
from benhan.web.record_paths import whole_number
from benhan.web.sign_in import form_of
from benhan.web.uploads import uploaded_files

_GUARDED = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "no-store",
}
LISTS: dict[str, tuple[State, ...]] = {
    "waiting": (State.WAITING,),
    "faulty": (State.FAULTY,),
    "refused": (State.REFUSED,),
}


class PackagePages:
    """What the records department sees of packages, and doctors of records from outside."""

    def __init__(self, site: Site, packages: Packages, arrivals: Arrivals, charts: Charts, bytes_max: int) -> None:
        self._site = site
        self._packages = packages
        self._arrivals = arrivals
        self._charts = charts
        self._bytes_max = bytes_max

    def routes(self) -> list[BaseRoute]:
        one, outside = "/packages/{number}", "/patients/{id}/outside/{number}"
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("POST", "/records/{id}/package", self.make, Permission.RECORD_EXPORT),
            ("GET", "/packages", self.listed, Permission.RECORD_IMPORT),
            ("POST", "/packages", self.receive, Permission.RECORD_IMPORT),
            ("GET", one, self.preview, Permission.RECORD_IMPORT),
            ("POST", f"{one}/join", self.join, Permission.RECORD_IMPORT),
            ("POST", f"{one}/refuse", self.refuse, Permission.RECORD_IMPORT),
            ("GET", f"{one}/files/{{part}}", self.file, Permission.RECORD_IMPORT),
            ("GET", "/patients/{id}/outside", self.of_patient, Permission.RECORD_VIEW),
            ("GET", outside, self.outside, Permission.RECORD_VIEW),
            ("GET", f"{outside}/files/{{part}}", self.outside_file, Permission.RECORD_VIEW),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def make(self, request: Request) -> Response:
        """The package of a record, as a file."""
        made = await self._packages.make(id_of_path(request), actor_of(request))
        return _download(made.name, "application/zip", made.content)

    async def listed(self, request: Request) -> Response:
        return await self._listed(request, [])

    async def receive(self, request: Request) -> Response:
        """Packages of a form: each is kept, and told whether it can be joined."""
        actor = actor_of(request)
        body = await read_content(request, self._bytes_max)
        told: list[tuple[str, Received | None, Fault | None]] = []
        for name, content in await uploaded_files(request, body, self._bytes_max):
            try:
                received = await self._arrivals.receive(content, name[-120:], actor)
                told.append((name, received, received.fault))
            except Fault as fault:
                if fault.category != "conflict":
                    raise
                told.append((name, None, fault))
        if len(told) == 1 and told[0][1] is not None and told[0][2] is None:
            return RedirectResponse(f"/packages/{told[0][1].number}", 303)
        return await self._listed(request, told)

    async def _listed(self, request: Request, told: list[tuple[str, Received | None, Fault | None]]) -> Response:
        wanted = request.query_params.get("list", "waiting")
        name = wanted if wanted in LISTS else "waiting"
        return render(
            request,
            self._site,
            "packages.html",
            listed=await self._arrivals.listed(LISTS[name], actor_of(request)),
            name=name,
            names=list(LISTS),
            told=told,
            limit_mb=self._bytes_max >> 20,
        )

    async def preview(self, request: Request) -> Response:
        return await self._shown(request, None)

    async def _shown(self, request: Request, fault: Fault | None) -> Response:
        """A package that waits; one that cannot be opened is shown with its reasons."""
        actor = actor_of(request)
        arrived = await self._arrivals.arrived(_number(request), actor)
        preview: Preview | None = None
        if arrived.state is State.WAITING:
            chosen = request.query_params.get("patient", "")
            preview = await self._arrivals.preview(arrived, chosen if chosen.isalnum() else "", actor)
        return render(
            request,
            self._site,
            "package.html",
            status_of(fault) if fault is not None else 200,
            arrived=arrived,
            preview=preview,
            lines=self._lines(preview),
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    def _lines(self, preview: Preview | None) -> list[PatientLine]:
        return [line_of(each.patient, "") for each in preview.candidates] if preview is not None else []

    async def join(self, request: Request) -> Response:
        """Join it; what forbids that is told on the page of the package."""
        try:
            patient = await self._arrivals.join(
                _number(request), form_of(request).get("patient", ""), actor_of(request)
            )
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._shown(request, fault)
        return RedirectResponse(f"/patients/{patient}/outside", 303)

    async def refuse(self, request: Request) -> Response:
        reason = form_of(request).get("reason", "")[:2000]
        await self._arrivals.refuse(_number(request), reason, actor_of(request))
        return RedirectResponse("/packages?list=refused", 303)

    async def file(self, request: Request) -> Response:
        actor = actor_of(request)
        arrived = await self._arrivals.arrived(_number(request), actor)
        return await self._file(request, arrived)

    async def of_patient(self, request: Request) -> Response:
        """The records from outside of a patient."""
        patient_id, actor = id_of_path(request), actor_of(request)
        banner, _ = await self._charts.banner(patient_id, actor, page="outside")
        listed = await self._arrivals.of_patient(patient_id)
        return render(request, self._site, "patient_outside.html", **head_of(banner), tab="records", listed=listed)

    async def outside(self, request: Request) -> Response:
        """One record from outside, with the verdicts of today."""
        patient_id, actor = id_of_path(request), actor_of(request)
        banner, _ = await self._charts.banner(patient_id, actor, page="outside")
        number = _number(request)
        arrived, package, verdicts = await self._arrivals.external(patient_id, number, actor)
        return render(
            request,
            self._site,
            "outside.html",
            **head_of(banner),
            tab="records",
            arrived=arrived,
            manifest=package.manifest,
            verdicts=verdicts,
        )

    async def outside_file(self, request: Request) -> Response:
        number = _number(request)
        arrived, _, _ = await self._arrivals.external(id_of_path(request), number, actor_of(request))
        return await self._file(request, arrived)

    async def _file(self, request: Request, arrived: Arrived) -> Response:
        """A file of a package by its place in the manifest: content from outside never comes as a page of ours."""
        parts = open_package(arrived.content).manifest.parts
        place = whole_number(request.path_params["part"])
        path = parts[place].path if place < len(parts) else ""
        media_type, content = await self._arrivals.file(arrived, path, actor_of(request))
        return _download(path.rpartition("/")[2], media_type, content)


def _number(request: Request) -> int:
    """The number of the package of the address; 0, which is none, where it is no number."""
    return whole_number(request.path_params["number"])


def _download(name: str, media_type: str, content: bytes) -> Response:
    headers = {**_GUARDED, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
