"""The tables XML0 to XML15 and their columns, by the decision in force on a day.

Source: QĐ 130/QĐ-BYT (18/01/2023), 4750/QĐ-BYT (29/12/2023), 3176/QĐ-BYT (29/10/2024), 1931/QĐ-BYT (29/06/2026);
`data/README.md`. QĐ 1931 is known from the press alone (docs/known-issues.md).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from benhan.vn.catalogues.catalogue import Content
from benhan.vn.catalogues.shipped import catalogue, names

_ELSEWHERE = frozenset({"TINH", "XA", "DANTOC"})
"""Lists whose codes are checked elsewhere, or of which others are in use too."""
_DATA = Path(__file__).parent / "data"

Form = Literal["", "integer", "decimal2", "decimal3", "date", "datetime", "date_or_datetime"]
"""`date` is yyyymmdd, `datetime` yyyymmddHHMM; `decimal2` and `decimal3` have at most so many digits after the dot."""
Required = Literal["yes", "no", "conditional"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table under one decision.

    `max_len` is in characters, None where no limit is stated. `multi`: values joined by `;`. `condition` says when a
    conditional column must be filled (English, for people). `uncertain`: sources disagree about it.
    """

    name: str
    type: Literal["string", "number"]
    max_len: int | None = None
    format: Form = ""
    multi: bool = False
    required: Required = "no"
    condition: str = ""
    code_list: str = ""
    uncertain: bool = False


@dataclass(frozen=True)
class Table:
    """A table: where its records stand in the inner file, and its columns in order."""

    name: str
    root: str
    list_tag: str
    record: str
    repeats: bool
    title: str
    columns: tuple[Column, ...]

    @property
    def path(self) -> str:
        """The path to a record, such as `CHITIEU_CHITIET_THUOC/DSACH_CHI_TIET_THUOC/CHI_TIET_THUOC`."""
        return "/".join(dict.fromkeys(part for part in (self.root, self.list_tag, self.record) if part))

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}


@dataclass(frozen=True)
class Generation:
    """The tables under a decision, "XML0" to "XML15" in order, and the first day of an episode it governs."""

    name: Literal["130", "4750", "3176", "1931"]
    effective_from: date
    tables: Mapping[str, Table]


_DECISIONS: tuple[tuple[Literal["130", "4750", "3176", "1931"], date], ...] = (
    ("130", date(2023, 1, 18)),
    ("4750", date(2024, 7, 1)),
    ("3176", date(2025, 1, 1)),
    ("1931", date(2026, 7, 1)),
)


@cache
def generations() -> tuple[Generation, ...]:
    """All generations, oldest first."""
    return tuple(Generation(name, day, _tables(index)) for index, (name, day) in enumerate(_DECISIONS))


def tables_on(day: date) -> Generation:
    """The generation that governs an episode ended on `day`; before QĐ 130 itself, QĐ 130."""
    return next((each for each in reversed(generations()) if each.effective_from <= day), generations()[0])


@cache
def latest() -> Generation:
    """The newest generation."""
    return generations()[-1]


@cache
def codes_on(code_list: str, day: date) -> Mapping[str, str]:
    """The codes of a list on a day with their Vietnamese names; empty where none is shipped, or a sample only."""
    if code_list not in _code_lists():
        return {}
    return {code: entry.display for code, entry in catalogue(code_list).on(day).items()}


@cache
def changes() -> tuple[date, ...]:
    """The days on which a table or a shipped list changes, in order."""
    of_lists = {day for name in _code_lists() for day in catalogue(name).changes}
    return tuple(sorted({each.effective_from for each in generations()} | of_lists))


@cache
def _code_lists() -> frozenset[str]:
    """The lists that columns name and of which the codes are here; units of places are told by rules of their own."""
    named = {column.code_list for each in latest().tables.values() for column in each.columns}
    kept = (Content.WHOLE, Content.PART)
    return frozenset(name for name in named & set(names()) - _ELSEWHERE if catalogue(name).head.content in kept)


def _tables(generation: int) -> dict[str, Table]:
    order: list[str] = [name for name, _ in _DECISIONS]
    columns: dict[str, list[Column]] = {}
    for row in _rows("columns.csv"):
        last = order.index(row["until"]) if row["until"] else len(order)
        if order.index(row["since"]) <= generation <= last:
            columns.setdefault(row["table"], []).append(_column(row))
    return {
        row["table"]: Table(
            row["table"],
            row["root"],
            row["list"],
            row["record"],
            bool(row["repeats"]),
            row["title"],
            tuple(columns[row["table"]]),
        )
        for row in _rows("tables.csv")
        if row["table"] in columns
    }


def _column(row: dict[str, str]) -> Column:
    return Column(
        row["name"],
        row["type"],  # type: ignore[arg-type]  # the table holds only these words (tests/unit/vn/bhyt)
        int(row["max_len"]) if row["max_len"] else None,
        row["format"],  # type: ignore[arg-type]
        bool(row["multi"]),
        row["required"],  # type: ignore[arg-type]
        row["condition"],
        row["code_list"],
        bool(row["uncertain"]),
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
