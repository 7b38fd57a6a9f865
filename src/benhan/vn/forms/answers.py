"""The answers to a form, and what is wrong with them: while it is written, and when the record is closed.

Answers are a mapping by field id. A text, code or option is a `str` (several options a list of codes); a number an
`int`, `float` or `Decimal` in the field's unit; a tick a `bool`; a date `YYYY-MM-DD`, a time `HH:MM`, both together
`YYYY-MM-DDTHH:MM`, on the clocks of the facility; a table a list of rows by column id; a picture PNG or JPEG `bytes`;
a signature `{"name": …, "at": …}`. What is not answered is not there, or None.
Source: TT 32/2023/TT-BYT Đ52; that required answers are asked for when the record is closed, not while the patient is
cared for, follows NĐ 90 Đ40 k1a.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from benhan.fhir.dates import range_of
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text
from benhan.vn.forms.form import CHOICES, Field, Form, Kind
from benhan.vn.forms.typeset import Answers

CLAUSE = "TT 32/2023/TT-BYT Đ52"
TEXT_CHARACTERS_MAX = 100_000
ROWS_MAX = 1_000
PICTURE_BYTES_MAX = 5 * 1024 * 1024

Codes = Mapping[str, Callable[[str], bool]]
"""For a code list by name: whether it has a code. A list that is not there is not asked."""

UNKNOWN = Text("Biểu mẫu không có trường này.", "The form has no such field.")
NOT_OF_KIND = Text("“{label}” phải là {kind}. Nhập lại.", "“{label}” must be {kind_en}. Enter it again.")
TOO_LONG = Text("“{label}” dài quá {size}. Rút ngắn lại.", "“{label}” is longer than {size}. Shorten it.")
OUT_OF_BOUNDS = Text(
    "“{label}” phải từ {low} đến {high} {unit}. Kiểm tra lại số đã nhập.",
    "“{label}” must be from {low} to {high} {unit}. Check the number.",
)
NO_OPTION = Text("“{label}” không có lựa chọn này. Chọn lại.", "“{label}” has no such option. Choose again.")
NO_CODE = Text(
    "Mã của “{label}” không có trong danh mục {list}. Tra lại mã.",
    "The code of “{label}” is not in the list {list}. Look it up again.",
)
MISSING = Text("Chưa có “{label}”. Điền rồi đóng hồ sơ.", "“{label}” is missing. Fill it in, then close the record.")

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_KINDS = {
    Kind.TEXT: ("chữ", "text"),
    Kind.LONG_TEXT: ("chữ", "text"),
    Kind.CODE: ("mã", "a code"),
    Kind.NUMBER: ("số", "a number"),
    Kind.DATE: ("ngày có thật, dạng năm-tháng-ngày", "a real date, YYYY-MM-DD"),
    Kind.TIME: ("giờ:phút", "a time, HH:MM"),
    Kind.DATETIME: ("ngày giờ có thật", "a real date and time, YYYY-MM-DDTHH:MM"),
    Kind.TICK: ("có hay không", "yes or no"),
    Kind.ONE: ("một lựa chọn", "one option"),
    Kind.MANY: ("các lựa chọn", "options"),
    Kind.TABLE: ("các hàng", "rows"),
    Kind.PICTURE: ("tệp ảnh PNG hay JPEG", "a PNG or JPEG picture"),
    Kind.SIGNATURE: ("chữ ký có tên và giờ", "a signature with name and time"),
}


def check_answers(form: Form, answers: Answers, codes: Codes | None = None) -> list[Issue]:
    """What of the answers cannot be, whatever is still missing: kinds, bounds, options, codes."""
    found: list[Issue] = []
    for name, value in answers.items():
        field = form.fields.get(name)
        if field is None:
            found.append(error("structure", f"{form.number} {name[:80]}", UNKNOWN, CLAUSE))
        elif not is_empty(value):
            found += _check(field, value, f"{form.number} {name}", codes or {})
    return found


def check_closing(form: Form, answers: Answers, codes: Codes | None = None) -> list[Issue]:
    """What forbids to close the record: what `check_answers` finds, and what is required and missing."""
    missing = [
        error("required", f"{form.number} {field.id}", MISSING.filled(label=field.label), CLAUSE)
        for field in form.fields.values()
        if field.source.required_at_close and is_empty(answers.get(field.id))
    ]
    return check_answers(form, answers, codes) + missing


def is_empty(value: object) -> bool:
    """Whether this is no answer."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def _check(field: Field, value: Any, place: str, codes: Codes) -> Iterator[Issue]:
    if not _is_of_kind(field.kind, value):
        vi, en = _KINDS[field.kind]
        yield error("value", place, NOT_OF_KIND.filled(label=field.label, kind=vi, kind_en=en), CLAUSE)
        return
    size = _limit(field.kind, value)
    if size:
        yield error("too-long", place, TOO_LONG.filled(label=field.label, size=size), CLAUSE)
        return
    match field.kind:
        case Kind.NUMBER:
            yield from _check_bounds(field, value, place)
        case kind if kind in CHOICES:
            known = {option.code for option in field.options}
            if not {value} <= known if isinstance(value, str) else not set(value) <= known:
                yield error("code-invalid", place, NO_OPTION.filled(label=field.label), CLAUSE)
        case Kind.CODE:
            has = codes.get(field.source.list)
            if has is not None and not has(value):
                told = NO_CODE.filled(label=field.label, list=field.source.list)
                yield error("code-invalid", place, told, CLAUSE)
        case Kind.TABLE:
            yield from _check_rows(field, value, place, codes)


