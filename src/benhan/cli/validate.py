"""`benhan validate`: whether files keep their format, offline; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import err, out, progress

SUFFIXES = (".json", ".ndjson", ".xml", ".hl7", ".mllp")
MANIFEST = ".manifest.json"
"""What an export leaves beside a `HoSoBenhAn`; in no format of its own."""
EXIT_WRONG = 2


def validate(
    paths: Annotated[list[Path], typer.Argument(help="Tệp hoặc thư mục (files or folders)", exists=True)],
    as_json: Annotated[bool, typer.Option("--json", help="Mỗi lỗi một dòng JSON (an issue a line)")] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Thư mục ghi báo cáo HTML: mỗi tệp một trang, và index.html (folder for a page of each file)",
            file_okay=False,
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Tệp mức độ của các quy tắc BHYT (levels of the BHYT rules)", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Kiểm tra tệp FHIR, HoSoBenhAn, KSK, HL7 v2, XML BHYT, không cần kho. (Check files offline.)

    FHIR: .json, .ndjson, .xml; HoSoBenhAn: .xml, .json; KSK: .xml;
    HL7 v2: .hl7, .mllp, cả tệp nhiều thông điệp (batch FHS/BHS);
    BHYT: .xml (GIAMDINHHS, XML0–XML15), theo 135 quy tắc.
    Thoát với mã 2 nếu có lỗi. Cảnh báo không tính là lỗi.
    """
    from benhan.cli.bhyt_reports import BhytReports
    from benhan.cli.check_pages import CheckPages
    from benhan.cli.checking import Checking
    from benhan.kernel.clock import SystemClock

    now = SystemClock().now()
    pages = CheckPages(html, now) if html is not None else None
    checking = Checking(BhytReports(policy, pages, now), pages, as_json)
    files, others = _files_of(paths)
    with progress("Kiểm tra (checking)", len(files)) as advance:
        for done, file in enumerate(files, 1):
            checking.check(file)
            advance(done)
    wrong = checking.wrong
    if not as_json:
        out.print(f"{len(files)} tệp (files): " + (f"{wrong} chỗ sai (wrong)" if wrong else "đều đúng (valid)"))
    if others:
        err.print(f"{others} tệp có đuôi khác không được kiểm tra (files of other suffixes were not checked).")
    if pages is not None:
        err.print(f"Báo cáo (report): {pages.finish()}", highlight=False, markup=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(EXIT_WRONG)


def _files_of(paths: list[Path]) -> tuple[list[Path], int]:
    """The files to check, and how many more the folders hold: of a file that is named the suffix says nothing."""
    files: list[Path] = []
    others = 0
    for path in paths:
        if path.is_file():
            files.append(path)
            continue
        within = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.endswith(MANIFEST))
        known = [each for each in within if each.suffix.lower() in SUFFIXES]
        files += known
        others += len(within) - len(known)
    return files, others
