"""AuditEvents out of the ledger: what `read` and `search_type` answer to who may see the ledger.

Anybody else gets what clients have stored as AuditEvents. An entry is read by `ledger-[number]`.
Source: FHIR R4 auditevent.html; IHE BALP 1.1.3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.search_query import SearchQuery
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.ledger_question import ledger_question, refused
from benhan.fhir_api.requests import actor_of
from benhan.fhir_api.responses import json_response
from benhan.kernel.actors import Actor
from benhan.kernel.limits import Act
from benhan.kernel.permissions import Permission
from benhan.mapping.ledger_to_audit_event import ID_PREFIX, LedgerEntry, ledger_to_audit_event
from benhan.store.access_faults import NOT_GRANTED
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.store.ids import encode_rid
from benhan.store.ledger.canonical import Recorded
from benhan.store.ledger.events import Event
from benhan.store.ledger.find import find_entries, ids_of
from benhan.store.ledger.read import entry_at
from benhan.store.resource_types import TYPE_NAMES, TYPE_NUMBERS

TYPE = "AuditEvent"
COUNT_MAX = 200
NEWEST = 2**63 - 1
_SEQ = re.compile(ID_PREFIX + r"([0-9]{1,18})")
_PATIENT = TYPE_NUMBERS["Patient"]


def is_of_ledger(request: Request, type_: str, id_: str = "") -> bool:
    """Whether a request is for the ledger: AuditEvents, by who may see it; a single one by a ledger's id."""
    if type_ != TYPE or not actor_of(request).may(Permission.LEDGER_VIEW):
        return False
    return not id_ or _SEQ.fullmatch(id_) is not None


async def read_audit_event(api: FhirApi, request: Request, id_: str) -> Response:
    """200 with the AuditEvent of an entry. Raises NotFound BA-0401 where there is none that the actor may see."""
    actor, number = actor_of(request), int(id_.removeprefix(ID_PREFIX))
    patients = _patients(api, actor, Act.READ)
    entry = await entry_at(api.store.database, number)
    if entry is None or (patients is not None and entry.patient not in patients):
        raise NO_SUCH_RESOURCE(type=TYPE, id=id_)
    [event] = await _events(api, [entry])
    await _note(api, actor, [entry], "_id")
    return json_response(event)


async def search_audit_events(api: FhirApi, request: Request, query: SearchQuery) -> Response:
    """200 with the entries asked for, newest first. Raises BA-0220 naming what the ledger is not searched by."""
    actor = actor_of(request)
    question = ledger_question(query, api.store.workshop.ids, api.base_url)
    patients = _patients(api, actor, Act.SEARCH)
    if patients is not None:
        seen = patients if question.patients is None else patients & set(question.patients)
        question = replace(question, patients=tuple(sorted(seen)))
    count = max(1, min(query.count, COUNT_MAX))
    found = await find_entries(api.store.database, question, before=_before(query), count=count + 1)
    shown = found[:count]
    events = await _events(api, shown)
    asked = [pair for pair in query.applied if pair[0] != "_page"]
    await _note(api, actor, shown, ",".join(sorted({name for name, _ in asked})))
    entries = [
        Entry(event, f"{api.base_url}/{TYPE}/{ID_PREFIX}{each.seq}", "match")
        for event, each in zip(events, shown, strict=True)
    ]
    address = f"{api.base_url}/{TYPE}"
    links = [("self", f"{address}?{urlencode(asked)}" if asked else address)]
    if len(found) > count:
        links.append(("next", f"{address}?{urlencode([*asked, ('_page', str(shown[-1].seq))])}"))
    return json_response(bundle_bytes("searchset", entries, links=links))


def _before(query: SearchQuery) -> int:
    """Below which number a page goes on: entries stay as they are, so that their number is enough of a link."""
    if not query.page:
        return NEWEST
    if not (query.page.isascii() and query.page.isdecimal() and len(query.page) < 19):
        raise refused("_page")
    return int(query.page)


def _patients(api: FhirApi, actor: Actor, act: Act) -> frozenset[int] | None:
    """The only patients of whom the actor may see entries; None for any. Raises Forbidden BA-2300.

    A narrowed scope is decided by index terms, which an entry has none of: it grants nothing here.
    """
    bounds = api.store.workshop.rules.rules_for(actor, TYPE, act)
    if bounds is None:
        return None
    plain = [bound for bound in bounds if not bound.is_narrowed]
    if not plain:
        raise NOT_GRANTED(type=TYPE, act=act.value)
    if any(bound.patient is None for bound in plain):
        return None
    return frozenset(bound.patient for bound in plain if bound.patient is not None)


async def _events(api: FhirApi, entries: Sequence[Recorded]) -> list[bytes]:
    """The AuditEvents of entries."""
    store = api.store
    named = {(_PATIENT, each.patient) for each in entries if each.patient}
    named |= {(each.type, each.rid) for each in entries if each.rid}
    async with store.database.connection() as connection:
        names = await ids_of(connection, store.opener, sorted(named)) if named else {}
    return [orjson.dumps(ledger_to_audit_event(_told(each, names), api.base_url)) for each in entries]


def _told(entry: Recorded, names: dict[tuple[int, int], str]) -> LedgerEntry:
    return LedgerEntry(
        entry.seq,
        entry.at,
        entry.label,
        entry.actor,
        entry.role,
        entry.trace,
        TYPE_NAMES.get(entry.type, ""),
        entry.version,
        names.get((_PATIENT, entry.patient), ""),
        encode_rid(entry.patient) if entry.patient else "",
        names.get((entry.type, entry.rid), ""),
        encode_rid(entry.rid) if entry.rid else "",
        json.loads(entry.detail) if entry.detail else {},
    )


async def _note(api: FhirApi, actor: Actor, shown: Sequence[Recorded], names: str) -> None:
    """Looking into the ledger is itself in the ledger, of each patient of whom something was shown."""
    unit = api.store.begin(actor)
    for patient in sorted({0, *(each.patient for each in shown)}):
        count = sum(each.patient == patient for each in shown)
        unit.record(Event.RESOURCE_SEARCH, patient=patient, type_=TYPE, parameters=names[:200], count=count)
    await api.store.commit(unit)
