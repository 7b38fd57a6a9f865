"""`benhan import` of NDJSON: validated, indexed, sealed, in the ledger, committed; the command's own start counted.

The limit it is compared with: PostgreSQL taking the same lines as plain text by COPY, durable, with no index.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import asyncpg

from benhan.store.embedded import EmbeddedPostgres
from common import arguments, benhan, report, scratch_folder
from cpu_time import CpuTime
from resources import write_ndjson


def import_seconds(data: Path, file: Path) -> float:
    began = time.perf_counter()
    benhan("import", str(file), "--data", str(data))
    return time.perf_counter() - began


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
    count = 40_000 if quick else 300_000
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
        finally:
            server.stop()
    return {
        "import_per_s": round(count / seconds),
        **{f"import_{whose}_cpu_us": microseconds for whose, microseconds in spent.items() if whose != "client"},
        "import_mb_per_s": round(size / seconds / 1e6, 1),
        "imported_resources": count,
        "copy_limit_per_s": round(count / limit),
        "import_ratio_to_limit": round(limit / seconds, 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
