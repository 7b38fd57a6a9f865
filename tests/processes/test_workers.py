"""A node of two processes: one address, one record, numbers told together; one that dies is started anew."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
from tests.processes.ports import free_ports

from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.serving.metrics import SHOWN_WITHIN_S
from benhan.store.opening import open_store
from benhan.transports.mllp_client import MllpClient
from benhan.wiring import build_access

MESSAGE = (
    "MSH|^~\\&|HIS|01234|BENHAN|01234|20260105080000||ADT^A01^ADT_A01|W{number}|P|2.5.1||||||UNICODE UTF-8\r"
    "EVN||20260105\rPID|1||BN{number:06d}^^^01234^PI||NGUYỄN^VĂN THỬ||19800215|M\r"
    "PV1|1|I|K01||||||||||||||||VV{number:06d}\r"
)


class TwoWorkers:
    """`benhan serve node` with two workers."""

    def __init__(self, data: Path, ports: dict[str, int], process: asyncio.subprocess.Process) -> None:
        self.data, self.ports, self.process = data, ports, process
        self.address = f"http://127.0.0.1:{ports['http']}"

    def workers(self) -> list[psutil.Process]:
        found = []
        for each in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # one that has just ended has no command
                if {"serve", "node"} <= set(each.cmdline()):
                    found.append(each)
        return found

    async def token(self, *permissions: Permission) -> dict[str, str]:
        settings = Settings(data=self.data, database=f"postgresql://postgres@/node?host={self.data / 'postgres'}")
        async with open_store(settings, "node") as store:
            return {
                "authorization": f"Bearer {await build_access(store, settings).sessions.make_token('w', permissions)}"
            }

    async def until_ready(self, workers: int = 2) -> None:
        async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False) as client:
            while len(self.workers()) < workers or not await self._answers(client):
                assert self.process.returncode is None
                await asyncio.sleep(0.1)

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.address}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="module")
async def two(session_folder: Path) -> AsyncIterator[TwoWorkers]:
    data, ports = session_folder / "two", free_ports("http", "mllp")
    command = ["serve", "node", "--data", str(data), "--port", str(ports["http"]), "--mllp-port", str(ports["mllp"])]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benhan.cli.main", *command),
        env={"PATH": "/usr/bin:/bin", "BENHAN_WORKERS": "2", "BENHAN_FACILITY_CODE": "01234"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    served = TwoWorkers(data, ports, process)
    try:
        await served.until_ready()
        yield served
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 40) == 0


async def test_messages_over_many_connections_are_applied_once_whoever_took_them(two: TwoWorkers) -> None:
    clients = [MllpClient("127.0.0.1", two.ports["mllp"]) for _ in range(12)]
    for number, client in enumerate(clients):
        answer = await client.send(MESSAGE.format(number=number).encode())
        assert (answer.first("MSA") or answer.msh).text(1) == "AA"
        await client.close()
    connection = await asyncpg.connect(f"postgresql://postgres@/node?host={two.data / 'postgres'}")
    try:
        async with asyncio.timeout(20):
            while await connection.fetchval("select count(*) from inbox where state = 'received'"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await connection.fetchval("select count(*) from inbox where state = 'applied'") == 12
    finally:
        await connection.close()
    token = await two.token(Permission.FHIR_SEARCH)
    async with httpx.AsyncClient(trust_env=False, headers=token) as client:
        found = (await client.get(f"{two.address}/fhir/Patient?name=thu&_count=50")).json()
    assert len(found["entry"]) == 12


async def test_the_numbers_of_both_are_told_together(two: TwoWorkers) -> None:
    token = await two.token(Permission.METRICS_READ)
    for _ in range(20):  # a connection each, so that both workers answer some
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{two.address}/healthz")).status_code == 200
    await asyncio.sleep(SHOWN_WITHIN_S)  # until then the worker that is not asked may keep its newest
    told = set()
    for _ in range(6):
        async with httpx.AsyncClient(trust_env=False, headers=token) as client:
            lines = (await client.get(f"{two.address}/metrics")).text.splitlines()
        told |= {
            float(each.split()[-1])
            for each in lines
            if each.startswith("benhan_http_requests_total") and "/healthz" in each
        }
    assert told == {20.0}


async def test_a_worker_that_dies_is_started_anew_while_the_other_goes_on(two: TwoWorkers) -> None:
    victim = two.workers()[0]
    victim.kill()
    await two.until_ready()
    assert len(two.workers()) == 2
    assert victim.pid not in {each.pid for each in two.workers()}


async def test_a_second_node_on_the_same_port_is_refused(two: TwoWorkers, open_folder: Path) -> None:
    command = ["serve", "node", "--data", str(open_folder / "other"), "--port", str(two.ports["http"])]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benhan.cli.main", *command, "--mllp-port", "0"),
        env={"PATH": "/usr/bin:/bin", "BENHAN_WORKERS": "2"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode not in (0, None)
    assert "BA-0110" in said.decode()
