"""The answers to a form as fields of `HoSoBenhAn`, and a `HoSoBenhAn` as answers, by what each field says it feeds.

So a form opens with what the record already knows, and what is written on it is exchanged. Only what a form holds is
written: the rest of the document is made of the record (`fhir_to_hoso_benh_an`). An option is exchanged by its words,
a tick as 1 or 0. Source: CV 365/TTYQG-GPQLCL, annex; `docs/guides/forms.md` for `cv365`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benhan.fhir.folding import fold
from benhan.mapping.mapped import Json
from benhan.vn.forms.answers import is_empty
from benhan.vn.forms.form import Field, Form, Kind
from benhan.vn.forms.typeset import Answers
from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.fields import Field as Column
from benhan.vn.hoso_benh_an.fields import group_fields

HABITS = "ThongTinBenhNhan.tiensubenhtatcuabanthan"
"""Habits and allergies of the patient: what, 1 or 0, a remark."""
FINDING = "dauchung"
HISTORY = "thongtin_noidung"
REMARKS = ("_ghi", "_thang")
"""What follows the id of a tick in the id of its remark: in words, in months."""

_NUMBERED = re.compile(r"^(?:[0-9]{1,2}|[a-zđ])\s*[.)\-]\s*")
_MOMENT = re.compile(r"([0-9][0-9])/([0-9][0-9])/([0-9]{4})(?: ([0-9][0-9]:[0-9][0-9]):[0-9][0-9]\.[0-9]{3})?")
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")


def answers_to_hoso(form: Form, answers: Answers) -> HoSoBenhAn:
    """The groups and fields that the answers feed; where two fields feed one, the first that is answered."""
    document: HoSoBenhAn = {}
    for field in form.fields.values():
        value: Any = answers.get(field.id)
        path = field.source.cv365
        if is_empty(value):
            continue
        if field.kind is Kind.TABLE:
            _put_rows(document, field, value)
        elif path == HABITS and field.kind is Kind.TICK:
            _list(document, HABITS).append(_habit(field, value, answers))
        elif path:
            column = _column(path)
            if FINDING in column.inner:
                _put(document, f"{path}.{FINDING}", _text(field, value))
            elif HISTORY in column.inner:
                _list(document, path).append({HISTORY: _text(field, value)})
            elif not column.inner:
                _put(document, path, _text(field, value))
    return document


def hoso_to_answers(form: Form, document: HoSoBenhAn) -> dict[str, Any]:
    """The answers that the document has for fields of this form; what does not fit a field is left out."""
    answers: dict[str, Any] = {}
    for field in form.fields.values():
        path = field.source.cv365
        if field.kind is Kind.TABLE:
            answers[field.id] = _rows(document, field)
        elif path == HABITS and field.kind is Kind.TICK:
            answers |= _habits(form, field, _get(document, HABITS))
        elif path:
            answers[field.id] = _value(field, _told(_get(document, path)))
    return {name: value for name, value in answers.items() if not is_empty(value)}


def _told(value: Any) -> Any:
    """The words of a value: of a finding, of a history told line by line, or the value."""
    if isinstance(value, Mapping):
        return value.get(FINDING)
    if isinstance(value, list):
        return "\n".join(str(each.get(HISTORY) or "") for each in value if isinstance(each, Mapping))
    return value


def _column(path: str) -> Column:
    group, *names = path.split(".")
    column = group_fields()[group]
    for name in names:
        column = column.inner[name]
    return column


def _put(document: HoSoBenhAn, path: str, text: str) -> None:
    holder: Json = document
    *around, name = path.split(".")
    for each in around:
        holder = holder.setdefault(each, {})
    holder.setdefault(name, text)


def _list(document: HoSoBenhAn, path: str) -> list[Json]:
    holder: Json = document
    *around, name = path.split(".")
    for each in around:
        holder = holder.setdefault(each, {})
    found: list[Json] = holder.setdefault(name, [])
    return found


def _get(document: HoSoBenhAn, path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _row_columns(field: Field) -> tuple[str, dict[str, Field]]:
    """The list that a table's rows feed, and its columns by their name there."""
    feeding = [column for column in field.columns if column.source.cv365]
    if not feeding:
        return "", {}
    path = feeding[0].source.cv365.rpartition(".")[0]
    return path, {each.source.cv365.rpartition(".")[2]: each for each in feeding}


