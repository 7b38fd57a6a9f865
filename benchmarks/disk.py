"""Bytes on disk for each resource: content, history, all indexes; the ledger is told beside it.

A tenth of the resources are changed once, soon after they came, so that history counts. Measured as it stands after the
writes, at every million (the curve) and at the end, and then after `benhan db compact`. The limit it is compared with:
the same JSON as text, and as zstd of each line alone.

Rounds of ROUND resources are made, taken in and thrown away, so that neither memory nor disk holds more than one of
them beside the store. BENHAN_BENCH_RESOURCES names another number of resources. BENHAN_BENCH_FOLDER names a folder that
is kept: a run that was broken off goes on there where it was, and one that had ended grows to a larger number.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import zstandard

from benhan.store.embedded import EmbeddedPostgres
from common import arguments, benhan, report, scratch_folder
from resources import resources

TABLES = ("resource", "resource_history", "range_index", "placement", "data_key")
LEDGER = ("ledger_pending", "ledger_entry")
PROGRESS = "progress.json"
ROUND = 100_000
SEEDS_A_ROUND = 1_000
"""More than a round uses, so that nobody comes in two of them."""
CHANGED_EACH = 10
STEP = 1_000_000
"""How many resources lie between two points of the curve."""


@dataclass
class Progress:
    """How far a run has come, kept on the disk of its folder: what an interrupted one goes on from."""

    resources: int = 0
    rounds: int = 0
    plain: int = 0
    packed: int = 0
    never_changed: float = 0
    curve: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Progress:
        path = folder / PROGRESS
        return cls(**json.loads(path.read_bytes())) if path.exists() else cls()

    def keep(self, folder: Path) -> None:
        written = folder / f"{PROGRESS}.new"
        written.write_text(json.dumps(asdict(self)))
        written.replace(folder / PROGRESS)


def write_round(folder: Path, number: int, count: int) -> tuple[Path, Path, int, int]:
    """The resources of round `number`, the same every time, and changes of a tenth of them, each in a file of its own.

    Gives the files, and the bytes of the resources, plain and each compressed.
    """
    plain = packed = 0
    compressor = zstandard.ZstdCompressor(level=3)
    files = folder / f"round-{number}.ndjson", folder / f"round-{number}-changes.ndjson"
    with files[0].open("wb") as new, files[1].open("wb") as changed:
        for place, line in enumerate(islice(resources(foreign=False, seed=number * SEEDS_A_ROUND), count)):
            plain += len(line)
            packed += len(compressor.compress(line))
            new.write(line + b"\n")
            if place % CHANGED_EACH == 0:
                changed.write(line[:-1] + b',"language":"vi"}\n')
    return *files, plain, packed


def run_round(data: Path, url: str, done: Progress, count: int) -> None:
    """Make the next round's resources, take them in, change a tenth, move the old versions to history.

    PostgreSQL's own cleaning, which comes to it every few days' writes and which this outruns, is done by hand.
    """
    new, changes, plain, packed = write_round(data, done.rounds, count)
    benhan("import", str(new), "--data", str(data))
    if not done.rounds:
        done.never_changed = kept(asyncio.run(sizes(url))) / count
    benhan("import", str(changes), "--data", str(data))
    benhan("db", "sweep", "--data", str(data))
    asyncio.run(clean(url))
    done.rounds, done.resources = done.rounds + 1, done.resources + count
    done.plain, done.packed = done.plain + plain, done.packed + packed
    if done.resources % STEP == 0:
        done.curve[str(done.resources)] = round(kept(asyncio.run(sizes(url))) / done.resources)
    done.keep(data)
    new.unlink()
    changes.unlink()


async def clean(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("vacuum resource")
    finally:
        await connection.close()


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


def kept(found: dict[str, int]) -> int:
    """The bytes of resources, with history and all indexes."""
    return sum(found[table] for table in TABLES)


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """The folder that BENHAN_BENCH_FOLDER names, kept; else one that is gone afterwards."""
    named = os.environ.get("BENHAN_BENCH_FOLDER")
    if not named:
        with scratch_folder() as folder:
            yield folder
        return
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def measure(quick: bool) -> dict[str, Any]:
    count = int(os.environ.get("BENHAN_BENCH_RESOURCES", "30000" if quick else "1000000"))
    with data_folder() as data:
        done = Progress.of(data)
        server = EmbeddedPostgres(data / "postgres")
        server.start()
        try:
            os.environ["BENHAN_PAGE_LIFE_S"] = "0.001"  # what would be swept in a quarter of an hour is swept now
            while done.resources < count:
                run_round(data, server.url("node"), done, min(ROUND, count - done.resources))
            grown = kept(asyncio.run(sizes(server.url("node"))))
            benhan("db", "compact", "--data", str(data))
            found = asyncio.run(sizes(server.url("node")))
        finally:
            server.stop()
    count = done.resources
    return {
        "bytes_per_resource": round(kept(found) / count),
        "uncompacted_bytes_per_resource": round(grown / count),
        "resources": count,
        "versions": count + count // CHANGED_EACH,
        "never_changed_bytes_per_resource": round(done.never_changed),
        "bytes_per_resource_curve": done.curve,
        **{f"{table}_bytes_per_resource": round(found[table] / count) for table in TABLES},
        "ledger_bytes_per_resource": round(sum(found[table] for table in LEDGER) / count),
        "json_bytes_per_resource": round(done.plain / count),
        "zstd_bytes_per_resource": round(done.packed / count),
        "ratio_to_json": round(kept(found) / done.plain, 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
