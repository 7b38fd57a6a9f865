"""update: PUT [base]/[type]/[id]. Source: FHIR R4 http.html#update, #upsert, #concurrency."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.access.headers import header
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.binary_content import is_content, read_binary
from benhan.fhir_api.faults import ID_MISMATCH
from benhan.fhir_api.preconditions import only_if_absent
from benhan.fhir_api.requests import actor_of, id_of_path, if_match, read_resource, type_of_path
from benhan.fhir_api.responses import written_response


async def update(api: FhirApi, request: Request) -> Response:
    """200, or 201 where it was not there.

    412 where If-Match names another version than the current one, or `If-None-Match: *` is sent and it is there.
    """
    type_, id_ = type_of_path(request), id_of_path(request)
    expected, absent = if_match(request), only_if_absent(header(request.scope, b"if-none-match"))
    if is_content(request, type_):
        resource = await read_binary(request, id_, api.body_bytes_max)
    else:
        resource = await read_resource(request, type_, api.body_bytes_max)
    if resource.id != id_:
        raise ID_MISMATCH()
    unit = api.store.begin(actor_of(request))
    unit.update(resource, if_match=expected, if_absent="only" if absent else "create")
    stored = (await api.store.commit(unit))[0]
    assert stored is not None
    return written_response(request, stored, api.base_url)