def _put_rows(document: HoSoBenhAn, field: Field, rows: list[Mapping[str, Any]]) -> None:
    path, columns = _row_columns(field)
    for row in rows if path else ():
        told = {name: _text(each, row[each.id]) for name, each in columns.items() if not is_empty(row.get(each.id))}
        if told:
            _list(document, path).append(told)


def _rows(document: HoSoBenhAn, field: Field) -> list[dict[str, Any]]:
    path, columns = _row_columns(field)
    found = []
    for told in _get(document, path) or () if path else ():
        row = {each.id: _value(each, told.get(name)) for name, each in columns.items() if isinstance(told, Mapping)}
        row = {name: value for name, value in row.items() if not is_empty(value)}
        if row:
            found.append(row)
    return found


def _habit(field: Field, value: Any, answers: Answers) -> Json:
    remark = next((answers[field.id + end] for end in REMARKS if not is_empty(answers.get(field.id + end))), "")
    return {HISTORY: field.label, "thongtin_giatri": "1" if value else "0", "thongtin_ghichu": str(remark)}


def _habits(form: Form, field: Field, told: Any) -> dict[str, Any]:
    wanted = fold(field.label)
    for each in told if isinstance(told, list) else ():
        if isinstance(each, Mapping) and fold(str(each.get(HISTORY) or "")) == wanted:
            remarks = {field.id + end: form.fields.get(field.id + end) for end in REMARKS}
            found = {name: _value(of, each.get("thongtin_ghichu")) for name, of in remarks.items() if of is not None}
            return {field.id: _value(field, each.get("thongtin_giatri")), **found}
    return {}


def _text(field: Field, value: Any) -> str:
    """An answer as the annex writes it."""
    match field.kind:
        case Kind.TICK:
            return "1" if value else "0"
        case Kind.ONE | Kind.MANY:
            chosen = [value] if isinstance(value, str) else value
            return "; ".join(_words(each.label) for each in field.options if each.code in chosen)
        case Kind.DATE:
            return _day(value)
        case Kind.DATETIME:
            return f"{_day(value)} {value[11:16]}:00.000"
        case _:
            return str(value)


def _words(label: str) -> str:
    """The words of an option without its printed number."""
    return _NUMBERED.sub("", label).strip()


def _day(value: str) -> str:
    return f"{value[8:10]}/{value[5:7]}/{value[0:4]}"


def _value(field: Field, told: Any) -> Any:
    """What a written value is as an answer to the field, or None where it is none."""
    if is_empty(told):
        return None
    text = str(told)
    match field.kind:
        case Kind.TICK:
            return text != "0"
        case Kind.ONE:
            return next((code for code in _chosen(field, text)), None)
        case Kind.MANY:
            return _chosen(field, text)
        case Kind.DATE | Kind.DATETIME:
            return _moment(field, text)
        case Kind.NUMBER:
            return _number(text)
        case Kind.TEXT | Kind.LONG_TEXT | Kind.CODE:
            return text
    return None


def _chosen(field: Field, text: str) -> list[str]:
    """The options that the text names, by their words or their code."""
    told = {fold(each) for each in text.split(";")}
    return [each.code for each in field.options if fold(_words(each.label)) in told or each.code in told]


def _moment(field: Field, text: str) -> str | None:
    match = _MOMENT.fullmatch(text)
    if match is None or (field.kind is Kind.DATETIME and match[4] is None):
        return None
    day = f"{match[3]}-{match[2]}-{match[1]}"
    return f"{day}T{match[4]}" if field.kind is Kind.DATETIME else day


def _number(text: str) -> int | float | None:
    match = _NUMBER.match(text.strip())
    if match is None:
        return None
    number = float(match[0].replace(",", "."))
    return int(number) if number.is_integer() else number
