"""`benhan serve all` as real processes: ready, killed in the middle, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
from tests.processes.ports import free_ports

from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.store.opening import open_store
from benhan.transports.mllp_client import MllpClient
from benhan.wiring import build_access

MESSAGES, KILLED_AFTER = 50, 20
ROLES = ("node", "repository", "healthbook", "portal")


@dataclass
class Serving:
    """A running `benhan serve all`."""

    data: Path
    ports: dict[str, int]
    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)

    def address(self, role: str) -> str:
        return f"http://127.0.0.1:{self.ports[role]}"

    def database(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.data / 'postgres'}"

    def pid_of(self, role: str) -> int:
        """The process that serves `role` now; 0 while there is none."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            command = child.cmdline()
            if command[3:5] == ["serve", role]:
                return child.pid
        return 0

    def left_behind(self) -> list[list[str]]:
        """Processes that still work with our data folder."""
        found = []
        for each in psutil.process_iter(["cmdline", "status"]):
            command = each.info["cmdline"] or []
            if any(str(self.data) in part for part in command) and each.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(command)
        return found

    async def fetchval(self, database: str, sql: str) -> Any:
        connection = await asyncpg.connect(self.database(database))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    async def token(self, role: str, *permissions: Permission) -> dict[str, str]:
        """The header of a machine that may do `permissions` at a role."""
        name = "repository" if role == "healthbook" else role
        settings = Settings(data=self.data, database=self.database(name), pool_size=2)
        async with open_store(settings, role) as store:
            secret = await build_access(store, settings).sessions.make_token("probe", permissions)
        return {"authorization": f"Bearer {secret}"}

    async def until_ready(self) -> None:
        async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False) as client:
            for role in ROLES:
                while not await _is_ready(client, self.address(role)):
                    assert self.process.returncode is None, "".join(self.said)
                    await asyncio.sleep(0.1)

    async def stopped(self) -> int:
        """Stop by SIGTERM; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 40)


async def _is_ready(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"{address}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def start(data: Path, ports: dict[str, int]) -> Serving:
    """`benhan serve all` on `data`, perhaps not ready yet."""
    config = data.parent / "benhan.toml"
    lines = [f"mllp_port = {ports['mllp']}", 'facility_code = "01234"']
    for role in ROLES:
        lines += [f"[{role}]", f"http_port = {ports[role]}"]
    config.write_text("\n".join(lines), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benhan.cli.main", "serve", "all", "--data", str(data), "--config", str(config)),
        cwd=data.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    return Serving(data, ports, process)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Serving]:
    """A running and ready `benhan serve all`; nothing of it is left afterwards, however the test ends."""
    serving = await start(folder / "data", free_ports("mllp", *ROLES))
    reading = asyncio.create_task(_read(serving))
    try:
        await serving.until_ready()
        yield serving
    finally:
        if serving.process.returncode is None:
            await serving.stopped()
        await reading


async def _read(serving: Serving) -> None:
    assert serving.process.stdout is not None
    async for line in serving.process.stdout:
        serving.said.append(line.decode("utf-8", "replace"))


async def test_all_roles_get_ready_tell_how_they_are_and_leave_nothing_behind(open_folder: Path) -> None:
    async with served(open_folder) as serving:
        async with httpx.AsyncClient(trust_env=False) as client:
            for role in ROLES:
                alive = await client.get(f"{serving.address(role)}/healthz")
                ready = await client.get(f"{serving.address(role)}/readyz")
                closed = await client.get(f"{serving.address(role)}/metrics")
                header = await serving.token(role, Permission.METRICS_READ)
                metrics = await client.get(f"{serving.address(role)}/metrics", headers=header)
                assert (alive.status_code, ready.json()["failing"]) == (200, {})
                assert (closed.status_code, metrics.status_code) == (401, 200)
                assert 'route="/healthz"' in metrics.text
        pids = [serving.pid_of(role) for role in ROLES]
        assert all(pids)
        assert await serving.stopped() == 0
        assert serving.left_behind() == []
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert not any('"error"' in line for line in serving.said), serving.said


def oru(number: int) -> bytes:
    """A result of synthetic person `number`."""
    lines = [
        f"MSH|^~\\&|LIS|01234|BENHAN|01234|20260105080000||ORU^R01^ORU_R01|C{number:04d}|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||BN{number:06d}^^^01234^PI||NGUYỄN^THỊ^THỬ||19900101|F",
        f"ORC|RE|O{number}|F{number}",
        f"OBR|1|O{number}|F{number}|GLU^Đường huyết^L|||20260105080000|||||||||||||||||F",
        f"OBX|1|NM|2345-7^Glucose^LN||{number}.5|mmol/L|3.9-6.4|N|||F|||20260105080000",
    ]
    return "\r".join([*lines, ""]).encode()


ON_THE_WAY = """
select (select count(*) from inbox where state <> 'applied') + (select count(*) from outbox where state <> 'receipted')
"""


async def _until_all_receipted(serving: Serving) -> None:
    try:
        async with asyncio.timeout(60):
            while await serving.fetchval("node", ON_THE_WAY):  # noqa: ASYNC110  # another process: nothing to wait on
                await asyncio.sleep(0.2)
    except TimeoutError:
        left = await serving.fetchval("node", "select json_agg(o) from outbox o where state <> 'receipted'")
        inbox = await serving.fetchval("node", "select json_agg(state) from inbox where state <> 'applied'")
        pytest.fail(f"not all was receipted: {left} {inbox}\n{''.join(serving.said)}")


async def test_the_repository_killed_in_the_middle_is_started_anew_and_nothing_is_lost_or_doubled(
    open_folder: Path,
) -> None:
    async with served(open_folder) as serving:
        client = MllpClient("127.0.0.1", serving.ports["mllp"])
        killed = serving.pid_of("repository")
        for number in range(1, MESSAGES + 1):
            answer = (await client.send(oru(number))).first("MSA")
            assert answer is not None
            assert answer.text(1) == "AA"
            if number == KILLED_AFTER:
                os.kill(killed, signal.SIGKILL)
        await client.close()
        await serving.until_ready()
        await _until_all_receipted(serving)
        assert serving.pid_of("repository") not in (0, killed)
        header = await serving.token("repository", Permission.FHIR_SEARCH, Permission.FHIR_READ)
        async with httpx.AsyncClient(trust_env=False, base_url=serving.address("repository")) as http:
            found = {
                type_: (await http.get(f"/fhir/{type_}?_count=500", headers=header)).json().get("entry", [])
                for type_ in ("Observation", "DiagnosticReport", "Patient")
            }
        assert {type_: len(entries) for type_, entries in found.items()} == dict.fromkeys(found, MESSAGES)
        values = {entry["resource"]["valueQuantity"]["value"] for entry in found["Observation"]}
        assert len(values) == MESSAGES
        assert {entry["resource"]["meta"]["versionId"] for entry in found["Observation"]} == {"1"}
        ends = [line for line in serving.said if "process.ended" in line]
        assert len(ends) == 1
        assert '"repository"' in ends[0]


@pytest.mark.slow
async def test_when_the_supervisor_is_killed_the_roles_stop_and_the_next_start_goes_on(open_folder: Path) -> None:
    async with served(open_folder) as serving:
        client = MllpClient("127.0.0.1", serving.ports["mllp"])
        await client.send(oru(1))
        await client.close()
        await _until_all_receipted(serving)
        roles = [psutil.Process(serving.pid_of(role)) for role in ROLES]
        serving.process.kill()
        await serving.process.wait()
        gone, alive = await asyncio.to_thread(psutil.wait_procs, roles, 30)
        assert (len(gone), alive) == (len(ROLES), [])
        again = await start(serving.data, serving.ports)
        reading = asyncio.create_task(_read(again))
        await again.until_ready()
        assert await again.fetchval("node", "select count(*) from inbox where state = 'applied'") == 1
        assert await again.stopped() == 0
        await reading
        assert again.left_behind() == []


@pytest.mark.slow
async def test_a_taken_port_is_told_with_its_code(open_folder: Path) -> None:
    async with served(open_folder) as serving:
        told = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benhan.cli.main", "serve", "repository", "--data", str(serving.data)),
            *("--port", str(serving.ports["repository"])),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(told.communicate(), 90)
        assert told.returncode != 0
        assert "BA-0110" in output.decode()
        assert str(serving.ports["repository"]) in output.decode()


@pytest.mark.slow
async def test_a_role_that_cannot_start_ends_all_with_its_own_words_and_its_exit_code(open_folder: Path) -> None:
    async with served(open_folder) as serving:
        await serving.fetchval("node", "insert into schema_migration values (9999, 'of a newer program', '', now())")
        assert await serving.stopped() == 0
    again = await start(serving.data, serving.ports)
    try:
        output, _ = await asyncio.wait_for(again.process.communicate(), 180)
    finally:
        if again.process.returncode is None:
            await again.stopped()
    assert again.process.returncode == 6
    assert "BA-0431" in output.decode()
    assert "BA-3950" in output.decode()
    assert again.left_behind() == []
