"""HL7 v2 over MLLP: messages a second to a committed inbox and its ACK, and the time from frame to FHIR visible.

The limit it is compared with: the same frames, from the same client, answered by a listener that stores nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from typing import Any

from common import Server, arguments, free_port, report, scratch_folder, serving
from cpu_time import CpuTime
from http_client import Connection, request
from messages import framed, message, oru_r01

CONNECTIONS = 32
ACK = re.compile(rb"MSA\|(\w\w)\|([^|\r]*)")


async def send_stream(
    port: int, numbers: itertools.count[int], until: float, patients: int, counted: list[int]
) -> None:
    """One connection that sends a message, waits for its ACK, sends the next, until `until`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        content = message(next(numbers), patients)
        wanted = content.split(b"|", 10)[9]
        writer.write(framed(content))
        answer = await reader.readuntil(b"\x1c\r")
        found = ACK.search(answer)
        assert found is not None
        assert found.groups() == (b"AA", wanted), answer
        counted[0] += 1
    writer.close()


async def rate(port: int, seconds: float, numbers: itertools.count[int]) -> float:
    """Messages a second, each acknowledged, over CONNECTIONS connections."""
    counted = [0]
    began = time.perf_counter()
    until = began + seconds
    await asyncio.gather(*(send_stream(port, numbers, until, 2_000, counted) for _ in range(CONNECTIONS)))
    return counted[0] / (time.perf_counter() - began)


ECHO = """
import asyncio, re, uvloop
class Echo(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport; self.buffer = b""
    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\\x1c\\r")) >= 0:
            frame, self.buffer = self.buffer[:end], self.buffer[end + 2:]
            control = frame.split(b"|", 10)[9]
            self.transport.write(b"\\x0bMSH|^~\\\\&|||||||ACK|1|P|2.5\\rMSA|AA|" + control + b"\\r\\x1c\\r")
async def main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", %d)
    print("ready", flush=True)
    await server.serve_forever()
uvloop.run(main())
"""


async def limit(seconds: float) -> float:
    """What the client and a listener that stores nothing reach together."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", ECHO % port], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        return await rate(port, seconds, itertools.count(1))
    finally:
        process.kill()
        process.wait()


async def latencies_ms(server: Server, token: str, seconds: float, per_s: int = 200) -> list[float]:
    """At `per_s` messages a second: five times a second, ms from a frame until a search finds its report.

    Whoever looks asks every 20 ms over a connection that stays open, so that looking costs little.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", server.mllp_port)
    loop = asyncio.get_running_loop()
    lookers: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(8):
        lookers.put_nowait((await loop.create_connection(Connection, "127.0.0.1", server.http_port))[1])
    found: list[float] = []
    probes: list[asyncio.Task[None]] = []

    async def drain() -> None:
        while await reader.read(65536):
            pass

    async def probe(number: int, sent: float) -> None:
        looker = await lookers.get()
        question = request("GET", f"/fhir/DiagnosticReport?identifier=F{number:09d}", token)
        while b'"entry"' not in (await looker.ask(question))[1]:
            await asyncio.sleep(0.02)
        found.append((time.perf_counter() - sent) * 1000)
        lookers.put_nowait(looker)

    draining = asyncio.create_task(drain())
    began = time.perf_counter()
    for index in range(int(seconds * per_s)):
        number = 500_000_000 + index
        writer.write(framed(oru_r01(number, index % 500)))
        if index % 40 == 0:
            probes.append(asyncio.create_task(probe(number, time.perf_counter())))
        await asyncio.sleep(max(0.0, began + (index + 1) / per_s - time.perf_counter()))
    await asyncio.wait_for(asyncio.gather(*probes), 60)
    draining.cancel()
    writer.close()
    return found


async def waiting(server: Server, token: str) -> float:
    """How many messages are received and not yet applied."""
    question = urllib.request.Request(f"{server.url}/metrics", headers={"Authorization": f"Bearer {token}"})
    with await asyncio.to_thread(urllib.request.urlopen, question, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith('benhan_queue_waiting{of="inbox"}'))


async def applied_per_s(server: Server, token: str, most_s: float = 15.0) -> float:
    """How fast what was received becomes FHIR when nothing more comes: over the backlog, `most_s` at most."""
    began, backlog = time.perf_counter(), await waiting(server, token)
    left = backlog
    while left and time.perf_counter() - began < most_s:
        await asyncio.sleep(0.1)
        left = await waiting(server, token)
    return (backlog - left) / (time.perf_counter() - began)


async def measure(quick: bool) -> dict[str, Any]:
    seconds, rounds = (3.0, 1) if quick else (10.0, 3)
    top = await limit(2.0)
    with scratch_folder() as data, serving(data) as server:
        token = server.token()
        latency = await latencies_ms(server, token, 5.0 if quick else 20.0)
        numbers = itertools.count(1)
        cpu, first = CpuTime(server.process.pid, data), next(numbers)
        rates = [await rate(server.mllp_port, seconds, numbers) for _ in range(rounds)]
        spent = cpu.spent_us(next(numbers) - first)
        applied = await applied_per_s(server, token)
    per_s = statistics.median(rates)
    return {
        "mllp_per_s": round(per_s),
        **{f"mllp_{whose}_cpu_us": microseconds for whose, microseconds in spent.items()},
        "mllp_limit_per_s": round(top),
        "mllp_ratio_to_limit": round(per_s / top, 3),
        "mllp_applied_per_s": round(applied),
        "mllp_p50_ms": round(statistics.median(latency), 1),
        "mllp_p95_ms": round(statistics.quantiles(latency, n=20)[-1], 1),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
