"""A panel as a table: a row an analyte, a column a time of sampling, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benhan.mapping.result_views import Analyte, Panel, Value

COLUMNS = 8


@dataclass(frozen=True, slots=True)
class ResultRow:
    """An analyte and its values, a list for each column."""

    analyte: Analyte
    cells: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A panel: its name, the times of its columns (None: not known when), its rows, how many older columns it has."""

    name: str
    times: tuple[datetime | None, ...]
    rows: tuple[ResultRow, ...]
    older: int


def result_table(panel: Panel, columns: int = COLUMNS) -> ResultTable:
    """The table of a panel with its newest `columns` times; values that have none come last."""
    known = sorted({value.at for each in panel.analytes for value in each.values if value.at}, reverse=True)
    is_undated = any(value.at is None for each in panel.analytes for value in each.values)
    every: list[datetime | None] = [*known, None] if is_undated else [*known]
    times = tuple(every[:columns])
    rows = tuple(
        ResultRow(each, tuple(tuple(value for value in each.values if value.at == at) for at in times))
        for each in panel.analytes
    )
    return ResultTable(panel.name, times, rows, len(every) - len(times))
