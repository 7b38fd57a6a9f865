"""`$export` of a whole store by its job: opened, written as NDJSON, sealed on the disk, as of one moment.

The limit it is compared with: PostgreSQL copying the same rows out, sealed as they are, in the same run.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from benhan.fhir_api.bulk.bulk import Bulk
from benhan.kernel.actors import system
from benhan.kernel.settings import load_settings
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.jobs import Job
from benhan.store.opening import open_store
from common import arguments, benhan, report, scratch_folder
from resources import write_ndjson

COPY = (
    "select type, rid, version, patient, updated_at, content from resource where until is null and content is not null"
)


async def export_seconds(data: Path, rounds: int) -> tuple[float, float, int, int]:
    """Seconds of an export, of the limit, resources and bytes; the best of `rounds` of each."""
    settings = load_settings("node", flags={"data": data})
    async with open_store(settings, "node") as store:
        bulk = Bulk.on(store, data / "bulk", "http://127.0.0.1/fhir", life_s=3600)
        exports, limits = [], []
        lines = size = 0
        for _ in range(rounds):
            limits.append(await copy_seconds(store.database.url))
            began = time.perf_counter()
            job = await one_export(bulk)
            exports.append(time.perf_counter() - began)
            lines = sum(file[4] for file in job.place["files"])
            size = sum(file[2] for file in job.place["files"])
            await bulk.jobs.cancel(job.id, system("bench").id)
            await bulk.runner().tidy()
    return min(exports), min(limits), lines, size


async def one_export(bulk: Bulk) -> Job:
    asked = {"export": {"level": "system"}, "url": "", "actor": system("bench").id, "role": "system"}
    async with bulk.store.database.transaction() as connection:
        id_ = await bulk.jobs.put("export", asked, system("bench").id, connection)
    assert await bulk.runner().step(asyncio.Event())
    return await bulk.jobs.find(id_, system("bench").id)


async def copy_seconds(url: str) -> float:
    connection = await asyncpg.connect(url)
    try:
        began = time.perf_counter()
        with Path(os.devnull).open("wb") as nowhere:
            await connection.copy_from_query(COPY, output=nowhere, format="binary")
        return time.perf_counter() - began
    finally:
        await connection.close()


def measure(quick: bool) -> dict[str, Any]:
    count = 40_000 if quick else 200_000
    with scratch_folder() as data:
        benhan("db", "migrate", "--data", str(data))
        server = EmbeddedPostgres(data / "postgres")
        server.start()
        try:
            file = data / "resources.ndjson"
            write_ndjson(file, count, foreign=False)
            benhan("import", str(file), "--data", str(data))
            seconds, limit, lines, size = uvloop.run(export_seconds(data, 3))
        finally:
            server.stop()
    return {
        "export_per_s": round(lines / seconds),
        "export_mb_per_s": round(size / seconds / 1e6, 1),
        "exported_resources": lines,
        "copy_out_per_s": round(lines / limit),
        "export_ratio_to_limit": round(limit / seconds, 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
