"""kill -9 of each process at random under load: nothing lost, nothing doubled, nothing wrongly acknowledged.

`benhan serve all` runs on an empty folder while one client creates resources over HTTP and another sends results over
MLLP; each round kills one process, in turn a role, a database backend, the database itself, the supervisor. At the
end every acknowledged create must be readable as sent, every acknowledged message applied exactly once and delivered
to the repository exactly once, and the ledger whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from common import ROOT, arguments, benhan, free_port, report, scratch_folder, wait_ready
from messages import framed, oru_r01

ACK = re.compile(rb"MSA\|(\w\w)\|([^|\r]*)")
PAUSE_S = 0.02
"""Between two messages: what is tested is that nothing is lost, not how fast it is."""
KINDS = ("node", "repository", "backend", "postmaster", "supervisor")


@dataclass
class Country:
    """`benhan serve all` on `data`, started anew whenever its supervisor is gone."""

    data: Path
    node_port: int = field(default_factory=free_port)
    repository_port: int = field(default_factory=free_port)
    healthbook_port: int = field(default_factory=free_port)
    mllp_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def write_settings(self) -> None:
        text = (
            f'data = "{self.data}"\nlog_level = "warning"\n'
            f"[node]\nhttp_port = {self.node_port}\nmllp_port = {self.mllp_port}\n"
            f"[repository]\nhttp_port = {self.repository_port}\n[healthbook]\nhttp_port = {self.healthbook_port}\n"
        )
        (self.data / "benhan.toml").write_text(text, encoding="utf-8")

    def start(self) -> None:
        command = [sys.executable, "-m", "benhan.cli.main", "serve", "all", "--config", str(self.data / "benhan.toml")]
        log = (self.data / "crash.log").open("ab")
        self.process = subprocess.Popen(command, stderr=log, cwd=ROOT)

    def ensure(self) -> None:
        """Start the supervisor anew where it is gone, as an init system would."""
        if self.process is None or self.process.poll() is not None:
            self.start()

    def wait(self) -> None:
        assert self.process is not None
        for port in (self.node_port, self.repository_port):
            wait_ready(f"http://127.0.0.1:{port}", self.process, self.data / "crash.log")

    def victim(self, kind: str) -> int | None:
        """The process id to kill for `kind`, or None where there is none just now."""
        assert self.process is not None
        if kind == "supervisor":
            return self.process.pid
        if kind in ("backend", "postmaster"):
            return self._database_process(kind)
        for child in psutil.Process(self.process.pid).children():
            if kind in child.cmdline():
                return child.pid
        return None

    def _database_process(self, kind: str) -> int | None:
        found = list(self.data.rglob("postmaster.pid"))
        if not found:
            return None
        postmaster = int(found[0].read_text().split()[0])
        if kind == "postmaster":
            return postmaster
        backends = [p for p in psutil.Process(postmaster).children() if "postgres: postgres" in " ".join(p.cmdline())]
        return random.choice(backends).pid if backends else None

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


@dataclass
class Told:
    """What the clients were told, to be held against what is there."""

    created: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    unsure: int = 0


async def create_load(country: Country, token: str, told: Told, stop: asyncio.Event) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    url = f"http://127.0.0.1:{country.node_port}/fhir/Basic"
    number = 0
    async with httpx.AsyncClient(timeout=5) as client:
        while not stop.is_set():
            number += 1
            mark = f"crash-{number}"
            body = {
                "resourceType": "Basic",
                "code": {"text": mark},
                "identifier": [{"system": "urn:crash", "value": mark}],
            }
            try:
                answer = await client.post(url, json=body, headers=headers)
            except httpx.HTTPError:
                told.unsure += 1
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 201:
                told.created[answer.json()["id"]] = mark
            else:
                await asyncio.sleep(0.05)


async def message_load(country: Country, told: Told, stop: asyncio.Event) -> None:
    """Send results; a message without an answer is sent again under its own control id, as a LIS does."""
    number = 0
    while not stop.is_set():
        number += 1
        content, name = oru_r01(number, number % 100), f"R{number:09d}"
        told.sent.add(name)
        while not stop.is_set():
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                if await exchange(country.mllp_port, content) == name:
                    told.acknowledged.add(name)
                    break
            await asyncio.sleep(0.05)
        await asyncio.sleep(PAUSE_S)


async def exchange(port: int, content: bytes) -> str | None:
    """The control id that the answer accepts, or None."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(framed(content))
        answer = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 5)
    finally:
        writer.close()
    found = ACK.search(answer)
    return found[2].decode() if found and found[1] in (b"AA", b"CA") else None


