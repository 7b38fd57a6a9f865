"""`benhan db`: the database of a role."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, out, progress, run, settings_of
from benhan.kernel.settings import Settings

app = typer.Typer(help="Cơ sở dữ liệu. (The database.)", no_args_is_help=True)


@app.command("migrate")
def migrate(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Tạo hoặc nâng cấp cấu trúc. (Create the schema or bring it up to date.)"""
    applied = run(_migrate(settings_of(role, config, data=data, database=database), role))
    for name in applied:
        out.print(f"đã áp dụng (applied): {name}")
    if not applied:
        out.print("Cấu trúc đã mới nhất. (The schema is up to date.)")


@app.command("status")
def status(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Số dòng và dung lượng từng bảng. (Rows and size of each table.)"""
    table = Table("Bảng (table)", "Dòng (rows)", "Dung lượng (size)")
    for name, rows, size in run(_status(settings_of(role, config, data=data, database=database), role)):
        table.add_row(name, f"{rows:,}", f"{size / 1024 / 1024:,.1f} MB")
    out.print(table)


@app.command("sweep")
def sweep(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Chuyển các phiên bản cũ sang bảng lịch sử ngay. (Move superseded versions to history now.)"""
    moved = run(_sweep(settings_of(role, config, data=data, database=database), role))
    out.print(f"đã chuyển (moved): {moved}")


@app.command("reindex")
def reindex(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Dựng lại chỉ mục tìm kiếm; bị ngắt thì chạy lại sẽ đi tiếp. (Rebuild the search index; goes on where it was.)"""
    seen, changed = run(_reindex(settings_of(role, config, data=data, database=database), role))
    out.print(f"đã xem (gone over): {seen}; đã đổi (changed): {changed}")


@app.command("compact")
def compact(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Dựng lại các chỉ mục cho gọn, không cản ai đang làm việc. (Rebuild the indexes while others work.)

    Nên chạy sau khi nhập nhiều dữ liệu và mỗi tháng một lần, vào ban đêm.
    """
    for name, before, after in run(_compact(settings_of(role, config, data=data, database=database), role)):
        out.print(f"{name}: {before / 1024 / 1024:,.1f} → {after / 1024 / 1024:,.1f} MB", highlight=False)


@app.command("freeze-moments")
def freeze_moments(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Chạy một lần sau khi khôi phục từ bản sao lưu vào cụm khác. (Once after a restore into another cluster.)"""
    frozen = run(_freeze(settings_of(role, config, data=data, database=database), role))
    out.print(f"đã đặt lại (set): {frozen}")


@app.command("train-dictionaries")
def train_dictionaries(
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    samples: Annotated[int, typer.Option(help="Số mẫu mỗi loại (samples a type)", min=100)] = 5000,
) -> None:
    """Huấn luyện từ điển nén từ dữ liệu đang có. (Train compression dictionaries on what the store holds.)"""
    for name, size, before, after in run(
        _train(settings_of(role, config, data=data, database=database), role, samples)
    ):
        out.print(f"{name}: {size} byte; {before:.0f} → {after:.0f} byte mỗi tài nguyên (a resource)")


async def _migrate(settings: Settings, role: str) -> list[str]:
    from benhan.store.database import Database
    from benhan.store.migrations import migrate as apply
    from benhan.store.opening import database_url

    database = await Database.connect(await database_url(settings, role))
    try:
        return [f"{each.number:04d} {each.name}" for each in await apply(database)]
    finally:
        await database.close()


async def _status(settings: Settings, role: str) -> list[tuple[str, int, int]]:
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        rows = await store.database.fetch(
            "select relname, greatest(reltuples, 0)::bigint as rows, pg_total_relation_size(oid) as size from pg_class"
            " where relkind = 'r' and relnamespace = 'public'::regnamespace order by 3 desc"
        )
    return [(row["relname"], row["rows"], row["size"]) for row in rows]


async def _reindex(settings: Settings, role: str) -> tuple[int, int]:
    from benhan.store.opening import open_store
    from benhan.store.reindex import reindex as go_over

    async with open_store(settings, role) as store:
        with progress("Dựng lại chỉ mục (reindexing)") as advance:
            done = await go_over(store, advance)
    return done.seen, done.changed


async def _sweep(settings: Settings, role: str) -> int:
    from benhan.store.opening import open_store
    from benhan.store.sweeper import ROWS_MAX, sweep_some

    moved = 0
    async with open_store(settings, role) as store:
        with progress("Chuyển (moving)") as advance:
            while (some := await sweep_some(store.database, store.clock, settings.page_life_s)) > 0:
                moved += some
                advance(moved)
                if some < ROWS_MAX:
                    break
    return moved


async def _freeze(settings: Settings, role: str) -> int:
    from benhan.store.opening import open_store
    from benhan.store.sweeper import freeze_moments as freeze

    async with open_store(settings, role) as store:
        return await freeze(store.database)


async def _train(settings: Settings, role: str, samples: int) -> list[tuple[str, int, float, float]]:
    from benhan.store.opening import open_store
    from benhan.store.train import train_dictionaries as train

    async with open_store(settings, role) as store:
        with progress("Huấn luyện (training)") as advance:
            return await train(store, settings.data / "dictionaries", samples, advance)


async def _compact(settings: Settings, role: str) -> list[tuple[str, int, int]]:
    from benhan.store.compact import compact, indexes
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        with progress("Dựng lại (rebuilding)", len(await indexes(store.database))) as advance:
            return await compact(store.database, advance)
