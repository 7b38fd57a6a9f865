"""search of several types: GET [base]?_type=…, POST [base]/_search. Source: FHIR R4 http.html#search."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.search_query import parse_search_types
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.interactions.search_type import found, is_lenient, pairs_of
from benhan.fhir_api.requests import check_accept


async def search_system(api: FhirApi, request: Request) -> Response:
    """200 with a searchset over the types that `_type` names, over all without it; a parameter must be one of each."""
    check_accept(request)
    pairs = await pairs_of(request)
    query = parse_search_types((), pairs, lenient=is_lenient(request), registry=api.store.search.registry)
    return await found(api, request, query)
