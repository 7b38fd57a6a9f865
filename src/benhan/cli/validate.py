"""`benhan validate`: whether files keep their format, offline; nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import err, language, out, progress
from benhan.kernel.issues import Issue

SUFFIXES = (".json", ".ndjson", ".xml", ".hl7")
MANIFEST = ".manifest.json"
"""What an export leaves beside a `HoSoBenhAn`; in no format of its own."""
ISSUES_SHOWN = 20
EXIT_WRONG = 2


def validate(
    paths: Annotated[list[Path], typer.Argument(help="Tệp hoặc thư mục (files or folders)", exists=True)],
    as_json: Annotated[bool, typer.Option("--json", help="Mỗi lỗi một dòng JSON (an issue a line)")] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Thư mục ghi báo cáo HTML của tệp BHYT (folder for a page of each BHYT file)", file_okay=False
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Tệp mức độ của các quy tắc BHYT (levels of the BHYT rules)", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Kiểm tra tệp FHIR, HoSoBenhAn, KSK, HL7 v2, XML BHYT, không cần kho. (Check files offline.)

    FHIR: .json, .ndjson; HoSoBenhAn: .xml, .json; KSK: .xml; HL7 v2: .hl7;
    BHYT: .xml (GIAMDINHHS, XML0–XML15), theo 135 quy tắc.
    Thoát với mã 2 nếu có lỗi. Cảnh báo không tính là lỗi.
    """
    from benhan.cli.bhyt_reports import BhytReports

    files = [file for path in paths for file in _files(path)]
    reports = BhytReports(policy, html)
    wrong = 0
    with progress("Kiểm tra (checking)", len(files)) as advance:
        for done, file in enumerate(files, 1):
            if reports.takes(file):
                wrong += reports.tell(file, as_json=as_json)
            else:
                for place, issues in _checked(file):
                    wrong += any(issue.is_error for issue in issues)
                    _tell(place, issues, as_json=as_json)
            advance(done)
    if not as_json:
        out.print(f"{len(files)} tệp (files): " + (f"{wrong} chỗ sai (wrong)" if wrong else "đều đúng (valid)"))
    if wrong:
        raise typer.Exit(EXIT_WRONG)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(
        each
        for each in path.rglob("*")
        if each.suffix.lower() in SUFFIXES and each.is_file() and not each.name.endswith(MANIFEST)
    )


def _checked(file: Path) -> Iterator[tuple[str, list[Issue]]]:
    """What is wrong with a file, or with each line of an NDJSON file; what is right is not told."""
    from benhan.cli.checks import check_file, check_resource

    if file.suffix.lower() != ".ndjson":
        issues = check_file(file)
        if issues:
            yield str(file), issues
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            issues = check_resource(line) if line.strip() else []
            if issues:
                yield f"{file}:{number}", issues


def _tell(place: str, issues: list[Issue], *, as_json: bool) -> None:
    speech = language()
    for issue in issues if as_json else issues[:ISSUES_SHOWN]:
        text = issue.text.in_language(speech)
        if as_json:
            told = {
                "file": place,
                "place": issue.place,
                "text": text,
                "is_error": issue.is_error,
                "clause": issue.clause,
            }
            typer.echo(json.dumps(told, ensure_ascii=False))
        else:
            mark = "✗" if issue.is_error else "!"
            err.print(f"{mark} {place}: {issue.place}: {text}", highlight=False, markup=False, soft_wrap=True)
    if len(issues) > ISSUES_SHOWN and not as_json:
        err.print(f"  … còn {len(issues) - ISSUES_SHOWN} lỗi nữa (more)", highlight=False)
