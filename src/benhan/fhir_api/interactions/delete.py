"""delete: DELETE [base]/[type]/[id]. Source: FHIR R4 http.html#delete."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.requests import actor_of, id_of_path, if_match, type_of_path
from benhan.fhir_api.responses import deleted_response


async def delete(api: FhirApi, request: Request) -> Response:
    """204, also where it was deleted before or never there; its history stays. 412 where If-Match is stale."""
    unit = api.store.begin(actor_of(request))
    unit.delete(type_of_path(request), id_of_path(request), if_match=if_match(request))
    stored = (await api.store.commit(unit))[0]
    return deleted_response(request, [stored] if stored is not None else [])
