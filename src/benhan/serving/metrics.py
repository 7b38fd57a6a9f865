"""/metrics: what Prometheus reads. Numbers only; no label holds an id, a name or a path with one in it.

Source: Prometheus text exposition format 0.0.4.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

GaugeReader = Callable[[], Awaitable[Mapping[str, float]]]

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The numbers of one role: requests as they come, and gauges read when asked."""

    def __init__(self, readers: Mapping[str, GaugeReader]) -> None:
        self._readers = readers
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Counter(
            "benhan_http_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "benhan_http_seconds", "Time to answer", ["route"], buckets=BUCKETS_S, registry=self._registry
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._gauges: dict[str, Gauge] = {}

    def observed(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        found = self._children.get(key)
        if found is None:
            found = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._children[key] = found
        found[0].inc()
        found[1].observe(seconds)

    async def endpoint(self, _request: Request) -> Response:
        for family, reader in self._readers.items():
            gauge = self._gauges.get(family)
            if gauge is None:
                gauge = self._gauges[family] = Gauge(f"benhan_{family}", family, ["of"], registry=self._registry)
            for name, value in (await reader()).items():
                gauge.labels(name).set(value)
        return Response(generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class Measured:
    """Counts the requests of `app` by method, route pattern and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            status = scope.get("state", {}).get("status") or 500  # the door notes what was answered
            self._metrics.observed(scope["method"], route_pattern(scope), status, time.perf_counter() - began)


def route_pattern(scope: Scope) -> str:
    """The pattern of the route that answered (`/fhir/{type}/{id}`), never the path itself."""
    pattern = getattr(scope.get("route"), "path", None)
    return pattern if isinstance(pattern, str) else "unmatched"
