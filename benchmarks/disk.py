"""Bytes on disk for each resource: content, history, all indexes; the ledger is told beside it.

A tenth of the resources are updated once, so that history counts. Measured as it stands after the writes, and after
`benhan db compact`. The limit it is compared with: the same JSON as text, and as zstd of each line alone.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import asyncpg
import zstandard

from benhan.store.embedded import EmbeddedPostgres
from common import arguments, benhan, report, scratch_folder
from resources import resources

TABLES = ("resource", "resource_history", "range_index", "placement", "data_key")
LEDGER = ("ledger_pending", "ledger_entry")


def write_with_updates(folder: Path, count: int) -> tuple[int, int]:
    """`count` resources, and a second file that changes every tenth; gives their bytes, plain and each compressed."""
    plain = packed = 0
    compressor = zstandard.ZstdCompressor(level=3)
    source = resources(foreign=False)
    with (folder / "1.ndjson").open("wb") as first, (folder / "2.ndjson").open("wb") as second:
        for number in range(count):
            line = next(source)
            plain += len(line)
            packed += len(compressor.compress(line))
            first.write(line + b"\n")
            if number % 10 == 0:
                second.write(line[:-1] + b',"language":"vi"}\n')
    return plain, packed


async def sizes(url: str) -> dict[str, int]:
    """The bytes of each table with its indexes, after what has been superseded was swept and vacuumed."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("vacuum analyze")
        rows = await connection.fetch(
            "select relname, pg_total_relation_size(oid) as size from pg_class where relkind = 'r'"
            " and relnamespace = 'public'::regnamespace"
        )
        return {row["relname"]: row["size"] for row in rows}
    finally:
        await connection.close()


def measure(quick: bool) -> dict[str, Any]:
    count = 30_000 if quick else 1_000_000
    with scratch_folder() as data:
        folder = data / "ndjson"
        folder.mkdir()
        plain, packed = write_with_updates(folder, count)
        benhan("import", str(folder / "1.ndjson"), "--data", str(data))
        benhan("import", str(folder / "2.ndjson"), "--data", str(data))
        server = EmbeddedPostgres(data / "postgres")
        server.start()
        try:
            os.environ["BENHAN_PAGE_LIFE_S"] = "0.001"  # what would be swept in a quarter of an hour is swept now
            benhan("db", "sweep", "--data", str(data))
            grown = asyncio.run(sizes(server.url("node")))
            benhan("db", "compact", "--data", str(data))
            found = asyncio.run(sizes(server.url("node")))
        finally:
            server.stop()
    kept = sum(found[table] for table in TABLES)
    return {
        "bytes_per_resource": round(kept / count),
        "uncompacted_bytes_per_resource": round(sum(grown[table] for table in TABLES) / count),
        "resources": count,
        "versions": count + (count + 9) // 10,
        **{f"{table}_bytes_per_resource": round(found[table] / count) for table in TABLES},
        "ledger_bytes_per_resource": round(sum(found[table] for table in LEDGER) / count),
        "json_bytes_per_resource": round(plain / count),
        "zstd_bytes_per_resource": round(packed / count),
        "ratio_to_json": round(kept / plain, 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
