"""read: GET and HEAD [base]/[type]/[id]. Source: FHIR R4 http.html#read, #cread."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.access.headers import header
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.binary_content import content_response, types_wanted
from benhan.fhir_api.interactions.audit_event import is_of_ledger, read_audit_event
from benhan.fhir_api.preconditions import is_known
from benhan.fhir_api.requests import actor_of, check_accept, id_of_path, type_of_path
from benhan.fhir_api.responses import Answer, json_response, version_headers


async def read(api: FhirApi, request: Request) -> Response:
    """200 with ETag and Last-Modified; 304 where the asker has the current version; 404; 410 where deleted.

    Of a Binary the content itself, where `Accept` names its type.
    """
    type_, id_ = type_of_path(request), id_of_path(request)
    wanted = types_wanted(request, type_)
    if not wanted:
        check_accept(request)
    if is_of_ledger(request, type_, id_):
        return await read_audit_event(api, request, id_)
    stored = await api.store.resources.read(type_, id_, actor_of(request))
    if is_known(stored, header(request.scope, b"if-none-match"), header(request.scope, b"if-modified-since")):
        return Answer(b"", 304, version_headers(stored))
    if wanted:
        return content_response(stored, wanted)
    return json_response(stored.content, 200, version_headers(stored))
