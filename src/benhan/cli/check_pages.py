"""The pages of `benhan validate --html`: one of each file, and an index that has the wrong ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from benhan.cli.common import language
from benhan.kernel.clock import VIETNAM
from benhan.kernel.issues import Issue

SHOWN = 2_000
"""Findings that the page of a file shows."""
INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Page:
    """A file that was checked: the name of its page, and how much is wrong."""

    name: str
    file: Path
    errors: int
    warnings: int


class CheckPages:
    """Writes into a folder, which it makes; pages of an earlier run are replaced."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._made_at = shown_at(now)
        self._pages: list[Page] = []
        self._names = {INDEX}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, file: Path, html: str, errors: int, warnings: int) -> None:
        """Write a page that another made."""
        name, number = f"{file.name}.html", 1
        while name.casefold() in self._names:
            number += 1
            name = f"{file.name}.{number}.html"
        self._names.add(name.casefold())
        (self._folder / name).write_text(html, encoding="utf-8")
        self._pages.append(Page(name, file, errors, warnings))

    def add_issues(self, file: Path, found: Sequence[tuple[str, Issue]]) -> None:
        """Write the page of a file out of what was found in it, each with its line, "" where lines are not counted."""
        errors = sum(issue.is_error for _, issue in found)
        warnings = len(found) - errors
        counts = _both(f"{errors} lỗi, {warnings} nhắc.", f"{errors} errors, {warnings} warnings.")
        verdict = counts if found else _both("Đúng.", "Valid.")
        html = self._render(
            "file.html",
            file=file,
            found=found[:SHOWN],
            more=max(0, len(found) - SHOWN),
            errors=errors,
            warnings=warnings,
            verdict=verdict,
        )
        self.add(file, html, errors, warnings)

    def finish(self) -> Path:
        """Write the index; gives where it is."""
        pages = sorted(self._pages, key=lambda page: (-page.errors, -page.warnings))
        index = self._folder / INDEX
        html = self._render(INDEX, pages=pages, wrong=sum(page.errors > 0 for page in pages))
        index.write_text(html, encoding="utf-8")
        return index

    def _render(self, template: str, **told: Any) -> str:
        return (
            _templates().get_template(template).render(language=language(), made_at=self._made_at, both=_both, **told)
        )


def shown_at(at: datetime) -> str:
    """An instant as the pages show it."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def _both(vi: str, en: str) -> str:
    return en if language() == "en" else vi


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "data"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
