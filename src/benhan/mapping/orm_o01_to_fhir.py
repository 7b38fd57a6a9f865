"""ORM^O01, OMG^O19 and OML^O21 to Patient, Encounter and a ServiceRequest for each order.

An order is known again by its placer's or filler's number with its service (OBR-4): a change or cancellation becomes
its next version, and the ORU^R01 that answers it is based on it. Orders of drugs (RXO), diets (ODS) and supplies (RQ),
specimens and observations that come along are not taken; results of before that come with a new order are not orders.
Source: HL7 v2-to-FHIR message maps ORM_O01 and OML_O21; HL7 v2.5.1 4.4.1, 4.4.4, 4.4.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from benhan.hl7v2.datatypes import coded, date_time, entity, first_coded
from benhan.hl7v2.message import Message, Segment
from benhan.kernel.issues import Issue, error
from benhan.mapping import faults
from benhan.mapping.mapped import Context, Json, Mapped, MappedMessage, Policy, without_empty
from benhan.mapping.v2_codes import codeable_concept
from benhan.mapping.v2_encounter import encounter, practitioner, visit_key
from benhan.mapping.v2_order import numbers, order_identifiers, order_keys, priority, start_time
from benhan.mapping.v2_patient import patient
from benhan.mapping.v2_tables import ORDER_CONTROL, ORDER_STATUS
from benhan.vn import systems

TYPES = ("ORM^O01", "OMG^O19", "OML^O21")
CLAUSE = "HL7 v2.5.1 4.5.1 ORC"
STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"
_OF_BEFORE = frozenset({"PR", "RE", ""})
"""Control codes of results of before (PRIOR_RESULT of OMG and OML), whose ORC says nothing new."""


@dataclass(slots=True)
class OrderGroup:
    """An ORC with its OBR, and what belongs to them."""

    orc: Segment
    obr: Segment | None = None
    tq1: Segment | None = None
    notes: list[Segment] = field(default_factory=list)
    diagnoses: list[Segment] = field(default_factory=list)
    replaced: Mapped | None = None
    """The order that this one stands in the place of."""

    @property
    def control(self) -> str:
        """ORC-1."""
        return self.orc.text(1).strip().upper()


def orders(message: Message) -> Iterator[OrderGroup]:
    """The orders of a message: each ORC, with another one for each further OBR that follows it."""
    group: OrderGroup | None = None
    is_before = False
    for segment in message.segments:
        if segment.name in ("PID", "PV1", "AL1"):
            is_before = group is not None  # a patient after the first order begins what was known before
        elif segment.name == "ORC":
            if group is not None:
                yield group
            group = OrderGroup(segment)
            is_before = is_before and group.control in _OF_BEFORE
            if is_before:
                group = None
        elif segment.name == "OBR" and group is not None and group.obr is not None and not is_before:
            yield group
            group = OrderGroup(group.orc, segment)
        elif group is not None and not is_before:
            _add(group, segment)
    if group is not None:
        yield group


def _add(group: OrderGroup, segment: Segment) -> None:
    if segment.name == "OBR":
        group.obr = segment
    elif segment.name == "TQ1":
        group.tq1 = group.tq1 or segment
    elif segment.name == "NTE":
        group.notes.append(segment)
    elif segment.name == "DG1":
        group.diagnoses.append(segment)


def orm_o01_to_fhir(message: Message, context: Context) -> MappedMessage:
    """What an order message says. Raises Incorrect BA-0701 with one Issue per defect; nothing is mapped then."""
    issues: list[Issue] = []
    person = patient(message, context, issues, Policy.KEEP)
    groups = [each for each in orders(message) if each.control != "PR"]
    if not groups:
        issues.append(error("required", "ORC", faults.NO_ORDER, CLAUSE))
    for number, group in enumerate(groups, 1):
        issues += _defects(group, f"[{number}]" if len(groups) > 1 else "")
    errors = [issue for issue in issues if issue.is_error]
    if person is None or errors:
        raise faults.NOT_MAPPABLE(*errors, count=len(errors))
    mapped = MappedMessage([person])
    key = visit_key(message, context)
    visit = mapped.add(encounter(message, context, person, key, Policy.KEEP)) if key is not None else None
    replaced: Mapped | None = None
    for group in groups:
        group.replaced = replaced if group.control == "RO" else None
        one = _service_request(group, context, mapped, visit)
        replaced = one if group.control in ("RP", "RQ", "RU") else None
    return mapped


def _defects(group: OrderGroup, nth: str) -> Iterator[Issue]:
    if group.control not in ORDER_CONTROL:
        yield error("value", f"ORC{nth}-1", faults.NOT_AN_ORDER_CONTROL, "HL7 v2.5.1 table 0119")
    if group.obr is None:
        yield error("required", f"OBR{nth}", faults.NO_ORDER, CLAUSE)
    elif codeable_concept(first_coded(group.obr, 4)) is None:
        yield error("required", f"OBR{nth}-4", faults.NO_SERVICE, "HL7 v2.5.1 4.5.3.4 OBR-4")
    if group.obr is not None and not any(_numbers(group)):
        yield error("required", f"ORC{nth}-2", faults.NO_ORDER_NUMBER, CLAUSE)


def _numbers(group: OrderGroup) -> tuple[str, str]:
    """The numbers an order is known by; the slip's (ORC-4) where it has none of its own."""
    placer, filler = numbers(group.obr or group.orc, group.orc)
    return (placer, filler) if placer or filler else (entity(group.orc, 4).value, "")


