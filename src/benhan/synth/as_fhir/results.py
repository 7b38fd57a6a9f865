"""What a visit finds out: vital signs, laboratory: Observation, ServiceRequest, Specimen, DiagnosticReport."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from benhan.mapping.v2_tables import INTERPRETATION, UCUM_OF
from benhan.synth.as_fhir.names import SERVICE, TERMINOLOGY, Json, Names, coded, decimal, when
from benhan.synth.as_fhir.study import study_resources
from benhan.synth.catalogue import Analyte, Finding, Panel
from benhan.synth.visit import LabOrder, Result, Visit, Vitals
from benhan.vn import systems

_VITAL = [coded("observation-category", "vital-signs")]
_LABORATORY = [coded("observation-category", "laboratory")]
_SIGNS = (
    ("temperature", "8310-5", "Body temperature", "Nhiệt độ", "Cel", "°C"),
    ("pulse", "8867-4", "Heart rate", "Mạch", "/min", "lần/phút"),
    ("breaths", "9279-1", "Respiratory rate", "Nhịp thở", "/min", "lần/phút"),
    ("oxygen", "2708-6", "Oxygen saturation in Arterial blood", "SpO2", "%", "%"),
    ("weight", "29463-7", "Body weight", "Cân nặng", "kg", "kg"),
    ("height", "8302-2", "Body height", "Chiều cao", "cm", "cm"),
)
_ONCE = ("weight", "height")
"""What is measured at the beginning only."""
_UNIT_CODES = {
    **UCUM_OF,
    "mg/L FEU": "mg/L{FEU}",
    "mg/g": "mg/g",
    "U/mL": "U/mL",
    "IU/mL": "[IU]/mL",
    "mIU/L": "m[IU]/L",
}


def result_resources(visit: Visit, names: Names) -> Iterator[Json]:
    """Everything that was measured, seen and read, each after what it refers to."""
    subject, encounter = names.patient(visit.registration), names.visit(visit)
    own = names.visit_id(visit)
    for place, vitals in enumerate(visit.vitals):
        yield from _vitals(f"{own}-s{place}", vitals, names, subject, encounter, is_first=place == 0)
    for one, five, _ in visit.born:
        for code, minutes, score in (("9272-6", 1, one), ("9274-2", 5, five)):
            sign = ("Apgar score", f"Apgar {minutes} phút", "{score}", "điểm", str(score))
            yield _sign(f"{own}-a{minutes}", code, *sign, visit.vitals[0], names, subject, encounter)
    for place, order in enumerate(visit.laboratory, 1):
        yield from _laboratory(f"{own}-l{place}", order, visit, names, subject, encounter)
    yield from study_resources(visit, names, subject, encounter)


def _vitals(
    own: str, vitals: Vitals, names: Names, subject: Json, encounter: Json, *, is_first: bool
) -> Iterator[Json]:
    for name, code, display, text, unit_code, unit in _SIGNS:
        if is_first or name not in _ONCE:
            value = str(getattr(vitals, name))
            yield _sign(
                f"{own}-{name[0]}", code, display, text, unit_code, unit, value, vitals, names, subject, encounter
            )
    pressure = {
        "code": {
            "coding": [{"system": systems.LOINC, "code": "85354-9", "display": "Blood pressure panel"}],
            "text": "Huyết áp",
        },
        "component": [
            {
                "code": {"coding": [{"system": systems.LOINC, "code": code, "display": display}]},
                "valueQuantity": {"value": value, "unit": "mmHg", "system": systems.UCUM, "code": "mm[Hg]"},
            }
            for code, display, value in (
                ("8480-6", "Systolic blood pressure", vitals.systolic),
                ("8462-4", "Diastolic blood pressure", vitals.diastolic),
            )
        ],
    }
    yield {
        "resourceType": "Observation",
        "id": f"{own}-bp",
        "status": "final",
        "category": _VITAL,
        "subject": subject,
        "encounter": encounter,
        "effectiveDateTime": when(vitals.at),
        "performer": [names.staff(vitals.by)],
        **pressure,
    }


def _sign(
    id_: str, code: str, display: str, text: str, unit_code: str, unit: str, value: str,
    vitals: Vitals, names: Names, subject: Json, encounter: Json,
) -> Json:  # fmt: skip
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": _VITAL,
        "code": {"coding": [{"system": systems.LOINC, "code": code, "display": display}], "text": text},
        "subject": subject,
        "encounter": encounter,
        "effectiveDateTime": when(vitals.at),
        "performer": [names.staff(vitals.by)],
        "valueQuantity": {"value": decimal(value), "unit": unit, "system": systems.UCUM, "code": unit_code},
    }


def _laboratory(
    own: str, order: LabOrder, visit: Visit, names: Names, subject: Json, encounter: Json
) -> Iterator[Json]:
    code = panel_code(order.panel)
    request = {"reference": f"ServiceRequest/{own}"}
    yield {
        "resourceType": "ServiceRequest",
        "id": own,
        "identifier": [{"system": systems.order_number(visit.facility.code, "placer"), "value": order.number}],
        "status": "completed" if order.results else "active",
        "intent": "order",
        "priority": "urgent" if visit.is_urgent else "routine",
        "code": code,
        "subject": subject,
        "encounter": encounter,
        "authoredOn": when(order.ordered_at),
        "requester": names.staff(order.by),
    }
    if not order.results:
        return
    specimen = {"reference": f"Specimen/{own}"}
    sampled = when(order.sampled_at)
    yield {
        "resourceType": "Specimen",
        "id": own,
        "identifier": [{"system": systems.specimen_number(visit.facility.code), "value": f"{order.number}B"}],
        "status": "available",
        "type": {"text": order.panel.specimen},
        "subject": subject,
        "receivedTime": sampled,
        "request": [request],
        "collection": {"collectedDateTime": sampled},
    }
    performer = [names.staff(order.performer)]
    issued = when(order.corrected_at or order.issued_at)
    for place, result in enumerate(order.results, 1):
        observation: Json = {
            "resourceType": "Observation",
            "id": f"{own}-{place}",
            "basedOn": [request],
            "status": "corrected" if result.first and order.corrected_at else "final",
            "category": _LABORATORY,
            "code": result_code(result.of, own=visit.facility.own_test_codes),
            "subject": subject,
            "encounter": encounter,
            "effectiveDateTime": sampled,
            "issued": issued,
            "performer": performer,
        }
        observation |= _value(result)
        observation["specimen"] = specimen
        yield observation
    yield {
        "resourceType": "DiagnosticReport",
        "id": own,
        "identifier": [{"system": systems.order_number(visit.facility.code, "filler"), "value": f"F{order.number}"}],
        "basedOn": [request],
        "status": "corrected" if order.corrected_at else "final",
        "category": [coded("v2-0074", "LAB")],
        "code": code,
        "subject": subject,
        "encounter": encounter,
        "effectiveDateTime": sampled,
        "issued": issued,
        "performer": performer,
        "specimen": [specimen],
        "result": [{"reference": f"Observation/{own}-{place}"} for place in range(1, len(order.results) + 1)],
    }


def _value(result: Result) -> Json:
    flag = [{"coding": [_flag(result.flag)]}]
    if isinstance(result.of, Finding):
        return {"valueCodeableConcept": {"text": result.text}, "interpretation": flag}
    quantity: Json = {"value": decimal(result.text)}
    unit = result.of.unit
    if unit:
        quantity["unit"] = unit
    code = _UNIT_CODES.get(unit) if unit else "1"
    if code:
        quantity |= {"system": systems.UCUM, "code": code}
    low, high = f"{result.low:g}", f"{result.high:g}"
    return {
        "valueQuantity": quantity,
        "interpretation": flag,
        "referenceRange": [
            {
                "low": {**quantity, "value": decimal(low)},
                "high": {**quantity, "value": decimal(high)},
                "text": f"{low}-{high}",
            }
        ],
    }


@lru_cache(maxsize=64)
def _flag(flag: str) -> Json:
    return {"system": f"{TERMINOLOGY}v3-ObservationInterpretation", "code": flag, "display": INTERPRETATION[flag]}


def panel_code(panel: Panel) -> Json:
    """What was ordered, by the local code of the service."""
    return {"coding": [{"system": SERVICE, "code": panel.code, "display": panel.name}], "text": panel.name}


def result_code(of: Analyte | Finding, *, own: bool) -> Json:
    """What was measured: LOINC where it is known, and the laboratory's own code where it has one."""
    found = _CODES.get((of.code, own))
    if found is None:
        codings = [{"system": systems.LOINC, "code": of.loinc}] if of.loinc else []
        if own or not codings:
            codings.append({"system": systems.LOCAL_TEST, "code": of.code, "display": of.name})
        found = _CODES[of.code, own] = {"coding": codings, "text": of.name}
    return found


_CODES: dict[tuple[str, bool], Json] = {}
