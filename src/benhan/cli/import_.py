"""`benhan import`: NDJSON files into the store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, out, progress, run, settings_of
from benhan.kernel.settings import Settings
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
    stripe: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Nhập NDJSON (FHIR R4). Dừng giữa chừng thì chạy lại để làm tiếp. (Import; run again to go on.)

    Dòng sai được để riêng ở <tên>.rejected.ndjson kèm lý do.
    """
    settings = settings_of(role, config, data=data, database=database)
    if stripe:
        number, _, of = stripe.partition("/")
        run(_stripe(settings, role, path, int(number), int(of), told=False))
        return
    command = [sys.executable, "-m", "benhan.cli.main", *sys.argv[1:]]
    workers = run(_prepare(settings, role, path)) or workers
    helpers = [subprocess.Popen([*command, "--stripe", f"{number}/{workers}"]) for number in range(1, workers)]  # noqa: S603  # this very command
    _, rejected = run(_stripe(settings, role, path, 0, workers, told=True))
    failed = [helper for helper in helpers if helper.wait() != 0]
    total = run(_written(settings, role))
    out.print(f"Đã nhập xong (done): {total} tài nguyên trong kho; dòng để riêng (set aside): {rejected}")
    if failed:
        raise typer.Exit(7)


async def _prepare(settings: Settings, role: str, path: Path) -> int | None:
    """Start the database and bring its schema up to date before the workers; gives how many an earlier run had."""
    from benhan.store.bulk_import import files_at, workers_begun
    from benhan.wiring import open_store

    async with open_store(settings, role) as store:
        return await workers_begun(store, files_at(path))


async def _stripe(settings: Settings, role: str, path: Path, number: int, of: int, *, told: bool) -> tuple[int, int]:
    from benhan.kernel.memory import settle_memory
    from benhan.store.bulk_import import Stripe, files_at, import_file
    from benhan.wiring import open_store

    written = rejected = 0
    async with open_store(settings, role) as store:
        settle_memory()
        for file, size_bytes in files_at(path):
            with progress(file.name if told else "") as advance:
                done = await import_file(store, file, size_bytes, advance if told else _silent, Stripe(number, of))
            written += done.written
            rejected += done.rejected
    return written, rejected


def _silent(_lines: int) -> None:
    """Only one worker shows progress."""


async def _written(settings: Settings, role: str) -> int:
    from benhan.wiring import open_store

    async with open_store(settings, role) as store:
        return int(await store.database.fetchval(_CURRENT))
