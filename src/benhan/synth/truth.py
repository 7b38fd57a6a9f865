"""The truth of each person: who they really are, where they are registered and with which mistakes, what they had."""

from __future__ import annotations

from typing import Any

from benhan.synth.as_fhir import Names
from benhan.synth.life import Life

Json = dict[str, Any]


def truth_of(life: Life, names: Names) -> Json:
    """One line of truth.ndjson."""
    person = life.person
    return {
        "person": person.key,
        "name": {"family": person.name.family, "middle": person.name.middle, "given": person.name.given},
        "sex": person.sex,
        "birthDate": person.born.isoformat(),
        "citizen_number": person.citizen_number,
        "old_identity_card": person.old_identity_card,
        "card": person.card,
        "insurance_number": person.insurance_number,
        "phone": person.phone,
        "ethnic_group": person.ethnic_group,
        "occupation": person.occupation,
        "blood_group": person.blood_group + person.rhesus,
        "address": {
            "line": person.home.line,
            "commune": person.home.commune.code,
            "province": person.home.province.code,
            "text": person.home.text,
        },
        "household": person.household,
        "partner": person.partner,
        "mother": person.mother,
        "father": person.father,
        "children": person.children,
        "allergy": life.being.allergy,
        "chronic": [
            {
                "icd": each.disease.icd,
                "disease": each.disease.key,
                "since": each.since.isoformat(),
                "level": round(each.level, 2),
            }
            for each in life.being.chronic
        ],
        "died_at": life.died_at.isoformat() if life.died_at else None,
        "registrations": [
            {
                "patient": names.patient_id(each),
                "facility": each.facility.code,
                "number": each.number,
                "mistakes": each.mistakes,
                "is_duplicate": each.place > 0,
            }
            for each in life.registrations
        ],
        "visits": [
            {
                "encounter": names.visit_id(visit),
                "patient": names.patient_id(visit.registration),
                "facility": visit.facility.code,
                "disease": visit.disease.key,
                "icd": visit.disease.icd,
                "severity": round(visit.severity, 2),
                "late": [order.number for order in visit.laboratory if order.is_late],
                "corrected": [
                    {"order": order.number, "code": result.of.code, "first": result.first, "right": result.text}
                    for order in visit.laboratory
                    for result in order.results
                    if result.first
                ],
            }
            for visit in life.visits
        ],
    }
