"""Exports in processes of their own: killed in the middle, and with attachments of 100 MB."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clocks import MovedClock
from tests.fhir_api import run_jobs
from tests.fhir_api.bulk import BulkServer, bulk_server, kicked_off, lines_of, put, references
from tests.fhir_api.conftest import patient

from benhan.fhir.resource import ParsedResource
from benhan.fhir_api.bulk import export_job
from benhan.kernel.actors import system
from benhan.kernel.ids import SeededRandom
from benhan.store.jobs import LEASE

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(fresh_url: str, tmp_path: Path, clock: MovedClock) -> AsyncIterator[BulkServer]:
    async for each in bulk_server(fresh_url, tmp_path, clock=clock):
        yield each


@pytest.fixture
async def client(server: BulkServer) -> httpx.AsyncClient:
    return await server.client()


async def started(server: BulkServer, folder: Path, how: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "tests.fhir_api.run_jobs", server.store.database.url, str(folder), how)
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    return await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def test_an_export_whose_process_is_killed_is_ended_by_another(
    server: BulkServer, client: httpx.AsyncClient, clock: MovedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [await put(client, patient()) for _ in range(80)]
    job = await kicked_off(client, "$export")
    process = await started(server, tmp_path, "slow")
    try:
        part = 0
        async with asyncio.timeout(60):
            while part < 20:
                await asyncio.sleep(0.01)
                assert process.returncode is None, (await process.communicate())[1].decode()
                progress = (await client.get(job)).headers["x-progress"]  # "running: part 20 of 64, 31 lines"
                part = int(progress.split()[2])
        process.send_signal(signal.SIGKILL)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
    assert await server.work() is False  # its lease is not over
    clock.ahead += LEASE + timedelta(seconds=1)
    await put(client, patient())
    parts: list[int] = []
    real = export_job._Export.do_part

    async def counted(export: Any, number: int) -> None:
        parts.append(number)
        await real(export, number)

    monkeypatch.setattr(export_job._Export, "do_part", counted)
    assert await server.work()
    assert 15 < parts[0] < 35
    assert parts == [*range(parts[0], run_jobs.PARTS)]
    assert references(await lines_of(client, (await client.get(job)).json())) == sorted(made)


@pytest.mark.slow
async def test_memory_does_not_grow_with_the_number_of_large_attachments(
    server: BulkServer, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    taken = []
    for count in (2, 6):
        while await server.store.database.fetchval("select count(*) from resource where bucket >= 0") < count:
            await put_large(server)
        await kicked_off(client, "$export")
        process = await started(server, tmp_path, "once")
        said, failure = await process.communicate()
        assert process.returncode == 0, failure.decode()
        taken.append(int(said))
    assert taken[1] < taken[0] * 1.2, f"{taken} kB"


async def put_large(server: BulkServer) -> None:
    """A Binary of 100 MB that does not compress; too large for a request, as an import may bring it."""
    data = SeededRandom(7).bytes(50 * MEGABYTE).hex()
    body = {"resourceType": "Binary", "contentType": "application/octet-stream", "data": data}
    unit = server.store.begin(system("test"))
    unit.create(ParsedResource("Binary", None, body, body))
    await server.store.commit(unit)
