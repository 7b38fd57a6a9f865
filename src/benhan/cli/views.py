"""`benhan views`: ViewDefinitions run on the store, to files that analysts read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, out, progress, run, settings_of
from benhan.kernel.settings import Settings

app = typer.Typer(help="Bảng số liệu theo ViewDefinition. (Tables by SQL on FHIR views.)", no_args_is_help=True)


@app.command("run")
def run_view(
    file: Annotated[Path, typer.Argument(help="Tệp ViewDefinition (JSON)", exists=True, dir_okay=False)],
    target: Annotated[Path, typer.Option("--out", help="Tệp ghi ra: .parquet hoặc .csv", dir_okay=False)],
    since: Annotated[
        datetime | None, typer.Option(help="Chỉ tài nguyên đổi sau lúc này, UTC (changed after this instant)")
    ] = None,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Chạy một ViewDefinition trên toàn kho, ghi thành Parquet hoặc CSV. (Run a view on the whole store.)

    Tệp không được mã hoá: cất ở nơi an toàn. Một tệp dở dang không bao giờ mang tên đích.
    """
    settings = settings_of(role, config, data=data, database=database)
    count = run(_run(settings, role, file, target, since))
    out.print(f"Đã ghi (rows written): {count}", highlight=False)


async def _run(settings: Settings, role: str, file: Path, target: Path, since: datetime | None) -> int:
    from datetime import UTC

    from benhan.fhir.view_definition import compile_view
    from benhan.kernel.actors import system
    from benhan.store.opening import open_store
    from benhan.views.rows import Scope, rows_of_store
    from benhan.views.table_file import TableFile, format_of

    view, format_ = compile_view(_read(file)), format_of(target)
    scope = Scope(since.replace(tzinfo=UTC) if since is not None else None)
    written = 0
    async with open_store(settings, role) as store:
        table = TableFile(target, format_, view.columns)
        try:
            with progress(view.name or view.resource) as advance:
                async for rows in rows_of_store(store, view, scope, system("views")):
                    await table.add(rows)
                    written += len(rows)
                    advance(written)
            await table.finish()
        finally:
            await table.close()
    return written


def _read(file: Path) -> Any:
    import orjson

    from benhan.views.faults import UNREADABLE_VIEW

    try:
        return orjson.loads(file.read_bytes())
    except OSError as cause:
        raise UNREADABLE_VIEW(path=file, reason=cause.strerror) from cause
    except orjson.JSONDecodeError as cause:
        raise UNREADABLE_VIEW(path=file, reason=f"line {cause.lineno}") from cause
