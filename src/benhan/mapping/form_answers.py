"""The answers to a form as a QuestionnaireResponse, and back; nothing is lost on the way.

Source: FHIR R4 questionnaireresponse.html. A dateTime gets the zone of the facility, whose clocks the answers are of.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from benhan.kernel.clock import OFFSET
from benhan.mapping.form_to_questionnaire import Sections, form_url, form_version, list_system, option_system
from benhan.mapping.mapped import Json, without_empty
from benhan.vn.forms.answers import is_empty
from benhan.vn.forms.form import Field, Form, Kind
from benhan.vn.forms.typeset import Answers

_VALUES = {
    Kind.TEXT: "valueString",
    Kind.LONG_TEXT: "valueString",
    Kind.NUMBER: "valueDecimal",
    Kind.DATE: "valueDate",
    Kind.TICK: "valueBoolean",
}


def answers_to_response(
    form: Form,
    answers: Answers,
    *,
    status: str,
    subject: Json | None = None,
    encounter: Json | None = None,
    author: Json | None = None,
    authored: str = "",
    zone: str = OFFSET,
) -> Json:
    """The QuestionnaireResponse of checked answers, in the order of the form; `status` as FHIR names it."""
    sections = Sections(titled=False)
    for field in form.fields.values():
        sections.items(field.section).extend(_items(field, field.id, answers.get(field.id), form, zone))
    return without_empty(
        {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": f"{form_url(form)}|{form_version(form)}",
            "status": status,
            "subject": subject,
            "encounter": encounter,
            "authored": authored,
            "author": author,
            "item": _without_empty_groups(sections.roots),
        }
    )


def response_to_answers(form: Form, response: Json) -> dict[str, Any]:
    """The answers in a response to this form; what it says of fields that the form has not is left."""
    found: dict[str, list[Json]] = {}
    waiting = [response]
    while waiting:
        holder = waiting.pop(0)
        for item in holder.get("item") or ():
            link = str(item.get("linkId"))
            found.setdefault(link, []).append(item)
            if link not in form.fields:
                waiting.append(item)
    answers = {}
    for field in form.fields.values():
        value = _value(field, found.get(field.id, []))
        if value is not None:
            answers[field.id] = value
    return answers


def _without_empty_groups(items: list[Json]) -> list[Json]:
    kept = []
    for item in items:
        if "answer" not in item:
            item["item"] = _without_empty_groups(item["item"])
        if item.get("answer") or item["item"]:
            kept.append(item)
    return kept


def _items(field: Field, link: str, value: Any, form: Form, zone: str) -> list[Json]:
    """The items that say a value: a table is an item a row."""
    if is_empty(value):
        return []
    if field.kind is Kind.TABLE:
        rows = []
        for row in value:
            told = [_items(each, f"{link}.{each.id}", row.get(each.id), form, zone) for each in field.columns]
            rows.append({"linkId": link, "item": [item for items in told for item in items]})
        return rows
    if field.kind is Kind.SIGNATURE:
        name = {"linkId": f"{link}.name", "answer": [{"valueString": value["name"]}]}
        at = {"linkId": f"{link}.at", "answer": [{"valueDateTime": _instant(value["at"], zone)}]}
        return [{"linkId": link, "item": [name, at]}]
    each = value if field.kind is Kind.MANY else [value]
    return [{"linkId": link, "answer": [_answer(field, link, one, form, zone) for one in each]}]


def _answer(field: Field, link: str, value: Any, form: Form, zone: str) -> Json:
    match field.kind:
        case Kind.ONE | Kind.MANY:
            display = next((option.label for option in field.options if option.code == value), None)
            coding = {"system": option_system(form, link), "code": value, "display": display}
            return {"valueCoding": without_empty(coding)}
        case Kind.CODE:
            if not field.source.list:
                return {"valueString": value}
            return {"valueCoding": {"system": list_system(field.source.list), "code": value}}
        case Kind.TIME:
            return {"valueTime": f"{value}:00"}
        case Kind.DATETIME:
            return {"valueDateTime": _instant(value, zone)}
        case Kind.PICTURE:
            kind = "image/png" if value.startswith(b"\x89PNG") else "image/jpeg"
            return {"valueAttachment": {"contentType": kind, "data": b64encode(value).decode()}}
        case _:
            return {_VALUES[field.kind]: value}


def _instant(value: str, zone: str) -> str:
    return f"{value}:00{zone}"


def _value(field: Field, items: list[Json]) -> Any:
    if field.kind is Kind.TABLE:
        return [_row(field, item) for item in items] or None
    if field.kind is Kind.SIGNATURE:
        return _signature(field, items)
    told = [answer for item in items for answer in item.get("answer") or ()]
    values = [value for answer in told if (value := _plain(field, answer)) is not None]
    if field.kind is Kind.MANY:
        return values or None
    return values[0] if values else None


def _row(field: Field, item: Json) -> dict[str, Any]:
    row = {}
    for column in field.columns:
        link = f"{field.id}.{column.id}"
        value = _value(column, [each for each in item.get("item") or () if each.get("linkId") == link])
        if value is not None:
            row[column.id] = value
    return row


def _signature(field: Field, items: list[Json]) -> dict[str, str] | None:
    told = {
        str(each.get("linkId")).removeprefix(f"{field.id}."): answer
        for item in items
        for each in item.get("item") or ()
        for answer in each.get("answer") or ()
    }
    name, at = told.get("name", {}).get("valueString"), told.get("at", {}).get("valueDateTime")
    return {"name": name, "at": at[:16]} if name and at else None


def _plain(field: Field, answer: Mapping[str, Any]) -> Any:
    match field.kind:
        case Kind.ONE | Kind.MANY:
            return answer.get("valueCoding", {}).get("code")
        case Kind.CODE:
            return answer.get("valueCoding", {}).get("code") or answer.get("valueString")
        case Kind.TIME:
            return answer["valueTime"][:5] if "valueTime" in answer else None
        case Kind.DATETIME:
            return answer["valueDateTime"][:16] if "valueDateTime" in answer else None
        case Kind.PICTURE:
            data = answer.get("valueAttachment", {}).get("data")
            return b64decode(data) if data else None
        case Kind.NUMBER:
            number = answer.get("valueDecimal", answer.get("valueInteger"))
            return number if isinstance(number, int | float | Decimal) else None
        case _:
            return answer.get(_VALUES[field.kind])
