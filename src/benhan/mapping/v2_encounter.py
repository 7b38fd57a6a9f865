"""PV1, PV2 and DG1 to Encounter and Condition. Source: HL7 v2-to-FHIR segment maps PV1, PV2, DG1."""

from __future__ import annotations

from benhan.hl7v2.datatypes import date_time, first_coded, person
from benhan.hl7v2.message import Message, Segment
from benhan.mapping.mapped import (
    Context,
    IdentifierKey,
    Json,
    Mapped,
    MappedMessage,
    Policy,
    identifier,
    source_key,
    without_empty,
)
from benhan.mapping.v2_codes import codeable_concept
from benhan.mapping.v2_patient import human_name
from benhan.mapping.v2_tables import PATIENT_CLASS
from benhan.vn import systems

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def visit_key(message: Message, context: Context) -> IdentifierKey | None:
    """The identity of the visit: PV1-19, else the account number PID-18; None where neither is written."""
    pv1, pid = message.first("PV1"), message.first("PID")
    number = (pv1.text(19) if pv1 is not None else "") or (pid.text(18) if pid is not None else "")
    return (systems.encounter_number(context.facility), number) if number else None


def encounter(message: Message, context: Context, patient: Mapped, key: IdentifierKey, policy: Policy) -> Mapped:
    """The Encounter of a message that has a visit number."""
    pv1 = message.first("PV1") or Segment(("PV1",), message.msh.delimiters)
    code, display = PATIENT_CLASS.get(pv1.text(2).upper(), ("AMB", "ambulatory"))
    start = date_time(pv1.text(44), context.zone) if pv1.text(44) else None
    end = date_time(pv1.text(45), context.zone) if pv1.text(45) else None
    pv2 = message.first("PV2")
    reason = pv2.text(3, 2) or pv2.text(3, 1) if pv2 is not None else ""
    resource = {
        "resourceType": "Encounter",
        "identifier": [identifier(key)],
        "status": status(message.msh.text(9, 2), code, ended=end is not None),
        "class": {"system": ACT_CODE, "code": code, "display": display},
        "subject": patient.reference,
        "participant": _participants(pv1),
        "period": without_empty({"start": start, "end": end}),
        "reasonCode": [{"text": reason}] if reason else [],
        "location": _location(pv1),
        "hospitalization": _hospitalization(pv1),
        "serviceProvider": without_empty(
            {
                "identifier": {"system": systems.FACILITY_CODE, "value": context.facility},
                "display": context.facility_name,
            }
        ),
    }
    return Mapped("encounter", without_empty(resource), [key], policy)


def status(event: str, class_code: str, *, ended: bool) -> str:
    """Encounter.status after an event: A03 ends it, A04 is an arrival, the others go on."""
    if event == "A03" or ended:
        return "finished"
    if event in ("A04", "A05") and class_code in ("AMB", "PRENC"):
        return "arrived" if event == "A04" else "planned"
    return "in-progress"


def _participants(pv1: Segment) -> list[Json]:
    found = []
    for field, code, display in (
        (7, "ATND", "attender"),
        (8, "REF", "referrer"),
        (9, "CON", "consultant"),
        (17, "ADM", "admitter"),
    ):
        for repetition in pv1.repetitions(field):
            individual = practitioner(pv1, repetition)
            if individual:
                coding = {"system": PARTICIPATION, "code": code, "display": display}
                found.append({"type": [{"coding": [coding]}], "individual": individual})
    return found


def practitioner(segment: Segment, repetition: str) -> Json:
    """A reference to the person in an XCN by licence number and name; {} where nothing is written."""
    who = person(segment, repetition)
    display = human_name(who).get("text", "")
    logical = {"system": systems.PRACTITIONER_LICENCE, "value": who.id} if who.id else None
    if not display and not logical:
        return {}
    return without_empty({"type": "Practitioner", "identifier": logical, "display": display or who.id})


def _location(pv1: Segment) -> list[Json]:
    ward, room, bed = pv1.text(3, 1), pv1.text(3, 2), pv1.text(3, 3)
    display = " · ".join(text for text in (ward, room, bed) if text)
    if not display:
        return []
    logical = {"system": systems.DEPARTMENT, "value": ward} if ward else None
    return [{"location": without_empty({"identifier": logical, "display": display})}]


def _hospitalization(pv1: Segment) -> Json:
    outcome, source = pv1.text(36), pv1.text(14)
    return without_empty(
        {
            "admitSource": {"text": source} if source else None,
            "dischargeDisposition": {"text": outcome} if outcome else None,
        }
    )


def diagnoses(message: Message, context: Context, mapped: MappedMessage, visit: Mapped | None) -> None:
    """Add a Condition for each DG1."""
    for index, dg1 in enumerate(message.all("DG1"), 1):
        code = first_coded(dg1, 3)
        text = dg1.text(4)
        concept = codeable_concept(code) or ({"text": text} if text else None)
        if concept is None:
            continue
        scope = visit.identities[0] if visit is not None else mapped.patient.identities[0]
        key = source_key("DG1", *scope, code.code or code.text or text)
        category = {"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "encounter-diagnosis"}
        mapped.add(
            Mapped(
                f"condition-{index}",
                without_empty(
                    {
                        "resourceType": "Condition",
                        "identifier": [identifier(key)],
                        "clinicalStatus": _coded("condition-clinical", "active"),
                        "verificationStatus": _coded("condition-ver-status", "confirmed"),
                        "category": [{"coding": [category]}],
                        "code": concept,
                        "subject": mapped.patient.reference,
                        "encounter": visit.reference if visit is not None else None,
                        "recordedDate": date_time(dg1.text(5), context.zone) if dg1.text(5) else None,
                    }
                ),
                [key],
            )
        )


def _coded(name: str, code: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{name}", "code": code}]}
