"""`benhan synth`: a synthetic country in a folder, in every format that the system takes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from benhan.cli.common import out, progress

DAYS_MAX = 3_660
DAY = ["%Y-%m-%d"]


def synth(
    folder: Annotated[Path, typer.Option("--out", help="Thư mục kết quả (folder to write)")] = Path("synthetic"),
    seed: Annotated[int, typer.Option(help="Hạt giống: cùng số, cùng đất nước (seed)", min=0)] = 1,
    facilities: Annotated[int, typer.Option(help="Số cơ sở khám chữa bệnh (facilities)", min=1, max=1700)] = 10,
    patients: Annotated[int, typer.Option(help="Số người (people)", min=1, max=1_000_000)] = 1000,
    first: Annotated[datetime, typer.Option("--from", help="Ngày đầu (first day)", formats=DAY)] = datetime(2025, 7, 1),  # noqa: DTZ001  # a day
    last: Annotated[datetime, typer.Option("--to", help="Ngày cuối (last day)", formats=DAY)] = datetime(2026, 6, 30),  # noqa: DTZ001
    formats: Annotated[
        str, typer.Option(help="Dạng cần ghi, cách nhau dấu phẩy (formats): fhir,hl7v2,astm,dicom,hoso_benh_an,bhyt")
    ] = "fhir,hl7v2,astm,dicom,hoso_benh_an,bhyt",
    force: Annotated[bool, typer.Option("--force", help="Thay đất nước cũ trong thư mục (replace)")] = False,
) -> None:
    """Tạo một đất nước tổng hợp: người, bệnh viện, bệnh, kết quả, sai sót như thật. (A synthetic country.)

    Không ai trong đó là người thật. Cùng tham số thì ra đúng những byte ấy; truth.ndjson giữ sự thật về mỗi người.
    Thư mục chỉ xuất hiện khi đã ghi xong.
    """
    from benhan.synth import faults
    from benhan.synth.country import country_of
    from benhan.synth.folder import check_folder, write_country

    first_day, last_day = first.date(), last.date()
    if not 0 <= (last_day - first_day).days <= DAYS_MAX:
        raise faults.WRONG_DAYS(first=first_day.isoformat(), last=last_day.isoformat(), days=DAYS_MAX)
    check_folder(folder, force=force)
    country = country_of(seed, facilities, patients, first_day, last_day)
    wanted = [each.strip() for each in formats.split(",") if each.strip()]
    with progress("Tạo đất nước tổng hợp (making)", patients) as advance:
        counts = write_country(country, folder, wanted, force=force, progress=advance)
    table = Table("Gì (what)", "Bao nhiêu (how many)")
    for name, count in sorted(counts.items()):
        table.add_row(name, f"{count:,}")
    out.print(table)
    out.print(f"Đã ghi vào {folder} (written).")
