"""What each column must hold by itself: there and in order, filled where required, its length, form and list.

Each column is one regular expression; those of a table in a row are one more, which a good row passes at once. Only a
row that fails is looked at column by column, to say why.
Source: the tables of QĐ 130, 4750, 3176 and 1931 (`tables.py`). Where sources disagree about a column, what is found is
a warning. Lists that are not shipped (ICD-10, facilities, services…) are not looked into here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from benhan.kernel.issues import Issue, error, warning
from benhan.kernel.texts import Text
from benhan.vn.bhyt import texts
from benhan.vn.bhyt.claim import Claim, Row, place
from benhan.vn.bhyt.dates import BIRTH, DAY, MINUTE
from benhan.vn.bhyt.tables import Column, changes, codes_on, tables_on

_OPEN_LISTS = frozenset({"MA_KHOA", "MA_DOITUONG_KCB"})
"""Shipped lists that hospitals may add to (combined departments), or whose check is a rule of its own."""
_SOME_EMPTY = frozenset({"GT_THE_TU", "GT_THE_DEN"})
"""A card of the army or the police has no end among those of others."""
_BIRTHS = frozenset({"NGAY_SINH"})
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_SEPARATOR = "\x1f"
_ANY = f"[^{_SEPARATOR}]"
_find_control = re.compile(f"[{_CONTROL}]").search


@dataclass(frozen=True, slots=True)
class _Check:
    """A column with the expression of its values, and of one item of it where it has several."""

    column: Column
    matches: Callable[[str], object]
    item: Callable[[str], object]
    form: Text


@dataclass(frozen=True, slots=True)
class _TableCheck:
    names: tuple[str, ...]
    matches: Callable[[str], object]
    columns: Mapping[str, Column]
    day: date


def check_columns(claim: Claim, on: date) -> list[Issue]:
    """Every fault of the columns of a claim under the decision that governs `on`, in the order of the file."""
    since = max((day for day in changes() if day <= on), default=changes()[0])
    decision = tables_on(since).name
    issues: list[Issue] = []
    for name, rows in claim.tables.items():
        check = _table_check(name, since)
        if check is None:
            told = texts.NO_SUCH_TABLE.filled(table=name, decision=decision)
            issues.append(error("structure", name, told, texts.COLUMNS))
            continue
        names, matches = check.names, check.matches
        for number, row in enumerate(rows, 1):
            if tuple(row) == names and matches(_SEPARATOR.join(row.values())):
                continue
            issues += _explained(name, number, row, check, decision)
    return issues


def _explained(table: str, number: int, row: Row, check: _TableCheck, decision: str) -> Iterator[Issue]:
    """What is wrong with a row."""
    if tuple(row) != check.names:
        yield from _order(table, number, row, check, decision)
    for name, value in row.items():
        if name not in check.columns:
            continue
        column = _check(check.columns[name], check.day)
        control = _find_control(value) if value else None
        if column.matches(value) and not control:
            continue
        weigh = warning if column.column.uncertain else error
        kind = "required" if not value else "value"
        told = texts.CONTROL if control else _why(value, column)
        yield weigh(kind, place(table, number, name), told, texts.COLUMNS)


def _order(table: str, number: int, row: Row, check: _TableCheck, decision: str) -> Iterator[Issue]:
    for name in check.names:
        if name not in row:
            yield error("required", place(table, number, name), texts.NO_COLUMN, texts.COLUMNS)
    for name in row:
        if name not in check.columns:
            told = texts.NOT_A_COLUMN.filled(table=table, decision=decision)
            yield error("structure", place(table, number, shown(name)), told, texts.COLUMNS)
    known = [name for name in row if name in check.columns]
    if known != [name for name in check.names if name in row]:
        yield error("structure", place(table, number), texts.OTHER_ORDER, texts.COLUMNS)


def shown(name: str) -> str:
    """An element name as a report may show it: what a sender calls a column, bounded."""
    return name if re.fullmatch(r"[A-Za-z0-9_]{1,40}", name) else "?"


def _why(value: str, check: _Check) -> Text:
    column = check.column
    if not value:
        return texts.EMPTY
    if column.max_len is not None and len(value) > column.max_len:
        return texts.TOO_LONG.filled(size=column.max_len)
    if value != value.strip() and not column.format and check.item(value.strip()):
        return texts.UNTRIMMED
    if column.multi and column.name not in _SOME_EMPTY and "" in value.split(";"):
        return texts.EMPTY_ITEM
    return check.form


@cache
def _table_check(name: str, day: date) -> _TableCheck | None:
    """The check of a table since a day of change, None where the decision has no such table."""
    table = tables_on(day).tables.get(name)
    if table is None:
        return None
    whole = _SEPARATOR.join(f"(?:{_value(column, day)})" for column in table.columns)
    pattern = re.compile(rf"(?![\s\S]*[{_CONTROL.replace(_SEPARATOR, chr(0x1E))}]){whole}")
    return _TableCheck(tuple(table.by_name), pattern.fullmatch, table.by_name, day)


@cache
def _check(column: Column, day: date) -> _Check:
    return _Check(
        column, re.compile(_value(column, day)).fullmatch, re.compile(_item(column, day)).fullmatch, _form(column, day)
    )


def _value(column: Column, day: date) -> str:
    """The expression of what the column may hold."""
    item = _item(column, day)
    one = f"(?:{item})?" if column.name in _SOME_EMPTY else f"(?:{item})"
    value = f"{one}(?:;{one})*" if column.multi else item
    if column.max_len is not None and (column.multi or not _is_text(column, day)):
        value = f"(?!{_ANY}{{{column.max_len + 1}}})(?:{value})"
    return value if column.required == "yes" else f"(?:{value})?"


def _item(column: Column, day: date) -> str:
    """The expression of one value."""
    codes = _codes(column, day)
    if codes:
        return "|".join(re.escape(code) for code in sorted(codes, key=len, reverse=True))
    match column.format:
        case "integer":
            return "[0-9]+"
        case "decimal2":
            return r"[0-9]+(?:\.[0-9]{1,2})?"
        case "decimal3":
            return r"[0-9]+(?:\.[0-9]{1,3})?"
        case "date":
            return DAY
        case "datetime":
            return BIRTH if column.name in _BIRTHS else MINUTE
        case "date_or_datetime":
            return f"(?:{MINUTE}|{DAY})"
    if column.type == "number":
        return r"[0-9]+(?:\.[0-9]+)?"
    stop = f"[^{_SEPARATOR};]" if column.multi else _ANY
    if column.code_list:
        return rf"(?!\s){stop}++(?<!\s)"
    size = f"{{1,{column.max_len}}}" if column.max_len is not None else "+"
    return f"{stop}{size}" if column.multi else f"{_ANY}{size}+"


def _is_text(column: Column, day: date) -> bool:
    return not column.format and not _codes(column, day) and column.type == "string" and not column.code_list


def _codes(column: Column, day: date) -> frozenset[str]:
    """The codes of a closed list; none where the list is open or not shipped."""
    if not column.code_list or column.code_list in _OPEN_LISTS:
        return frozenset()
    return frozenset(codes_on(column.code_list, day))


def _form(column: Column, day: date) -> Text:
    """What to say of a value of another form."""
    if column.format == "datetime" and column.name in _BIRTHS:
        return texts.NOT_BIRTH
    by_format = {
        "integer": texts.NOT_INTEGER,
        "decimal2": texts.NOT_NUMBER.filled(digits=2),
        "decimal3": texts.NOT_NUMBER.filled(digits=3),
        "date": texts.NOT_DAY,
        "datetime": texts.NOT_MINUTE,
        "date_or_datetime": texts.NOT_DAY_OR_MINUTE,
    }
    if _codes(column, day):
        return texts.NOT_IN_LIST.filled(code_list=column.code_list)
    if column.format:
        return by_format[column.format]
    return texts.NOT_NUMBER.filled(digits=3) if column.type == "number" else texts.UNTRIMMED
