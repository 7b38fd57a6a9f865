"""Uploading BHYT XML: a page for the records department, and the same address for a machine with a token."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from benhan.access.faults import BAD_FORM
from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, read_content
from benhan.kernel.permissions import Permission
from benhan.node.bhyt_intake import BhytIntake, Reception
from benhan.node.bhyt_report import report_json
from benhan.web.pages import Page, Site, page, render

FILES_MAX = 20
MULTIPART = "multipart/form-data"
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
        if not request.headers.get("content-type", "").lower().startswith(MULTIPART):
            found = await self._intake.receive([body], actor_of(request))
            return Response(report_json("", found), 200 if found.total else 422, media_type="application/json")
        files = await self._files(request, body)
        return self._shown(
            request, [(name, await self._intake.receive([content], actor_of(request))) for name, content in files]
        )

    async def _files(self, request: Request, body: bytes) -> list[tuple[str, bytes]]:
        """The files of a form, kept in memory alone. Raises Incorrect BA-0913."""

        async def once() -> AsyncGenerator[bytes, None]:
            yield body

        parser = MultiPartParser(request.headers, once(), max_files=FILES_MAX, max_fields=4)
        parser.spool_max_size = self._bytes_max + 1
        try:
            form = await parser.parse()
        except (MultiPartException, KeyError) as cause:
            raise BAD_FORM(limit=self._bytes_max) from cause
        try:
            uploads = [each for each in form.getlist("file") if isinstance(each, UploadFile)]
            return [(each.filename or "", await each.read()) for each in uploads if each.size or each.filename]
        finally:
            await form.close()

    def _shown(self, request: Request, received: list[tuple[str, Reception]]) -> Response:
        return render(request, self._site, "bhyt.html", received=received, limit_mb=self._bytes_max >> 20, shown=SHOWN)
