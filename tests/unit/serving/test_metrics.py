"""What /metrics shows of requests: every one, in the bucket of its time."""

from __future__ import annotations

import asyncio

import hypothesis.strategies as st
import pytest
from hypothesis import given
from prometheus_client import CollectorRegistry, Histogram
from starlette.requests import Request

from benhan.serving.metrics import BUCKETS_S, METRICS_FOLDER, SHOWN_WITHIN_S, Metrics, add_many

TIMES = st.lists(st.floats(0, 20) | st.sampled_from(BUCKETS_S), max_size=30)


async def _shown(metrics: Metrics) -> list[str]:
    answer = await metrics.endpoint(Request({"type": "http", "headers": []}))
    return bytes(answer.body).decode().splitlines()


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> Metrics:
    monkeypatch.delenv(METRICS_FOLDER, raising=False)
    return Metrics({})


async def test_requests_are_counted_by_method_route_and_status(metrics: Metrics) -> None:
    for status in (200, 404, 200):
        metrics.observed("GET", "/fhir/{type}/{id}", status, 0.003)
    shown = await _shown(metrics)
    assert 'benhan_http_requests_total{method="GET",route="/fhir/{type}/{id}",status="200"} 2.0' in shown
    assert 'benhan_http_requests_total{method="GET",route="/fhir/{type}/{id}",status="404"} 1.0' in shown
    assert 'benhan_http_seconds_bucket{le="0.0025",route="/fhir/{type}/{id}"} 0.0' in shown
    assert 'benhan_http_seconds_bucket{le="0.005",route="/fhir/{type}/{id}"} 3.0' in shown


async def test_what_nobody_asks_for_is_shown_soon_too(metrics: Metrics) -> None:
    metrics.observed("GET", "/", 200, 0.1)
    await asyncio.sleep(SHOWN_WITHIN_S + 0.05)
    metrics.observed("GET", "/", 200, 0.1)
    assert 'benhan_http_requests_total{method="GET",route="/",status="200"} 2.0' in await _shown(metrics)


@given(TIMES)
def test_many_at_once_are_what_one_after_another_would_be(times: list[float]) -> None:
    together, singly = (Histogram("h", "h", buckets=BUCKETS_S, registry=CollectorRegistry()) for _ in range(2))
    add_many(together, times)
    for each in times:
        singly.observe(each)
    pairs = zip(together.collect(), singly.collect(), strict=True)
    for one, other in pairs:
        assert [(each.name, each.labels, round(each.value, 9)) for each in one.samples if each.name != "h_created"] == [
            (each.name, each.labels, round(each.value, 9)) for each in other.samples if each.name != "h_created"
        ]