def _check_bounds(field: Field, value: Any, place: str) -> Iterator[Issue]:
    low, high = field.low, field.high
    if low is not None and high is not None and not low <= value <= high:
        told = OUT_OF_BOUNDS.filled(label=field.label, low=f"{low:g}", high=f"{high:g}", unit=field.unit)
        yield error("value", place, told, CLAUSE)


def _check_rows(field: Field, rows: list[Mapping[str, Any]], place: str, codes: Codes) -> Iterator[Issue]:
    columns = {column.id: column for column in field.columns}
    for number, row in enumerate(rows):
        for name, value in row.items():
            column = columns.get(name)
            if column is None:
                yield error("structure", f"{place}[{number}].{name[:80]}", UNKNOWN, CLAUSE)
            elif not is_empty(value):
                yield from _check(column, value, f"{place}[{number}].{name}", codes)


def _is_of_kind(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.TEXT | Kind.LONG_TEXT | Kind.CODE | Kind.ONE:
            return isinstance(value, str)
        case Kind.NUMBER:
            is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
            return is_number and Decimal(str(value)).is_finite()
        case Kind.TICK:
            return isinstance(value, bool)
        case Kind.MANY:
            return isinstance(value, list) and all(isinstance(each, str) for each in value)
        case Kind.TABLE:
            return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)
        case Kind.PICTURE:
            return isinstance(value, bytes) and value.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))
        case Kind.SIGNATURE:
            has_both = isinstance(value, Mapping) and set(value) == {"name", "at"}
            return has_both and isinstance(value["name"], str) and _is_instant(value["at"])
        case Kind.TIME:
            return isinstance(value, str) and _TIME.fullmatch(value) is not None
        case Kind.DATE:
            return _is_day(value)
        case Kind.DATETIME:
            return _is_instant(value)


def _is_day(value: object) -> bool:
    return isinstance(value, str) and len(value) == 10 and range_of(value) is not None


def _is_instant(value: object) -> bool:
    if not isinstance(value, str):
        return False
    day, _, time = value.partition("T")
    return _is_day(day) and _TIME.fullmatch(time) is not None


def _limit(kind: Kind, value: Any) -> str:
    """The limit that the value exceeds, or ""."""
    if isinstance(value, str) and len(value) > TEXT_CHARACTERS_MAX:
        return str(TEXT_CHARACTERS_MAX)
    if kind is Kind.TABLE and len(value) > ROWS_MAX:
        return str(ROWS_MAX)
    if kind is Kind.PICTURE and len(value) > PICTURE_BYTES_MAX:
        return f"{PICTURE_BYTES_MAX // 1024 // 1024} MB"
    return ""
