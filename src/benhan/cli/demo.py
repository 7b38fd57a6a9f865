"""`benhan demo`: a small country on this machine, with synthetic people."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from benhan.cli.common import DataOption, out, progress, run, settings_of
from benhan.kernel.logs import start_logging
from benhan.kernel.settings import Settings

SITES = {"node": "bệnh viện", "book": "sổ", "portal": "cổng"}


def demo(
    data: DataOption = Path("data"),
    people: Annotated[
        int, typer.Option(help="Số người bệnh mỗi bệnh viện (patients a hospital)", min=1, max=2000)
    ] = 18,
    port: Annotated[int, typer.Option(help="Cổng đầu tiên (first port)")] = 8080,
) -> None:
    """Dựng một đất nước nhỏ trên máy này: hai bệnh viện, kho quốc gia, sổ sức khoẻ. (A small country here.)

    Người, bệnh và kết quả đều là tổng hợp. Ctrl-C để dừng.
    """
    settings = settings_of("node", None, data=(data or Path("data")).resolve())
    start_logging("warning")
    run(_demo(settings, people, port))


async def _demo(settings: Settings, people: int, port: int) -> None:
    from benhan.demo.accounts import ACCOUNTS
    from benhan.demo.certificates import CA_TITLE
    from benhan.demo.country import start_country, until_ready, until_stopped
    from benhan.demo.receivers import HUB_TITLE, PORTAL_TITLE

    out.print("Đang khởi động hai bệnh viện, kho quốc gia và sổ sức khoẻ… (starting)")
    country = await start_country(settings, people=people, first_port=port)
    try:
        await until_ready(country)
        table = Table("Ở đâu (where)", "Địa chỉ (address)")
        for address in country.addresses:
            table.add_row(address.title, address.url)
        table.add_row(PORTAL_TITLE, country.receivers.portal_url)
        table.add_row(HUB_TITLE, country.receivers.hub_url)
        table.add_row(CA_TITLE, country.receivers.ca_url)
        out.print(table)
        accounts = Table("Trang (site)", "Tên đăng nhập (login)", "Mật khẩu (password)", "Vai trò (role)")
        for account in ACCOUNTS:
            accounts.add_row(SITES[account.site], account.login, account.password, account.role.value)
        out.print(accounts)
        total = sum(len(messages) for _, messages in country.messages)
        with progress("Gửi HL7 v2 (sending)", total) as advance:
            accepted = await country.feed(advance)
        out.print(f"Đã gửi {total} thông điệp HL7 v2 qua MLLP, {accepted} được nhận (accepted).")
        claimed, checked = await country.hand_in()
        out.print(
            f"Đã nhận {claimed} hồ sơ BHYT và {checked} hồ sơ khám sức khoẻ; bệnh viện tự gửi tới cổng BHYT và trục dữ"
            " liệu GIẢ trên máy này (claims and check-ups go to FAKE authorities on this machine)."
        )
        lying = await country.fill_ward()
        out.print(
            f"Khoa Nội tổng hợp: {lying} người bệnh có hồ sơ, y lệnh, dấu hiệu sinh tồn hôm nay (a ward at work)."
        )
        await country.tell_portal()
        for _ in range(60):
            if await country.link_citizens() == sum(account.site == "book" for account in ACCOUNTS):
                break
            await asyncio.sleep(1)
        out.print("Mở địa chỉ bệnh viện để xem đường đi của kết quả. Ctrl-C để dừng. (Open a hospital; Ctrl-C stops.)")
        await until_stopped()
    finally:
        out.print("Đang dừng… (stopping)")
        await country.stop()