async def kill_rounds(country: Country, rounds: int) -> dict[str, int]:
    killed = dict.fromkeys(KINDS, 0)
    for index in range(rounds):
        await asyncio.sleep(random.uniform(0.3, 1.2))
        country.ensure()
        assert country.process is not None
        kind = KINDS[index % len(KINDS)]
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            victim = country.victim(kind)
            if victim is not None:
                os.kill(victim, signal.SIGKILL)
                killed[kind] += 1
                if kind == "supervisor":
                    country.process.wait(10)
        country.ensure()
        await asyncio.to_thread(country.wait)
    return killed


async def settle(country: Country, token: str) -> None:
    """Wait until inbox and outbox have nothing left to do."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=10) as client:
        until = time.perf_counter() + 300
        while time.perf_counter() < until:
            text = (await client.get(f"http://127.0.0.1:{country.node_port}/metrics")).text
            waiting = [float(line.split()[-1]) for line in text.splitlines() if line.startswith("benhan_queue_waiting")]
            if waiting and not any(waiting):
                return
            await asyncio.sleep(0.25)
    raise TimeoutError("inbox and outbox did not come to rest within 300 s")


async def findings(country: Country, tokens: dict[str, str], told: Told) -> dict[str, Any]:
    lost = doubled = wrongly = 0
    async with httpx.AsyncClient(timeout=20) as client:
        for identity, mark in told.created.items():
            answer = await client.get(
                f"http://127.0.0.1:{country.node_port}/fhir/Basic/{identity}", headers=bearer(tokens["node"])
            )
            wrongly += answer.status_code != 200 or answer.json()["code"]["text"] != mark
        for role, port in (("node", country.node_port), ("repository", country.repository_port)):
            for name in sorted(told.sent):
                url = f"http://127.0.0.1:{port}/fhir/DiagnosticReport?identifier=F{name[1:]}"
                count = len((await client.get(url, headers=bearer(tokens[role]))).json().get("entry", []))
                doubled += count > 1
                lost += count == 0 and name in told.acknowledged
    return {"lost": lost, "doubled": doubled, "wrongly_acknowledged": wrongly}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def measure(quick: bool) -> dict[str, Any]:
    with scratch_folder() as data:
        country, told, stop = Country(data), Told(), asyncio.Event()
        country.write_settings()
        country.start()
        try:
            country.wait()
            config = str(data / "benhan.toml")
            tokens = {
                role: benhan("accounts", "token", "crash", "--role", role, "--config", config).strip()
                for role in ("node", "repository")
            }
            loads = [
                asyncio.create_task(create_load(country, tokens["node"], told, stop)),
                asyncio.create_task(message_load(country, told, stop)),
            ]
            killed = await kill_rounds(country, 6 if quick else 100)
            stop.set()
            await asyncio.gather(*loads)
            await settle(country, tokens["node"])
            found = await findings(country, tokens, told)
            found["ledger_whole"] = all(ledger_whole(role, config) for role in ("node", "repository"))
        finally:
            country.stop()
    return {
        **found,
        "kills": sum(killed.values()),
        **{f"kills_{kind}": count for kind, count in killed.items()},
        "creates_acknowledged": len(told.created),
        "messages_acknowledged": len(told.acknowledged),
    }


def ledger_whole(role: str, config: str) -> bool:
    command = [sys.executable, "-m", "benhan.cli.main", "ledger", "verify", "--role", role, "--config", config]
    return subprocess.run(command, stdout=subprocess.DEVNULL, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    random.seed(20260105)
    results = asyncio.run(measure(options.quick))
    report(results, options)
    bad = results["lost"] or results["doubled"] or results["wrongly_acknowledged"] or not results["ledger_whole"]
    print(json.dumps({"failed": True}) if bad and not options.json else "", end="")
    sys.exit(1 if bad else 0)
