"""`benhan evidence`: what this hospital shows of its deployment, and the portal that it tells."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, err, out, progress, run, settings_of
from benhan.kernel.settings import Settings

if TYPE_CHECKING:
    from benhan.vn.deployment.signals import Drill, Signals
    from benhan.vn.forms.catalogue import Catalogue

app = typer.Typer(help="Số liệu triển khai bệnh án điện tử. (Evidence of deployment.)", no_args_is_help=True)


@app.command("show")
def show(config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None) -> None:
    """Đo ngay và nêu từng tiêu chí đạt hay chưa. (Measure now; tell every criterion.)"""
    from benhan.portal.letters import STANDING_WORDS
    from benhan.vn.deployment.judging import judge

    signals = run(_signals(settings_of("node", config, data=data, database=database)))
    table = Table("Căn cứ (clause)", "Tiêu chí (criterion)", "Mức (standing)", "Số liệu (figures)")
    for each in judge(signals, None, signals.made_at):
        if each.criterion.set != "publication":
            figures = "; ".join(words.vi for words in each.reasons)
            table.add_row(each.criterion.clause, each.criterion.title.vi, STANDING_WORDS[each.standing.value], figures)
    out.print(table)


@app.command("enrol")
def enrol(
    code: Annotated[str, typer.Argument(help="Mã ghi danh lấy ở trang của bệnh viện trên cổng (enrolment code)")],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ghi danh khoá của máy này với cổng, một lần. (Enrol this node's key at the portal, once.)"""
    settings = settings_of("node", config, data=data, database=database)
    run(_enrol(settings, code))
    err.print(f"Đã ghi danh (enrolled): {settings.facility_code} → {settings.portal_url}", highlight=False)


@app.command("send")
def send(config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None) -> None:
    """Đo và gửi cổng ngay, không chờ tới ngày mai. (Measure and tell the portal now.)"""
    number = run(_send(settings_of("node", config, data=data, database=database)))
    err.print(f"Cổng đã nhận bản số (taken): {number}", highlight=False)


@app.command("drill")
def drill(
    restored: Annotated[str, typer.Option("--restored", help="Địa chỉ cơ sở dữ liệu vừa khôi phục (its URL)")],
    began: Annotated[str, typer.Option("--began", help="Giờ bắt đầu khôi phục, 2026-11-27T08:00+07:00 (ISO 8601)")],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Chứng minh khôi phục: mở mọi phiên bản trong bản khôi phục, ghi lại thời gian. (Prove a restore.)

    Khôi phục bản sao lưu vào một cơ sở dữ liệu khác, rồi chạy lệnh này. Bản đang chạy không bị động tới.
    """
    from benhan.cli.faults import BAD_INSTANT

    try:
        began_at = datetime.fromisoformat(began)
    except ValueError as cause:
        raise BAD_INSTANT(text=began[:40]) from cause
    if began_at.tzinfo is None:
        raise BAD_INSTANT(text=began[:40])
    proven = run(_drill(settings_of("node", config, data=data, database=database), restored, began_at))
    err.print(
        f"Khôi phục mất {proven.seconds} giây, mở {proven.versions} phiên bản, {proven.damaged} hỏng."
        " (seconds, versions opened, damaged)",
        highlight=False,
    )
    if proven.damaged:
        raise typer.Exit(1)


async def _signals(settings: Settings) -> Signals:
    from benhan.node.deployment.measuring import Measuring
    from benhan.store.opening import open_store

    async with open_store(settings, "node") as store:
        return await Measuring(store, settings, _forms(settings)).signals()


async def _enrol(settings: Settings, code: str) -> None:
    from benhan.cli.faults import NO_PORTAL
    from benhan.node.deployment.reporting import evidence_signer
    from benhan.store.opening import open_store
    from benhan.transports.portal_client import PortalClient

    if not settings.portal_url:
        raise NO_PORTAL()
    async with open_store(settings, "node") as store:
        client = PortalClient(settings.portal_url)
        try:
            await client.enrol(settings.facility_code, code, evidence_signer(store.keyring).public_bytes)
        finally:
            await client.close()


async def _send(settings: Settings) -> int:
    from benhan.cli.faults import NO_PORTAL
    from benhan.store.opening import open_store
    from benhan.wiring import open_reporter

    async with (
        open_store(settings, "node") as store,
        open_reporter(settings, store, _forms(settings)) as (_, reporter),
    ):
        if reporter is None:
            raise NO_PORTAL()
        return await reporter.send()


async def _drill(settings: Settings, restored: str, began_at: datetime) -> Drill:
    from dataclasses import replace

    from benhan.kernel.actors import system
    from benhan.node.deployment.drills import Drills
    from benhan.store.check import count_versions
    from benhan.store.opening import open_store

    async with (
        open_store(settings, "node") as store,
        open_store(replace(settings, database=restored), "node") as copy,
    ):
        with progress("Mở từng phiên bản (opening)", await count_versions(copy)) as seen:
            return await Drills(store).prove(copy, began_at, system("cli"), seen)


def _forms(settings: Settings) -> Catalogue:
    from benhan.vn.forms.catalogue import Catalogue

    return Catalogue([Path(settings.forms_folder)] if settings.forms_folder else ())
