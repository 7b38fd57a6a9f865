"""Patient/$everything of a patient with 1,000 resources over HTTP, one request at a time, every view in the ledger.

The limit it is compared with: PostgreSQL giving the same rows, sealed as they are, to the same process.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import asyncpg

from benhan.store.embedded import EmbeddedPostgres
from benhan.store.ids import bucket_of, decode_id
from common import Server, arguments, report, scratch_folder, serving
from crud import CLIENTS, observation, patient
from http_client import Connection, drive, request

RESOURCES = 1_000
ROWS = "select type, rid, version, patient, updated_at, content from resource where bucket = $1 and patient = $2"


async def fill(server: Server, token: str) -> str:
    """A patient with RESOURCES - 1 observations; gives their id."""
    ids: list[str] = []

    async def make_patient(connection: Connection, _client: int) -> None:
        status, body = await connection.ask(request("POST", "/fhir/Patient", token, patient(1)))
        assert status == 201, body
        ids.append(json.loads(body)["id"])

    async def make(connection: Connection, client: int) -> None:
        for number in range(client, RESOURCES - 1, CLIENTS):
            status, body = await connection.ask(
                request("POST", "/fhir/Observation", token, observation(ids[0], number))
            )
            assert status == 201, body

    await drive(server.http_port, 1, make_patient)
    await drive(server.http_port, CLIENTS, make)
    return ids[0]


async def milliseconds(server: Server, token: str, id_: str, rounds: int) -> list[float]:
    """How long each request took."""
    found: list[float] = []
    asked = request("GET", f"/fhir/Patient/{id_}/$everything", token)

    async def work(connection: Connection, _client: int) -> None:
        for number in range(rounds + 5):
            began = time.perf_counter()
            status, body = await connection.ask(asked)
            if number >= 5:
                found.append((time.perf_counter() - began) * 1000)
            assert status == 200
        assert len(json.loads(body)["entry"]) == RESOURCES

    await drive(server.http_port, 1, work)
    return found


async def limit(data: Path, id_: str, rounds: int) -> float:
    """The rows alone, in milliseconds."""
    rid = decode_id(id_)
    assert rid is not None
    database = EmbeddedPostgres(data / "postgres")
    database.start()  # it runs already: this learns its address
    connection = await asyncpg.connect(database.url("node"))
    try:
        taken = []
        for _ in range(rounds):
            began = time.perf_counter()
            rows = await connection.fetch(ROWS, bucket_of(rid), rid)
            taken.append((time.perf_counter() - began) * 1000)
            assert len(rows) == RESOURCES
        return statistics.median(taken)
    finally:
        await connection.close()


async def measure(quick: bool) -> dict[str, Any]:
    rounds = 60 if quick else 300
    with scratch_folder() as data, serving(data) as server:
        token = server.token()
        id_ = await fill(server, token)
        found = sorted(await milliseconds(server, token, id_, rounds))
        rows = await limit(data, id_, rounds)
    p50 = statistics.median(found)
    return {
        "everything_p50_ms": round(p50, 1),
        "everything_p95_ms": round(found[int(len(found) * 0.95)], 1),
        "everything_rows_p50_ms": round(rows, 1),
        "everything_ratio_to_limit": round(rows / p50, 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
