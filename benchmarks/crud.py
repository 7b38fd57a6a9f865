"""create, read and update over HTTP: durable, validated, sealed, in the ledger; 64 clients on the same two cores.

The limit it is compared with: the same client against the same HTTP server that answers at once and stores nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from typing import Any

from common import Server, arguments, free_port, report, scratch_folder, serving
from cpu_time import CpuTime
from http_client import Connection, drive, request

CLIENTS = 64
PATIENTS = 500

NOTHING = """
import sys, uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
async def answer(request):
    await request.body()
    return Response(b"{}", media_type="application/fhir+json")
app = Starlette(routes=[Route("/fhir/Observation", answer, methods=["POST"])])
server = Server(app, port=int(sys.argv[1]), interface=Interfaces.ASGI, log_level=LogLevels.warning)
uvloop.run(server.serve())
"""


def patient(number: int) -> bytes:
    return json.dumps(
        {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:benhan:id:ma-benh-nhan:01234", "value": f"BN{number:06d}"}],
            "name": [{"text": f"Nguyễn Văn Thử {number}", "family": "Nguyễn", "given": ["Văn", "Thử"]}],
            "gender": "male" if number % 2 else "female",
            "birthDate": f"{1940 + number % 70}-0{number % 9 + 1}-1{number % 9}",
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def observation(patient_id: str, number: int, status: str = "final", id_: str = "") -> bytes:
    return json.dumps(
        {
            "resourceType": "Observation",
            **({"id": id_} if id_ else {}),
            "status": status,
            "category": [
                {
                    "coding": [
                        {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}
                    ]
                }
            ],
            "code": {
                "coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}],
                "text": "Huyết sắc tố",
            },
            "subject": {"reference": f"Patient/{patient_id}"},
            "effectiveDateTime": f"2026-0{number % 9 + 1}-1{number % 9}T0{number % 10}:15:00+07:00",
            "valueQuantity": {
                "value": 100 + number % 80,
                "unit": "g/L",
                "system": "http://unitsofmeasure.org",
                "code": "g/L",
            },
            "referenceRange": [
                {"low": {"value": 120, "unit": "g/L"}, "high": {"value": 165, "unit": "g/L"}, "text": "120-165"}
            ],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


class Load:
    """The requests of a run, and what they made."""

    def __init__(self, server: Server, token: str) -> None:
        self.server = server
        self.token = token
        self.patients: list[str] = []
        self.observations: list[tuple[str, str]] = []
        self._numbers = itertools.count()
        self.cpu_us: dict[str, dict[str, float]] = {}
        """By kind of request, what it took of the processor."""

    async def make_patients(self) -> None:
        async def work(connection: Connection, client: int) -> None:
            for number in range(client, PATIENTS, CLIENTS):
                status, body = await connection.ask(request("POST", "/fhir/Patient", self.token, patient(number)))
                assert status == 201, body
                self.patients.append(json.loads(body)["id"])

        await drive(self.server.http_port, CLIENTS, work)

    async def rate(self, kind: str, seconds: float) -> float:
        """Requests of a kind a second."""
        until = time.perf_counter() + seconds
        counted = 0

        async def work(connection: Connection, _client: int) -> None:
            nonlocal counted
            while time.perf_counter() < until:
                await getattr(self, f"_{kind}")(connection, next(self._numbers))
                counted += 1

        began, cpu = time.perf_counter(), CpuTime(self.server.process.pid, self.server.data)
        await drive(self.server.http_port, CLIENTS, work)
        self.cpu_us[kind] = cpu.spent_us(counted)
        return counted / (time.perf_counter() - began)

    async def _create(self, connection: Connection, number: int) -> None:
        owner = self.patients[number % len(self.patients)]
        status, body = await connection.ask(
            request("POST", "/fhir/Observation", self.token, observation(owner, number))
        )
        assert status == 201, body
        self.observations.append((body[36:49].decode(), owner))

    async def _read(self, connection: Connection, number: int) -> None:
        id_, _ = self.observations[number * 7919 % len(self.observations)]
        status, body = await connection.ask(request("GET", f"/fhir/Observation/{id_}", self.token))
        assert status == 200, body

    async def _update(self, connection: Connection, number: int) -> None:
        id_, owner = self.observations[number * 7919 % len(self.observations)]
        body = observation(owner, number, "amended", id_)
        status, answer = await connection.ask(request("PUT", f"/fhir/Observation/{id_}", self.token, body))
        assert status == 200, answer


async def limit(seconds: float) -> float:
    """What client and HTTP server reach together with nothing behind them."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", NOTHING, str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        counted = 0
        until = time.perf_counter() + seconds
        content = request("POST", "/fhir/Observation", "x", observation("x" * 13, 1))

        async def work(connection: Connection, _client: int) -> None:
            nonlocal counted
            while time.perf_counter() < until:
                await connection.ask(content)
                counted += 1

        await drive(port, CLIENTS, work)
        return counted / seconds
    finally:
        process.kill()
        process.wait()


async def measure(quick: bool) -> dict[str, Any]:
    seconds, rounds = (3.0, 1) if quick else (8.0, 3)
    top = await limit(2.0)
    with scratch_folder() as data, serving(data) as server:
        load = Load(server, server.token())
        await load.make_patients()
        found = {
            kind: statistics.median([await load.rate(kind, seconds) for _ in range(rounds)])
            for kind in ("create", "read", "update")
        }
    results: dict[str, Any] = {f"{kind}_per_s": round(rate) for kind, rate in found.items()}
    for kind, spent in load.cpu_us.items():
        results |= {f"{kind}_{whose}_cpu_us": microseconds for whose, microseconds in spent.items()}
    return {**results, "http_limit_per_s": round(top), "create_ratio_to_limit": round(found["create"] / top, 3)}


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
