"""A form as a FHIR Questionnaire: sections are groups, fields items, what they feed codes and definitions.

Source: FHIR R4 questionnaire.html; extensions minValue, maxValue, questionnaire-unit; TT 32/2023/TT-BYT, annex XXVIII.
`required` is what the record needs when it is closed: FHIR asks for it of a completed response only. A picture's place
is an attachment, a signature a group of name and time. How a page looks is not in a Questionnaire.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benhan.mapping.mapped import Json, without_empty
from benhan.vn import systems
from benhan.vn.forms.form import CHOICES, Field, Form, Kind

CORE = "http://hl7.org/fhir/StructureDefinition/"
LIST_SYSTEMS = {
    "icd10": systems.ICD10,
    "dan-toc": systems.ETHNIC_GROUP,
    "nghe-nghiep": systems.OCCUPATION,
    "khoa": systems.DEPARTMENT,
}
"""The systems of code lists; the others stand under `urn:benhan:code:`."""

_TYPES = {
    Kind.TEXT: "string",
    Kind.LONG_TEXT: "text",
    Kind.NUMBER: "decimal",
    Kind.DATE: "date",
    Kind.TIME: "time",
    Kind.DATETIME: "dateTime",
    Kind.TICK: "boolean",
    Kind.ONE: "choice",
    Kind.MANY: "choice",
    Kind.TABLE: "group",
    Kind.PICTURE: "attachment",
    Kind.SIGNATURE: "group",
}


def form_to_questionnaire(form: Form) -> Json:
    """The Questionnaire of a form, active from its day on."""
    sections = Sections(titled=True)
    for field in form.fields.values():
        sections.items(field.section).append(_item(field, field.id, form))
    _require_groups(sections.roots)
    period = {"start": form.effective_from.isoformat()}
    if form.effective_to is not None:
        period["end"] = form.effective_to.isoformat()
    return {
        "resourceType": "Questionnaire",
        "url": form_url(form),
        "version": form_version(form),
        "name": "Form" + "".join(each for each in form.number if each.isalnum()),
        "title": form.name,
        "status": "active",
        "subjectType": ["Patient"],
        "publisher": "Bộ Y tế" if not form.variant else f"Cơ sở {form.variant}",
        "purpose": form.decision,
        "effectivePeriod": period,
        "item": sections.roots,
    }


def form_url(form: Form) -> str:
    """The canonical address of a form in all its versions."""
    return f"urn:benhan:form:{form.number}"


def form_version(form: Form) -> str:
    """The version of a form: its day, and the hospital's variant."""
    return form.key.partition("@")[2]


def option_system(form: Form, link: str) -> str:
    """The system of the options of a field: they mean what this form prints."""
    return f"{form_url(form)}#{link}"


def list_system(name: str) -> str:
    """The system of the codes of a list."""
    return LIST_SYSTEMS.get(name, f"urn:benhan:code:{name}")


class Sections:
    """The groups of a form's sections, made as they are entered, each numbered in that order: `_1`, `_2`, …"""

    def __init__(self, *, titled: bool) -> None:
        self.roots: list[Json] = []
        self.titled = titled
        self._groups: dict[tuple[str, ...], Json] = {}

    def items(self, section: tuple[str, ...]) -> list[Json]:
        """The items of a section, which is made, with those around it, where it is new."""
        if not section:
            return self.roots
        if section not in self._groups:
            around = self.items(section[:-1])
            title = {"text": section[-1], "type": "group"} if self.titled else {}
            self._groups[section] = {"linkId": f"_{len(self._groups) + 1}", **title, "item": []}
            around.append(self._groups[section])
        found: list[Json] = self._groups[section]["item"]
        return found


def _require_groups(items: list[Json]) -> bool:
    """Whether one of the items is required. A group with such an item is required too, or nobody would look inside."""
    for item in items:
        if item["type"] == "group" and _require_groups(item["item"]):
            item["required"] = True
    return any(item.get("required") for item in items)


def _item(field: Field, link: str, form: Form) -> Json:
    source = field.source
    item = {
        "extension": _extensions(field),
        "linkId": link,
        "definition": f"{CORE}{source.fhir.split('.')[0]}#{source.fhir}" if source.fhir else "",
        "code": [{"system": systems.LOINC, "code": source.loinc}] if source.loinc else [],
        "text": field.label,
        "type": _type(field),
        "required": source.required_at_close or None,
        "repeats": True if field.kind in (Kind.MANY, Kind.TABLE) else None,
        "answerOption": [
            {"valueCoding": {"system": option_system(form, link), "code": option.code, "display": option.label}}
            for option in field.options
        ]
        if field.kind in CHOICES
        else [],
        "item": _inner(field, link, form),
    }
    return without_empty(item)


def _type(field: Field) -> str:
    if field.kind is Kind.CODE:
        return "open-choice" if field.source.list else "string"
    return _TYPES[field.kind]


def _inner(field: Field, link: str, form: Form) -> list[Json]:
    if field.kind is Kind.TABLE:
        return [_item(column, f"{link}.{column.id}", form) for column in field.columns]
    if field.kind is Kind.SIGNATURE:
        return [
            {"linkId": f"{link}.name", "text": "Họ và tên người ký", "type": "string"},
            {"linkId": f"{link}.at", "text": "Ký lúc", "type": "dateTime"},
        ]
    return []


def _extensions(field: Field) -> list[dict[str, Any]]:
    if field.kind is not Kind.NUMBER:
        return []
    found: list[dict[str, Any]] = []
    for name, bound in (("minValue", field.low), ("maxValue", field.high)):
        if bound is not None:
            found.append({"url": CORE + name, "valueDecimal": _exact(bound)})
    coding = {"system": systems.UCUM, "code": field.unit}
    found.append({"url": CORE + "questionnaire-unit", "valueCoding": coding})
    return found


def _exact(bound: float) -> int | float:
    whole = Decimal(str(bound))
    return int(whole) if whole == whole.to_integral_value() else bound
