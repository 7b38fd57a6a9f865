"""The work of `benhan validate`: file by file, in lines and on pages; one that cannot be read keeps none from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import typer

from benhan.cli.bhyt_reports import BhytReports
from benhan.cli.check_pages import CheckPages
from benhan.cli.checks import SIZE_MAX, check_file, check_resource, told
from benhan.cli.common import err, language
from benhan.cli.faults import EMPTY_FILE, UNREADABLE_FILE
from benhan.cli.hints import LEVELS, hint_of
from benhan.kernel.issues import Issue

ISSUES_SHOWN = 20


@dataclass(slots=True)
class Checking:
    """Checks files one by one and tells them; counts what is wrong."""

    reports: BhytReports
    pages: CheckPages | None
    as_json: bool
    wrong: int = 0

    def check(self, file: Path) -> None:
        """Check a file and tell it."""
        try:
            if self.reports.takes(file):
                self.wrong += self.reports.tell(file, as_json=self.as_json)
            else:
                self._check_other(file)
        except OSError as cause:
            self.wrong += 1
            self._tell_page(file, self._told(file, None, told(UNREADABLE_FILE(reason=cause.strerror or ""))))

    def _check_other(self, file: Path) -> None:
        found: list[tuple[str, Issue]] = []
        for line, issues in _checked(file):
            self.wrong += any(issue.is_error for issue in issues)
            found += self._told(file, line, issues)
        self._tell_page(file, found)

    def _told(self, file: Path, line: int | None, issues: list[Issue]) -> list[tuple[str, Issue]]:
        """Tell what is wrong; gives it for the page, where one is wanted."""
        _tell(f"{file}:{line}" if line else str(file), issues, as_json=self.as_json)
        return [(str(line or ""), issue) for issue in issues] if self.pages is not None else []

    def _tell_page(self, file: Path, found: list[tuple[str, Issue]]) -> None:
        if self.pages is not None:
            self.pages.add_issues(file, found)


def _checked(file: Path) -> Iterator[tuple[int | None, list[Issue]]]:
    """What is wrong with a file, or with each line of an NDJSON file and its number; what is right is not told."""
    if file.suffix.lower() != ".ndjson":
        issues = check_file(file)
        if issues:
            yield None, issues
        return
    is_empty = True
    with file.open("rb") as opened:
        for number, line in enumerate(_lines(opened), 1):
            if line.strip():
                is_empty = False
                issues = check_resource(line)
                if issues:
                    yield number, issues
    if is_empty:
        yield None, told(EMPTY_FILE())


def _lines(opened: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one beyond the bound only so much that it is seen to be too long."""
    while line := opened.readline(SIZE_MAX + 1):
        yield line
        while len(line) > SIZE_MAX and not line.endswith(b"\n"):
            line = opened.readline(SIZE_MAX + 1)


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
                "level": LEVELS[issue.severity],
                "hint": hint_of(issue).in_language(speech),
            }
            typer.echo(json.dumps(told, ensure_ascii=False))
        else:
            mark = "✗" if issue.is_error else "!"
            err.print(f"{mark} {place}: {issue.place}: {text}", highlight=False, markup=False, soft_wrap=True)
    if len(issues) > ISSUES_SHOWN and not as_json:
        err.print(f"  … còn {len(issues) - ISSUES_SHOWN} lỗi nữa (more)", highlight=False)
