"""/metrics: what Prometheus reads. Numbers only; no label holds an id, a name or a path with one in it.

Source: Prometheus text exposition format 0.0.4.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from benhan.serving.workers import METRICS_FOLDER

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

GaugeReader = Callable[[], Awaitable[Mapping[str, float]]]

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The numbers of one role, of all its workers: requests as they come, and gauges read when asked."""

    def __init__(self, readers: Mapping[str, GaugeReader]) -> None:
        self._readers = readers
        own = CollectorRegistry()
        self._requests = Counter(
            "benhan_http_requests", "Requests answered", ["method", "route", "status"], registry=own
        )
        self._seconds = Histogram("benhan_http_seconds", "Time to answer", ["route"], buckets=BUCKETS_S, registry=own)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._gauges = _Gauges()
        self._shown = _shown(own)
        self._shown.register(self._gauges)

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
            self._gauges.read[family] = await reader()
        return Response(generate_latest(self._shown), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Gauges(Collector):
    """What was read last."""

    def __init__(self) -> None:
        self.read: dict[str, Mapping[str, float]] = {}

    def collect(self) -> Iterable[Metric]:
        for family, values in self.read.items():
            metric = GaugeMetricFamily(f"benhan_{family}", family, labels=["of"])
            for name, value in values.items():
                metric.add_metric([name], value)
            yield metric


def _shown(own: CollectorRegistry) -> CollectorRegistry:
    """What is answered: the numbers of all workers together; of a single process also what it takes."""
    if METRICS_FOLDER in os.environ:
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return together
    ProcessCollector(registry=own)
    PlatformCollector(registry=own)
    return own


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
