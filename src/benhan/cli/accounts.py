"""`benhan accounts`: people's accounts and machines' tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from benhan.cli import clients
from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, err, run, settings_of
from benhan.kernel.actors import Role
from benhan.kernel.settings import Settings

app = typer.Typer(help="Tài khoản và mã truy cập. (Accounts and tokens.)", no_args_is_help=True)
app.add_typer(clients.app, name="client")


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
    bulk: Annotated[
        bool, typer.Option("--bulk", help="Được xuất, nhập hàng loạt (may use $export and $import)")
    ] = False,
    topics: Annotated[
        bool, typer.Option("--topics", help="Được ghi SubscriptionTopic (may write SubscriptionTopics)")
    ] = False,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Được thấy phần bí mật đặc biệt (may see what is of special secrecy)")
    ] = False,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Tạo mã truy cập cho một máy; chỉ hiện một lần. (Make a machine's token; shown once.)"""
    settings = settings_of(role, config, data=data, database=database)
    typer.echo(run(_token(settings, role, name, facility, bulk=bulk, topics=topics, secrets=secrets)))


@app.command("secrets")
def secrets(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Thôi cho phép (take it back)")] = False,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Cho một người xem phần bí mật đặc biệt: HIV, tâm thần, người hiến… (Let somebody see special secrecy.)"""
    run(_grant(settings_of(role, config, data=data, database=database), role, login, given=not withdraw))
    err.print(f"{'Đã thôi cho phép (withdrawn)' if withdraw else 'Đã cho phép (granted)'}: {login}")


@app.command("disable")
def disable(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Khoá hẳn một tài khoản; người đang đăng nhập bị đưa ra ngay. (Let an account in no more, from now.)"""
    run(_disable(settings_of(role, config, data=data, database=database), role, login))
    err.print(f"Đã khoá tài khoản (disabled): {login}")


@app.command("password")
def password(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Đặt mật khẩu mới; mở khoá tạm và đóng mọi phiên. (Set another password; unlock; end all sessions.)"""
    new = typer.prompt("Mật khẩu mới (new password)", hide_input=True, confirmation_prompt=True)
    run(_password(settings_of(role, config, data=data, database=database), role, login, new))
    err.print(f"Đã đổi mật khẩu (changed): {login}")


@app.command("link")
def link(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập của người dân (the citizen's login)")],
    patient: Annotated[str, typer.Argument(help="Mã Patient ở kho (logical id at the repository)")],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Gắn tài khoản người dân với sổ của họ. (Let a citizen's account see their book.)"""
    run(_link(settings_of("healthbook", config, data=data, database=database), login, patient))
    err.print(f"Đã gắn sổ (linked): {login}")


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="Tên máy (machine's name)")],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Thu hồi mọi mã truy cập của một máy. (Revoke every token of a machine.)"""
    count = run(_revoke(settings_of(role, config, data=data, database=database), role, name))
    err.print(f"Đã thu hồi (revoked): {count}")


async def _create(settings: Settings, role: str, login: str, name: str, kind: Role, password: str) -> None:
    from benhan.wiring import build_access, open_store

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.create(login, name, kind, password)


async def _token(
    settings: Settings, role: str, name: str, facility: str, *, bulk: bool, topics: bool, secrets: bool
) -> str:
    from benhan.access.roles import BULK_PERMISSIONS, MACHINE_PERMISSIONS, SECRET_PERMISSIONS, TOPIC_PERMISSIONS
    from benhan.wiring import build_access, open_store

    permissions = MACHINE_PERMISSIONS[role] | (BULK_PERMISSIONS if bulk else frozenset())
    permissions |= TOPIC_PERMISSIONS if topics else frozenset()
    permissions |= SECRET_PERMISSIONS if secrets else frozenset()
    async with open_store(settings, role) as store:
        return await build_access(store, settings).sessions.make_token(name, permissions, facility=facility)


async def _grant(settings: Settings, role: str, login: str, *, given: bool) -> None:
    from benhan.kernel.permissions import Permission
    from benhan.wiring import build_access, open_store

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.grant(login, Permission.SECRECY_VIEW, given=given)


async def _disable(settings: Settings, role: str, login: str) -> None:
    from benhan.wiring import build_access, open_store

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.disable(login)


async def _password(settings: Settings, role: str, login: str, new: str) -> None:
    from benhan.wiring import build_access, open_store

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.set_password(login, new)


async def _link(settings: Settings, login: str, patient: str) -> None:
    from benhan.access.faults import NO_SUCH_ACCOUNT
    from benhan.kernel.actors import system
    from benhan.wiring import build_access, open_store

    async with open_store(settings, "healthbook") as store:
        accounts = build_access(store, settings).accounts
        account = await accounts.find(login)
        if account is None:
            raise NO_SUCH_ACCOUNT()
        await store.resources.read("Patient", patient, system("accounts"))
        await accounts.link_patient(account.id, patient)


async def _revoke(settings: Settings, role: str, name: str) -> int:
    from benhan.wiring import build_access, open_store

    async with open_store(settings, role) as store:
        return await build_access(store, settings).sessions.revoke_tokens(name)
