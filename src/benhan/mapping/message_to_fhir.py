"""The messages that are taken, and what maps each. Source: HL7 table 0003."""

from __future__ import annotations

from collections.abc import Callable

from benhan.hl7v2.faults import UNSUPPORTED_MESSAGE
from benhan.hl7v2.message import Message
from benhan.mapping.adt_to_fhir import EVENTS, adt_to_fhir
from benhan.mapping.faults import NOT_MAPPABLE
from benhan.mapping.mapped import Context, MappedMessage
from benhan.mapping.orm_o01_to_fhir import TYPES, orm_o01_to_fhir
from benhan.mapping.oru_r01_to_fhir import oru_r01_to_fhir
from benhan.mapping.v2_times import wrong_times

Mapping = Callable[[Message, Context], MappedMessage]

MAPPINGS: dict[str, Mapping] = {
    **{f"ADT^{event}": adt_to_fhir for event in sorted(EVENTS)},
    **dict.fromkeys(TYPES, orm_o01_to_fhir),
    "ORU^R01": oru_r01_to_fhir,
}


def mapping_of(message: Message) -> Mapping:
    """What maps `message`. Raises Unsupported BA-0607 naming the types that are taken."""
    found = MAPPINGS.get(message.type)
    if found is None:
        known = message.type if len(message.type) <= 10 and message.type.replace("^", "").isalnum() else "?"
        raise UNSUPPORTED_MESSAGE(type=known, supported=", ".join(MAPPINGS))
    return found


def message_to_fhir(message: Message, context: Context) -> MappedMessage:
    """The resources that `message` says. Raises Unsupported BA-0607, Incorrect BA-0701."""
    mapping = mapping_of(message)
    wrong = wrong_times(message)
    if wrong:
        raise NOT_MAPPABLE(*wrong, count=len(wrong))
    return mapping(message, context)
