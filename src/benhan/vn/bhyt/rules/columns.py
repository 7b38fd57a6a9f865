"""R: what single columns demand where no rule of the table speaks. Source: the tables of QĐ 130 and its changes."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.column_faults import ColumnFault
from benhan.vn.bhyt.rules.rule import COLUMN_CODES, Check, Found, Level, Rule
from benhan.vn.bhyt.rules.view import View


def _empty(view: View) -> Iterator[Found]:
    for issue in view.column_issues.get(ColumnFault.EMPTY, ()):
        yield Found(issue.place, soft=not issue.is_error, text=issue.text)


def _unlisted(view: View) -> Iterator[Found]:
    for issue in view.column_issues.get(ColumnFault.LIST, ()):
        yield Found(issue.place, soft=not issue.is_error, text=issue.text)


def _of_columns(code: str, text: Text, hint: Text, check: Check, wording: str) -> Rule:
    return Rule(code, text, hint, check, (), (), "columns", Level.WARN, wording, "all", "S,P", "high")


COLUMN_RULES = (
    _of_columns(
        COLUMN_CODES[0],
        Text("Thiếu giá trị bắt buộc.", "A required value is missing."),
        Text("Điền cột này.", "Fill the column in."),
        _empty,
        "A column that the tables require holds a value",
    ),
    _of_columns(
        COLUMN_CODES[1],
        Text("Mã không có trong danh mục.", "The code is not in its list."),
        Text("Chọn mã theo danh mục hiện hành.", "Choose a code of the list in force."),
        _unlisted,
        "A code is one of the closed list of its column on the day of the episode",
    ),
)
"""Run after the table's rules, and silent where one of those has spoken of the place."""
