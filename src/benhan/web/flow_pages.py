"""The first page of a hospital: the way of results; and the way of one of them."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.kernel.permissions import Permission
from benhan.kernel.trace import is_trace_id
from benhan.node.traces import Traces
from benhan.web.pages import Site, page, render


class FlowPages:
    """The travelling record."""

    def __init__(self, site: Site, traces: Traces) -> None:
        self._site = site
        self._traces = traces

    def routes(self) -> list[BaseRoute]:
        view = Permission.TRACE_VIEW
        return [
            route("/", page(self._site, self.home), permission=view),
            route("/flow", page(self._site, self.flow), permission=view, is_poll=True),
            route("/trace", page(self._site, self.trace), permission=view),
        ]

    async def home(self, request: Request) -> Response:
        return await self._rendered(request, "home.html")

    async def flow(self, request: Request) -> Response:
        """The part of the first page that refreshes."""
        return await self._rendered(request, "flow.html")

    async def trace(self, request: Request) -> Response:
        wanted = re.sub(r"[^0-9a-f]", "", request.query_params.get("id", "").lower())[:32]
        way = await self._traces.way(wanted) if is_trace_id(wanted) else None
        return render(request, self._site, "trace.html", wanted=wanted, way=way)

    async def _rendered(self, request: Request, template: str) -> Response:
        flow, ways = await self._traces.flow(), await self._traces.latest()
        return render(request, self._site, template, flow=flow, ways=ways)
