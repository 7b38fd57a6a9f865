"""`benhan signers`: what people sign with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, err, out, run, settings_of
from benhan.kernel.settings import Settings

if TYPE_CHECKING:
    from benhan.node.signatures.keys import SignerPlace

app = typer.Typer(help="Chứng thư số của từng tài khoản. (What each account signs with.)", no_args_is_help=True)


@app.command("set")
def set_(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập (login)")],
    token: Annotated[str, typer.Option("--token", help="Nhãn token PKCS#11 (label of the token)")] = "",
    key: Annotated[str, typer.Option("--key", help="Nhãn khoá trên token (label of the key on it)")] = "",
    credential: Annotated[str, typer.Option("--credential", help="Tên chứng thư ở dịch vụ ký từ xa (CSC)")] = "",
    file: Annotated[str, typer.Option("--file", help="Tệp PKCS#12, mật khẩu là mã PIN (only for trials)")] = "",
    title: Annotated[str, typer.Option("--title", help="Ký với tư cách, chức danh (signs as)")] = "",
    head: Annotated[bool, typer.Option("--head", help="Ký phần trưởng khoa (signs as head)")] = False,
    department: Annotated[
        list[str] | None, typer.Option("--department", help="Chỉ ở khoa này; ghi được nhiều (only there; repeat)")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Gắn chứng thư số cho tài khoản; mã PIN không được lưu. (Register what an account signs with; no PIN is kept.)"""
    from benhan.node.signatures.keys import SignerPlace

    if sum(map(bool, (token, credential, file))) != 1:
        raise typer.BadParameter("--token | --credential | --file")
    kind = "token" if token else "remote" if credential else "file"
    place = SignerPlace(kind, token or file, key or credential)
    duties = frozenset({"head"}) if head else frozenset()
    settings = settings_of("node", config, data=data, database=database)
    run(_set(settings, login, place, title, duties, frozenset(department or ())))
    err.print(f"Đã gắn (registered): {login}")


@app.command("list")
def list_(config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None) -> None:
    """Tài khoản nào ký bằng gì. (Which account signs with what.)"""
    for line in run(_listed(settings_of("node", config, data=data, database=database))):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


async def _set(
    settings: Settings, login: str, place: SignerPlace, title: str, duties: frozenset[str], departments: frozenset[str]
) -> None:
    from benhan.access.accounts import Accounts
    from benhan.access.faults import NO_SUCH_ACCOUNT
    from benhan.node.signatures.keys import Devices, Signers
    from benhan.store.opening import open_store

    async with open_store(settings, "node") as store:
        account = await Accounts(store.database, store.clock).find(login)
        if account is None:
            raise NO_SUCH_ACCOUNT()
        signers = Signers(store.database, store.clock, Devices())
        await signers.set(account.id, place, title=title, duties=duties, departments=departments)


async def _listed(settings: Settings) -> list[str]:
    from benhan.store.opening import open_store

    async with open_store(settings, "node") as store:
        rows = await store.database.fetch(
            "select a.login, s.kind, s.place, s.name, s.title, s.duties, s.departments from account_signer s"
            " join account a on a.id = s.account order by a.login"
        )
    return [
        " · ".join(
            filter(None, (row["login"], row["kind"], row["place"], row["name"], row["title"], *row["duties"],
                          *row["departments"]))
        )
        for row in rows
    ]  # fmt: skip
