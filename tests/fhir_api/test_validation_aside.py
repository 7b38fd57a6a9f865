"""What is made to be costly is validated beside the event loop, within bounds, and leaves the server whole."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from benhan.fhir.validation.scope import Options
from benhan.fhir_api import requests
from benhan.kernel.faults import Busy
from benhan.store.store import Store
from benhan.store.validation import aside, validation
from benhan.store.validation.aside import Aside

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/StructureDefinition/"


def observation(components: int = 0, **more: Any) -> Json:
    listed = [
        {"code": {"coding": [{"system": "urn:x", "code": str(n)}]}, "valueString": "x"} for n in range(components)
    ]
    return {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more,
        **({"component": listed} if listed else {}),
    }  # fmt: skip


def profile(url: str, **more: Any) -> Json:
    return {
        "resourceType": "StructureDefinition", "url": url, "name": "P", "status": "draft", "abstract": False,
        "kind": "resource", "type": "Observation", "baseDefinition": CORE + "Observation", "derivation": "constraint",
        "differential": {"element": [{"id": "Observation", "path": "Observation"}]}, **more,
    }  # fmt: skip


def ran_in(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each run was in another thread than the event loop's."""
    found: list[bool] = []
    run = validation.Memory.run

    def watched(self: validation.Memory, *arguments: Any) -> Any:
        found.append(threading.current_thread() is not threading.main_thread())
        return run(self, *arguments)

    monkeypatch.setattr(validation.Memory, "run", watched)
    return found


