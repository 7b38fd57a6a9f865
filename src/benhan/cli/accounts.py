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


@app.command("officer")
def officer(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Thôi giao (take it back)")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Giao việc bảo vệ dữ liệu: xem lại mở khẩn cấp, ai đã xem. (Make somebody the privacy officer.)"""
    settings = settings_of("node", config, data=data, database=database)
    run(_grant(settings, "node", login, given=not withdraw, name="access:review"))
    err.print(f"{'Đã thôi giao (withdrawn)' if withdraw else 'Đã giao (done)'}: {login}")


@app.command("staff")
def staff(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    kind: Annotated[str, typer.Option("--kind", help="staff, student, outside")] = "",
    title: Annotated[str | None, typer.Option("--title", help="Chức danh (title)")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Số giấy phép hành nghề (licence)")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Từ ngày yyyy-mm-dd (first day)")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Đến hết ngày yyyy-mm-dd (last day)")] = None,
    hours: Annotated[str | None, typer.Option("--hours", help="Giờ dùng, ví dụ 07:00-19:00 (hours)")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Khai loại, chức danh, giấy phép, ngày và giờ dùng của một tài khoản. (Say what an account is, and when.)

    Điều không nêu thì giữ nguyên. (What is not named stays.)
    """
    settings = settings_of("node", config, data=data, database=database)
    given = {"title": title, "licence": licence, "valid_from": since, "valid_until": until, "hours": hours}
    told = {name: text for name, text in given.items() if text is not None}
    run(_staff(settings, login, told | ({"kind": kind} if kind else {})))
    err.print(f"Đã ghi (written): {login}")


@app.command("department")
def department(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    code: Annotated[str, typer.Argument(help="Mã khoa, ví dụ K01 (department)")],
    since: Annotated[str, typer.Option("--from", help="Từ ngày yyyy-mm-dd (first day)")] = "",
    until: Annotated[str, typer.Option("--until", help="Đến hết ngày yyyy-mm-dd (last day)")] = "",
    leave: Annotated[bool, typer.Option("--leave", help="Thôi làm ở khoa này (leave it)")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Cho một người làm ở một khoa; có thể nhiều khoa, có ngày trực. (Let somebody work in a department.)"""
    settings = settings_of("node", config, data=data, database=database)
    run(_department(settings, login, code, since, until, leave=leave))
    err.print(f"{'Đã thôi (left)' if leave else 'Đã thêm (added)'}: {login} {code.upper()}")


@app.command("list")
def list_(
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Các tài khoản đang dùng: vai trò, loại, khoa. (The accounts in use: role, kind, departments.)"""
    for line in run(_listed(settings_of("node", config, data=data, database=database))):
        typer.echo(line)


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
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.create(login, name, kind, password)


async def _token(
    settings: Settings, role: str, name: str, facility: str, *, bulk: bool, topics: bool, secrets: bool
) -> str:
    from benhan.access.roles import BULK_PERMISSIONS, MACHINE_PERMISSIONS, SECRET_PERMISSIONS, TOPIC_PERMISSIONS
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    permissions = MACHINE_PERMISSIONS[role] | (BULK_PERMISSIONS if bulk else frozenset())
    permissions |= TOPIC_PERMISSIONS if topics else frozenset()
    permissions |= SECRET_PERMISSIONS if secrets else frozenset()
    async with open_store(settings, role) as store:
        return await build_access(store, settings).sessions.make_token(name, permissions, facility=facility)


async def _grant(settings: Settings, role: str, login: str, *, given: bool, name: str = "secrecy:view") -> None:
    from benhan.kernel.permissions import Permission
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.grant(login, Permission(name), given=given)


async def _staff(settings: Settings, login: str, told: dict[str, str]) -> None:
    from dataclasses import replace

    from benhan.access.staff import Staff, day_of, hours_of
    from benhan.kernel.actors import system
    from benhan.store.opening import open_store

    async with open_store(settings, "node") as store:
        staff = Staff(store.database, store.clock)
        particulars = (await staff.member(login)).particulars
        for name, text in told.items():
            value = hours_of(text) if name == "hours" else day_of(text) if name.startswith("valid") else text
            particulars = replace(particulars, **{name: value})  # type: ignore[arg-type]  # by the names above
        await staff.change(login, particulars, system("accounts"))


async def _department(settings: Settings, login: str, code: str, since: str, until: str, *, leave: bool) -> None:
    from benhan.access.staff import Staff, day_of
    from benhan.kernel.actors import system
    from benhan.store.opening import open_store

    async with open_store(settings, "node") as store:
        staff = Staff(store.database, store.clock)
        if leave:
            await staff.take_out(login, code, system("accounts"))
        else:
            await staff.put_in(login, code, system("accounts"), since=day_of(since), until=day_of(until))


async def _listed(settings: Settings) -> list[str]:
    from benhan.access.staff import Staff
    from benhan.store.opening import open_store

    async with open_store(settings, "node") as store:
        members = await Staff(store.database, store.clock).listed()
    return [
        "\t".join((each.login, each.role.value, each.particulars.kind, ",".join(each.departments) or "-", each.hours))
        for each in members
    ]


async def _disable(settings: Settings, role: str, login: str) -> None:
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.disable(login)


async def _password(settings: Settings, role: str, login: str, new: str) -> None:
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        await build_access(store, settings).accounts.set_password(login, new)


async def _link(settings: Settings, login: str, patient: str) -> None:
    from benhan.access.faults import NO_SUCH_ACCOUNT
    from benhan.kernel.actors import system
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, "healthbook") as store:
        accounts = build_access(store, settings).accounts
        account = await accounts.find(login)
        if account is None:
            raise NO_SUCH_ACCOUNT()
        await store.resources.read("Patient", patient, system("accounts"))
        await accounts.link_patient(account.id, patient)


async def _revoke(settings: Settings, role: str, name: str) -> int:
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        return await build_access(store, settings).sessions.revoke_tokens(name)
