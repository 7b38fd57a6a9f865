"""$viewdefinition-run and the tables it writes."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx
import orjson
import pytest
from tests.fhir_api.bulk import BulkServer, bulk_server, put
from tests.fhir_api.conftest import codes_of, patient
from tests.fhir_api.test_everything import observation

from benhan.fhir.view_definition import Column
from benhan.kernel.actors import system
from benhan.kernel.faults import Unavailable
from benhan.kernel.ids import SeededRandom
from benhan.kernel.permissions import Permission
from benhan.views import rows as view_rows
from benhan.views.rows import Scope, rows_of_store
from benhan.views.table_file import TableFile

Json = dict[str, Any]
COLUMNS = [
    {"name": "id", "path": "id", "type": "id"},
    {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
    {"name": "notes", "path": "note.text", "type": "string", "collection": True},
]
VIEW: Json = {"resourceType": "ViewDefinition", "resource": "Observation", "select": [{"column": COLUMNS}]}


@pytest.fixture
async def server(fresh_url: str, tmp_path: Path) -> AsyncIterator[BulkServer]:
    async for each in bulk_server(fresh_url, tmp_path):
        yield each


@pytest.fixture
async def client(server: BulkServer) -> httpx.AsyncClient:
    return await server.client()


async def ran(client: httpx.AsyncClient, view: Json = VIEW, *resources: Json, **asked: Any) -> httpx.Response:
    told = [{"name": "viewResource", "resource": view}, *({"name": "resource", "resource": each} for each in resources)]
    told += [{"name": name, "valueString": str(value)} for name, value in asked.items()]
    return await client.post(
        "ViewDefinition/$viewdefinition-run", json={"resourceType": "Parameters", "parameter": told}
    )


async def three(client: httpx.AsyncClient) -> list[str]:
    """Three observations of two patients; gives the patients."""
    patients = [(await put(client, patient())).removeprefix("Patient/") for _ in range(2)]
    for number, of in enumerate([*patients, patients[0]], 1):
        content = observation(of, id=f"o{number}", note=[{"text": f"a{number},"}, {"text": "b"}])
        body = orjson.dumps({**content, "valueQuantity": {"value": orjson.Fragment(f"{number}.50")}})
        assert (await client.put(f"Observation/o{number}", content=body)).status_code == 201
    return patients


async def test_the_store_is_told_as_lines_as_json_and_as_csv(client: httpx.AsyncClient) -> None:
    await three(client)
    lines = [orjson.loads(line) for line in (await ran(client)).content.splitlines()]
    assert sorted(line["id"] for line in lines) == ["o1", "o2", "o3"]
    assert b'"value":1.50' in (await ran(client)).content
    assert sorted((await ran(client, _format="json")).json(), key=str) == sorted(lines, key=str)
    answer = await ran(client, _format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, *body = csv.reader(io.StringIO(answer.text))
    assert head == ["id", "value", "notes"]
    assert sorted(body)[0] == ["o1", "1.50", '["a1,","b"]']
    assert len((await ran(client, _format="csv", header="false")).text.splitlines()) == 3


async def test_parquet_has_types_and_exact_decimals(client: httpx.AsyncClient, tmp_path: Path) -> None:
    await three(client)
    answer = await ran(client, _format="parquet")
    assert answer.status_code == 200
    (tmp_path / "t.parquet").write_bytes(answer.content)
    with duckdb.connect() as connection:
        found = connection.execute(f"select * from '{tmp_path}/t.parquet' order by id").fetchall()
    assert found[0] == ("o1", Decimal("1.5"), ["a1,", "b"])
    assert len(found) == 3


async def test_patients_limit_and_time_narrow_it(client: httpx.AsyncClient) -> None:
    an, _ = await three(client)
    of_an = [orjson.loads(line)["id"] for line in (await ran(client, patient=an)).content.splitlines()]
    assert sorted(of_an) == ["o1", "o3"]
    assert len((await ran(client, _limit=2)).content.splitlines()) == 2
    assert (await ran(client, _since="2090-01-01T00:00:00Z")).content == b""
    assert (await ran(client, _since="2090-01-01T00:00:00Z", _format="json")).json() == []


async def test_resources_sent_with_the_view_are_told_and_not_the_store(client: httpx.AsyncClient) -> None:
    await three(client)
    sent = [{"resourceType": "Observation", "id": "sent"}, {"resourceType": "Patient", "id": "other"}]
    assert (await ran(client, VIEW, *sent, _format="json")).json() == [{"id": "sent", "value": None, "notes": []}]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"view": {}}, "BA-2360"),
        ({"view": {**VIEW, "select": [{"forEach": "@@", "column": COLUMNS}]}}, "BA-2361"),
        ({"_format": "xlsx"}, "BA-2397"),
        ({"_limit": "0"}, "BA-2352"),
        ({"nothing": "1"}, "BA-2351"),
    ],
)
async def test_what_is_wrong_is_told_before_the_first_row(client: httpx.AsyncClient, asked: Json, code: str) -> None:
    view = asked.pop("view", VIEW)
    answer = await ran(client, view, **asked)
    assert (answer.status_code, codes_of(answer)) == (400, [code])


async def test_a_cell_that_cannot_be_told_is_a_fault_and_no_half_table(client: httpx.AsyncClient) -> None:
    await three(client)
    view = {**VIEW, "select": [{"column": [{"name": "notes", "path": "note.text"}]}]}
    for format_ in ("ndjson", "parquet"):
        assert codes_of(await ran(client, view, _format=format_)) == ["BA-2364"]


async def test_a_view_without_the_parameter_or_the_right_is_refused(
    server: BulkServer, client: httpx.AsyncClient
) -> None:
    answer = await client.post("$viewdefinition-run", json={"resourceType": "Parameters"})
    assert codes_of(answer) == ["BA-2353"]
    reader = await server.client("reader", (Permission.FHIR_READ, Permission.FHIR_SEARCH))
    assert (await ran(reader)).status_code == 403


async def test_a_table_is_of_one_moment_though_writes_go_on(
    server: BulkServer, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await three(client)

    async def halves(_connection: Any) -> list[tuple[int, int]]:
        return [(number * 64, number * 64 + 63) for number in range(64)]

    monkeypatch.setattr(view_rows, "bucket_ranges", halves)
    from benhan.fhir.view_definition import compile_view

    found: list[Any] = []
    async for rows in rows_of_store(server.store, compile_view(VIEW), Scope(), system("test")):
        found += rows
        for number in (1, 2, 3):
            await client.delete(f"Observation/o{number}")
        await three(client)
    assert sorted(row[0] for row in found) == ["o1", "o2", "o3"]


async def test_the_view_is_in_the_ledger_of_each_patient(server: BulkServer, client: httpx.AsyncClient) -> None:
    patients = await three(client)
    await ran(client)
    rids = {server.store.workshop.ids.rid_of("Patient", each) for each in patients}
    rows = await server.store.database.fetch("select patient, detail from ledger_pending where event = 84")
    assert {row["patient"] for row in rows} == rids


async def test_large_resources_are_rows_as_others_are(client: httpx.AsyncClient) -> None:
    data = SeededRandom(3).bytes(100_000).hex()
    await put(client, {"resourceType": "Binary", "id": "large", "contentType": "a/b", "data": data})
    await put(client, {"resourceType": "Binary", "id": "small", "contentType": "a/b", "data": "QUJD"})
    columns = [{"name": "id", "path": "id"}, {"name": "size", "path": "data.length()"}]
    told = (await ran(client, {"resource": "Binary", "select": [{"column": columns}]}, _format="json")).json()
    assert sorted((each["id"], each["size"]) for each in told) == [("large", 200_000), ("small", 4)]


async def test_a_table_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    column = Column("a", "integer", is_list=False)
    for path, cell in ((tmp_path / "none" / "t.parquet", 1), (tmp_path / "t.parquet", "no number")):
        table = TableFile(path, "parquet", [column])
        with pytest.raises(Unavailable, match="BA-2396"):
            await written(table, [(cell,)] * 100_000)
        await table.close()
    assert files_in(tmp_path) == []


async def written(table: TableFile, rows: list[Any]) -> None:
    await table.add(rows)
    await table.finish()


def files_in(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


async def test_a_table_that_is_given_up_leaves_no_file_and_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    for rows in ([], [("a",)]):
        table = TableFile(tmp_path / "t.csv", "csv", [Column("a", "", is_list=False)])
        if rows:
            await table.add(rows)
        async with asyncio.timeout(20):
            await table.close()
    assert files_in(tmp_path) == []
    assert threading.active_count() <= before + 2  # those of asyncio itself


async def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    table = TableFile(tmp_path / "it's.csv", "csv", [Column("a", "", is_list=False), Column("b", "date", is_list=True)])
    await table.finish()
    await table.close()
    assert (tmp_path / "it's.csv").read_text().strip() == "a,b"
