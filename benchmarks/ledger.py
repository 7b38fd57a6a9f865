"""The ledger: entries appended, chained and verified a second, what chaining costs the writers, and bytes an entry.

A day of 240,000 entries, what a hospital of 1,000 beds writes, is then verified whole and entries of it are proven.
Limits: chain 10,000/s, verify 100,000/s, 300 bytes an entry with its indexes; the day in 5 s, a proof in 10 ms.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benhan.kernel.clock import SystemClock
from benhan.kernel.ids import SystemRandom
from benhan.store.database import Database, ensure_database
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.key_encryption import make_kek_file
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.chain import ChainWriter, chain_all
from benhan.store.ledger.events import Event
from benhan.store.ledger.proofs import Inclusion, prove, verify_inclusion
from benhan.store.ledger.roots import sign_days
from benhan.store.ledger.verify import verify_ledger
from benhan.store.migrations import migrate
from common import arguments, report, scratch_folder

ROWS = 240_000
BATCH = 64
"""Entries in one commit, as the group-committing writer makes them under load."""


def batch_of(number: int) -> list[Entry]:
    at = datetime(2026, 1, 1 + number // 1000 % 28, tzinfo=UTC)
    return [
        Entry(
            Event.RESOURCE_CREATE,
            at,
            f"account:{each % 50}",
            "doctor",
            f"{number * BATCH + each:032x}",
            (each % 4000 + 1) << 51 | each,
            90,
            number * BATCH + each,
            1,
        )
        for each in range(BATCH)
    ]


async def append_for(database: Database, seconds: float) -> float:
    """Entries appended a second by two writers that commit BATCH at a time."""
    until, count = time.perf_counter() + seconds, 0

    async def write(start: int) -> None:
        nonlocal count
        number = start
        while time.perf_counter() < until:
            async with database.transaction() as connection:
                await append_many(connection, batch_of(number))
            number += 2
            count += BATCH

    began = time.perf_counter()
    await asyncio.gather(write(0), write(1))
    return count / (time.perf_counter() - began)


async def measure(folder: Path, seconds: float) -> dict[str, Any]:
    server = EmbeddedPostgres(folder / "pg")
    server.start()
    try:
        database = await Database.connect(await ensure_database(server.url("postgres"), "bench"), pool_size=6)
        await migrate(database)
        keyring = await Keyring.open(database, make_kek_file(folder / "kek.json", SystemRandom()), SystemRandom())
        results = await measure_all(database, keyring, seconds)
        await database.close()
        return results
    finally:
        server.stop()


async def measure_all(database: Database, keyring: Keyring, seconds: float) -> dict[str, Any]:
    await append_for(database, 1.0)
    alone = await append_for(database, seconds)
    began = time.perf_counter()
    chained = await chain_all(database)
    chain_per_s = chained / (time.perf_counter() - began)

    stop, writer = asyncio.Event(), ChainWriter(database, SystemClock())
    chaining = asyncio.create_task(writer.run(stop))
    beside = await append_for(database, seconds)
    behind = await database.fetchval("select count(*) from ledger_waiting")
    kept_up = writer.chained / seconds
    stop.set()
    await chaining

    began = time.perf_counter()
    verdict = await verify_ledger(database, keyring)
    verify_per_s = verdict.entries / (time.perf_counter() - began)
    assert verdict.is_whole
    began = time.perf_counter()
    await sign_days(database, keyring, datetime(2026, 3, 1, tzinfo=UTC))
    root_per_s = verdict.entries / (time.perf_counter() - began)
    day = await whole_day(database, keyring, verdict.entries)
    taken = await database.fetchval("select pg_total_relation_size('ledger_entry')")
    return {
        "append_per_s": round(alone),
        "append_while_chaining_per_s": round(beside),
        "chain_per_s": round(chain_per_s),
        "chain_beside_writers_per_s": round(kept_up),
        "pending_after_entries": behind,
        "verify_per_s": round(verify_per_s),
        "root_per_s": round(root_per_s),
        **day,
        "bytes_per_entry": round(taken / day["ledger_rows"]),
        "chain_ratio_to_limit": round(chain_per_s / 10_000, 1),
        "verify_ratio_to_limit": round(verify_per_s / 100_000, 1),
    }


async def whole_day(database: Database, keyring: Keyring, there: int) -> dict[str, Any]:
    """A day of ROWS more entries, all of one root; the whole verified, and entries all over the day proven."""
    at = datetime(2026, 4, 1, 5, tzinfo=UTC)
    for start in range(0, ROWS, BATCH * 50):
        entries = [
            replace(each, at=at) for number in range(start // BATCH, start // BATCH + 50) for each in batch_of(number)
        ]
        async with database.transaction() as connection:
            await append_many(connection, entries[: ROWS - start])
    await chain_all(database)
    days = await sign_days(database, keyring, datetime(2026, 4, 3, tzinfo=UTC))
    root = max(days, key=lambda each: each.size)
    began, spent = time.perf_counter(), time.process_time()
    verdict = await verify_ledger(database, keyring)
    verified_s, processor_s = time.perf_counter() - began, time.process_time() - spent
    assert verdict.is_whole
    proofs_ms, proofs_processor_ms = [], []
    for number in range(41):
        began, spent = time.perf_counter(), time.process_time()
        proof = await prove(database, keyring, root.first_seq + number * (root.size - 1) // 40)
        proofs_ms.append((time.perf_counter() - began) * 1000)
        proofs_processor_ms.append((time.process_time() - spent) * 1000)
        assert verify_inclusion(proof) is Inclusion.PROVEN
    share = ROWS / verdict.entries
    assert root.size >= ROWS
    return {
        "ledger_rows": verdict.entries,
        "ledger_verify_s": round(verified_s * share, 2),
        "ledger_verify_processor_s": round(processor_s * share, 2),
        "ledger_verify_ratio_to_limit": round(verified_s * share / 5, 3),
        "proof_ms": round(statistics.median(proofs_ms), 2),
        "proof_processor_ms": round(statistics.median(proofs_processor_ms), 2),
        "proof_most_ms": round(max(proofs_ms), 2),
        "proof_ratio_to_limit": round(statistics.median(proofs_ms) / 10, 3),
        "rows_before": there,
    }


def main() -> None:
    options = arguments(__doc__ or "")
    with scratch_folder() as folder:
        report(asyncio.run(measure(folder, 4.0 if options.quick else 15.0)), options)


if __name__ == "__main__":
    main()
