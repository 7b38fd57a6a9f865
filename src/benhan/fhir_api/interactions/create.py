"""create: POST [base]/[type]. Source: FHIR R4 http.html#create."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.faults import NOT_OFFERED
from benhan.fhir_api.requests import actor_of, read_resource, type_of_path
from benhan.fhir_api.responses import written_response


async def create(api: FhirApi, request: Request) -> Response:
    """201 with Location and ETag; an id in the body is ignored, the server assigns one."""
    type_ = type_of_path(request)
    if "if-none-exist" in request.headers:
        raise NOT_OFFERED(what="If-None-Exist")
    resource = await read_resource(request, type_, api.body_bytes_max)
    unit = api.store.begin(actor_of(request))
    unit.create(resource)
    stored = (await api.store.commit(unit))[0]
    assert stored is not None
    return written_response(request, stored, api.base_url)
