"""search in a compartment: GET [base]/[compartment]/[id]/[type]?…, or `*` for all its types.

Source: FHIR R4 http.html#search, compartmentdefinition.html.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.compartments import compartments, member_types
from benhan.fhir.definitions import resource_types
from benhan.fhir.faults import UNKNOWN_TYPE
from benhan.fhir.search_query import parse_search, parse_search_types
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.faults import NO_COMPARTMENT
from benhan.fhir_api.interactions.search_type import answered, asked_pairs
from benhan.fhir_api.requests import check_accept, id_of_path, preference, type_of_path


async def search_compartment(api: FhirApi, request: Request) -> Response:
    """200 with a searchset of what belongs to one Patient, Encounter, Practitioner, RelatedPerson or Device.

    Raises NotFound BA-2110 for another type, or for a member type that the compartment does not have.
    """
    check_accept(request)
    compartment, member = (type_of_path(request), id_of_path(request)), request.path_params["member"]
    members = member_types(compartment[0]) if compartment[0] in compartments() else []
    if member != "*" and member not in resource_types():
        raise UNKNOWN_TYPE(type=member if member.isalnum() and len(member) < 64 else "?")
    if not members or (member != "*" and member not in members):
        raise NO_COMPARTMENT(type=compartment[0], member=member)
    pairs = await asked_pairs(request)
    lenient, registry = preference(request, "handling") == "lenient", api.store.search.registry
    if member == "*":
        query = parse_search_types(members, pairs, lenient=lenient, registry=registry, compartment=compartment)
    else:
        query = parse_search(member, pairs, lenient=lenient, registry=registry, compartment=compartment)
    return await answered(api, request, query)
