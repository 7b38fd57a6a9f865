"""ADT^A01, A03, A04, A08 to Patient, Encounter, Condition, AllergyIntolerance, Coverage.

Source: HL7 v2-to-FHIR message maps ADT_A01 and ADT_A03; HL7 v2.5.1 chapter 3.
"""

from __future__ import annotations

from benhan.hl7v2.datatypes import date_time, first_coded
from benhan.hl7v2.message import Message
from benhan.kernel.issues import Issue, error
from benhan.mapping import faults
from benhan.mapping.mapped import Context, Mapped, MappedMessage, Policy, identifier, source_key, without_empty
from benhan.mapping.v2_codes import codeable_concept
from benhan.mapping.v2_encounter import diagnoses, encounter, visit_key
from benhan.mapping.v2_patient import patient
from benhan.vn import systems

EVENTS = frozenset({"A01", "A03", "A04", "A08"})
_VISIT_NEEDED = frozenset({"A01", "A03"})


def adt_to_fhir(message: Message, context: Context) -> MappedMessage:
    """What an admission, arrival, discharge or update says. Raises Incorrect BA-0701 with one Issue per defect."""
    issues: list[Issue] = []
    person = patient(message, context, issues, Policy.MERGE)
    key = visit_key(message, context)
    if key is None and message.msh.text(9, 2) in _VISIT_NEEDED:
        place, text = ("PV1-19", faults.NO_VISIT) if message.first("PV1") is not None else ("PV1", faults.NO_PV1)
        issues.append(error("required", place, text, "HL7 v2.5.1 3.4.3 PV1"))
    errors = [issue for issue in issues if issue.is_error]
    if person is None or errors:
        raise faults.NOT_MAPPABLE(*errors, count=len(errors))
    mapped = MappedMessage([person])
    visit = mapped.add(encounter(message, context, person, key, Policy.MERGE)) if key is not None else None
    diagnoses(message, context, mapped, visit)
    _allergies(message, context, mapped)
    _coverages(message, mapped)
    return mapped


def _allergies(message: Message, context: Context, mapped: MappedMessage) -> None:
    for index, al1 in enumerate(message.all("AL1"), 1):
        concept = codeable_concept(first_coded(al1, 3))
        if concept is None:
            continue
        key = source_key("AL1", *mapped.patient.identities[0], concept["text"])
        reaction = [al1.whole(each) for each in al1.repetitions(5)]
        clinical = {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}
        mapped.add(
            Mapped(
                f"allergy-{index}",
                without_empty(
                    {
                        "resourceType": "AllergyIntolerance",
                        "identifier": [identifier(key)],
                        "clinicalStatus": {"coding": [clinical]},
                        "code": concept,
                        "patient": mapped.patient.reference,
                        "onsetDateTime": date_time(al1.text(6), context.zone) if al1.text(6) else None,
                        "reaction": [{"manifestation": [{"text": text}]} for text in reaction if text],
                    }
                ),
                [key],
            )
        )


def _coverages(message: Message, mapped: MappedMessage) -> None:
    """IN1 with a policy number: in Vietnam the BHYT card, its span and where the holder is registered."""
    for index, in1 in enumerate(message.all("IN1"), 1):
        number = in1.text(36) or in1.text(49)
        if not number:
            continue
        key = source_key("IN1", *mapped.patient.identities[0], number)
        start, end = (date_time(in1.text(field)) if in1.text(field) else None for field in (12, 13))
        period = without_empty({"start": start, "end": end})
        payor = in1.text(4) or in1.text(3) or "Bảo hiểm xã hội Việt Nam"
        mapped.add(
            Mapped(
                f"coverage-{index}",
                without_empty(
                    {
                        "resourceType": "Coverage",
                        "identifier": [{"system": systems.BHYT_CARD, "value": number}, identifier(key)],
                        "status": "active",
                        "subscriberId": number,
                        "beneficiary": mapped.patient.reference,
                        "period": period,
                        "payor": [{"display": payor}],
                    }
                ),
                [key],
            )
        )
