"""search of several types: GET [base]?…, POST [base]/_search. Source: FHIR R4 http.html#search."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.search_query import parse_search_types
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.interactions.search_type import answered, asked_pairs
from benhan.fhir_api.requests import check_accept, preference


async def search_system(api: FhirApi, request: Request) -> Response:
    """200 with a searchset of every type, or of those that `_type` names; a parameter must be one of each type."""
    check_accept(request)
    pairs = await asked_pairs(request)
    lenient = preference(request, "handling") == "lenient"
    query = parse_search_types([], pairs, lenient=lenient, registry=api.store.search.registry)
    return await answered(api, request, query)
