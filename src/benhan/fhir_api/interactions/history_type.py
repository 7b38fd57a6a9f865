"""history of a type: GET [base]/[type]/_history. Source: FHIR R4 http.html#history."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.history_bundles import history_bundle, history_query
from benhan.fhir_api.requests import actor_of, check_accept, type_of_path
from benhan.fhir_api.responses import json_response


async def history_type(api: FhirApi, request: Request) -> Response:
    """200 with the versions of every resource of a type, newest first, deletions shown, pinned to a moment."""
    check_accept(request)
    type_ = type_of_path(request)
    page = await api.store.history.of_type(type_, history_query(request), actor_of(request))
    return json_response(history_bundle(request, f"{api.base_url}/{type_}/_history", api.base_url, page))
