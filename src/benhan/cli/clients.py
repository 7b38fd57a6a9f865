"""`benhan accounts client`: the apps that may come in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benhan.access.smart.clients import ClientKind, Registration, is_jwks_uri
from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, err, out, run, settings_of
from benhan.kernel.settings import Settings

if TYPE_CHECKING:
    from benhan.access.smart.clients import Client

PEOPLE_SCOPES = (
    "openid fhirUser launch launch/patient launch/encounter online_access offline_access patient/*.rs user/*.rs"
)

app = typer.Typer(help="Ứng dụng được vào (OAuth 2.0, SMART). (Apps that may come in.)", no_args_is_help=True)


@app.command("add")
def add(
    client: Annotated[str, typer.Argument(help="Mã ứng dụng, client_id (the app's id)")],
    name: Annotated[str, typer.Option("--name", help="Tên hiện cho người dùng (name people see)")],
    kind: Annotated[
        ClientKind, typer.Option("--kind", help="public, secret (có mật khẩu), keys (private_key_jwt)")
    ] = ClientKind.PUBLIC,
    redirect: Annotated[
        list[str] | None, typer.Option("--redirect", help="redirect_uri, đúng từng chữ; ghi được nhiều (exact; repeat)")
    ] = None,
    launch: Annotated[str, typer.Option("--launch", help="Địa chỉ mở từ bệnh án (launch address)")] = "",
    scope: Annotated[str, typer.Option("--scope", help="Phạm vi nhiều nhất (the most it is granted)")] = PEOPLE_SCOPES,
    jwks: Annotated[Path | None, typer.Option("--jwks", help="Tệp JWKS khoá công khai (its public keys)")] = None,
    jwks_uri: Annotated[
        str, typer.Option("--jwks-uri", help="Địa chỉ https của JWKS (address of its public keys)")
    ] = "",
    introspect: Annotated[
        bool, typer.Option("--introspect", help="Được hỏi mọi mã truy cập (may introspect every token)")
    ] = False,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Đăng ký ứng dụng; mật khẩu của loại secret chỉ hiện một lần. (Register an app; its secret is shown once.)"""
    if jwks is not None and jwks_uri:
        raise typer.BadParameter("--jwks | --jwks-uri")
    keys = jwks.read_text(encoding="utf-8") if jwks is not None else jwks_uri
    asked = Registration(client, name, kind, scope, tuple(redirect or ()), launch, keys, introspect)
    secret = run(_add(settings_of(role, config, data=data, database=database), role, asked))
    err.print(f"Đã đăng ký ứng dụng (registered): {client}")
    if secret:
        typer.echo(secret)


@app.command("list")
def list_(
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Các ứng dụng đang dùng. (The apps in use.)"""
    for each in run(_list(settings_of(role, config, data=data, database=database), role)):
        out.print(f"{each.id}\t{each.kind.value}\t{each.name}\t{each.scopes}", highlight=False, markup=False)


@app.command("keys")
def keys(
    client: Annotated[str, typer.Argument(help="Mã ứng dụng (the app's id)")],
    jwks: Annotated[
        str, typer.Argument(help="Tệp JWKS khoá công khai mới, hoặc https://… (its new public keys, or their address)")
    ],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Thay khoá công khai của ứng dụng; khoá cũ hết dùng ngay. (Give an app other public keys.)"""
    told = jwks if is_jwks_uri(jwks) else Path(jwks).read_text(encoding="utf-8")
    run(_keys(settings_of(role, config, data=data, database=database), role, client, told))
    err.print(f"Đã thay khoá (keys replaced): {client}")


@app.command("disable")
def disable(
    client: Annotated[str, typer.Argument(help="Mã ứng dụng (the app's id)")],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Không cho ứng dụng vào nữa; mọi quyền đã cấp hết ngay. (Let an app in no more; its grants end.)"""
    run(_disable(settings_of(role, config, data=data, database=database), role, client))
    err.print(f"Đã khoá ứng dụng (disabled): {client}")


@app.command("person")
def person(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    practitioner: Annotated[str, typer.Argument(help="Practitioner/… của người này (who they are in FHIR)")],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Nói người này là ai trong FHIR, cho ứng dụng xin fhirUser. (Say who an account is in FHIR.)"""
    run(_person(settings_of(role, config, data=data, database=database), role, login, practitioner))
    err.print(f"Đã ghi (noted): {login}")


async def _add(settings: Settings, role: str, asked: Registration) -> str:
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        return await build_access(store, settings).smart.clients.add(asked)


async def _list(settings: Settings, role: str) -> list[Client]:
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        return await build_access(store, settings).smart.clients.listed()


async def _disable(settings: Settings, role: str, client: str) -> None:
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        await build_access(store, settings).smart.clients.disable(client)


async def _keys(settings: Settings, role: str, client: str, jwks: str) -> None:
    from benhan.store.opening import open_store
    from benhan.wiring import build_access

    async with open_store(settings, role) as store:
        await build_access(store, settings).smart.clients.set_keys(client, jwks)


async def _person(settings: Settings, role: str, login: str, practitioner: str) -> None:
    from benhan.access.smart.people import set_fhir_user
    from benhan.kernel.actors import system
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        id_ = practitioner.removeprefix("Practitioner/")
        await store.resources.read("Practitioner", id_, system("accounts"))
        await set_fhir_user(store.database, login, f"Practitioner/{id_}")
