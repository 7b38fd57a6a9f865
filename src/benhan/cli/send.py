"""`benhan send`: what goes to the authorities, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, language, out, run, settings_of
from benhan.kernel.actors import system
from benhan.kernel.settings import Settings

app = typer.Typer(help="Gói gửi cơ quan nhà nước. (Messages to the authorities.)", no_args_is_help=True)
ACTOR = system("cli")

Name = Annotated[str, typer.Argument(help="Nơi nhận (destination): bhxh, emrhub")]
Key = Annotated[str, typer.Argument(help="Mã gói gửi (key), như list in ra")]


@app.command("list")
def listed(
    name: Name,
    state: Annotated[str, typer.Option(help="Chỉ trạng thái này (only this state): waiting, refused, parked…")] = "",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Liệt kê gói gửi, mới nhất trước. (List messages, newest first.)"""
    run(_list(settings_of("node", config, data=data, database=database), name, state))


@app.command("show")
def show(
    name: Name,
    key: Key,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Một gói gửi: trạng thái, lý do, diễn biến. (One message: state, reasons, history.)"""
    run(_show(settings_of("node", config, data=data, database=database), name, key))


@app.command("retry")
def retry(
    name: Name,
    key: Key,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Gửi lại gói bị từ chối hoặc dừng; in mã bản mới. (Send again; prints the new version's key.)"""
    typer.echo(run(_retry(settings_of("node", config, data=data, database=database), name, key)))


@app.command("file")
def file(
    name: Name,
    key: Key,
    to: Annotated[Path, typer.Option("--to", help="Thư mục ghi tệp (folder)", file_okay=False)] = Path(),
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ghi tệp của gói gửi ra thư mục. (Write a message's file.)"""
    file_name, content = run(_file(settings_of("node", config, data=data, database=database), name, key))
    to.mkdir(parents=True, exist_ok=True)
    path = to / file_name
    path.touch(mode=0o600)
    path.write_bytes(content)
    typer.echo(path)


@app.command("put")
def put(
    name: Name,
    encounter: Annotated[str, typer.Argument(help="Id của Encounter đã kết thúc (an ended encounter's id)")],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Xếp hồ sơ giám định của một đợt điều trị vào danh sách gửi. (Put an encounter's claim on the list.)"""
    typer.echo(run(_put(settings_of("node", config, data=data, database=database), name, encounter)))


async def _list(settings: Settings, name: str, state: str) -> None:
    from benhan.wiring import open_desk

    async with open_desk(settings) as desk:
        found = await desk.listed(name, state)
    table = Table(
        "Mã (key)", "Hồ sơ (record)", "Trạng thái (state)", "Lỗi (fault)", "Lần (tries)", "Biên nhận (receipt)"
    )
    for each in found:
        label = f"{each.kind} {each.about.label} v{each.version}"
        table.add_row(each.key, label, each.state.value, each.fault, str(each.attempts), each.receipt)
    out.print(table)


async def _show(settings: Settings, name: str, key: str) -> None:
    from benhan.wiring import open_desk

    async with open_desk(settings) as desk:
        opened = await desk.read(name, key)
    message, speech = opened.message, language()
    out.print(f"{message.kind} {message.about.label} v{message.version}: {message.state.value} {message.receipt}")
    for place, vi, en in message.about.reasons:
        out.print(f"  {place}: {en if speech == 'en' else vi}" if place else f"  {en if speech == 'en' else vi}")
    for each in opened.history:
        out.print(f"  {each.at:%Y-%m-%d %H:%M:%S} {each.what} {each.fault} {each.actor} {each.note}".rstrip())


async def _retry(settings: Settings, name: str, key: str) -> str:
    from benhan.wiring import open_desk

    async with open_desk(settings) as desk:
        return await desk.retry(name, key, ACTOR)


async def _file(settings: Settings, name: str, key: str) -> tuple[str, bytes]:
    from benhan.wiring import open_desk

    async with open_desk(settings) as desk:
        return await desk.file(name, key, ACTOR)


async def _put(settings: Settings, name: str, encounter: str) -> str:
    from benhan.wiring import open_desk

    async with open_desk(settings) as desk:
        return await desk.ask(name, encounter, ACTOR) or "đã có trong danh sách (on the list already)"
