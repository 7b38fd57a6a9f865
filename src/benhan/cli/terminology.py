"""`benhan terminology`: lists of codes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, out, progress, run, settings_of
from benhan.kernel.settings import Settings
from benhan.store.sql_texts import query

if TYPE_CHECKING:
    from benhan.fhir.terminology.concepts import Concept
    from benhan.fhir.terminology.listed import SystemHead

app = typer.Typer(help="Danh mục mã dùng chung. (Lists of codes.)", no_args_is_help=True)

FILE_BYTES_MAX = 2 * 1024 * 1024 * 1024

_LISTS = query(
    "code_systems_listed",
    "select url, version, title, state, done, changed_at from code_system order by url, version, id",
)


@app.command("load")
def load(
    path: Annotated[Path, typer.Argument(help="Tệp CSV, UTF-8 (file)", exists=True, dir_okay=False)],
    system: Annotated[str, typer.Option(help="Địa chỉ (url) của hệ mã")],
    version: Annotated[str, typer.Option(help="Phiên bản danh mục (version of the list)")] = "",
    title: Annotated[str, typer.Option(help="Tên danh mục (title)")] = "",
    language: Annotated[str, typer.Option(help="Ngôn ngữ của cột display (its language)")] = "vi",
    code: Annotated[str, typer.Option(help="Tên cột mã (column of the code)")] = "",
    display: Annotated[str, typer.Option(help="Tên cột tên gọi (column of the display)")] = "",
    parent: Annotated[str, typer.Option(help="Tên cột mã cha (column of the parent)")] = "",
    ignore_case: Annotated[bool, typer.Option(help="Mã không phân biệt hoa thường (codes without case)")] = False,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Nạp danh mục mã từ CSV; danh mục cũ vẫn dùng đến khi bản mới xong. (Load a list of codes; run again to go on.)

    Dòng đầu là tên cột: code, display, definition, parent, inactive, abstract, display:en …; cột khác là thuộc tính.
    """
    from benhan.fhir.terminology.listed import SystemHead

    head = SystemHead(system, version, title, language, is_case_sensitive=not ignore_case)
    named = {kind: column for kind, column in (("code", code), ("display", display), ("parent", parent)) if column}
    concepts, digest = _read(path, named)
    run(_load(settings_of(role, config, data=data, database=database), role, head, concepts, digest))
    out.print(f"Đã nạp (loaded): {len(concepts):,} mã (codes) → {system}", highlight=False)


@app.command("list")
def list_(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Các danh mục lớn trong cơ sở dữ liệu. (The large lists in the database.)"""
    table = Table("Hệ mã (system)", "Phiên bản (version)", "Tên (title)", "Trạng thái (state)", "Mã (codes)")
    for url, version, title, state, done in run(_list(settings_of(role, config, data=data, database=database), role)):
        table.add_row(url, version, title, state, f"{done:,}")
    out.print(table)


def _read(path: Path, named: dict[str, str]) -> tuple[list[Concept], str]:
    """The concepts of a file, and its digest. Raises Incorrect BA-2264."""
    from benhan.fhir.terminology.faults import BAD_LIST
    from benhan.fhir.terminology.lists import read_list

    if path.stat().st_size > FILE_BYTES_MAX:
        raise BAD_LIST(line=1, reason=f"the file is larger than {FILE_BYTES_MAX} bytes")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            concepts = read_list(file, named)
    except UnicodeDecodeError as cause:
        raise BAD_LIST(line="?", reason="not UTF-8") from cause
    with path.open("rb") as content:
        return concepts, hashlib.file_digest(content, "sha256").hexdigest()


async def _load(settings: Settings, role: str, head: SystemHead, concepts: list[Concept], digest: str) -> None:
    from benhan.kernel.actors import system
    from benhan.store.opening import open_store
    from benhan.store.terminology.lists import load_list

    async with open_store(settings, role) as store:
        with progress(head.url, len(concepts)) as advance:
            await load_list(store, system("terminology"), head, digest, concepts, advance)


async def _list(settings: Settings, role: str) -> list[tuple[str, str, str, str, int]]:
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        rows = await store.database.fetch(_LISTS)
    return [(row["url"], row["version"], row["title"], row["state"], row["done"]) for row in rows]
