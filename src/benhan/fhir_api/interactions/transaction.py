"""batch and transaction: POST [base]. Source: FHIR R4 http.html#transaction."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.definitions import resource_types
from benhan.fhir.indexing import patient_of
from benhan.fhir.outcome import outcome_of
from benhan.fhir.references import rewrite_references
from benhan.fhir.resource import ParsedResource, instant, is_id, parse_json, parse_resource, to_bytes
from benhan.fhir.search_query import SearchQuery, parse_search
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.faults import BAD_ENTRY, ID_MISMATCH, NOT_A_BUNDLE, NOT_OFFERED, TOO_MANY_ENTRIES
from benhan.fhir_api.interactions.search_type import searchset
from benhan.fhir_api.requests import actor_of, check_valid, language_of, preference, read_body, version_of_etag
from benhan.fhir_api.responses import json_response, status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.store.unit_of_work import Stored, UnitOfWork

Json = dict[str, Any]
ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
_ADDRESS = re.compile(r"(?P<type>[A-Z][A-Za-z]+)(?:/(?P<id>[A-Za-z0-9\-.]{1,64}))?")


@dataclass(slots=True)
class Step:
    """One entry: what to do, to what, with which content."""

    number: int
    verb: str
    type: str
    id: str
    query: str
    full_url: str
    if_match: int | None
    body: Json | None

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}" if self.id else self.type


async def transaction(api: FhirApi, request: Request) -> Response:
    """200 with a batch-response or transaction-response; a transaction is done whole or not at all."""
    data = await read_body(request, api.body_bytes_max)
    body, plain = parse_json(data, size_bytes_max=api.body_bytes_max)
    if (
        not isinstance(plain, dict)
        or plain.get("resourceType") != "Bundle"
        or plain.get("type") not in ("batch", "transaction")
    ):
        raise NOT_A_BUNDLE()
    entries = body.get("entry", [])
    if not isinstance(entries, list):
        raise NOT_A_BUNDLE()
    if len(entries) > api.bundle_entries_max:
        raise TOO_MANY_ENTRIES(limit=api.bundle_entries_max)
    if plain["type"] == "batch":
        return json_response(await _batch(api, request, entries))
    return json_response(await _transaction(api, request, entries))


async def _transaction(api: FhirApi, request: Request, entries: list[Any]) -> bytes:
    steps = [_step(entry, number) for number, entry in enumerate(entries, 1)]
    _check_permissions(request, steps)
    unit = api.store.begin(actor_of(request))
    ids = _assigned_ids(unit, steps)
    writes = [step for step in sorted(steps, key=lambda each: ORDER[each.verb]) if step.verb not in ("GET", "HEAD")]
    for step in writes:
        _write(unit, step, ids)
    answers = await _early_reads(api, request, steps, {step.address for step in writes})
    stored = await api.store.commit(unit) if writes else []
    answers |= {step.number: _written(each, api, request) for step, each in zip(writes, stored, strict=True)}
    for step in steps:
        if step.number not in answers:
            answers[step.number] = await _answered(request, _read(api, request, step))
    return bundle_bytes("transaction-response", [answers[step.number] for step in steps])


async def _early_reads(api: FhirApi, request: Request, steps: list[Step], written: set[str]) -> dict[int, Entry]:
    """The answers of reads that no write of the bundle touches: one that fails stops all before anything is written.

    Searches are understood here and answered after the writes, which they must see.
    """
    answers = {}
    for step in steps:
        if step.verb in ("GET", "HEAD"):
            if not step.id:
                _search_of(step)
            elif step.address not in written:
                answers[step.number] = await _read(api, request, step)
    return answers


async def _batch(api: FhirApi, request: Request, entries: list[Any]) -> bytes:
    answers = [
        await _answered(request, _batch_step(api, request, entry, number)) for number, entry in enumerate(entries, 1)
    ]
    return bundle_bytes("batch-response", answers)


async def _answered(request: Request, answer: Awaitable[Entry]) -> Entry:
    """The answer of an entry; a Fault of it is an answer too."""
    try:
        return await answer
    except Fault as fault:
        outcome = outcome_of(fault, language_of(request.scope))
        return Entry(response={"status": str(status_of(fault)), "outcome": outcome})


async def _batch_step(api: FhirApi, request: Request, entry: Any, number: int) -> Entry:
    step = _step(entry, number)
    _check_permissions(request, [step])
    if step.verb in ("GET", "HEAD"):
        return await _read(api, request, step)
    unit = api.store.begin(actor_of(request))
    _write(unit, step, {})
    return _written((await api.store.commit(unit))[0], api, request)


def _step(entry: Any, number: int) -> Step:
    """The step of an entry. Raises Incorrect BA-0311 with its number."""
    told = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(told, dict) or told.get("method") not in list(ORDER) or not isinstance(told.get("url"), str):
        raise BAD_ENTRY(number=number, reason="request.method, request.url")
    address, _, query = told["url"].partition("?")
    match = _ADDRESS.fullmatch(address)
    if match is None or match["type"] not in resource_types():
        raise BAD_ENTRY(number=number, reason="request.url")
    verb, body = told["method"], entry.get("resource")
    _check_shape(told, verb, match["id"], query, body, number)
    version = version_of_etag(str(told["ifMatch"])) if "ifMatch" in told else None
    full_url = entry.get("fullUrl") if isinstance(entry.get("fullUrl"), str) else ""
    return Step(number, verb, match["type"], match["id"] or "", query, full_url or "", version, body)


def _check_shape(told: Json, verb: str, id_: str | None, query: str, body: Any, number: int) -> None:
    if verb == "PATCH" or told.get("ifNoneExist") or (query and verb in ("PUT", "DELETE")):
        raise NOT_OFFERED(what="PATCH, If-None-Exist, conditional PUT/DELETE")
    if verb in ("POST", "PUT") and not isinstance(body, dict):
        raise BAD_ENTRY(number=number, reason="resource")
    if (verb == "POST" and id_) or (verb in ("PUT", "DELETE") and not id_):
        raise BAD_ENTRY(number=number, reason="request.url")


def _check_permissions(request: Request, steps: list[Step]) -> None:
    from benhan.access.faults import NOT_ALLOWED

    needed = {
        "GET": Permission.FHIR_READ,
        "HEAD": Permission.FHIR_READ,
        "POST": Permission.FHIR_WRITE,
        "PUT": Permission.FHIR_WRITE,
        "DELETE": Permission.FHIR_DELETE,
    }
    actor = actor_of(request)
    for step in steps:
        wanted = Permission.FHIR_SEARCH if step.verb == "GET" and not step.id else needed[step.verb]
        if not actor.may(wanted):
            raise NOT_ALLOWED()


def _assigned_ids(unit: UnitOfWork, steps: list[Step]) -> dict[str, str]:
    """The real reference of each `urn:uuid:` of the bundle: patients first, since others live in their compartments."""
    real: dict[str, str] = {}
    for step in sorted(steps, key=lambda each: each.type != "Patient"):
        if step.verb == "PUT":
            reference = step.address
        elif step.verb == "POST" and step.body is not None:
            patient = patient_of({**rewrite_references(step.body, real), "resourceType": step.type})
            step.id = unit.assign_id(step.type, patient)
            reference = step.address
        else:
            continue
        if step.full_url:
            if step.full_url in real:
                raise BAD_ENTRY(number=step.number, reason="fullUrl twice")
            real[step.full_url] = reference
    return real


def _write(unit: UnitOfWork, step: Step, real: Mapping[str, str]) -> None:
    if step.verb == "DELETE":
        unit.delete(step.type, step.id, if_match=step.if_match)
        return
    assert step.body is not None
    resource = _resource(step, real)
    if step.verb == "POST":
        unit.create(resource, id_=step.id or None)
    else:
        unit.update(resource, if_match=step.if_match)


def _resource(step: Step, real: Mapping[str, str]) -> ParsedResource:
    body = rewrite_references(step.body, real) if real else step.body
    resource = parse_resource(to_bytes(body))
    if resource.type != step.type:
        raise BAD_ENTRY(number=step.number, reason="resourceType")
    if step.verb == "PUT" and (resource.id != step.id or not is_id(step.id)):
        raise ID_MISMATCH()
    check_valid(resource)
    return resource


def _written(stored: Stored | None, api: FhirApi, request: Request) -> Entry:
    if stored is None or stored.deleted:
        return Entry(response={"status": "204"})
    response = {
        "status": "201" if stored.created else "200",
        "location": f"{stored.type}/{stored.id}/_history/{stored.version}",
        "etag": stored.etag,
        "lastModified": instant(stored.updated_at),
    }
    content = stored.content if preference(request, "return") == "representation" else b""
    return Entry(content, f"{api.base_url}/{stored.type}/{stored.id}" if content else "", response=response)


def _search_of(step: Step) -> SearchQuery:
    return parse_search(step.type, parse_qsl(step.query, keep_blank_values=True))


async def _read(api: FhirApi, request: Request, step: Step) -> Entry:
    actor = actor_of(request)
    if step.id:
        stored = await api.store.resources.read(step.type, step.id, actor)
        return Entry(stored.content, response={"status": "200", "etag": stored.etag})
    query = _search_of(step)
    page = await api.store.search.search(query, actor, base_url=api.base_url)
    return Entry(searchset(api, query, page, request), response={"status": "200"})
