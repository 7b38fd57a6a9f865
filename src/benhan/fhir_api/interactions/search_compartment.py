"""search in a compartment: GET [base]/[compartment]/[id]/[type]?…, …/*?…, and by POST …/_search.

Source: FHIR R4 http.html#search, compartmentdefinition.html.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.compartments import compartments, member_types
from benhan.fhir.search_query import parse_search, parse_search_types
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.faults import NO_COMPARTMENT
from benhan.fhir_api.interactions.search_type import found, is_lenient, pairs_of
from benhan.fhir_api.requests import check_accept, id_of_path, type_of_path

EVERY_TYPE = "*"


async def search_compartment(api: FhirApi, request: Request) -> Response:
    """200 with a searchset of what belongs to a patient, an encounter, a practitioner, …; 404 BA-2167 for no such."""
    check_accept(request)
    within, wanted = type_of_path(request), request.path_params["wanted"]
    if within not in compartments() or wanted not in (EVERY_TYPE, *member_types(within)):
        raise NO_COMPARTMENT(valid=", ".join(sorted(compartments())))
    compartment = (within, id_of_path(request))
    pairs, lenient, registry = await pairs_of(request), is_lenient(request), api.store.search.registry
    if wanted == EVERY_TYPE:
        types = member_types(within)
        query = parse_search_types(types, pairs, lenient=lenient, registry=registry, compartment=compartment)
    else:
        query = parse_search(wanted, pairs, lenient=lenient, registry=registry, compartment=compartment)
    return await found(api, request, query)
