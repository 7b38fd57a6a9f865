"""$import: what is taken in, from where, what is set aside, what a kill leaves; and where nothing may be taken from."""

from __future__ import annotations

import gzip
import multiprocessing
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.clocks import MovedClock
from tests.fhir_api.bulk import ASYNC, BulkServer, bulk_server, lines_of
from tests.fhir_api.conftest import codes_of, patient

from benhan.fhir.validation.policy import parse_policy
from benhan.fhir_api.bulk import import_job, import_sources
from benhan.fhir_api.bulk.import_sources import ImportSources
from benhan.kernel.permissions import Permission
from benhan.store.bulk_import import Lines
from benhan.store.import_workers import Prepared
from benhan.store.jobs import LEASE
from benhan.store.unit_of_work import UnitOfWork
from benhan.store.validation.gate import Gate

Json = dict[str, Any]
HOST = "files.example"
OWN_PARAMETER = {
    "resourceType": "SearchParameter", "url": "http://x.example/blood", "name": "blood", "status": "active",
    "description": "x", "code": "blood", "base": ["Patient"], "type": "string",
    "expression": "Patient.maritalStatus.text",
}  # fmt: skip


class Files:
    """The files of a host, as an import asks for them."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.status = 200

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if request.url.path == "/moved":
            return httpx.Response(302, headers={"location": "https://inside.example/secret"})
        if self.status != 200:
            return httpx.Response(self.status)
        return httpx.Response(200, content=self.content[request.url.path])

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer))


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(fresh_url: str, tmp_path: Path, clock: MovedClock, files: Files) -> AsyncIterator[BulkServer]:
    folder = tmp_path / "in"
    folder.mkdir()
    sources = replace(ImportSources.allowed(HOST, str(folder)), client=files.client)
    async for each in bulk_server(fresh_url, tmp_path, clock=clock, sources=sources):
        yield each


@pytest.fixture
async def client(server: BulkServer) -> httpx.AsyncClient:
    return await server.client()


def ndjson(*bodies: Json | bytes) -> bytes:
    return b"".join((each if isinstance(each, bytes) else orjson.dumps(each)) + b"\n" for each in bodies)


def asking(*inputs: tuple[str, str]) -> Json:
    told = [
        {"name": "input", "part": [{"name": "type", "valueCode": type_}, {"name": "url", "valueUrl": url}]}
        for type_, url in inputs
    ]
    format_ = {"name": "inputFormat", "valueCode": "application/fhir+ndjson"}
    return {"resourceType": "Parameters", "parameter": [format_, *told]}


async def imported(server: BulkServer, client: httpx.AsyncClient, *inputs: tuple[str, str]) -> Json:
    """What an import that is run to its end tells."""
    answer = await client.post("$import", json=asking(*inputs), headers=ASYNC)
    assert answer.status_code == 202, answer.text
    job = answer.headers["content-location"]
    assert (await client.get(job)).status_code == 202
    assert await server.work()
    answer = await client.get(job)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


async def test_the_lines_of_a_body_are_taken_in(server: BulkServer, client: httpx.AsyncClient) -> None:
    body = ndjson(patient(id="a"), b"", patient(id="b"), patient())
    headers = {**ASYNC, "content-type": "application/fhir+ndjson"}
    answer = await client.post("$import", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    await server.work()
    told = (await client.get(answer.headers["content-location"])).json()
    assert (told["count"], told["rejected"], told["error"]) == (3, 0, [])
    assert (await client.get("Patient/b")).status_code == 200
    assert (await client.get("Patient", params={"_total": "accurate"})).json()["total"] == 3


async def test_files_of_a_host_and_of_the_folder_are_taken_in(
    server: BulkServer, client: httpx.AsyncClient, files: Files, tmp_path: Path
) -> None:
    files.content["/p.ndjson"] = ndjson(patient(id="a"), patient(id="b"))
    (tmp_path / "in" / "q.ndjson.gz").write_bytes(gzip.compress(ndjson({"resourceType": "Practitioner", "id": "c"})))
    url = (tmp_path / "in" / "q.ndjson.gz").as_uri()
    told = await imported(server, client, ("Patient", f"https://{HOST}/p.ndjson"), ("Practitioner", url))
    assert (told["count"], told["rejected"]) == (3, 0)
    assert [each["type"] for each in told["output"]] == ["Patient", "Practitioner"]
    for address in ("Patient/a", "Patient/b", "Practitioner/c"):
        assert (await client.get(address)).status_code == 200


async def test_what_is_wrong_is_set_aside_and_told_with_its_line(
    server: BulkServer, client: httpx.AsyncClient, files: Files
) -> None:
    wrong = [b"{", {"resourceType": "Patient", "gender": "x"}, {"resourceType": "Practitioner", "id": "c"}]
    files.content["/p"] = ndjson(patient(id="a"), *wrong, patient(id="a", gender="male"))
    told = await imported(server, client, ("Patient", f"https://{HOST}/p"))
    assert (told["count"], told["rejected"]) == (1, 4)
    outcomes = await lines_of(client, told, "error")
    places = [each["issue"][0]["expression"][0] for each in outcomes]
    assert sorted(places) == [f"input[0].line[{number}]" for number in (1, 2, 3, 4)]
    assert "Practitioner" in "".join(each["issue"][0]["diagnostics"] for each in outcomes)
    assert (await client.get("Patient/a")).json()["gender"] == "male"


async def test_a_killed_import_goes_on_where_it_was_and_takes_in_no_line_twice(
    server: BulkServer, client: httpx.AsyncClient, files: Files, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_job, "BATCH", 4)
    lines = [patient(id=f"p{number}") if number % 7 else b"wrong" for number in range(1, 41)]
    files.content["/p"], files.content["/q"] = ndjson(*lines[:25]), ndjson(*lines[25:])
    answer = await client.post(
        "$import", json=asking(("Patient", f"https://{HOST}/p"), ("Patient", f"https://{HOST}/q")), headers=ASYNC
    )
    real, batches = import_job._Import._tell, []

    def killed(run: Any, *arguments: Any) -> None:
        real(run, *arguments)
        batches.append(arguments)
        if len(batches) % 3 == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(import_job._Import, "_tell", killed)
    for _ in range(40):
        claimed = await server.bulk.jobs.claim(["import"])
        if claimed is None:
            break
        try:
            await server.bulk.runner().kinds["import"].run(claimed)
            await server.bulk.jobs.finish(claimed)
        except KeyboardInterrupt:
            clock.ahead += LEASE + timedelta(seconds=1)
    told = (await client.get(answer.headers["content-location"])).json()
    assert (told["count"], told["rejected"]) == (35, 5)
    assert len(await lines_of(client, told, "error")) == 5
    versions = await server.store.database.fetch("select version from resource where until is null")
    assert [each["version"] for each in versions] == [1] * 35


async def test_lines_of_a_destroyed_record_are_set_aside_and_the_others_taken_in(
    server: BulkServer, client: httpx.AsyncClient, files: Files
) -> None:
    await client.put("Patient/gone", json=patient(id="gone"))
    rid = server.store.workshop.ids.rid_of("Patient", "gone")
    await server.store.database.execute(
        "update data_key set wrapped = null, shredded_at = now() where bucket >= 0 and patient = $1", rid
    )
    server.store.keyring.forget([rid])
    files.content["/p"] = ndjson(b"wrong", patient(id="gone"), patient(id="b"))
    told = await imported(server, client, ("Patient", f"https://{HOST}/p"))
    assert (told["count"], told["rejected"]) == (1, 2)
    outcomes = await lines_of(client, told, "error")
    assert sorted(each["issue"][0]["expression"][0] for each in outcomes) == ["input[0].line[1]", "input[0].line[2]"]


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/p",
        "https://other.example/p",
        f"https://{HOST}.other.example/p",
        f"https://user@{HOST}/p",
        f"https://{HOST}:8443/p",
        f"https://other.example/{HOST}",
        "https://127.0.0.1/p",
        "file:///etc/passwd",
        "file://{folder}/../kek.json",
        "file://{folder}/link",
        "file://other.example{folder}/p",
        "ftp://files.example/p",
        "gopher:1",
        "https://[x",
        f"https://{HOST}/\x07",
        "file://{folder}/%00",
        "file://{folder}/" + "x" * 300,
        "",
    ],
)
async def test_nothing_is_taken_from_elsewhere(
    server: BulkServer, client: httpx.AsyncClient, files: Files, tmp_path: Path, url: str
) -> None:
    (tmp_path / "in" / "link").symlink_to(tmp_path / "kek.json")
    url = url.format(folder=tmp_path / "in")
    answer = await client.post("$import", json=asking(("Patient", url)), headers=ASYNC)
    assert (answer.status_code, codes_of(answer)) == (403, ["BA-2391"])
    assert files.asked == []
    assert await server.store.database.fetchval("select count(*) from job") == 0


async def test_a_redirect_leads_nowhere(server: BulkServer, client: httpx.AsyncClient, files: Files) -> None:
    answer = await client.post("$import", json=asking(("Patient", f"https://{HOST}/moved")), headers=ASYNC)
    await server.work()
    ended = await client.get(answer.headers["content-location"])
    assert ended.status_code == 500
    assert "BA-2395" in ended.text
    assert files.asked == [f"https://{HOST}/moved"]


async def test_a_host_that_is_away_is_asked_again_later_and_not_for_ever(
    server: BulkServer, client: httpx.AsyncClient, files: Files, clock: MovedClock
) -> None:
    files.status = 503
    answer = await client.post("$import", json=asking(("Patient", f"https://{HOST}/p")), headers=ASYNC)
    for _ in range(20):
        if not await server.work():
            assert (await client.get(answer.headers["content-location"])).status_code == 202
        clock.ahead += timedelta(seconds=60)
        if (await client.get(answer.headers["content-location"])).status_code != 202:
            break
    assert (await client.get(answer.headers["content-location"])).status_code == 500
    assert 1 < len(files.asked) <= 6


async def test_a_file_or_a_line_that_is_too_long_ends_the_import(
    server: BulkServer, client: httpx.AsyncClient, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.content["/p"] = b"x" * 5_000
    for name, code in (("LINE_BYTES_MAX", "BA-2394"), ("FILE_BYTES_MAX", "BA-2393")):
        monkeypatch.setattr(import_sources, name, 1_000)
        answer = await client.post("$import", json=asking(("Patient", f"https://{HOST}/p")), headers=ASYNC)
        await server.work()
        assert code in (await client.get(answer.headers["content-location"])).text


@pytest.mark.parametrize(
    "parameter",
    [
        [],
        [{"name": "inputFormat", "valueCode": "text/csv"}],
        [{"name": "input", "part": [{"name": "type", "valueCode": "Nothing"}, {"name": "url", "valueUrl": "x"}]}],
        [{"name": "input", "part": [{"name": "url", "valueUrl": "x"}]}],
        [{"name": "input", "valueString": "x"}],
        [{"name": "input", "part": [{"name": "type", "valueCode": {}}, {"name": "url", "valueUrl": "x"}]}],
    ],
)
async def test_a_request_of_the_wrong_form_is_refused(client: httpx.AsyncClient, parameter: list[Json]) -> None:
    body = {"resourceType": "Parameters", "parameter": parameter}
    answer = await client.post("$import", json=body, headers=ASYNC)
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-2390"])


async def test_an_import_needs_its_permission(server: BulkServer) -> None:
    writer = await server.client("writer", (Permission.FHIR_READ, Permission.FHIR_WRITE, Permission.BULK_EXPORT))
    answer = await writer.post("$import", json=asking(), headers=ASYNC)
    assert answer.status_code == 403


async def test_a_body_that_is_too_large_leaves_nothing(
    server: BulkServer, client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {**ASYNC, "content-type": "application/fhir+ndjson"}
    monkeypatch.setattr("benhan.store.bulk_files.CHUNK_BYTES", 1_000_000)
    answer = await client.post("$import", content=b"x" * (33 * 1024 * 1024), headers=headers)
    assert (answer.status_code, codes_of(answer)) == (413, ["BA-0301"])
    assert list((tmp_path / "bulk").rglob("*.1")) == []


WEIGHT = {
    "resourceType": "Observation", "id": "w", "status": "final", "code": {"text": "x"},
    "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/bodyweight"]},
}  # fmt: skip
"""Claims a profile and breaks it."""


@pytest.mark.parametrize(
    ("mode", "severity", "count", "status"), [("enforce", "error", 1, 404), ("warn", "warning", 2, 200)]
)
async def test_the_policy_of_writes_is_asked_of_every_line(
    server: BulkServer, client: httpx.AsyncClient, files: Files, mode: str, severity: str, count: int, status: int
) -> None:
    server.store.gate = Gate(
        server.store.validation, parse_policy(f"machine:tester@*={mode}"), server.store.findings, server.store.clock
    )
    files.content["/o.ndjson"] = ndjson(WEIGHT, {**WEIGHT, "id": "plain", "meta": {"source": "http://x.example"}})
    told = await imported(server, client, ("Observation", f"https://{HOST}/o.ndjson"))
    assert (told["count"], told["rejected"]) == (count, 2 - count)
    [outcome] = await lines_of(client, told, "error")
    assert {each["severity"] for each in outcome["issue"]} == {severity}
    assert outcome["issue"][0]["expression"] == ["input[0].line[1]"]
    assert ("diagnostics" in outcome["issue"][0]) == (mode == "enforce")
    assert any(each["details"]["text"].startswith("Observation.subject") for each in outcome["issue"])
    assert (await client.get("Observation/w")).status_code == status
    assert (await client.get("Observation/plain")).status_code == 200


async def test_what_is_taken_in_is_indexed_by_search_parameters_of_ones_own(
    server: BulkServer, client: httpx.AsyncClient, files: Files
) -> None:
    body = patient(maritalStatus={"text": "goa"})
    assert (await client.put("Patient/before", json={**body, "id": "before"})).status_code == 201
    assert (await client.post("SearchParameter", json=OWN_PARAMETER)).status_code == 201
    await server.store.parameters.refresh()
    assert (await client.put("Patient/put", json={**body, "id": "put"})).status_code == 201
    files.content["/p.ndjson"] = ndjson({**body, "id": "taken"})
    await imported(server, client, ("Patient", f"https://{HOST}/p.ndjson"))
    rids = [server.store.workshop.ids.rid_of("Patient", each) for each in ("before", "put", "taken")]
    before, put, taken = [
        await server.store.database.fetchval("select tokens from resource where rid = $1", rid) for rid in rids
    ]
    assert taken == put
    assert set(before) < set(put)


@pytest.fixture
def shared(server: BulkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes beside this one read the lines, all but the first batch of four."""
    monkeypatch.setattr(import_job, "BATCH", 4)
    monkeypatch.setattr(import_job, "ALONE", 1)
    server.bulk.import_workers = 2


