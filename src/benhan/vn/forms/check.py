"""What of a form's data cannot be: columns, elements and lists that do not exist, fields that lack what they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benhan.fhir.ucum import is_unit
from benhan.vn.forms.columns import bhyt_columns, is_cv365, is_fhir
from benhan.vn.forms.form import CHOICES, DIAGNOSES, Field, Form, Kind
from benhan.vn.forms.page import Mistake


def check_form(form: Form, lists: Mapping[str, str]) -> list[Mistake]:
    """The mistakes in the data of a form's fields, all of them."""
    found: list[Mistake] = []
    for field in form.fields.values():
        for inner in (field, *field.columns):
            place = field.id if inner is field else f"{field.id}.{inner.id}"
            found += [Mistake(place, reason) for reason in _field(inner, form, lists)]
        columns = [column.id for column in field.columns]
        if len(columns) != len(set(columns)):
            found.append(Mistake(field.id, "hai cột cùng mã"))
    return found


def _field(field: Field, form: Form, lists: Mapping[str, str]) -> Iterator[str]:
    source = field.source
    if source.cv365 and not is_cv365(source.cv365):
        yield f"HoSoBenhAn không có {source.cv365}"
    if source.bhyt and source.bhyt not in bhyt_columns():
        yield f"bảng BHYT không có {source.bhyt}"
    if source.fhir and not is_fhir(source.fhir):
        yield f"FHIR R4 không có {source.fhir}"
    if source.list and source.list not in lists:
        yield f"không có danh mục {source.list}"
    if source.diagnosis and source.diagnosis not in DIAGNOSES:
        yield f"không có loại chẩn đoán {source.diagnosis}"
    if source.code_of and source.code_of not in form.fields:
        yield f"code_of: không có trường {source.code_of}"
    if field.kind is Kind.NUMBER:
        yield from _number(field)
    if source.fhir == "Procedure" and "Procedure.code" not in {column.source.fhir for column in field.columns}:
        yield "bảng Procedure cần một cột Procedure.code"
    if field.kind in CHOICES:
        codes = [option.code for option in field.options]
        yield from (f"hai lựa chọn cùng mã {code}" for code in sorted({c for c in codes if codes.count(c) > 1}))


def _number(field: Field) -> Iterator[str]:
    if not is_unit(field.unit):
        yield f"đơn vị {field.unit} không phải UCUM"
    if field.low is None or field.high is None or field.low > field.high:
        yield "số cần khoảng từ nhỏ đến lớn"
