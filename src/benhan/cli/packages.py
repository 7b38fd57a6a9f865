"""`benhan packages`: FHIR packages (profiles, terminology) loaded from files, listed. Offline always."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, out, progress, run, settings_of
from benhan.kernel.settings import Settings

app = typer.Typer(help="Gói FHIR: profile và bộ mã. (FHIR packages.)", no_args_is_help=True)


@app.command("load")
def load(
    paths: Annotated[list[Path], typer.Argument(help="Tệp .tgz hoặc thư mục (files or folders)", exists=True)],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Nạp gói FHIR NPM (.tgz) hoặc thư mục JSON; nạp lại thì thay bản cũ. (Load packages; again replaces.)"""
    run(_load(settings_of(role, config, data=data, database=database), role, paths))


@app.command("list")
def list_(
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Liệt kê các gói đã nạp. (What is loaded.)"""
    run(_list(settings_of(role, config, data=data, database=database), role))


@app.command("findings")
def findings(
    clear: Annotated[bool, typer.Option("--clear", help="Đếm lại từ đầu (begin to count anew)")] = False,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Đếm tài nguyên ghi vào có lỗi, theo máy gửi, profile và chế độ. (Errors of writes, by sender and profile.)

    Xem trước khi đổi observe thành enforce trong `validation_policy`.
    """
    run(_findings(settings_of(role, config, data=data, database=database), role, clear=clear))


async def _findings(settings: Settings, role: str, *, clear: bool) -> None:
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        for each in await store.findings.read():
            kind = each.kind
            out.print(
                f"{kind.mode} {kind.sender} {kind.type} {kind.what}: {each.resources} tài nguyên (resources), "
                f"{each.errors} lỗi (errors), {each.first_at:%Y-%m-%d} – {each.last_at:%Y-%m-%d %H:%M}",
                highlight=False, soft_wrap=True,
            )  # fmt: skip
        if clear:
            await store.findings.clear()


async def _load(settings: Settings, role: str, paths: list[Path]) -> None:
    from benhan.fhir.packages import read_package
    from benhan.store.conformance import Conformance
    from benhan.store.opening import open_store

    packages = [read_package(path) for path in paths]
    async with open_store(settings, role) as store:
        conformance = Conformance(store.database, store.clock)
        with progress("Nạp (loading)", len(packages)) as advance:
            for done, package in enumerate(packages, 1):
                count = await conformance.load(package)
                advance(done)
                out.print(f"{package.name} {package.version}: {count} tài nguyên (resources)", highlight=False)


async def _list(settings: Settings, role: str) -> None:
    from benhan.store.conformance import Conformance
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        for each in await Conformance(store.database, store.clock).packages():
            out.print(f"{each.name} {each.version}: {each.resources}, {each.loaded_at:%Y-%m-%d %H:%M}", highlight=False)
