"""A search of AuditEvents as the ledger is asked: patient, time, actor, event, resource.

Source: FHIR R4 auditevent.html#search; IHE ITI-81 (Retrieve ATNA Audit Event).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from benhan.fhir.faults import BAD_QUERY
from benhan.fhir.search_criteria import Criterion, Wanted
from benhan.fhir.search_query import SearchQuery
from benhan.fhir.search_values import DateValue, Prefix, TokenValue
from benhan.kernel.faults import Fault
from benhan.kernel.issues import error
from benhan.kernel.texts import Text
from benhan.mapping.ledger_to_audit_event import ACTOR_SYSTEM, EVENT_SYSTEM, kind_of
from benhan.store.ids import Ids
from benhan.store.ledger.events import Event
from benhan.store.ledger.find import LedgerQuestion
from benhan.store.resource_types import TYPE_NUMBERS

OFFERED = ("_count", "action", "agent:identifier", "altid", "date", "entity", "patient", "subtype")

NOT_ASKED_SO = Text(
    "Nhật ký không tìm được theo {name}. Tìm được theo: {valid}.",
    "The ledger cannot be searched by {name}. It can by: {valid}.",
)


def ledger_question(query: SearchQuery, ids: Ids, base_url: str) -> LedgerQuestion:
    """What of the ledger `query` asks for. Raises Incorrect BA-0220 for what the ledger is not searched by."""
    for name, _ in query.applied:
        if name not in (*OFFERED, "_page"):
            raise refused(name)
    question = LedgerQuestion()
    for wanted in query.criteria:
        question = _narrowed(question, _plain(wanted), ids, base_url)
    return question


def refused(name: str) -> Fault:
    """The fault for a parameter that the ledger is not searched by, or whose value it does not take."""
    told = NOT_ASKED_SO.filled(name=name, valid=", ".join(OFFERED))
    return BAD_QUERY(error("not-supported", name, told), count=1)


def _plain(wanted: Wanted) -> Criterion:
    if not isinstance(wanted, Criterion):
        raise refused(wanted.code)
    return wanted


def _narrowed(question: LedgerQuestion, criterion: Criterion, ids: Ids, base_url: str) -> LedgerQuestion:
    match criterion.code:
        case "patient":
            rids = {ids.rid_of("Patient", _id_of(value, "Patient", base_url)) for value in criterion.values}
            return replace(question, patients=_both(question.patients, rids))
        case "date":
            return _within(question, _one(criterion))
        case "agent" | "altid":
            return replace(question, actor=_actor(_one(criterion), question.actor))
        case "entity":
            type_, _, id_ = str(_one(criterion)).removeprefix(f"{base_url}/").partition("/")
            if type_ not in TYPE_NUMBERS or question.resource is not None:
                raise refused("entity")
            return replace(question, resource=(TYPE_NUMBERS[type_], ids.rid_of(type_, id_.partition("/")[0])))
        case "action":
            numbers = {event.number for event in Event if kind_of(event.label).action in _codes(criterion)}
        case _:
            numbers = {event.number for event in Event if _subtypes(event) & _codes(criterion)}
    return replace(question, events=_both(question.events, numbers))


def _id_of(value: object, type_: str, base_url: str) -> str:
    return str(value).removeprefix(f"{base_url}/").removeprefix(f"{type_}/")


def _both(known: Sequence[int] | None, found: set[int]) -> tuple[int, ...]:
    return tuple(sorted(found if known is None else found & set(known)))


def _one(criterion: Criterion) -> object:
    """The only value: the ledger takes no alternatives where it compares by order or by one actor."""
    if len(criterion.values) != 1:
        raise refused(criterion.code)
    return criterion.values[0]


def _actor(value: object, known: str | None) -> str:
    """An actor by its identifier or alternative id; two different ones are nobody."""
    if not isinstance(value, TokenValue) or value.code is None:
        raise refused("agent")
    if value.system not in (None, "", ACTOR_SYSTEM):
        return ""
    return value.code if known in (None, value.code) else ""


def _codes(criterion: Criterion) -> set[str]:
    return {value.code for value in criterion.values if isinstance(value, TokenValue) and value.code is not None}


def _subtypes(event: Event) -> set[str]:
    subtype = kind_of(event.label).subtype
    return {event.label, *([subtype[1]] if subtype is not None and subtype[0] != EVENT_SYSTEM else [])}


def _within(question: LedgerQuestion, value: object) -> LedgerQuestion:
    """The question held to a date; an entry is of one instant, so that the prefixes come to two bounds."""
    if not isinstance(value, DateValue):
        raise refused("date")
    low, high = value.range
    match value.prefix:
        case Prefix.EQ:
            return _until(_since(question, low), high)
        case Prefix.GE:
            return _since(question, low)
        case Prefix.GT | Prefix.SA:
            return _since(question, high)
        case Prefix.LE:
            return _until(question, high)
        case Prefix.LT | Prefix.EB:
            return _until(question, low)
    raise refused("date")


def _since(question: LedgerQuestion, at: datetime) -> LedgerQuestion:
    return replace(question, since=max(question.since or at, at))


def _until(question: LedgerQuestion, at: datetime) -> LedgerQuestion:
    return replace(question, until=min(question.until or at, at))
