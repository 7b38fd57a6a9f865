"""What the answers to a form say as resources of their own, and back: diagnoses, measures and findings, procedures,
allergies.

Each carries the identity of its answer, so that the same answer is the same resource when it is sent again, and is
found again. A form says what its fields are by `diagnosis`, `loinc` and `fhir`. Source: FHIR R4 condition.html,
observation.html (blood pressure as one panel with components: observation-vitalsigns.html), procedure.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from benhan.kernel.clock import OFFSET
from benhan.mapping.form_to_questionnaire import list_system
from benhan.mapping.mapped import Json, identifier, source_key, without_empty
from benhan.vn import systems
from benhan.vn.forms.answers import is_empty
from benhan.vn.forms.form import Field, Form, Kind
from benhan.vn.forms.typeset import Answers

_HL7 = "http://terminology.hl7.org/CodeSystem/"
CONFIRMED = frozenset(("discharge", "discharge-other", "after-surgery", "death", "autopsy"))
"""Roles of diagnoses that are no longer provisional."""

PANEL = "85354-9"
SYSTOLIC = "8480-6"
DIASTOLIC = "8462-4"
VITAL_SIGNS = frozenset(
    ("8867-4", "8310-5", "9279-1", "29463-7", "8302-2", "39156-5", "59408-5", "9843-4", PANEL, SYSTOLIC, DIASTOLIC)
)


class Paper(NamedTuple):
    """The paper that is read: `name` identifies it within its facility for ever; the rest goes into the resources.

    `subject` and `encounter` are References; `at` is the instant that the findings are of, with its zone.
    """

    name: str
    subject: Json
    encounter: Json
    at: str
    zone: str = OFFSET


def answers_to_resources(form: Form, answers: Answers, paper: Paper) -> list[Json]:
    """The resources that checked answers say, in the order of the form."""
    codes = {field.source.code_of: field for field in form.fields.values() if field.source.code_of}
    panels: set[str] = set()
    found: list[Json] = []
    for field in form.fields.values():
        value: Any = answers.get(field.id)
        source = field.source
        if source.diagnosis:
            coded = codes.get(field.id)
            found += _condition(field, value, coded, answers.get(coded.id) if coded else None, paper)
        elif source.loinc in (SYSTOLIC, DIASTOLIC):
            prefix = _panel(field)
            if prefix not in panels:
                panels.add(prefix)
                found += _pressure(prefix, form, answers, paper)
        elif is_empty(value):
            continue
        elif source.loinc:
            found.append(_observation(field, value, paper))
        elif field.kind is Kind.TABLE and source.fhir == "Procedure":
            found += _procedures(field, value, paper)
        elif source.fhir == "Procedure.code":
            found.append(_procedure(field.id, {"code": {"text": value}}, paper))
        elif source.fhir == "AllergyIntolerance.code":
            found.append(_allergy(field, value, paper))
    return found


def resources_to_answers(form: Form, resources: list[Json], paper_name: str) -> dict[str, Any]:
    """The answers that resources made of this paper hold."""
    by_key = {each["value"]: resource for resource in resources for each in resource.get("identifier") or ()}
    codes = {field.source.code_of: field for field in form.fields.values() if field.source.code_of}
    answers: dict[str, Any] = {}
    for field in form.fields.values():
        if field.kind is Kind.TABLE and field.source.fhir == "Procedure":
            rows = list(_rows(field, by_key, paper_name))
            if rows:
                answers[field.id] = rows
            continue
        name = _panel(field) if field.source.loinc in (SYSTOLIC, DIASTOLIC) else field.id
        resource = by_key.get(_key(paper_name, name))
        if resource is None:
            continue
        coded = codes.get(field.id)
        answers |= _told(field, coded, resource)
    return {name: value for name, value in answers.items() if not is_empty(value)}


def _key(paper_name: str, name: str) -> str:
    return source_key("form", paper_name, name)[1]


def _common(kind: str, name: str, paper: Paper) -> Json:
    return {"resourceType": kind, "identifier": [identifier(source_key("form", paper.name, name))]}


def _condition(field: Field, words: Any, coded: Field | None, code: Any, paper: Paper) -> Iterator[Json]:
    if is_empty(words) and is_empty(code):
        return
    role = field.source.diagnosis
    status = "differential" if role == "differential" else "confirmed" if role in CONFIRMED else "provisional"
    coding = [] if coded is None or is_empty(code) else [{"system": list_system(coded.source.list), "code": code}]
    yield _common("Condition", field.id, paper) | without_empty(
        {
            "clinicalStatus": _concept("condition-clinical", "active"),
            "verificationStatus": _concept("condition-ver-status", status),
            "category": [_concept("condition-category", "encounter-diagnosis")],
            "code": without_empty({"coding": coding, "text": words}),
            "subject": paper.subject,
            "encounter": paper.encounter,
            "recordedDate": paper.at,
        }
    )


def _observation(field: Field, value: Any, paper: Paper) -> Json:
    return _observed(field.id, field.source.loinc, field.label, paper) | _measured(field, value)


def _observed(name: str, loinc: str, words: str, paper: Paper) -> Json:
    category = "vital-signs" if loinc in VITAL_SIGNS else "exam"
    return _common("Observation", name, paper) | {
        "status": "final",
        "category": [_concept("observation-category", category)],
        "code": {"coding": [{"system": systems.LOINC, "code": loinc}], "text": words},
        "subject": paper.subject,
        "encounter": paper.encounter,
        "effectiveDateTime": paper.at,
    }


def _measured(field: Field, value: Any) -> Json:
    if field.kind is Kind.NUMBER:
        return {"valueQuantity": {"value": value, "unit": field.unit, "system": systems.UCUM, "code": field.unit}}
    if field.kind is Kind.DATE:
        return {"valueDateTime": value}
    if field.kind is Kind.TICK:
        return {"valueBoolean": value}
    if field.kind is Kind.ONE:
        return {"valueCodeableConcept": {"text": next(each.label for each in field.options if each.code == value)}}
    return {"valueString": value}


def _panel(field: Field) -> str:
    """The pressures whose ids differ in these words only are one measurement."""
    return field.id.replace("tam_thu", "").replace("tam_truong", "").rstrip("_")


def _pressure(prefix: str, form: Form, answers: Answers, paper: Paper) -> Iterator[Json]:
    components = []
    for field in form.fields.values():
        value = answers.get(field.id)
        if field.source.loinc in (SYSTOLIC, DIASTOLIC) and _panel(field) == prefix and not is_empty(value):
            code = {"coding": [{"system": systems.LOINC, "code": field.source.loinc}], "text": field.label}
            components.append({"code": code} | _measured(field, value))
    if components:
        yield _observed(prefix, PANEL, "Huyết áp", paper) | {"component": components}


def _procedures(field: Field, rows: list[Mapping[str, Any]], paper: Paper) -> Iterator[Json]:
    """A Procedure a row: columns say by `fhir` what they are of it; what no column says stays in the response."""
    saying = [column.id for column in field.columns if column.source.fhir]
    told = [row for row in rows if not all(is_empty(row.get(name)) for name in saying)]
    for number, row in enumerate(told):
        content: Json = {}
        performers = []
        for column in field.columns:
            value: Any = row.get(column.id)
            path = column.source.fhir
            if is_empty(value):
                continue
            if path == "Procedure.code":
                content["code"] = {"text": value}
            elif path == "Procedure.performed":
                content["performedDateTime"] = value if len(value) == 10 else f"{value}:00{paper.zone}"
            elif path == "Procedure.performer":
                performers.append({"function": {"text": column.label}, "actor": {"display": value}})
        yield _procedure(f"{field.id}[{number}]", content | without_empty({"performer": performers}), paper)


def _procedure(name: str, content: Json, paper: Paper) -> Json:
    return _common("Procedure", name, paper) | {
        "status": "completed",
        "subject": paper.subject,
        "encounter": paper.encounter,
        **content,
    }


def _allergy(field: Field, value: str, paper: Paper) -> Json:
    return _common("AllergyIntolerance", field.id, paper) | {
        "clinicalStatus": _concept("allergyintolerance-clinical", "active"),
        "verificationStatus": _concept("allergyintolerance-verification", "unconfirmed"),
        "code": {"text": value},
        "patient": paper.subject,
        "encounter": paper.encounter,
        "recordedDate": paper.at,
    }


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{_HL7}{system}", "code": code}]}


def _told(field: Field, coded: Field | None, resource: Json) -> dict[str, Any]:
    """What a resource says of its field."""
    code = resource.get("code", {})
    match resource["resourceType"]:
        case "Condition":
            told = {field.id: code.get("text")}
            if coded is not None and code.get("coding"):
                told[coded.id] = code["coding"][0].get("code")
            return told
        case "Procedure" | "AllergyIntolerance":
            return {field.id: code.get("text")}
        case "Observation":
            parts = [resource, *resource.get("component", ())]
            mine = [part for part in parts if _code(part) == field.source.loinc]
            return {field.id: _measure(field, mine[0])} if mine else {}
    return {}


def _code(part: Json) -> str:
    return next((str(each.get("code")) for each in part.get("code", {}).get("coding", ())), "")


def _measure(field: Field, part: Json) -> Any:
    if "valueQuantity" in part:
        return part["valueQuantity"].get("value")
    if "valueCodeableConcept" in part:
        words = part["valueCodeableConcept"].get("text")
        return next((each.code for each in field.options if each.label == words), None)
    return next((part[name] for name in ("valueString", "valueDateTime", "valueBoolean") if name in part), None)


def _rows(field: Field, by_key: Mapping[str, Json], paper_name: str) -> Iterator[dict[str, Any]]:
    number = 0
    while (procedure := by_key.get(_key(paper_name, f"{field.id}[{number}]"))) is not None:
        performers = {
            each.get("function", {}).get("text"): each["actor"].get("display")
            for each in procedure.get("performer", ())
        }
        row = {}
        for column in field.columns:
            value = {
                "Procedure.code": procedure.get("code", {}).get("text"),
                "Procedure.performed": procedure.get("performedDateTime", "")[:16],
                "Procedure.performer": performers.get(column.label),
            }.get(column.source.fhir)
            if not is_empty(value):
                row[column.id] = value
        yield row
        number += 1
