"""Answers to forms, made up."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from hypothesis import strategies as st

from benhan.vn.forms.form import Field, Form, Kind

TEXT = st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=40).filter(str.strip)
DAY = st.dates().map(lambda each: each.isoformat()).filter(lambda each: each >= "1000")
TIME = st.times().map(lambda each: each.isoformat(timespec="minutes"))
INSTANT = st.tuples(DAY, TIME).map("T".join)
PNG = st.binary(max_size=20).map(lambda tail: b"\x89PNG\r\n\x1a\n" + tail)


def answer(field: Field) -> st.SearchStrategy[Any]:
    """An answer that the field takes."""
    codes = [option.code for option in field.options]
    match field.kind:
        case Kind.TEXT | Kind.LONG_TEXT | Kind.CODE:
            return TEXT
        case Kind.NUMBER:
            assert field.low is not None
            assert field.high is not None
            return st.integers(ceil(field.low * 10), floor(field.high * 10)).map(lambda tenths: tenths / 10)
        case Kind.DATE:
            return DAY
        case Kind.TIME:
            return TIME
        case Kind.DATETIME:
            return INSTANT
        case Kind.TICK:
            return st.booleans()
        case Kind.ONE:
            return st.sampled_from(codes)
        case Kind.MANY:
            return st.lists(st.sampled_from(codes), min_size=1, unique=True)
        case Kind.PICTURE:
            return PNG
        case Kind.SIGNATURE:
            return st.fixed_dictionaries({"name": TEXT, "at": INSTANT})
        case Kind.TABLE:
            columns = {column.id: answer(column) for column in field.columns}
            some = st.lists(st.sampled_from(sorted(columns)), min_size=1, unique=True)
            row = some.flatmap(lambda ids: st.fixed_dictionaries({name: columns[name] for name in ids}))
            return st.lists(row, min_size=1, max_size=3)


def answers(form: Form) -> st.SearchStrategy[dict[str, Any]]:
    """Answers to some of a form's fields."""
    some = st.lists(st.sampled_from(sorted(form.fields)), unique=True, max_size=25)
    return some.flatmap(lambda ids: st.fixed_dictionaries({name: answer(form.fields[name]) for name in ids}))


def filled(form: Form) -> dict[str, Any]:
    """Every field answered in the plainest way."""
    return {name: plainest(field) for name, field in form.fields.items()}


def plainest(field: Field) -> Any:
    """The plainest answer to a field."""
    match field.kind:
        case Kind.TEXT | Kind.LONG_TEXT:
            return f"Lời của {field.id}"
        case Kind.CODE:
            return "A01"
        case Kind.NUMBER:
            assert field.low is not None
            assert field.high is not None
            return round((field.low + field.high) / 2)
        case Kind.DATE:
            return "2026-11-20"
        case Kind.TIME:
            return "08:30"
        case Kind.DATETIME:
            return "2026-11-20T08:30"
        case Kind.TICK:
            return True
        case Kind.ONE:
            return field.options[0].code
        case Kind.MANY:
            return [field.options[0].code]
        case Kind.PICTURE:
            return b"\x89PNG\r\n\x1a\n"
        case Kind.SIGNATURE:
            return {"name": "Trần Văn Thử", "at": "2026-11-25T16:00"}
        case Kind.TABLE:
            return [{column.id: plainest(column) for column in field.columns}]
