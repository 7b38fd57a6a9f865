"""`benhan verify`: whether signed files hold; without files, whether all that is kept opens and the ledger is whole."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benhan.cli import ledger
from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, err, out, progress, run, settings_of
from benhan.kernel.settings import Settings

if TYPE_CHECKING:
    from benhan.store.check import Checked

EXIT_DAMAGED = 70


def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Tệp đã ký (PDF, XML, .p7s) hoặc bằng chứng nhật ký (signed files, ledger proofs)",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", help="Thư mục chứng thư gốc tin cậy (trusted roots)", exists=True, file_okay=False),
    ] = None,
    content: Annotated[
        Path | None,
        typer.Option("--content", help="Tệp gốc của chữ ký rời (what a detached signature signs)", exists=True),
    ] = None,
    key: Annotated[
        str,
        typer.Option("--key", help="Khoá công khai của nhật ký, dạng hex (the ledger's key)", show_default=False),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Mỗi tệp một dòng JSON (JSON lines)")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Ghi một trang xem được ngoại tuyến (an offline page)")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Chép trang tự kiểm tra trong trình duyệt (a page for browsers)")
    ] = None,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Kiểm tra chữ ký của tệp; không ghi tệp: mở thử mọi thứ đã lưu, kiểm tra nhật ký. (Verify files, or the store.)

    Tệp: ai ký, với tư cách gì, khi nào, chứng thư lúc đó, nội dung có đổi không; không cần mạng. Mã thoát 70: không hợp
    lệ; 10: chưa kết luận được hoặc không có chữ ký. Kho: chỉ đọc, chạy được khi hệ thống đang làm việc; mã 70 nếu hỏng.
    """
    if page is not None:
        page.write_bytes(resources.files("benhan.web").joinpath("static", "verify.html").read_bytes())
        err.print(f"Đã ghi (written): {page}", highlight=False, markup=False)
        if not files:
            return
    if files:
        from benhan.cli.verify_files import verify_files

        verify_files(files, trust, content, key, as_json=as_json, html=html)
        return
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
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        with progress("Mở thử (opening)", await count_versions(store)) as advance:
            return await check_store(store, advance)
