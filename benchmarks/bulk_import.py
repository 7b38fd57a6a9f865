"""`benhan import` of NDJSON: validated, indexed, sealed, in the ledger, committed; the command's own start counted.

Beside it the same number of other lines by the job of `$import`, the start of its processes counted.

The limit it is compared with: PostgreSQL taking the same lines as plain text by COPY, durable, with no index.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import asyncpg

from benhan.fhir_api.bulk.bulk import Bulk
from benhan.fhir_api.bulk.import_sources import ImportSources
from benhan.kernel.actors import system
from benhan.kernel.memory import settle_memory
from benhan.kernel.settings import load_settings
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.opening import open_store
from common import arguments, benhan, report, scratch_folder
from cpu_time import CpuTime
from resources import write_ndjson

WORKERS = 2
OTHER_PEOPLE = 500_000


def import_seconds(data: Path, file: Path) -> float:
    began = time.perf_counter()
    benhan("import", str(file), "--data", str(data))
    return time.perf_counter() - began


async def job_seconds(data: Path, file: Path) -> float:
    """The job of an `$import`, in this process and those that it starts."""
    settings = load_settings("node", flags={"data": data})
    asked: dict[str, Any] = {
        "inputs": [{"type": "", "url": file.as_uri()}],
        "actor": system("bench").id,
        "role": "system",
    }
    async with open_store(settings, "node") as store:
        sources = ImportSources.allowed("", str(file.parent))
        bulk = Bulk.on(
            store, data / "bulk", "http://127.0.0.1/fhir", life_s=3600, sources=sources, import_workers=WORKERS
        )
        asked["key"] = bulk.folder.new_key()
        async with store.database.transaction() as connection:
            id_ = await bulk.jobs.put("import", asked, system("bench").id, connection)
        settle_memory()
        began = time.perf_counter()
        assert await bulk.runner().step(asyncio.Event())
        seconds = time.perf_counter() - began
        job = await bulk.jobs.find(id_, system("bench").id)
        assert job.state == "done", job.fault
        return seconds


async def copy_seconds(url: str, file: Path) -> float:
    """The limit: the lines as they are, in one COPY."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create table plain (line text)")
        lines = [(line.decode(),) for line in file.read_bytes().splitlines()]
        began = time.perf_counter()
        await connection.copy_records_to_table("plain", records=lines)
        await connection.execute("checkpoint")
        return time.perf_counter() - began
    finally:
        await connection.execute("drop table plain")
        await connection.close()


def measure(quick: bool) -> dict[str, Any]:
    count = 30_000 if quick else 300_000
    with scratch_folder() as data:
        benhan("db", "migrate", "--data", str(data))
        server = EmbeddedPostgres(data / "postgres")
        server.start()
        try:
            file = data / "resources.ndjson"
            size = write_ndjson(file, count)
            limit = asyncio.run(copy_seconds(server.url("postgres"), file))
            cpu = CpuTime(os.getpid(), data)
            seconds = import_seconds(data, file)
            spent = cpu.spent_us(count)
            others = data / "others.ndjson"
            write_ndjson(others, count, seed=OTHER_PEOPLE)
            cpu = CpuTime(os.getpid(), data)
            job = asyncio.run(job_seconds(data, others))
            job_spent = cpu.spent_us(count)
        finally:
            server.stop()
    return {
        "import_per_s": round(count / seconds),
        **{f"import_{whose}_cpu_us": microseconds for whose, microseconds in spent.items() if whose != "client"},
        "import_job_per_s": round(count / job),
        **{f"import_job_{whose}_cpu_us": spent for whose, spent in job_spent.items() if whose != "client"},
        "import_mb_per_s": round(size / seconds / 1e6, 1),
        "imported_resources": count,
        "copy_limit_per_s": round(count / limit),
        "import_ratio_to_limit": round(limit / seconds, 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
