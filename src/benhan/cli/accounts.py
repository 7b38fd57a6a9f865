"""`benhan accounts`: people's accounts and machines' tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, err, run, settings_of
from benhan.kernel.actors import Role
from benhan.kernel.settings import Settings

app = typer.Typer(help="Tài khoản và mã truy cập. (Accounts and tokens.)", no_args_is_help=True)


@app.command("create")
def create(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    name: Annotated[str, typer.Option("--name", help="Họ tên (name shown)")],
    kind: Annotated[Role, typer.Option("--as", help="Vai trò của người này (the person's role)")],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Tạo tài khoản; mật khẩu được hỏi. (Make an account; the password is asked for.)"""
    password = typer.prompt("Mật khẩu (password)", hide_input=True, confirmation_prompt=True)
    run(_create(settings_of(role, config, data=data, database=database), role, login, name, kind, password))
    err.print(f"Đã tạo tài khoản (account made): {login}")


@app.command("token")
def token(
    name: Annotated[str, typer.Argument(help="Tên máy, ví dụ lis-01 (machine's name)")],
    facility: Annotated[str, typer.Option("--facility", help="Mã cơ sở của máy (its facility code)")] = "",
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Tạo mã truy cập cho một máy; chỉ hiện một lần. (Make a machine's token; shown once.)"""
    settings = settings_of(role, config, data=data, database=database)
    typer.echo(run(_token(settings, role, name, facility)))


async def _create(settings: Settings, role: str, login: str, name: str, kind: Role, password: str) -> None:
    from benhan.wiring import build_access, open_store

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.create(login, name, kind, password)


async def _token(settings: Settings, role: str, name: str, facility: str) -> str:
    from benhan.access.roles import MACHINE_PERMISSIONS
    from benhan.wiring import build_access, open_store

    async with open_store(settings, role) as store:
        return await build_access(store, settings).sessions.make_token(
            name, MACHINE_PERMISSIONS[role], facility=facility
        )
