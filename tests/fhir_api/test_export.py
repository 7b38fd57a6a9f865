"""$export: what a job gives, of what, as of when, to whom; what is refused, cancelled, expired, killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clocks import MovedClock
from tests.fhir_api.bulk import (
    ASYNC,
    EVERYTHING,
    BulkServer,
    bulk_server,
    exported,
    kicked_off,
    lines_of,
    put,
    references,
)
from tests.fhir_api.conftest import codes_of, patient
from tests.fhir_api.test_everything import observation

from benhan.fhir_api.bulk import export_job
from benhan.fhir_api.bulk.export_request import ExportRequest
from benhan.fhir_api.operations.export import _narrow_to_granted
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Forbidden
from benhan.kernel.limits import Act, Rule
from benhan.kernel.permissions import Permission
from benhan.store import bulk_files, bulk_rows
from benhan.store.jobs import LEASE
from benhan.store.sweeper import sweep_some

Json = dict[str, Any]


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(fresh_url: str, tmp_path: Path, clock: MovedClock) -> AsyncIterator[BulkServer]:
    async for each in bulk_server(fresh_url, tmp_path, clock=clock):
        yield each


@pytest.fixture
async def client(server: BulkServer) -> httpx.AsyncClient:
    return await server.client()


async def test_an_export_of_the_server_gives_every_resource_as_it_is_read(
    server: BulkServer, client: httpx.AsyncClient
) -> None:
    an = await put(client, patient())
    made = [an, await put(client, patient(id="chosen")), await put(client, {"resourceType": "Practitioner"})]
    made += [await put(client, observation(an.removeprefix("Patient/"), valueQuantity={"value": 1.10}))]
    manifest = await exported(server, client)
    lines = await lines_of(client, manifest)
    assert references(lines) == sorted(made)
    for line in lines:
        assert (await client.get(f"{line['resourceType']}/{line['id']}")).json() == line
    assert manifest["request"] == "http://node.example/fhir/$export"
    assert manifest["requiresAccessToken"] is True
    assert manifest["error"] == []
    assert "deleted" not in manifest


async def test_an_empty_store_gives_an_empty_manifest(server: BulkServer, client: httpx.AsyncClient) -> None:
    assert (await exported(server, client))["output"] == []


async def test_an_export_by_post_takes_parameters(server: BulkServer, client: httpx.AsyncClient) -> None:
    await put(client, patient())
    await put(client, {"resourceType": "Practitioner"})
    body = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Practitioner"}]}
    answer = await client.post("$export", json=body, headers=ASYNC)
    assert answer.status_code == 202
    await server.work()
    manifest = (await client.get(answer.headers["content-location"])).json()
    assert [each["type"] for each in manifest["output"]] == ["Practitioner"]


async def test_patients_and_groups_give_their_compartments_alone(server: BulkServer, client: httpx.AsyncClient) -> None:
    an, binh, chi = [await put(client, patient()) for _ in range(3)]
    of = {each: await put(client, observation(each.removeprefix("Patient/"))) for each in (an, binh, chi)}
    await put(client, {"resourceType": "Practitioner"})
    members = [{"entity": {"reference": each}} for each in (an, binh)] + [
        {"entity": {"reference": chi}, "inactive": True}
    ]
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    address = f"{await put(client, group)}/$export"
    everybody = await lines_of(client, await exported(server, client, "Patient/$export"))
    assert references(everybody) == sorted([an, binh, chi, *of.values()])
    of_group = await lines_of(client, await exported(server, client, address))
    assert references(of_group) == sorted([an, binh, of[an], of[binh]])
    one = await lines_of(client, await exported(server, client, address, patient=an, _type="Observation"))
    assert references(one) == [of[an]]
    answer = await client.get(address, params={"patient": chi}, headers=ASYNC)
    assert codes_of(answer) == ["BA-2383"]


async def test_what_is_of_special_secrecy_is_exported_to_who_has_the_right_only(
    server: BulkServer, client: httpx.AsyncClient, clock: MovedClock
) -> None:
    an = (await put(client, patient())).removeprefix("Patient/")
    label = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}
    plain, secret = await put(client, observation(an)), await put(client, {**observation(an), "meta": label})
    gone = await put(client, {**observation(an), "meta": label})
    trusted = await server.client("trusted", (*EVERYTHING, Permission.SECRECY_VIEW))
    since = clock.now().isoformat()
    clock.advance(seconds=5)
    assert (await trusted.delete(gone)).status_code in (200, 204)
    assert (await client.get(secret)).status_code == 404
    assert (await trusted.get(secret)).status_code == 200
    for one, seen in ((client, [plain]), (trusted, sorted([plain, secret]))):
        for asked in ({}, {"_typeFilter": "Observation?status=final"}):
            lines = await lines_of(one, await exported(server, one, _type="Observation", **asked))
            assert references(lines) == seen
        changed = await exported(server, one, _since=since)
        assert bool(changed.get("deleted")) is (one is trusted)


async def test_since_gives_what_changed_and_what_was_deleted(
    server: BulkServer, client: httpx.AsyncClient, clock: MovedClock
) -> None:
    old, gone, chosen = await put(client, patient()), await put(client, patient()), await put(client, patient(id="c-1"))
    clock.advance(hours=1)
    since = clock.now().isoformat()
    clock.advance(seconds=1)
    new = await put(client, patient())
    for each in (gone, chosen):
        assert (await client.delete(each)).status_code == 204
    manifest = await exported(server, client, _since=since)
    assert references(await lines_of(client, manifest)) == [new]
    [bundle] = await lines_of(client, manifest, "deleted")
    assert bundle["type"] == "transaction"
    told = [each["request"] for each in bundle["entry"]]
    assert sorted(each["url"] for each in told) == sorted([gone, chosen])
    assert {each["method"] for each in told} == {"DELETE"}
    whole = await exported(server, client)
    assert references(await lines_of(client, whole)) == sorted([old, new])


async def test_filters_let_in_what_any_of_them_matches_and_leave_other_types_whole(
    server: BulkServer, client: httpx.AsyncClient
) -> None:
    an = await put(client, patient(gender="female"))
    of = an.removeprefix("Patient/")
    final = await put(client, observation(of))
    amended = await put(client, observation(of, status="amended"))
    await put(client, observation(of, status="cancelled"))
    manifest = await exported(
        server, client, _typeFilter=["Observation?status=final", "Observation?status=amended,final"]
    )
    assert references(await lines_of(client, manifest)) == sorted([an, final, amended])
    narrow = await exported(server, client, _type="Observation", _typeFilter="Observation?status=final")
    assert references(await lines_of(client, narrow)) == [final]
    of_patients = await exported(server, client, "Patient/$export", _typeFilter="Patient?gender=male")
    assert an not in references(await lines_of(client, of_patients))


async def test_elements_keep_what_was_asked_and_what_must_be_there(
    server: BulkServer, client: httpx.AsyncClient
) -> None:
    an = await put(client, patient(gender="female"))
    await put(client, observation(an.removeprefix("Patient/"), effectiveDateTime="2020"))
    manifest = await exported(server, client, _elements="Patient.gender,effective")
    observed, person = sorted(await lines_of(client, manifest), key=lambda line: line["resourceType"])
    assert set(person) == {"resourceType", "id", "meta", "gender"}
    assert set(observed) == {"resourceType", "id", "meta", "status", "code", "effectiveDateTime"}
    assert person["meta"]["tag"][0]["code"] == "SUBSETTED"


async def test_an_export_is_of_one_moment_though_writes_and_sweeps_go_on(
    server: BulkServer, client: httpx.AsyncClient, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_job, "bucket_ranges", _sixteen)
    before = {await put(client, patient()): 0 for _ in range(30)}
    job = await kicked_off(client, "$export")
    real, parts = export_job._Export.do_part, 0

    async def disturbed(export: Any, number: int) -> None:
        nonlocal parts
        parts += 1
        for each in list(before)[number * 2 : number * 2 + 2]:
            await put(client, patient(id=each.removeprefix("Patient/"), gender="male"))
        await client.delete(list(before)[-1 - number])
        await put(client, patient())
        clock.advance(minutes=30)
        await sweep_some(server.store.database, clock, 0.0)
        await real(export, number)

    monkeypatch.setattr(export_job._Export, "do_part", disturbed)
    monkeypatch.setattr(server.bulk.jobs, "_life", timedelta(days=3))
    await server.store.database.execute("update job set ends_at = ends_at + interval '3 days' where bucket = 0")
    assert await server.work()
    manifest = (await client.get(job)).json()
    lines = await lines_of(client, manifest)
    assert parts == 16
    assert references(lines) == sorted(before)
    assert [line for line in lines if line.get("gender") or line["meta"]["versionId"] != "1"] == []


async def _sixteen(_connection: Any) -> list[tuple[int, int]]:
    return [(number * 256, number * 256 + 255) for number in range(16)]


async def test_a_killed_export_goes_on_where_it_was_and_neither_loses_nor_doubles_a_line(
    server: BulkServer, client: httpx.AsyncClient, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_job, "bucket_ranges", _sixteen)
    monkeypatch.setattr(bulk_files, "CHUNK_BYTES", 300)
    monkeypatch.setattr(export_job, "FILE_BYTES", 1500)
    made = [await put(client, patient()) for _ in range(60)]
    job = await kicked_off(client, "$export")
    real, done = export_job._Export._settle, []

    async def killed(export: Any, number: int, part: Any) -> None:
        if len(done) % 3 == 2:
            done.append(0)
            raise KeyboardInterrupt
        await real(export, number, part)
        done.append(number)

    monkeypatch.setattr(export_job._Export, "_settle", killed)
    for _ in range(40):
        claimed = await server.bulk.jobs.claim(["export"])
        if claimed is None:
            break
        try:
            await server.bulk.runner().kinds["export"].run(claimed)
            await server.bulk.jobs.finish(claimed)
        except KeyboardInterrupt:  # as a kill: nothing is given back, the lease runs out
            assert await server.bulk.jobs.claim(["export"]) is None
            clock.ahead += LEASE + timedelta(seconds=1)
    manifest = (await client.get(job)).json()
    assert references(await lines_of(client, manifest)) == sorted(made)
    assert [number for number in done if number] == [*range(1, 17)]
    assert len(manifest["output"]) > 1


async def test_an_export_that_never_comes_further_fails_and_says_so(
    server: BulkServer, client: httpx.AsyncClient, clock: MovedClock
) -> None:
    job = await kicked_off(client, "$export")
    for _ in range(5):
        assert await server.bulk.jobs.claim(["export"]) is not None
        clock.ahead += LEASE + timedelta(seconds=1)
    assert await server.work()
    answer = await client.get(job)
    assert (answer.status_code, codes_of(answer)) == (500, ["BA-2373"])
    assert "BA-2374" in answer.text


async def test_a_cancelled_export_is_gone_with_its_files(
    server: BulkServer, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    await put(client, patient())
    manifest = await exported(server, client)
    url = manifest["output"][0]["url"]
    assert len(list((tmp_path / "bulk").rglob("Patient.*"))) == 1
    job = url.rpartition("/")[0]
    assert (await client.delete(job)).status_code == 202
    assert [(await client.get(each)).status_code for each in (job, url)] == [404, 404]
    assert (await client.delete(job)).status_code == 404
    await server.work()
    assert list((tmp_path / "bulk").rglob("Patient.*")) == []
    assert await server.store.database.fetchval("select count(*) from job") == 0


async def test_an_export_cancelled_at_work_stops_and_leaves_nothing(
    server: BulkServer, client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_job, "bucket_ranges", _sixteen)
    for _ in range(20):
        await put(client, patient())
    job = await kicked_off(client, "$export")
    real, parts = export_job._Export.do_part, []

    async def cancelling(export: Any, number: int) -> None:
        parts.append(number)
        if number == 3:
            assert (await client.delete(job)).status_code == 202
        await real(export, number)

    monkeypatch.setattr(export_job._Export, "do_part", cancelling)
    assert await server.work()
    assert parts == [0, 1, 2, 3]
    assert list((tmp_path / "bulk").rglob("*.1")) == []


async def test_an_export_expires_with_its_files(
    server: BulkServer, client: httpx.AsyncClient, clock: MovedClock, tmp_path: Path
) -> None:
    await put(client, patient())
    manifest = await exported(server, client)
    clock.advance(seconds=3601)
    assert (await client.get(manifest["output"][0]["url"])).status_code == 404
    await server.work()
    assert list((tmp_path / "bulk").rglob("Patient.*")) == []


async def test_a_job_is_shown_to_who_asked_and_to_nobody_else(server: BulkServer, client: httpx.AsyncClient) -> None:
    await put(client, patient())
    manifest = await exported(server, client)
    url = manifest["output"][0]["url"]
    other = await server.client("other")
    for address in (url, url.rpartition("/")[0]):
        assert (await other.get(address)).status_code == 404
        assert (await other.delete(url.rpartition("/")[0])).status_code == 404
        assert (await client.get(address, headers={"authorization": ""})).status_code == 401
    reader = await server.client("reader", (Permission.FHIR_READ, Permission.FHIR_SEARCH))
    assert (await reader.get("$export", headers=ASYNC)).status_code == 403


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("_type=Nothing", "BA-2352"),
        ("_since=yesterday", "BA-2352"),
        ("_outputFormat=csv", "BA-2381"),
        ("_typeFilter=Observation", "BA-2382"),
        ("_typeFilter=Nothing?a=1", "BA-2382"),
        ("_typeFilter=Observation?_count=5", "BA-2382"),
        ("_type=Patient&_typeFilter=Observation?status=final", "BA-2382"),
        ("_typeFilter=Observation?stat=final", "BA-0220"),
        ("_elements=a.b.c", "BA-2062"),
        ("patient=Patient/1", "BA-2351"),
        ("includeAssociatedData=LatestProvenanceResources", "BA-2356"),
        ("nothing=1", "BA-2351"),
    ],
)
async def test_what_is_not_understood_begins_nothing(
    server: BulkServer, client: httpx.AsyncClient, asked: str, code: str
) -> None:
    answer = await client.get(f"$export?{asked}", headers=ASYNC)
    assert answer.status_code in (400, 501)
    assert codes_of(answer)[0] == code
    assert await server.store.database.fetchval("select count(*) from job") == 0


async def test_a_lenient_client_is_told_what_was_passed_over(server: BulkServer, client: httpx.AsyncClient) -> None:
    answer = await client.get("$export?nothing=1", headers={"prefer": "respond-async, handling=lenient"})
    assert answer.status_code == 202
    assert "nothing" in answer.text


async def test_an_export_that_is_not_asked_for_asynchronously_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("$export")
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-2380"])


async def test_too_many_unfinished_jobs_of_one_asker_are_refused(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        await kicked_off(client, "$export")
    answer = await client.get("$export", headers=ASYNC)
    assert (answer.status_code, codes_of(answer)) == (503, ["BA-2371"])


async def test_nothing_of_a_patient_stands_readable_on_the_disk(
    server: BulkServer, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    await put(client, patient(name=[{"family": "Rõràngđọcđược"}]))
    await exported(server, client)
    files = [each for each in (tmp_path / "bulk").rglob("*") if each.is_file()]
    assert files
    assert all("Rõràng".encode() not in each.read_bytes() for each in files)


async def test_the_export_is_in_the_ledger_of_each_patient(server: BulkServer, client: httpx.AsyncClient) -> None:
    an = await put(client, patient())
    await put(client, observation(an.removeprefix("Patient/")))
    await lines_of(client, await exported(server, client))
    rid = server.store.workshop.ids.rid_of("Patient", an.removeprefix("Patient/"))
    rows = await server.store.database.fetch(
        "select event, patient, detail from ledger_pending where event between 81 and 84"
    )
    assert [row["event"] for row in rows] == [81, 84, 83, 83]
    assert [row["patient"] for row in rows] == [0, rid, 0, 0]
    assert '"count":2' in rows[1]["detail"]


async def test_large_contents_come_by_themselves_and_whole(
    server: BulkServer, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = "A" * 400_000
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": data[:-4] + "QUJD"}
    import random

    noise = random.Random(1).randbytes(200_000).hex()
    await put(client, {**binary, "data": noise})
    await put(client, binary)
    assert bulk_rows.LARGE_BYTES < 200_000
    lines = await lines_of(client, await exported(server, client))
    assert sorted(len(line["data"]) for line in lines) == [400_000, 400_000]


async def test_a_client_that_stops_reading_holds_nothing_up(server: BulkServer, client: httpx.AsyncClient) -> None:
    await put(client, patient())
    url = (await exported(server, client))["output"][0]["url"]
    path = url.removeprefix("http://node.example")
    headers = [(b"authorization", client.headers["authorization"].encode())]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": headers, "http_version": "1.1", "scheme": "http", "server": ("node.example", 80)}
    began, gone = asyncio.Event(), asyncio.Event()

    async def receive() -> Json:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Json) -> None:
        began.set()
        await asyncio.Event().wait()  # the socket takes nothing any more

    stuck = asyncio.create_task(server.door(scope, receive, send))
    await began.wait()
    assert (await client.get(url)).status_code == 200
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)
    assert (await client.get(url)).status_code == 200


async def test_an_app_exports_the_types_that_it_may_see_whole_and_no_other(server: BulkServer) -> None:
    reading = frozenset({Act.READ, Act.SEARCH})

    def narrowed(asked: list[str] | None, *rules: Rule) -> list[str] | None:
        wanted = ExportRequest("system", asked)
        _narrow_to_granted(server.api, Actor("app:1", Role.MACHINE, frozenset(Permission), limits=rules), wanted)
        return wanted.types

    whole, part = Rule("Patient", reading), Rule("Observation", reading, "", (("status", "final"),))
    assert narrowed(None, whole, part) == ["Patient"]
    assert narrowed(["Patient"], whole) == ["Patient"]
    for asked in (["Observation"], ["Patient", "Encounter"], None):
        rules = (part,) if asked is None else (whole, part)
        with pytest.raises(Forbidden, match="BA-2300"):
            narrowed(asked, *rules)
