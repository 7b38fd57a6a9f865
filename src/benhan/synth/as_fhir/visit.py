"""A visit: Encounter, Condition, ClinicalImpression, what was found by examining."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.synth.as_fhir.names import TERMINOLOGY, Json, Names, coded, when
from benhan.synth.visit import INPATIENT, LEAVINGS, OUTCOMES, Diagnosis, Visit
from benhan.vn import systems

_CLASSES = {"AMB": "ambulatory", "EMER": "emergency", "IMP": "inpatient encounter"}
OUTCOME, LEAVING, KIND_OF_CARE = map(systems.bhyt_code, ("KET_QUA_DTRI", "MA_LOAI_RV", "MA_LOAI_KCB"))
"""Lists of QĐ 130/QĐ-BYT; the kinds of care are those of QĐ 1804/QĐ-BYT."""
_KINDS = {
    "AMB": {"system": KIND_OF_CARE, "code": "01", "display": "Khám bệnh"},
    "EMER": {"system": KIND_OF_CARE, "code": "01", "display": "Khám bệnh"},
    "IMP": {"system": KIND_OF_CARE, "code": "03", "display": "Điều trị nội trú"},
}
_FINDINGS = "29545-1"
_ORGANS = {
    "Quá trình bệnh lý": "10164-2",
    "Toàn thân": "10210-3",
    "Tim mạch": "11390-2",
    "Hô hấp": "11412-4",
    "Bụng": "11399-3",
    "Thần kinh": "10202-0",
    "Cơ xương khớp": "11410-8",
    "Chi": "11410-8",
    "Tai mũi họng": "11393-6",
    "Tuyến giáp": "29307-6",
    "Sản khoa": "10198-0",
    "Phụ khoa": "10198-0",
    "Mắt": "10197-2",
}
"""LOINC of findings by organ, as the Ministry's draft has them; of the others physical findings in general."""
_DIAGNOSIS = [coded("condition-category", "encounter-diagnosis")]
_CONFIRMED = coded("condition-ver-status", "confirmed")
_EXAM = [coded("observation-category", "exam")]


def visit_resources(visit: Visit, names: Names) -> Iterator[Json]:
    """The Encounter, then its diagnoses, findings and notes."""
    subject, encounter = names.patient(visit.registration), names.visit(visit)
    own = names.visit_id(visit)
    yield _encounter(visit, names, subject)
    for place, diagnosis in enumerate(visit.diagnoses, 1):
        yield _condition(f"{own}-c{place}", diagnosis, visit, names, subject, encounter)
    recorded = when(visit.notes[0].at) if visit.notes else when(visit.start)
    told = [("Quá trình bệnh lý", visit.history), *visit.examined]
    for place, (organ, found) in enumerate(told, 1):
        yield {
            "resourceType": "Observation",
            "id": f"{own}-k{place}",
            "status": "final",
            "category": _EXAM,
            "code": {"coding": [{"system": systems.LOINC, "code": _ORGANS.get(organ, _FINDINGS)}], "text": organ},
            "subject": subject,
            "encounter": encounter,
            "effectiveDateTime": recorded,
            "performer": [names.staff(visit.doctor)],
            "valueString": found,
        }
    for place, note in enumerate(visit.notes, 1):
        yield {
            "resourceType": "ClinicalImpression",
            "id": f"{own}-n{place}",
            "status": "completed",
            "code": {"text": "Tờ điều trị" if visit.kind == INPATIENT else "Khám bệnh"},
            "subject": subject,
            "encounter": encounter,
            "effectiveDateTime": when(note.at),
            "date": when(note.at),
            "assessor": names.staff(note.by),
            "summary": note.text,
        }
    if visit.kind == INPATIENT and not visit.is_open and not visit.died:
        yield {
            "resourceType": "CarePlan",
            "id": f"{own}-d",
            "status": "active",
            "intent": "plan",
            "title": "Hướng điều trị sau khi ra viện",
            "description": visit.disease.row.advice,
            "subject": subject,
            "encounter": encounter,
            "created": when(visit.end),
            "author": names.staff(visit.doctor),
        }


def _coded(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def _encounter(visit: Visit, names: Names, subject: Json) -> Json:
    department = names.department(visit.facility, visit.department)
    place = " · ".join(part for part in (visit.ward, *visit.bed) if part)
    period: Json = {"start": when(visit.start)}
    encounter: Json = {
        "resourceType": "Encounter",
        "id": names.visit_id(visit),
        "identifier": [{"system": systems.encounter_number(visit.facility.code), "value": visit.number}],
        "status": "in-progress" if visit.is_open else "finished",
        "type": [{"coding": [_KINDS[visit.kind]], "text": _KINDS[visit.kind]["display"]}],
        "class": {"system": TERMINOLOGY + "v3-ActCode", "code": visit.kind, "display": _CLASSES[visit.kind]},
        "priority": coded("v3-ActPriority", "EM" if visit.is_urgent else "R"),
        "subject": subject,
        "participant": [
            {"type": [coded("v3-ParticipationType", "ATND", "attender")], "individual": names.staff(visit.doctor)}
        ],
        "period": period,
        "reasonCode": [{"text": visit.reason}],
        "diagnosis": [
            {
                "condition": {"reference": f"Condition/{names.visit_id(visit)}-c{rank}"},
                "use": coded("diagnosis-role", "DD" if rank == 1 else "CM"),
                "rank": rank,
            }
            for rank in range(1, len(visit.diagnoses) + 1)
        ]
        + [
            {
                "condition": {"reference": f"Condition/{names.visit_id(visit)}-c1"},
                "use": coded("diagnosis-role", "AD"),
            }
        ],
        "location": [{"location": {**department, "display": place}}],
        "serviceProvider": names.facility(visit.facility),
    }
    if not visit.is_open:
        period["end"] = when(visit.end)
        ends = [
            _coded(OUTCOME, OUTCOMES[visit.outcome], visit.outcome),
            _coded(LEAVING, LEAVINGS[visit.leaving], visit.leaving),
        ]
        encounter["hospitalization"] = hospitalization = {
            "dischargeDisposition": {"coding": ends, "text": visit.outcome}
        }
        if visit.sent_to is not None:
            hospitalization["destination"] = names.facility(visit.sent_to)
        if visit.sent_from is not None:
            hospitalization["origin"] = names.facility(visit.sent_from)
    return encounter


def _condition(id_: str, diagnosis: Diagnosis, visit: Visit, names: Names, subject: Json, encounter: Json) -> Json:
    is_over = visit.outcome == "Khỏi" and diagnosis.since is None
    condition: Json = {
        "resourceType": "Condition",
        "id": id_,
        "clinicalStatus": coded("condition-clinical", "resolved" if is_over else "active"),
        "verificationStatus": _CONFIRMED,
        "category": _DIAGNOSIS,
        "code": {
            "coding": [{"system": systems.ICD10, "code": diagnosis.icd, "display": diagnosis.name}],
            "text": diagnosis.name,
        },
        "subject": subject,
        "encounter": encounter,
        "recordedDate": when(visit.start),
        "recorder": names.staff(visit.doctor),
    }
    if diagnosis.since is not None:
        condition["onsetDateTime"] = diagnosis.since.date().isoformat()
    if is_over:
        condition["abatementDateTime"] = when(visit.end)
    return condition
