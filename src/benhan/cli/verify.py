"""`benhan verify`: whether all that is kept can still be opened, and the ledger is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from benhan.cli import ledger
from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, err, out, progress, run, settings_of
from benhan.kernel.settings import Settings

if TYPE_CHECKING:
    from benhan.store.check import Checked

EXIT_DAMAGED = 70


def verify(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Mở thử mọi phiên bản của mọi tài nguyên, rồi kiểm tra nhật ký. (Open everything kept; verify the ledger.)

    Chỉ đọc, chạy được khi hệ thống đang làm việc. Thoát với mã 70 nếu có gì hỏng.
    """
    checked = run(_check(settings_of(role, config, data=data, database=database), role))
    for place, reason in checked.damaged[:100]:
        err.print(f"  • {place}: {reason}", highlight=False, markup=False)
    told = f"{checked.opened} phiên bản mở được (open), {checked.shredded} đã huỷ khoá (shredded)"
    if checked.damaged:
        err.print(f"[bold red]Hỏng (damaged): {len(checked.damaged)}[/]; {told}. Khôi phục từ bản sao lưu.")
        raise typer.Exit(EXIT_DAMAGED)
    out.print(f"[green]Mọi thứ mở được (all open)[/]: {told}", highlight=False)
    ledger.verify(role, config, data, database)


async def _check(settings: Settings, role: str) -> Checked:
    from benhan.store.check import check_store, count_versions
    from benhan.wiring import open_store

    async with open_store(settings, role) as store:
        with progress("Mở thử (opening)", await count_versions(store)) as advance:
            return await check_store(store, advance)
