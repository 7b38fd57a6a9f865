"""`benhan catalogues`: lists of codes from day to day, loaded from CSV or XLSX with a report of what changes."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.table import Table

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, err, language, out, run, settings_of
from benhan.kernel.faults import Busy, Conflict
from benhan.kernel.settings import Settings

if TYPE_CHECKING:
    from benhan.vn.catalogues.catalogue import Catalogue, Entry
    from benhan.vn.catalogues.difference import Difference
    from benhan.vn.catalogues.rows import ListRows
    from benhan.vn.catalogues.table import TableRow

app = typer.Typer(help="Danh mục mã theo ngày hiệu lực. (Catalogues.)", no_args_is_help=True)

DayOption = Annotated[
    str, typer.Option("--on", help="Ngày cần xem (day), dd/mm/yyyy hoặc yyyy-mm-dd; không ghi: hôm nay (today)")
]
NameArgument = Annotated[str, typer.Argument(help="Tên danh mục (name), ví dụ MA_KHOA")]
REJECTS_SHOWN_MAX = 20


@app.command("load")
def load(
    path: Annotated[Path, typer.Argument(help="Tệp CSV (UTF-8) hoặc XLSX (file)", exists=True, dir_okay=False)],
    name: Annotated[str, typer.Option("--list", help="Tên danh mục (name), ví dụ ICD10")],
    from_: Annotated[str, typer.Option("--from", help="Ngày bắt đầu hiệu lực (first day); không ghi: hôm nay")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ xem khác biệt, không nạp (only compare)")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Tệp chỉ có phần thay đổi: mã vắng mặt không hết hiệu lực (changes only)")
    ] = False,
    allow_ends: Annotated[
        bool, typer.Option("--allow-ends", help="Cho phép quá nửa số mã hết hiệu lực (more than half may end)")
    ] = False,
    code: Annotated[str, typer.Option(help="Tên cột mã (column of the code)")] = "",
    display: Annotated[str, typer.Option(help="Tên cột tên gọi (column of the name)")] = "",
    ministry: Annotated[str, typer.Option(help="Tên cột mã của Bộ (column of the Ministry's code)")] = "",
    maps_to: Annotated[str, typer.Option(help="Danh mục của Bộ mà mã nội bộ ánh xạ tới (the Ministry's list)")] = "",
    source: Annotated[str, typer.Option(help="Văn bản ban hành (decision it comes from)")] = "",
    title: Annotated[str, typer.Option(help="Tên gọi của danh mục (title)")] = "",
    rejects: Annotated[
        Path | None, typer.Option(help="Tệp ghi các dòng sai (bad rows); không ghi: cạnh tệp nạp", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Báo cáo dạng JSON, đủ mọi dòng (whole report)")] = False,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Nạp danh mục; dòng cũ kết thúc, dòng mới bắt đầu, không ghi đè. (Load a list; nothing is overwritten.)

    Dòng sai được liệt kê và ghi riêng, dòng đúng vẫn nạp; khi có dòng sai, mã thoát là 2.
    """
    named = {kind: column for kind, column in (("code", code), ("display", display), ("ministry", ministry)) if column}
    settings = settings_of(role, config, data=data, database=database)
    table, digest = _read(path)
    wanted = {
        "digest": digest, "is_partial": partial, "may_end": allow_ends,
        "source": source, "title": title, "maps_to": maps_to,
    }  # fmt: skip
    rows, found, day = run(_load(settings, role, table, name, _day(from_), named, wanted, dry_run=dry_run))
    beside = rejects or path.with_suffix(".rejects.csv")
    if rows.rejects:
        from benhan.vn.catalogues.rows import rejects_to_csv

        try:
            beside.write_text(rejects_to_csv(rows), encoding="utf-8-sig")
        except OSError as cause:
            err.print(f"Không ghi được tệp dòng sai, hãy chỉ chỗ khác bằng --rejects (not written): {cause.strerror}")
    if json:
        sys.stdout.write(orjson.dumps(_report(name, day, dry_run, found, rows)).decode() + "\n")
    else:
        _tell(name, day, dry_run, found, rows, beside)
    if rows.rejects:
        raise typer.Exit(2)


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="Dạng JSON")] = False,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Các danh mục, số mã đang hiệu lực; danh mục rỗng được báo. (All catalogues; empty ones are marked.)"""
    settings = settings_of(role, config, data=data, database=database)
    every, loaded, today = run(_list(settings, role))
    lines = [_line(each, today, is_loaded=each.head.name in loaded) for each in every]
    if json:
        sys.stdout.write(orjson.dumps(lines).decode() + "\n")
        return
    table = Table("Danh mục (list)", "Tên gọi (title)", "Mã (codes)", "Nội dung (content)", "Nguồn (source)")
    for line in lines:
        empty = "[bold red]rỗng (empty)[/]"
        words = line["title"] if language() == "vi" else line["title_en"]
        table.add_row(
            line["name"], words, f"{line['codes']:,}" if line["codes"] else empty, line["state"], line["source"]
        )
    out.print(table)


@app.command("show")
def show(
    name: NameArgument,
    code: Annotated[str, typer.Argument(help="Mã cần xem (code); không ghi: mọi mã")] = "",
    on: DayOption = "",
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Một danh mục, hoặc mọi dòng của một mã qua các thời kỳ. (A list of a day, or every row of a code.)"""
    settings = settings_of(role, config, data=data, database=database)
    found, today = run(_one(settings, role, name))
    day = _day(on) or today
    if code:
        raise typer.Exit(_show_code(found, code, day))
    out.print(f"{found.head.title.in_language(language())} – {found.head.source}", highlight=False)
    table = Table("Mã (code)", "Tên (name)", "Từ ngày (from)", "Đến ngày (last day)")
    for each in found.on(day).values():
        table.add_row(each.code, each.display, *_days(each))
    out.print(table)


