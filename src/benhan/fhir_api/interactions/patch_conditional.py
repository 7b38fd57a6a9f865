"""conditional patch: PATCH [base]/[type]?[criteria]. Source: FHIR R4 http.html#patch."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.conditions import claimed, guard, parse_condition, the_one, until_settled
from benhan.fhir_api.faults import NO_MATCH
from benhan.fhir_api.interactions.patch import patch_onto
from benhan.fhir_api.patches import read_patch
from benhan.fhir_api.requests import actor_of, if_match, type_of_path
from benhan.fhir_api.responses import written_response
from benhan.store.unit_of_work import Stored


async def patch_conditional(api: FhirApi, request: Request) -> Response:
    """200 with the patched version of the one match; 404 where nothing matches; 412 where more than one does."""
    type_ = type_of_path(request)
    condition = parse_condition(type_, request.url.query, api.store.search.registry)
    expected = if_match(request)
    asked = await read_patch(request, api.body_bytes_max)

    async def act() -> Stored:
        actor = actor_of(request)
        found = await the_one(api, condition, actor)
        if found is None:
            raise NO_MATCH(type=type_)
        unit = api.store.begin(actor)
        patch_onto(unit, asked, found, expected)
        guard(api, unit, condition, [found], actor)
        stored = (await api.store.commit(unit))[0]
        assert stored is not None
        return stored

    async with claimed(api, [condition]):
        stored = await until_settled(act, pinned=expected is None)
    return written_response(request, stored, api.base_url)
