"""The BHYT files of `benhan validate`: each checked by the rules, told in lines, and as a page if wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import typer

from benhan.cli.check_pages import CheckPages, shown_at
from benhan.cli.common import err, language
from benhan.vn.bhyt.facility_knowledge import knowledge
from benhan.vn.bhyt.file_check import check_file
from benhan.vn.bhyt.report import FileReport, report_html, report_text
from benhan.vn.bhyt.rules.policy import parse_policy
from benhan.vn.bhyt.rules.rule import Level
from benhan.vn.bhyt.split import begins_as_bhyt

PIECE = 256 * 1024
START = 4096
BEFORE_SIGNING = '[levels]\nF05 = "observe"\n'
"""The policy where none is given: files are checked before they are signed, so a missing signature is only told."""


class BhytReports:
    """Checks files by a policy at an instant; `pages` takes their HTML, None where nobody wants it."""

    def __init__(self, policy: Path | None, pages: CheckPages | None, now: datetime) -> None:
        """Raises Incorrect BA-3650 to BA-3653 for a policy that cannot be meant."""
        self._policy = parse_policy(policy.read_text(encoding="utf-8") if policy is not None else BEFORE_SIGNING)
        self._pages = pages
        self._now = now

    def takes(self, file: Path) -> bool:
        """Whether a file is a BHYT one by its beginning."""
        with file.open("rb") as opened:
            return begins_as_bhyt(opened.read(START))

    def tell(self, file: Path, *, as_json: bool) -> bool:
        """Check and tell a file; gives whether it may not be sent."""
        with file.open("rb") as opened:
            pieces = iter(lambda: opened.read(PIECE), b"")
            report = check_file(str(file), pieces, knowledge(self._now), self._policy)
        if as_json:
            for line in _json_lines(file, report):
                typer.echo(line)
        else:
            err.print(report_text(report, language()).rstrip(), highlight=False, markup=False, soft_wrap=True)
        if self._pages is not None:
            page = report_html(report, language(), shown_at(self._now))
            blocking = report.counts[Level.BLOCK]
            self._pages.add(file, page, blocking, sum(report.counts.values()) - blocking)
        return report.verdict is Level.BLOCK


def _json_lines(file: Path, report: FileReport) -> Iterator[str]:
    """A finding a line, in the shape of the other formats, with its claim, rule, level and hint besides."""
    of_claims = (
        (ma_lk, finding) for ma_lk, by_rule in report.of_claims for found in by_rule.values() for finding in found
    )
    for ma_lk, finding in [*(("", each) for each in report.of_file), *of_claims]:
        told = {
            "file": str(file),
            "place": finding.place,
            "text": finding.text.in_language(language()),
            "is_error": finding.level is Level.BLOCK,
            "clause": finding.clause,
            "ma_lk": ma_lk,
            "rule": finding.rule,
            "level": finding.level.value,
            "hint": finding.hint.in_language(language()),
        }
        yield json.dumps(told, ensure_ascii=False)
