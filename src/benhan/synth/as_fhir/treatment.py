"""What a visit does: MedicationRequest, Procedure."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.synth.as_fhir.names import ATC, SERVICE, Json, Names, coded, plain, when
from benhan.synth.visit import INPATIENT, DrugOrder, Visit
from benhan.vn import systems

_SNOMED_SURGERY = {"coding": [{"system": systems.SNOMED, "code": "387713003"}], "text": "Phẫu thuật"}
_CATEGORIES = {name: [coded("medicationrequest-category", name)] for name in ("inpatient", "outpatient", "discharge")}


def treatment_resources(visit: Visit, names: Names) -> Iterator[Json]:
    """Prescriptions, then procedures and operations."""
    subject, encounter = names.patient(visit.registration), names.visit(visit)
    own = names.visit_id(visit)
    for place, each in enumerate(visit.drug_orders, 1):
        yield _request(f"{own}-t{place}", each, visit, names, subject, encounter)
    for place, operation in enumerate(visit.operations, 1):
        act = operation.act
        procedure: Json = {
            "resourceType": "Procedure",
            "id": f"{own}-p{place}",
            "identifier": [{"system": systems.order_number(visit.facility.code, "filler"), "value": operation.number}],
            "status": "completed",
            "category": _SNOMED_SURGERY if act.kind == "P" else {"text": "Thủ thuật"},
            "code": {
                "coding": [{"system": SERVICE, "code": act.code, "display": operation.name}],
                "text": operation.name,
            },
            "subject": subject,
            "encounter": encounter,
            "performedPeriod": {"start": when(operation.at), "end": when(operation.until)},
            "performer": [{"actor": names.staff(operation.by)}],
            "reasonReference": [{"reference": f"Condition/{own}-c1"}],
        }
        if operation.told:
            procedure["note"] = [{"text": operation.told}]
        yield procedure


def _request(id_: str, each: DrugOrder, visit: Visit, names: Names, subject: Json, encounter: Json) -> Json:
    drug = each.drug
    is_inpatient = visit.kind == INPATIENT
    kind = "discharge" if is_inpatient and each.to_take_home else "inpatient" if is_inpatient else "outpatient"
    days = {"value": each.days, "unit": "ngày", "system": systems.UCUM, "code": "d"}
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "identifier": [{"system": systems.order_number(visit.facility.code, "placer"), "value": each.number}],
        "status": "active" if visit.is_open else "completed",
        "intent": "order",
        "category": _CATEGORIES[kind],
        "medicationCodeableConcept": {
            "coding": [
                {"system": ATC, "code": drug.atc},
                {"system": systems.LOCAL_DRUG, "code": drug.code, "display": drug.name},
            ],
            "text": drug.name,
        },
        "subject": subject,
        "encounter": encounter,
        "authoredOn": when(each.at),
        "requester": names.staff(each.by),
        "reasonReference": [{"reference": f"Condition/{names.visit_id(visit)}-c1"}],
        "dosageInstruction": [
            {
                "text": each.text,
                "timing": {"repeat": {"boundsDuration": days, "frequency": drug.times, "period": 1, "periodUnit": "d"}},
                "route": {"text": drug.route},
                "doseAndRate": [{"doseQuantity": {"value": plain(each.amount), "unit": drug.unit}}],
            }
        ],
        "dispenseRequest": {
            "quantity": {"value": plain(each.amount * drug.times * each.days), "unit": drug.unit},
            "expectedSupplyDuration": days,
        },
    }
