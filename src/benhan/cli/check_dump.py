"""`benhan check-dump DIR`: whether a dump of a hospital is whole, without the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import err, out, progress

EXIT_DAMAGED = 70


def check_dump(
    folder: Annotated[Path, typer.Argument(help="Thư mục bản xuất toàn bộ (a dump)", exists=True, file_okay=False)],
) -> None:
    """Kiểm tra bản xuất toàn bộ: từng tệp, từng dòng, phiên bản, nhật ký; không cần kho dữ liệu. (Check a dump.)

    Thoát với mã 70 và nêu chỗ sai nếu tệp thiếu, bị sửa hay nhật ký không khớp.
    """
    from benhan.node.dump.checking import check_dump as check
    from benhan.node.dump.checking import read_manifest

    total = len(read_manifest(folder).files)
    with progress("Kiểm tra (checking)", total) as tell:
        checked = check(folder, tell)
    for path, reason in checked.faults:
        err.print(f"  • {path}: {reason}", highlight=False, markup=False)
    told = (
        f"{checked.files} tệp (files), {checked.lines:,} dòng (lines), {checked.resources:,} tài nguyên (resources), "
        f"{checked.entries:,} mục nhật ký (entries), {checked.roots} gốc ngày (roots)"
    )
    if checked.faults:
        err.print(f"[bold red]Hỏng (damaged)[/]: {told}", highlight=False)
        raise typer.Exit(EXIT_DAMAGED)
    out.print(f"[green]Nguyên vẹn (whole)[/]: {told}", highlight=False)