async def test_a_plain_resource_is_validated_at_once(api_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await api_store.validation.validate(observation())
    runs = ran_in(monkeypatch)
    await api_store.validation.validate(observation())
    assert runs == [False]


async def test_many_steps_and_many_bytes_are_taken_aside_and_found_as_well(
    api_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    costly = observation(6_000, valueString="x", dataAbsentReason={"text": "x"})
    runs = ran_in(monkeypatch)
    issues = await api_store.validation.validate(costly, [CORE + "vitalsigns"])
    assert runs[0] is False
    assert runs[-1] is True
    assert "too-costly" not in [each.kind for each in issues]
    assert [each.place for each in issues if each.text.en.startswith("The rule obs-6")] == ["Observation"]
    runs.clear()
    told = await api_store.validation.validate(costly, [CORE + "vitalsigns"], size_bytes=10_000_000)
    assert runs == [True]
    assert told == issues


async def test_others_go_on_meanwhile(api_store: Store) -> None:
    costly = observation(20_000)
    validating = asyncio.create_task(api_store.validation.validate(costly, [CORE + "vitalsigns"], size_bytes=1_000_000))
    turns, longest_s, before = 0, 0.0, time.monotonic()
    while not validating.done():
        await asyncio.sleep(0.001)
        longest_s, before = max(longest_s, time.monotonic() - before), time.monotonic()
        turns += 1
    assert turns > 20
    assert await validating


async def test_a_large_body_is_read_beside_the_event_loop_and_a_small_one_at_once(
    fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[bool] = []
    check = requests.check_structure

    def watched(plain: Json) -> Any:
        threads.append(threading.current_thread() is not threading.main_thread())
        return check(plain)

    monkeypatch.setattr(requests, "check_structure", watched)
    monkeypatch.setattr(requests, "LARGE_BYTES", 10_000)
    for components in (1, 400):
        assert (await fhir.post("/Observation", json=observation(components))).status_code == 201
    assert threads == [False, True]
    refused = await fhir.post("/Observation", json=observation(400, nmae="x"))
    assert (refused.status_code, len(refused.json()["issue"])) == (422, 2)


@pytest.mark.parametrize("path", ["/Observation/$validate", "/Patient/$match"])
async def test_the_body_of_an_operation_is_read_beside_the_loop_where_it_is_large(
    fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    threads: list[bool] = []
    parse = requests.parse_json

    def watched(data: bytes, **more: Any) -> Any:
        threads.append(threading.current_thread() is not threading.main_thread())
        return parse(data, **more)

    monkeypatch.setattr(requests, "parse_json", watched)
    monkeypatch.setattr(requests, "LARGE_BYTES", 10_000)
    told = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": observation(400)}]}
    assert (await fhir.post(path, json=told)).status_code in (200, 400)
    assert threads == [True]


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "WAITING_MAX", 2)
    thread, free = Aside(), threading.Event()
    waiting = [asyncio.create_task(thread.run(free.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="BA-3090"):
        await thread.run(free.wait)
    free.set()
    assert await asyncio.gather(*waiting) == [True, True]
    assert await thread.run(lambda: "again") == "again"
    thread.stop()


async def test_a_rule_that_takes_long_is_taken_aside_too(
    api_store: Store, fhir: httpx.AsyncClient, unique: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://vn.example/{unique()}"
    rule = {
        "key": "x-1", "severity": "error", "human": "x",
        "expression": "component.all(%resource.component.code.coding.code.count() > 0)",
    }  # fmt: skip
    told = {"element": [{"id": "Observation", "path": "Observation", "constraint": [rule]}]}
    assert (await fhir.post("/StructureDefinition", json=profile(url, differential=told))).status_code == 201
    runs = ran_in(monkeypatch)
    issues = await api_store.validation.validate(observation(700), [url], options=Options(invariants=False))
    assert runs[-1] is True
    assert [each.text.en for each in issues if "x-1" in each.text.en and "BA-2012" not in each.text.en] == []


async def test_a_bomb_of_a_regular_expression_and_a_cycle_of_definitions_leave_the_server_whole(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    bomb, one, other, self_ = (f"http://vn.example/{unique()}" for _ in range(4))
    rule = {"key": "b-1", "severity": "error", "human": "b", "expression": "code.text.matches('^((a+)+)+$')"}
    element = {"id": "Observation", "path": "Observation", "constraint": [rule]}
    inner = {"id": "Observation.contained", "path": "Observation.contained"}
    definitions = [
        profile(bomb, differential={"element": [element]}),
        profile(one, baseDefinition=other),
        profile(other, baseDefinition=one),
        profile(self_, differential={"element": [
            {"id": "Observation", "path": "Observation"},
            {**inner, "type": [{"code": "Resource", "profile": [self_]}]},
        ]}),
    ]  # fmt: skip
    for each in definitions:
        assert (await fhir.post("/StructureDefinition", json=each)).status_code == 201
    resource = observation(
        meta={"profile": [bomb, one, self_]},
        contained=[observation(id="a")],
        hasMember=[{"reference": "#a"}],
    )
    resource["code"] = {"text": "a" * 20_000 + "!"}
    began = time.monotonic()
    answer = await fhir.post("/Observation/$validate", json=resource)
    assert answer.status_code == 200
    texts = [orjson.dumps(each).decode() for each in answer.json()["issue"]]
    assert any("b-1" in each for each in texts)
    assert any("circle" in each or "vòng" in each for each in texts)
    assert time.monotonic() - began < 20
    assert (await fhir.get("/Observation?_count=1")).status_code == 200


async def test_a_bundle_of_a_hundred_thousand_entries_is_refused_or_judged_and_nothing_of_it_is_stored(
    fhir: httpx.AsyncClient, api_store: Store, unique: Callable[[], str]
) -> None:
    family = unique()
    entry = {
        "resource": {"resourceType": "Patient", "name": [{"family": family}]},
        "request": {"method": "POST", "url": "Patient"},
    }
    body = orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 100_000})
    answer = await fhir.post("", content=body, headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code == 413
    small = orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [{}] * 100_000})
    assert (await fhir.post("", content=small, headers={"Content-Type": "application/fhir+json"})).status_code in (
        400,
        413,
    )
    assert (await fhir.get(f"/Patient?family={family}&_total=accurate")).json()["total"] == 0
    plain = {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"fullUrl": f"urn:oid:1.2.{n}", "resource": {"resourceType": "Patient"}} for n in range(100_000)],
    }  # fmt: skip
    issues = await api_store.validation.validate(plain, size_bytes=len(body))
    assert issues[-1].kind == "too-costly"
    assert len(issues) <= 201
