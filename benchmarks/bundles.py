"""Transaction bundles over HTTP: patients of Synthea by 4 and 20 clients, small ones by 64; durable, all or nothing.

The bundles are the vectors' (`../shared/vectors/synthea`, or the folder that BENHAN_VECTORS names), sent as they are
written there, each time under new ids. The limit they are compared with: the same client against the same HTTP server
that answers at once and stores nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from common import ROOT, Server, arguments, free_port, report, scratch_folder, serving
from cpu_time import CpuTime
from crud import NOTHING, observation, patient
from http_client import Connection, drive, request

LARGE_CLIENTS, SMALL_CLIENTS = (4, 20), 64
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def folder() -> Path:
    named = os.environ.get("BENHAN_VECTORS")
    for each in [Path(named)] if named else [ROOT.parent / "shared/vectors", ROOT.parent.parent / "shared/vectors"]:
        if (each / "synthea").is_dir():
            return each / "synthea"
    sys.exit("no Synthea bundles: name their folder's parent in BENHAN_VECTORS")


def bundles() -> list[tuple[bytes, int]]:
    """Each bundle with the number of its resources."""
    texts = [path.read_bytes() for path in sorted(folder().glob("*.json"))]
    return [(text, len(json.loads(text)["entry"])) for text in texts]


def renewed(text: bytes, number: int) -> bytes:
    """A bundle in which every UUID is another one, the same everywhere."""
    ending = f"{number:08x}".encode()
    return _UUID.sub(lambda match: match[0][:-8] + ending, text)


def small(number: int) -> bytes:
    """A patient with an observation."""
    urn = f"urn:uuid:{number:08x}-0000-4000-8000-000000000000"
    person = patient(number).decode()
    result = observation("x", number).decode().replace('"Patient/x"', f'"{urn}"')
    return (
        '{"resourceType":"Bundle","type":"transaction","entry":['
        f'{{"fullUrl":"{urn}","resource":{person},"request":{{"method":"POST","url":"Patient"}}}},'
        f'{{"resource":{result},"request":{{"method":"POST","url":"Observation"}}}}]}}'
    ).encode()


class Load:
    """The bundles of a run."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token
        self.numbers = itertools.count(1)

    async def post(self, connection: Connection, body: bytes) -> None:
        status, answer = await connection.ask(request("POST", "/fhir/", self.token, body))
        assert status == 200, answer[:500]

    async def large(self, clients: int, sent: list[tuple[bytes, int]]) -> float:
        """Resources a second, until all of `sent` are stored."""
        waiting = iter(sent)

        async def work(connection: Connection, _client: int) -> None:
            for body, _ in waiting:
                await self.post(connection, body)

        began = time.perf_counter()
        await drive(self.port, clients, work)
        return sum(count for _, count in sent) / (time.perf_counter() - began)

    async def small(self, seconds: float) -> float:
        """Small transactions a second."""
        counted = 0
        until = time.perf_counter() + seconds

        async def work(connection: Connection, _client: int) -> None:
            nonlocal counted
            while time.perf_counter() < until:
                await self.post(connection, small(next(self.numbers)))
                counted += 1

        began = time.perf_counter()
        await drive(self.port, SMALL_CLIENTS, work)
        return counted / (time.perf_counter() - began)


async def limit(sent: list[tuple[bytes, int]]) -> float:
    """Resources a second that client and HTTP server pass on together with nothing behind them."""
    port = free_port()
    source = NOTHING.replace("/fhir/Observation", "/fhir/")
    process = subprocess.Popen([sys.executable, "-c", source, str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        return await Load(port, "x").large(LARGE_CLIENTS[0], sent)
    finally:
        process.kill()
        process.wait()


async def measured(server: Server, read: list[tuple[bytes, int]], quick: bool) -> dict[str, Any]:
    load = Load(server.http_port, server.token())
    rounds = 1 if quick else 3
    await load.large(2, [(renewed(text, next(load.numbers)), count) for text, count in read[:2]])
    found: dict[int, float] = {}
    cpu = CpuTime(server.process.pid, server.data)
    count_sent = 0
    for clients in LARGE_CLIENTS:
        rates = []
        for _ in range(rounds):
            sent = [(renewed(text, next(load.numbers)), count) for text, count in read]
            rates.append(await load.large(clients, sent))
            count_sent += sum(count for _, count in sent)
        found[clients] = statistics.median(rates)
    large_us = cpu.spent_us(count_sent)
    began, cpu = next(load.numbers), CpuTime(server.process.pid, server.data)
    tx = statistics.median([await load.small(4.0 if quick else 8.0) for _ in range(rounds)])
    small_us = cpu.spent_us(next(load.numbers) - began - 1)
    return {
        "bundle_resources_per_s": round(min(found.values())),
        **{f"bundle_resources_{clients}_clients_per_s": round(rate) for clients, rate in found.items()},
        "small_tx_per_s": round(tx),
        **{f"bundle_{whose}_cpu_us": us for whose, us in large_us.items()},
        **{f"small_tx_{whose}_cpu_us": us for whose, us in small_us.items()},
    }


async def measure(quick: bool) -> dict[str, Any]:
    read = bundles()
    top = await limit(read)
    with scratch_folder() as data, serving(data) as server:
        results = await measured(server, read, quick)
    ratio = round(results["bundle_resources_per_s"] / top, 3)
    return {**results, "http_limit_resources_per_s": round(top), "bundle_ratio_to_limit": ratio}


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
