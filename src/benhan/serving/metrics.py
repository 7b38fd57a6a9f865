"""/metrics: what Prometheus reads. Numbers only; no label holds an id, a name or a path with one in it.

Source: Prometheus text exposition format 0.0.4.
"""

from __future__ import annotations

import asyncio
import os
import time
from bisect import bisect_left
from collections import Counter as Counted
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
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

SHOWN_WITHIN_S = 0.25
"""How late a request is in the numbers of a worker that is not the one that is asked."""
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
        self._seen: dict[tuple[str, str, int], list[float]] = {}
        self._is_due = False
        self._gauges = _Gauges()
        self._shown = _shown(own)
        self._shown.register(self._gauges)

    def observed(self, method: str, route: str, status: int, seconds: float) -> None:
        """Notes a request that was answered; it is shown within `SHOWN_WITHIN_S`."""
        key = (method, route, status)
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = []
        found.append(seconds)
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(SHOWN_WITHIN_S, self._show)

    def _show(self) -> None:
        """Puts what was noted where all workers' numbers are: many at once, as each is a write to a shared file."""
        seen, self._seen, self._is_due = self._seen, {}, False
        for (method, route, status), times in seen.items():
            self._requests.labels(method, route, str(status)).inc(len(times))
            add_many(self._seconds.labels(route), times)

    async def endpoint(self, _request: Request) -> Response:
        self._show()
        for family, reader in self._readers.items():
            self._gauges.read[family] = await reader()
        return Response(generate_latest(self._shown), headers={"Content-Type": CONTENT_TYPE_LATEST})


def add_many(histogram: Histogram, values: Sequence[float]) -> None:
    """What `histogram.observe` of each value does; the library itself has no way to say it of many."""
    found = Counted(bisect_left(BUCKETS_S, value) for value in values)
    for bucket, count in found.items():
        histogram._buckets[bucket].inc(count)
    histogram._sum.inc(sum(values))


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