def _service_request(group: OrderGroup, context: Context, mapped: MappedMessage, visit: Mapped | None) -> Mapped:
    orc, obr = group.orc, group.obr or group.orc
    placer, filler = _numbers(group)
    keys = order_keys(context, mapped.patient, obr, placer, filler)
    known = {each: one for one in mapped.resources for each in one.identities}
    slip = entity(orc, 4).value
    section = obr.text(24)
    resource = {
        "resourceType": "ServiceRequest",
        "extension": _status_reason(group),
        "identifier": order_identifiers(context, placer, filler, keys),
        "replaces": [group.replaced.reference] if group.replaced is not None else [],
        "requisition": {"system": systems.order_number(context.facility, "group"), "value": slip} if slip else None,
        "status": _status(group),
        "intent": "order",
        "category": [{"coding": [{"system": SECTION, "code": section}]}] if section else [],
        "priority": priority(orc, obr, group.tq1),
        "code": codeable_concept(first_coded(obr, 4), systems.LOCAL_TEST),
        "subject": mapped.patient.reference,
        "encounter": visit.reference if visit is not None else None,
        "occurrenceDateTime": _time(start_time(orc, obr, group.tq1), context),
        "authoredOn": _authored(group, context),
        "requester": _requester(orc, obr),
        "reasonCode": _reasons(group),
        "note": [{"text": text} for text in _notes(group)],
    }
    one = Mapped(f"request-{len(mapped.resources)}", without_empty(resource), keys, Policy.MERGE)
    if any(each in known for each in keys):  # ORC twice for one order: the later word holds
        earlier = next(known[each] for each in keys if each in known)
        earlier.resource = {**earlier.resource, **one.resource}
        return earlier
    return mapped.add(one)


def _status(group: OrderGroup) -> str:
    """ServiceRequest.status: what ORC-1 does to the order, else what ORC-5 says of it, else active."""
    done = ORDER_CONTROL[group.control]
    told = ORDER_STATUS.get(group.orc.text(5).upper(), "")
    if done == "active":
        return told or done
    return done or told or "active"


def _status_reason(group: OrderGroup) -> list[Json]:
    """ORC-16 where the order is not simply given: why it was cancelled, stopped, held or changed."""
    reason = codeable_concept(first_coded(group.orc, 16))
    if reason is None or group.control == "NW":
        return []
    return [{"url": STATUS_REASON, "valueCodeableConcept": reason}]


def _authored(group: OrderGroup, context: Context) -> str | None:
    """When a new order was given: ORC-9; that of a change is the change's own."""
    if group.control not in ("NW", "RO"):
        return None
    return _time(group.orc.text(9) or (group.obr.text(6) if group.obr is not None else ""), context)


def _time(written: str, context: Context) -> str | None:
    return date_time(written, context.zone) if written else None


def _requester(orc: Segment, obr: Segment) -> Json:
    written = orc.repetitions(12) or obr.repetitions(16)
    return practitioner(orc, written[0]) if written else {}


def _reasons(group: OrderGroup) -> list[Json]:
    """OBR-31 and the diagnoses that come with the order."""
    obr = group.obr or group.orc
    written = [coded(obr, each) for each in obr.repetitions(31)] + [first_coded(each, 3) for each in group.diagnoses]
    return [concept for each in written if (concept := codeable_concept(each)) is not None]


def _notes(group: OrderGroup) -> list[str]:
    """What the laboratory is told: OBR-13, then NTE-3."""
    obr = group.obr or group.orc
    clinical = [obr.part(each, 2) or obr.part(each) for each in obr.repetitions(13)]
    told = [nte.whole(each) for nte in group.notes for each in nte.repetitions(3)]
    return [text for text in (*clinical, *told) if text]
