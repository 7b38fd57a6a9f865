"""Uploading BHYT XML: a page for the records department, and the same address for a machine with a token."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, read_content
from benhan.kernel.permissions import Permission
from benhan.node.bhyt_intake import BhytIntake, Reception
from benhan.node.bhyt_report import report_json
from benhan.web.pages import Page, Site, page, render
from benhan.web.uploads import is_form, uploaded_files

SHOWN = 100
"""Episodes with something to look at that the page lists."""


class BhytPages:
    """The upload."""

    def __init__(self, site: Site, intake: BhytIntake, bytes_max: int) -> None:
        self._site = site
        self._intake = intake
        self._bytes_max = bytes_max

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, Page], ...] = (("GET", self.form), ("POST", self.upload))
        return [
            route("/bhyt", page(self._site, handler), methods=[method], permission=Permission.BHYT_UPLOAD)
            for method, handler in table
        ]

    async def form(self, request: Request) -> Response:
        return self._shown(request, [])

    async def upload(self, request: Request) -> Response:
        """Files of a form, answered as a page; or one file as it is, answered as JSON: 422 where nothing was taken."""
        body = await read_content(request, self._bytes_max)
        if not is_form(request):
            found = await self._intake.receive([body], actor_of(request))
            return Response(report_json("", found), 200 if found.total else 422, media_type="application/json")
        files = await uploaded_files(request, body, self._bytes_max)
        return self._shown(
            request, [(name, await self._intake.receive([content], actor_of(request))) for name, content in files]
        )

    def _shown(self, request: Request, received: list[tuple[str, Reception]]) -> Response:
        return render(request, self._site, "bhyt.html", received=received, limit_mb=self._bytes_max >> 20, shown=SHOWN)
