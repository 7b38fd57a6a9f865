"""ORU^R01 to Patient, Encounter, ServiceRequest, Specimen, Observation, DiagnosticReport.

Each thing carries a key made of what its sender calls it, so that a repeated or corrected result becomes the next
version of the same Observation and is never doubled.
Source: HL7 v2-to-FHIR message map ORU_R01; HL7 v2.5.1 chapter 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from benhan.hl7v2.datatypes import Coded, date_time, entity, first_coded
from benhan.hl7v2.message import Message, Segment
from benhan.kernel.issues import Issue, error
from benhan.mapping import faults
from benhan.mapping.mapped import Context, Json, Mapped, MappedMessage, Policy, identifier, source_key, without_empty
from benhan.mapping.obx_to_observation import observation
from benhan.mapping.v2_codes import codeable_concept
from benhan.mapping.v2_encounter import encounter, practitioner, visit_key
from benhan.mapping.v2_order import numbers, order_identifiers, order_keys
from benhan.mapping.v2_patient import patient
from benhan.mapping.v2_tables import RESULT_STATUS
from benhan.vn import systems

CLAUSE = "HL7 v2.5.1 7.3.1 ORU^R01"
_ENDING = frozenset({"final", "corrected", "cancelled"})
"""States of a report that end its order."""


@dataclass(slots=True)
class OrderGroup:
    """ORDER_OBSERVATION: one OBR with what belongs to it."""

    obr: Segment
    orc: Segment | None
    results_before: int = 0
    """How many OBX of the message precede this group: reasons count them through the message."""
    results: list[tuple[Segment, list[Segment]]] = field(default_factory=list)
    """Each OBX with its NTEs."""
    notes: list[Segment] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Order:
    """What the resources of a group share."""

    group: OrderGroup
    number: int
    key: tuple[str, ...]
    code: Json
    sampled_at: str | None
    context: Context
    sender: str
    mapped: MappedMessage
    visit: Mapped | None


def order_groups(message: Message) -> Iterator[OrderGroup]:
    """The groups of a message, tolerant of what analysers leave out."""
    group: OrderGroup | None = None
    orc: Segment | None = None
    results_before = 0
    for segment in message.segments:
        if segment.name == "ORC":
            orc = segment
        elif segment.name == "OBR":
            if group is not None:
                yield group
                results_before += len(group.results)
            group, orc = OrderGroup(segment, orc, results_before), None
        elif group is not None:
            _add(group, segment)
    if group is not None:
        yield group


def _add(group: OrderGroup, segment: Segment) -> None:
    if segment.name == "OBX":
        group.results.append((segment, []))
    elif segment.name == "NTE":
        (group.results[-1][1] if group.results else group.notes).append(segment)
    elif segment.name == "SPM":
        group.specimens.append(segment)


def oru_r01_to_fhir(message: Message, context: Context) -> MappedMessage:
    """What a result message says. Raises Incorrect BA-0701 with one Issue per defect; nothing is mapped then."""
    issues: list[Issue] = []
    person = patient(message, context, issues, Policy.KEEP)
    groups = list(order_groups(message))
    if not groups:
        issues.append(error("required", "OBR", faults.NO_OBR, CLAUSE))
    if person is None:
        raise faults.NOT_MAPPABLE(*issues, count=len(issues))
    mapped = MappedMessage([person])
    key = visit_key(message, context)
    visit = mapped.add(encounter(message, context, person, key, Policy.KEEP)) if key is not None else None
    for number, group in enumerate(groups, 1):
        _map_group(_order(message, context, mapped, visit, group, number), issues)
    errors = [issue for issue in issues if issue.is_error]
    if errors:
        raise faults.NOT_MAPPABLE(*errors, count=len(errors))
    return mapped


def _order(
    message: Message, context: Context, mapped: MappedMessage, visit: Mapped | None, group: OrderGroup, number: int
) -> Order:
    obr = group.obr
    code = first_coded(obr, 4)
    sampled = obr.text(7) or _specimen_time(group) or obr.text(14) or obr.text(22)
    names: tuple[str, ...] = (entity(obr, 3).value, entity(obr, 2).value, code.code or code.alternate_code or code.text)
    if not names[0] and not names[1]:
        names = (*names, sampled or message.control_id)
    return Order(
        group,
        number,
        (message.sender, *mapped.patient.identities[0], *names),
        codeable_concept(code, systems.LOCAL_TEST) or {"text": "Xét nghiệm"},
        date_time(sampled, context.zone) if sampled else None,
        context,
        message.sender,
        mapped,
        visit,
    )


def _specimen_time(group: OrderGroup) -> str:
    return next((spm.text(17) for spm in group.specimens if spm.text(17)), "")


def _map_group(order: Order, issues: list[Issue]) -> None:
    request = _service_request(order)
    specimen = _specimen(order)
    results = []
    for index, (obx, notes) in enumerate(order.group.results, order.group.results_before + 1):
        one = observation(order, index, obx, notes, request, specimen, issues)
        if one is not None:
            results.append(order.mapped.add(one))
    _report(order, request, specimen, results)


def _service_request(order: Order) -> Mapped | None:
    """The order the results answer: one that is known ends with the final results. Where the placer's number is not
    told, the filler's finds it and makes none.
    """
    obr = order.group.obr
    placer, filler = numbers(obr, order.group.orc)
    if not placer and not filler:
        return None
    keys = order_keys(order.context, order.mapped.patient, obr, placer, filler)
    if not keys:  # a service without a code or words
        owner = order.mapped.patient.identities[0]
        keys = [source_key("ServiceRequest", order.context.facility, *owner, placer or filler, order.key[-1])]
    requester = practitioner(obr, obr.repetitions(16)[0]) if obr.repetitions(16) else {}
    resource = {
        "resourceType": "ServiceRequest",
        "identifier": order_identifiers(order.context, placer, filler, keys),
        "status": "completed" if _report_status(order, has_results=bool(order.group.results)) in _ENDING else "active",
        "intent": "order",
        "code": order.code,
        "subject": order.mapped.patient.reference,
        "encounter": order.visit.reference if order.visit is not None else None,
        "authoredOn": date_time(obr.text(6), order.context.zone) if obr.text(6) else None,
        "requester": requester,
    }
    policy = Policy.FILL if placer else Policy.FIND
    return order.mapped.add(Mapped(f"request-{order.number}", without_empty(resource), keys, policy))


def _report_status(order: Order, *, has_results: bool) -> str:
    return RESULT_STATUS.get(order.group.obr.text(25).upper(), "final" if has_results else "registered")


def _specimen(order: Order) -> Mapped | None:
    """SPM, or the old OBR-15; None where neither says anything."""
    spm = order.group.specimens[0] if order.group.specimens else None
    number = (spm.text(2, 1, 1) or spm.text(2, 2, 1)) if spm is not None else ""
    kind = codeable_concept(first_coded(spm, 4)) if spm is not None else _old_source(order.group.obr)
    if not number and kind is None:
        return None
    key = source_key("Specimen", *order.key, number)
    numbers = [{"system": systems.specimen_number(order.context.facility), "value": number}] if number else []
    received = (spm.text(18) if spm is not None else "") or order.group.obr.text(14)
    resource = {
        "resourceType": "Specimen",
        "identifier": [*numbers, identifier(key)],
        "type": kind,
        "subject": order.mapped.patient.reference,
        "receivedTime": date_time(received, order.context.zone) if received else None,
        "collection": {"collectedDateTime": order.sampled_at} if order.sampled_at else None,
    }
    return order.mapped.add(Mapped(f"specimen-{order.number}", without_empty(resource), [key]))


def _old_source(obr: Segment) -> Json | None:
    code, text = obr.text(15, 1, 1), obr.text(15, 1, 2)
    return codeable_concept(Coded(code, text or code, "")) if code or text else None


def _report(order: Order, request: Mapped | None, specimen: Mapped | None, results: list[Mapped]) -> None:
    obr = order.group.obr
    key = source_key("DiagnosticReport", *order.key)
    filler = entity(obr, 3).value
    numbers = [{"system": systems.order_number(order.context.facility, "filler"), "value": filler}] if filler else []
    issued = date_time(obr.text(22), order.context.zone) if obr.text(22) else None
    notes = [nte.whole(each) for nte in order.group.notes for each in nte.repetitions(3)]
    category = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": obr.text(24) or "LAB"}
    interpreter = practitioner(obr, obr.repetitions(32)[0]) if obr.repetitions(32) else {}
    resource = {
        "resourceType": "DiagnosticReport",
        "identifier": [*numbers, identifier(key)],
        "basedOn": [request.reference] if request is not None else [],
        "status": _report_status(order, has_results=bool(results)),
        "category": [{"coding": [category]}],
        "code": order.code,
        "subject": order.mapped.patient.reference,
        "encounter": order.visit.reference if order.visit is not None else None,
        "effectiveDateTime": order.sampled_at,
        "issued": issued if issued and len(issued) > 19 else None,
        "performer": [{"display": order.sender}],
        "resultsInterpreter": [interpreter] if interpreter else [],
        "specimen": [specimen.reference] if specimen is not None else [],
        "result": [each.reference for each in results],
        "conclusion": "\n".join(note for note in notes if note),
    }
    order.mapped.add(Mapped(f"report-{order.number}", without_empty(resource), [key]))
