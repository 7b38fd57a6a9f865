"""vread: GET [base]/[type]/[id]/_history/[vid]. Source: FHIR R4 http.html#vread."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.requests import actor_of, check_accept, id_of_path, type_of_path
from benhan.fhir_api.responses import json_response, version_headers
from benhan.store.faults import NO_SUCH_VERSION


async def vread(api: FhirApi, request: Request) -> Response:
    """200 with that version; 404 where there is none; 410 where that version is the deletion."""
    check_accept(request)
    type_, id_, written = type_of_path(request), id_of_path(request), request.path_params["version"]
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise NO_SUCH_VERSION(type=type_, id=id_, version="?")
    stored = await api.store.resources.vread(type_, id_, int(written), actor_of(request))
    return json_response(stored.content, 200, version_headers(stored))
