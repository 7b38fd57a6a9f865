"""search of a type: GET [base]/[type]?…, POST [base]/[type]/_search. Source: FHIR R4 http.html#search."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.faults import NOT_ALLOWED
from benhan.fhir.bundle import Entry, entry_bytes, written_bundle
from benhan.fhir.outcome import outcome_of_issues
from benhan.fhir.search_query import SearchQuery, parse_search
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.asked import query_of, query_text
from benhan.fhir_api.faults import BODY_TOO_LARGE
from benhan.fhir_api.interactions.audit_event import is_of_ledger, search_audit_events
from benhan.fhir_api.requests import actor_of, check_accept, language_of, note_form, preference, type_of_path
from benhan.fhir_api.responses import json_response
from benhan.kernel.permissions import Permission
from benhan.store.search.search import SearchPage

FORM_BYTES_MAX = 64 * 1024


async def search_type(api: FhirApi, request: Request) -> Response:
    """200 with a searchset; 400 naming what is not understood, unless `Prefer: handling=lenient`."""
    check_accept(request)
    type_ = type_of_path(request)
    pairs = await pairs_of(request)
    query = parse_search(type_, pairs, lenient=is_lenient(request), registry=api.store.search.registry)
    if is_of_ledger(request, type_):
        return await search_audit_events(api, request, query)
    return await found(api, request, query)


async def found(api: FhirApi, request: Request, query: SearchQuery) -> Response:
    """200 with a page of what `query` finds. Raises Forbidden BA-0902 where `_explain` is asked by who may not."""
    actor = actor_of(request)
    if query.explain and not actor.may(Permission.SEARCH_EXPLAIN):
        raise NOT_ALLOWED()
    page = await api.store.search.search(query, actor, base_url=api.base_url)
    return json_response(searchset(api, query, page, request))


def is_lenient(request: Request) -> bool:
    """Whether what is not understood shall be left out, and said, instead of refused."""
    return preference(request, "handling") == "lenient"


async def pairs_of(request: Request) -> list[tuple[str, str]]:
    """The parameters of a search, of its address and of its form. Raises BA-0301."""
    pairs = list(query_of(request.scope))
    if request.method == "POST":
        pairs += await _form(request)
        note_form(request, pairs)
    return pairs


async def _form(request: Request) -> list[tuple[str, str]]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise BODY_TOO_LARGE(limit=FORM_BYTES_MAX)
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def searchset(api: FhirApi, query: SearchQuery, page: SearchPage, request: Request) -> bytes:
    """The Bundle of a page; what was ignored or cut is said in an outcome entry, what was ignored left out of `self`.

    A plan that was asked for stands in the outcome entry's diagnostics.
    """
    written = entry_bytes(page.matches, api.base_url, "match") + entry_bytes(page.included, api.base_url, "include")
    if query.ignored or page.notes or page.explanation:
        told = Entry(orjson.dumps(_outcome(query, page, request)), search_mode="outcome")
        written.append(told.written())
    asked = [pair for pair in query.applied if pair[0] != "_page"]
    address = address_of(api, query)
    own = f"{address}?{query_text(asked)}" if asked else address
    links = [("self", own)]
    if page.next:
        links.append(("next", f"{own}{'&' if asked else '?'}_page={page.next}"))
    return written_bundle("searchset", written, links=links, total=page.total)


def address_of(api: FhirApi, query: SearchQuery) -> str:
    """Where the search was asked: a type, a compartment, or everything."""
    within = f"{api.base_url}/{'/'.join(query.compartment)}" if query.compartment is not None else api.base_url
    if query.type:
        return f"{within}/{query.type}"
    return f"{within}/*" if query.compartment is not None else within


def _outcome(query: SearchQuery, page: SearchPage, request: Request) -> dict[str, Any]:
    outcome = outcome_of_issues([*query.ignored, *page.notes], language_of(request.scope), "warning")
    for each in page.explanation:
        told = {"severity": "information", "code": "informational", "diagnostics": orjson.dumps(each).decode()}
        outcome.setdefault("issue", []).append(told)
    return outcome
