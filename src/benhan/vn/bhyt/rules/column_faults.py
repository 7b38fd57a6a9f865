"""What the check of single columns found, told apart by the rule that speaks of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum

from benhan.kernel.issues import Issue
from benhan.vn.bhyt import texts
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.columns_check import check_columns


class ColumnFault(Enum):
    """F04 layout, F08 text, F10 length and form; R01 (empty) and R02 (not in its list) have no row in the table."""

    LAYOUT = "F04"
    TEXT = "F08"
    FORM = "F10"
    EMPTY = "R01"
    LIST = "R02"


_LIST = texts.NOT_IN_LIST.vi.partition("{")[0]
_LAYOUT = (texts.NO_COLUMN, texts.OTHER_ORDER)
_TEXT = (texts.CONTROL, texts.UNTRIMMED)


def column_issues(claim: Claim, on: date) -> Mapping[ColumnFault, list[Issue]]:
    """The issues of `check_columns` by kind; the place of a table of one row has no number (`XML1.SO_CCCD`)."""
    found: dict[ColumnFault, list[Issue]] = {}
    for issue in check_columns(claim, on):
        table = issue.place.partition("[")[0]
        at = issue.place.replace("[1]", "", 1) if _is_single(claim, table) else issue.place
        found.setdefault(_fault(issue), []).append(issue._replace(place=at))
    return found


def _is_single(claim: Claim, table: str) -> bool:
    return table in _SINGLE and len(claim.rows(table)) == 1


_SINGLE = frozenset(("XML1", "XML7", "XML8", "XML10", "XML11", "XML12", "XML13", "XML14"))


def _fault(issue: Issue) -> ColumnFault:
    if issue.kind == "structure" or issue.text in _LAYOUT:
        return ColumnFault.LAYOUT
    if issue.kind == "required":
        return ColumnFault.EMPTY
    if issue.text in _TEXT:
        return ColumnFault.TEXT
    return ColumnFault.LIST if issue.text.vi.startswith(_LIST) else ColumnFault.FORM