@app.command("export")
def export(
    name: NameArgument,
    file: Annotated[Path | None, typer.Argument(help="Tệp CSV ghi ra (file); không ghi: màn hình")] = None,
    on: Annotated[
        str, typer.Option("--on", help="Chỉ các dòng hiệu lực ngày này (rows of a day); không ghi: tất cả")
    ] = "",
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ghi danh mục ra CSV, nạp lại được. (Write a list as CSV that can be loaded again.)"""
    settings = settings_of(role, config, data=data, database=database)
    found, _today = run(_one(settings, role, name))
    day = _day(on)
    text = entries_to_csv(list(found.on(day).values()) if day else found.entries)
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8-sig")


def entries_to_csv(entries: Sequence[Entry]) -> str:
    """Rows as CSV: code, display, tu_ngay, den_ngay (the last day), then every property."""
    further = list(dict.fromkeys(name for each in entries for name in each.properties))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["code", "display", "tu_ngay", "den_ngay", *further])
    for each in entries:
        writer.writerow([each.code, each.display, *_days(each), *(each.properties.get(name, "") for name in further)])
    return text.getvalue()


def _days(entry: Entry) -> tuple[str, str]:
    last = entry.until - timedelta(days=1) if entry.until is not None else None
    return entry.since.isoformat() if entry.since else "", last.isoformat() if last is not None else ""


def _day(text: str) -> date | None:
    """The day of an option, None for "". A bad one ends the command."""
    from benhan.vn.catalogues.rows import read_day

    if not text:
        return None
    found = read_day(text)
    if found is None:
        raise typer.BadParameter("không phải ngày có thật (not a day): dd/mm/yyyy, yyyy-mm-dd")
    return found


def _show_code(found: Catalogue, code: str, day: date) -> int:
    """Tell every row of a code, and on the day whether it holds; gives the exit code."""
    from benhan.vn.catalogues.check import check_code

    for each in found.rows_of(code):
        since, last = _days(each)
        further = "".join(f"; {name}: {text}" for name, text in each.properties.items())
        out.print(f"{each.code}  {since or '…'} – {last or '…'}  {each.display}{further}", highlight=False)
    issue = check_code(found, code, day)
    if issue is None:
        return 0
    err.print(issue.text.in_language(language()), highlight=False)
    return 2 if issue.is_error else 0


def _line(found: Catalogue, today: date, *, is_loaded: bool) -> dict[str, Any]:
    state = {"whole": "đủ (whole)", "part": "một phần (part)", "example": "mẫu (example)", "none": "chưa có (none)"}[
        found.head.content.value
    ]
    return {
        "name": found.head.name,
        "title": found.head.title.vi,
        "title_en": found.head.title.en,
        "codes": len(found.on(today)),
        "content": found.head.content.value,
        "state": f"{state}, {'đã nạp (loaded)' if is_loaded else 'kèm theo (shipped)'}",
        "is_loaded": is_loaded,
        "source": found.head.source,
        "url": found.head.url,
        "maps_to": found.head.maps_to,
    }


def _report(name: str, day: date, dry_run: bool, found: Difference, rows: ListRows) -> dict[str, Any]:
    from benhan.vn.catalogues.difference import difference_to_json

    return {
        "list": name,
        "from": day.isoformat(),
        "dry_run": dry_run,
        **difference_to_json(found),
        "rejected": [{"line": each.line, "code": each.code, "reason": each.reason._asdict()} for each in rows.rejects],
    }


def _tell(name: str, day: date, dry_run: bool, found: Difference, rows: ListRows, beside: Path) -> None:
    from benhan.vn.catalogues.difference import difference_to_lines

    what = "Khác biệt (difference), chưa nạp (not loaded)" if dry_run else "Đã nạp (loaded)"
    out.print(f"{what}: {name}, từ ngày (from) {day:%d/%m/%Y}", highlight=False)
    for line in difference_to_lines(found):
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    if rows.rejects:
        err.print(f"{len(rows.rejects):,} dòng sai, không nạp (bad rows, not loaded) → {beside}", highlight=False)
        for each in rows.rejects[:REJECTS_SHOWN_MAX]:
            text = each.reason.in_language(language())
            err.print(f"  dòng (line) {each.line}: {text}", highlight=False, markup=False)


def _read(path: Path) -> tuple[list[TableRow], str]:
    """The rows of a file, and its digest. Raises Incorrect BA-3301, BA-3302."""
    from benhan.vn.catalogues.table import BYTES_MAX, read_table, too_large

    if path.stat().st_size > BYTES_MAX:
        raise too_large()
    content = path.read_bytes()
    return read_table(content), hashlib.sha256(content).hexdigest()


async def _load(
    settings: Settings,
    role: str,
    table: list[TableRow],
    name: str,
    day: date | None,
    named: dict[str, str],
    wanted: dict[str, Any],
    *,
    dry_run: bool,
) -> tuple[ListRows, Difference, date]:
    """The rows of the file, what they change, from which day. `wanted`: further members of Load."""
    from benhan.kernel.clock import day_in_vietnam
    from benhan.store.catalogues import Catalogues, Load
    from benhan.store.opening import open_store
    from benhan.store.publish_catalogues import publish
    from benhan.vn.catalogues.faults import NO_GOOD_ROW
    from benhan.vn.catalogues.rows import read_rows

    async with open_store(settings, role) as store:
        catalogues = Catalogues(store.database, store.clock)
        first = day or day_in_vietnam(store.clock.now())
        rows = read_rows(table, await catalogues.catalogue_or_new(name), first, named)
        if not rows.entries:
            raise NO_GOOD_ROW(bad=len(rows.rejects))
        what = Load(first, kept=rows.rejected_codes, **wanted)
        if dry_run:
            return rows, await catalogues.compare(name, rows.entries, what), first
        found = await catalogues.load(name, rows.entries, what)
        try:
            await publish(store)
        except (Busy, Conflict):
            err.print("Nút đang chạy sẽ công bố danh mục trong vài phút. (The running node will publish it.)")
    return rows, found, first


async def _list(settings: Settings, role: str) -> tuple[list[Catalogue], set[str], date]:
    from benhan.kernel.clock import day_in_vietnam
    from benhan.store.catalogues import Catalogues
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        catalogues = Catalogues(store.database, store.clock)
        loaded = {each.head.name for each in await catalogues.loaded()}
        return await catalogues.every(), loaded, day_in_vietnam(store.clock.now())


async def _one(settings: Settings, role: str, name: str) -> tuple[Catalogue, date]:
    from benhan.kernel.clock import day_in_vietnam
    from benhan.store.catalogues import Catalogues
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        found = await Catalogues(store.database, store.clock).catalogue(name)
        return found, day_in_vietnam(store.clock.now())
