"""`benhan import`: NDJSON files into the store, by several processes that share out the lines."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    RoleOption,
    out,
    progress,
    run,
    settings_of,
    tell_fault,
)
from benhan.kernel.faults import Fault
from benhan.kernel.memory import settle_memory
from benhan.kernel.parent import end_with_parent
from benhan.kernel.settings import Settings
from benhan.store.bulk_import import Stripe, files_at, import_file, set_aside, workers_begun
from benhan.store.sql_texts import query

_CURRENT = query(
    "count_current",
    "select count(*) from resource where until is null",
    fan_out="an import tells how many resources the whole store holds",
)


def import_(
    path: Annotated[Path, typer.Argument(help="Tệp .ndjson[.gz] hoặc thư mục (file or folder)", exists=True)],
    workers: Annotated[int, typer.Option(help="Số tiến trình (processes)", min=1, max=16)] = 2,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Nhập NDJSON (FHIR R4). Dừng giữa chừng thì chạy lại để làm tiếp. (Import; run again to go on.)

    Dòng sai, hay trái quy tắc của validation_policy, được để riêng ở <tên>.rejected.ndjson kèm lý do.
    """
    settings = settings_of(role, config, data=data, database=database)
    workers = run(_prepare(settings, role, path)) or workers
    settle_memory()
    # forked here, where nothing is open: a helper need not start Python and read the program once more
    fork = multiprocessing.get_context("fork")
    helpers = [fork.Process(target=_help, args=(settings, role, path, Stripe(n, workers))) for n in range(1, workers)]
    for helper in helpers:
        helper.start()
    total, rejected = run(_lead(settings, role, path, Stripe(0, workers), helpers))
    out.print(f"Đã nhập xong (done): {total} tài nguyên trong kho; dòng để riêng (set aside): {rejected}")
    if any(helper.exitcode for helper in helpers):
        raise typer.Exit(7)


async def _prepare(settings: Settings, role: str, path: Path) -> int | None:
    """Start the database and bring its schema up to date before the workers; gives how many an earlier run had."""
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        return await workers_begun(store, files_at(path))


async def _lead(
    settings: Settings, role: str, path: Path, stripe: Stripe, helpers: Sequence[BaseProcess]
) -> tuple[int, int]:
    """The first worker: shows progress, waits for the others; gives what the store holds, and what was set aside."""
    from benhan.store.opening import open_store

    files = files_at(path)
    async with open_store(settings, role) as store:
        for file, size_bytes in files:
            with progress(file.name) as advance:
                await import_file(store, file, size_bytes, advance, stripe)
        for helper in helpers:
            await asyncio.to_thread(helper.join)
        async with store.database.transaction() as connection:
            await connection.execute("set local statement_timeout = 0")  # of ten million rows it takes its time
            total = int(await connection.fetchval(_CURRENT))
        return total, await set_aside(store, files, stripe.of)


def _help(settings: Settings, role: str, path: Path, stripe: Stripe) -> None:
    """A further worker, in a process of its own; its exit code says how it went."""
    end_with_parent()
    try:
        run(_follow(settings, role, path, stripe))
    except Fault as fault:
        sys.exit(tell_fault(fault))


async def _follow(settings: Settings, role: str, path: Path, stripe: Stripe) -> None:
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        for file, size_bytes in files_at(path):
            await import_file(store, file, size_bytes, _silent, stripe)


def _silent(_lines: int) -> None:
    """Only one worker shows progress."""
