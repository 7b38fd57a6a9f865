"""A check-up of a synthetic person as FHIR."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.vn import systems

Json = dict[str, Any]
FACILITY = "99001"
UCUM = "http://unitsofmeasure.org"


def check_up_patient(born: str = "1990-01-02") -> Json:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": systems.CCCD, "value": "001090000001"}],
        "name": [{"text": "Nguyễn Văn Thử", "family": "Nguyễn", "given": ["Văn", "Thử"]}],
        "gender": "male",
        "birthDate": born,
        "extension": [
            {
                "url": systems.EXTENSION_ETHNIC_GROUP,
                "valueCodeableConcept": {"coding": [{"system": systems.ETHNIC_GROUP, "code": "01"}]},
            }
        ],
        "address": [{"text": "12 Phố Thử, Phường Ba Đình, Hà Nội", "city": "Phường Ba Đình", "state": "Hà Nội"}],
        "contact": [{"name": {"text": "Trần Thị Mẫu"}}],
    }


def check_up_encounter(patient: str, *groups: str) -> Json:
    codings = [{"system": systems.CHECK_UP_GROUP, "code": each} for each in groups]
    return {
        "resourceType": "Encounter",
        "identifier": [{"system": systems.encounter_number(FACILITY), "value": "KSK-0001"}],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [{"coding": [*codings, {"system": systems.CHECK_UP_PAYER, "code": "4"}]}],
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": "2026-11-26T08:00:00+07:00", "end": "2026-11-26T10:30:00+07:00"},
        "reasonCode": [{"text": "Khám sức khoẻ định kỳ"}],
    }


def check_up_findings(patient: str, encounter: str) -> list[Json]:
    """Signs, measures, answers, a result and the conclusion."""
    about = {
        "subject": {"reference": f"Patient/{patient}"},
        "encounter": {"reference": f"Encounter/{encounter}"},
        "status": "final",
        "effectiveDateTime": "2026-11-26T08:10:00+07:00",
    }

    def seen(code: Json, **value: Any) -> Json:
        return {"resourceType": "Observation", "code": {"coding": [code]}, **about, **value}

    def measured(loinc: str, value: str, unit: str) -> Json:
        quantity = {"value": Decimal(value), "unit": unit, "system": UCUM, "code": unit}
        return seen({"system": systems.LOINC, "code": loinc}, valueQuantity=quantity)

    def told(field: str, **value: Any) -> Json:
        return seen({"system": systems.CHECK_UP, "code": field}, **value)

    return [
        measured("8867-4", "72", "/min"),
        measured("8480-6", "120", "mm[Hg]"),
        measured("8462-4", "80", "mm[Hg]"),
        measured("8302-2", "165", "cm"),
        measured("29463-7", "61.5", "kg"),
        measured("39156-5", "22.6", "kg/m2"),
        told("XML5.TSBT_TANG_HUYET_AP", valueBoolean=False),
        told("XML7.TMH_KET_QUA", valueString="Bình thường"),
        told("XML8.PHAN_LOAI_SK", valueCodeableConcept={"coding": [{"code": "2"}], "text": "Loại II"}),
        {
            "resourceType": "Condition",
            "subject": about["subject"],
            "encounter": about["encounter"],
            "code": {"coding": [{"system": systems.ICD10, "code": "I10"}], "text": "Tăng huyết áp"},
        },
    ]


def check_up_record(born: str = "1990-01-02") -> Record:
    findings = check_up_findings("p", "e")
    for number, each in enumerate(findings):
        each["id"] = f"f{number}"
    patient, encounter = {**check_up_patient(born), "id": "p"}, {**check_up_encounter("p", "13"), "id": "e"}
    return Record(FACILITY, patient, encounter, findings)
