"""Bytes on disk for each resource: content, history, all indexes; the ledger is told beside it.

A tenth of the resources are changed once, halfway, so that history counts. Measured as it stands after the writes, and
after `benhan db compact`; beside it what the first half needs while nothing has been changed. The limit it is compared
with: the same JSON as text, and as zstd of each line alone. BENHAN_BENCH_RESOURCES names another number of resources.
"""

from __future__ import annotations

import asyncio
import contextlib
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
    """`count` resources in two files, and one between them that changes a fifth of the first half.

    Gives their bytes, plain and each compressed.
    """
    plain = packed = 0
    compressor = zstandard.ZstdCompressor(level=3)
    source = resources(foreign=False)
    names = ("1.ndjson", "2.ndjson", "3.ndjson")
    with contextlib.ExitStack() as open_:
        first, changes, second = (open_.enter_context((folder / name).open("wb")) for name in names)
        for number in range(count):
            line = next(source)
            plain += len(line)
            packed += len(compressor.compress(line))
            half = first if number < count // 2 else second
            half.write(line + b"\n")
            if half is first and number % 5 == 0:
                changes.write(line[:-1] + b',"language":"vi"}\n')
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
    count = int(os.environ.get("BENHAN_BENCH_RESOURCES", "30000" if quick else "1000000"))
    with scratch_folder() as data:
        folder = data / "ndjson"
        folder.mkdir()
        plain, packed = write_with_updates(folder, count)
        server = EmbeddedPostgres(data / "postgres")
        server.start()
        try:
            os.environ["BENHAN_PAGE_LIFE_S"] = "0.001"  # what would be swept in a quarter of an hour is swept now
            benhan("import", str(folder / "1.ndjson"), "--data", str(data))
            once = sum(asyncio.run(sizes(server.url("node")))[table] for table in TABLES)
            benhan("import", str(folder / "2.ndjson"), "--data", str(data))
            benhan("db", "sweep", "--data", str(data))
            asyncio.run(sizes(server.url("node")))
            benhan("import", str(folder / "3.ndjson"), "--data", str(data))
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
        "versions": count + count // 10,
        "never_changed_bytes_per_resource": round(once / (count // 2)),
        **{f"{table}_bytes_per_resource": round(found[table] / count) for table in TABLES},
        "ledger_bytes_per_resource": round(sum(found[table] for table in LEDGER) / count),
        "json_bytes_per_resource": round(plain / count),
        "zstd_bytes_per_resource": round(packed / count),
        "ratio_to_json": round(kept / plain, 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
