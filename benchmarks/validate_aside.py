"""Reads by id while one client has a resource of 30,000 elements validated, over and over: what the others lose.

The limit it is compared with: the same reads with nobody validating. One worker, so that no other process helps. How
long the event loop is held while such a body is read is told in time of the processor, which others do not change:
beside the loop, and in it, as the limit.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benhan.fhir.resource import parse_resource
from benhan.fhir.validation import check_structure
from benhan.fhir_api.requests import beside_the_loop
from common import Server, arguments, report, scratch_folder, serving
from crud import patient
from http_client import Connection, drive, request

READERS = 8
ELEMENTS = 30_000
VITAL_SIGNS = "http://hl7.org/fhir/StructureDefinition/vitalsigns"


def made_for_it() -> bytes:
    """An Observation with a component for each element, each to be told of."""
    components = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": str(number)}]}, "valueString": "x"}
        for number in range(ELEMENTS)
    ]
    return json.dumps(
        {
            "resourceType": "Observation",
            "meta": {"profile": [VITAL_SIGNS]},
            "status": "final",
            "code": components[0]["code"],
            "valueString": "x",
            "component": components,
        }
    ).encode()


async def reads(server: Server, token: str, id_: str, seconds: float) -> list[float]:
    """How many milliseconds each read took."""
    asked, until = request("GET", f"/fhir/Patient/{id_}", token), time.perf_counter() + seconds
    found: list[float] = []

    async def work(connection: Connection, _client: int) -> None:
        while (began := time.perf_counter()) < until:
            status, _ = await connection.ask(asked)
            assert status == 200
            found.append((time.perf_counter() - began) * 1000)

    await drive(server.http_port, READERS, work)
    return sorted(found)


async def validations(server: Server, token: str, over: asyncio.Event) -> list[float]:
    """How many seconds each validation took, until `over`."""
    asked = request("POST", "/fhir/Observation/$validate", token, made_for_it())
    found: list[float] = []

    async def work(connection: Connection, _client: int) -> None:
        while not over.is_set():
            began = time.perf_counter()
            status, _ = await connection.ask(asked)
            assert status == 200
            found.append(time.perf_counter() - began)

    await drive(server.http_port, 1, work)
    return found


async def held(read: Callable[[bytes], Awaitable[Any]], rounds: int) -> list[float]:
    """Milliseconds of the processor between turns of the event loop while `read` reads, sorted."""
    body, over, found = made_for_it(), asyncio.Event(), list[float]()

    async def turns() -> None:
        while not over.is_set():
            began = time.process_time()
            await asyncio.sleep(0)
            found.append((time.process_time() - began) * 1000)

    turning = asyncio.create_task(turns())
    for _ in range(rounds):
        await read(body)
    over.set()
    await turning
    return sorted(found)


async def beside(body: bytes) -> None:
    await beside_the_loop(parse_whole, body)


async def inside(body: bytes) -> None:
    parse_whole(body)
    await asyncio.sleep(0)


def parse_whole(body: bytes) -> None:
    """Read and held against the structure, as a create does."""
    check_structure(parse_resource(body, size_bytes_max=len(body)).plain)


async def measure(quick: bool) -> dict[str, Any]:
    seconds = 6.0 if quick else 20.0
    with scratch_folder() as data, serving(data, BENHAN_WORKERS="1") as server:
        token = server.token()
        made: list[str] = []

        async def make(connection: Connection, _client: int) -> None:
            _, body = await connection.ask(request("POST", "/fhir/Patient", token, patient(1)))
            made.append(json.loads(body)["id"])

        await drive(server.http_port, 1, make)
        alone = await reads(server, token, made[0], seconds)
        over = asyncio.Event()
        validating = asyncio.create_task(validations(server, token, over))
        meanwhile = await reads(server, token, made[0], seconds)
        over.set()
        taken = await validating
    rounds = 5 if quick else 15
    held_inside, held_beside = await held(inside, rounds), await held(beside, rounds)
    return {
        "read_alone_p50_ms": round(statistics.median(alone), 1),
        "read_alone_max_ms": round(alone[-1], 1),
        "read_alone_per_s": round(len(alone) / seconds),
        "read_meanwhile_p50_ms": round(statistics.median(meanwhile), 1),
        "read_meanwhile_p95_ms": round(meanwhile[int(len(meanwhile) * 0.95)], 1),
        "read_meanwhile_p99_ms": round(meanwhile[int(len(meanwhile) * 0.99)], 1),
        "read_meanwhile_max_ms": round(meanwhile[-1], 1),
        "read_meanwhile_per_s": round(len(meanwhile) / seconds),
        "loop_held_inside_max_cpu_ms": round(held_inside[-1], 1),
        "loop_held_beside_max_cpu_ms": round(held_beside[-1], 1),
        "validation_p50_s": round(statistics.median(taken), 2),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