def observation(number: int) -> Json:
    """Without an id, of patient `number`."""
    subject = {"reference": f"Patient/p{number}"}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "Đường huyết"}, "subject": subject}


def patients(count: int) -> list[Json | bytes]:
    return [patient(id=f"p{number}", gender="male") for number in range(count)]


@pytest.mark.usefixtures("shared")
async def test_lines_that_other_processes_read_are_taken_in_as_by_one(
    server: BulkServer, client: httpx.AsyncClient, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, read = Prepared.into, []

    def into(prepared: Prepared, unit: UnitOfWork) -> Lines:
        read.append(prepared)
        return real(prepared, unit)

    monkeypatch.setattr(Prepared, "into", into)
    again: list[Json | bytes] = [patient(id="p3", gender=each) for each in ("female", "other", "unknown")]
    files.content["/p"] = ndjson(*patients(20), b"wrong", *again, {"resourceType": "Patient", "birthDate": "mai sau"})
    files.content["/o"] = ndjson(*[observation(number % 4) for number in range(8)])
    told = await imported(server, client, ("Patient", f"https://{HOST}/p"), ("Observation", f"https://{HOST}/o"))
    assert len(read) == 7 - 1 + 2
    assert (told["count"], told["rejected"]) == (20 + 1 + 8, 4)
    outcomes = await lines_of(client, told, "error")
    places = sorted(each["issue"][0]["expression"][0] for each in outcomes)
    assert places == [f"input[0].line[{number}]" for number in (21, 22, 23, 25)]
    last = (await client.get("Patient/p3")).json()
    assert (last["gender"], last["meta"]["versionId"]) == ("unknown", "2")
    found = (await client.get("Observation", params={"patient": "p3", "_content": "duong"})).json()
    assert [each["resource"]["code"]["text"] for each in found["entry"]] == ["Đường huyết"] * 2


@pytest.mark.usefixtures("shared")
async def test_a_parameter_that_other_processes_read_takes_effect_with_its_commit(
    server: BulkServer, client: httpx.AsyncClient, files: Files
) -> None:
    files.content["/p"], files.content["/s"] = ndjson(*patients(5)), ndjson(OWN_PARAMETER)
    told = await imported(server, client, ("Patient", f"https://{HOST}/p"), ("SearchParameter", f"https://{HOST}/s"))
    assert (told["count"], told["rejected"]) == (6, 0)
    await server.store.parameters.refresh()
    assert [each["code"] for each in server.store.parameters.current.custom] == ["blood"]


@pytest.mark.usefixtures("shared")
async def test_an_import_whose_reading_processes_are_killed_goes_on_alone(
    server: BulkServer, client: httpx.AsyncClient, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.content["/p"] = ndjson(*patients(60))
    real, killed = import_job._Import._tell, []

    def told(run: Any, *arguments: Any) -> None:
        real(run, *arguments)
        for each in multiprocessing.active_children() if not killed else []:
            each.kill()
            killed.append(each)

    monkeypatch.setattr(import_job._Import, "_tell", told)
    answer = await imported(server, client, ("Patient", f"https://{HOST}/p"))
    assert (answer["count"], answer["rejected"]) == (60, 0)
    assert killed
