"""create: POST [base]/[type]. Source: FHIR R4 http.html#create, #ccreate."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.access.headers import header
from benhan.fhir.resource import ParsedResource
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.binary_content import is_content, read_binary
from benhan.fhir_api.conditions import Condition, claimed, guard, parse_condition, the_one, until_settled
from benhan.fhir_api.requests import actor_of, read_resource, type_of_path
from benhan.fhir_api.responses import written_response
from benhan.store.unit_of_work import Stored


async def create(api: FhirApi, request: Request) -> Response:
    """201 with Location and ETag; an id in the body is ignored, the server assigns one.

    With `If-None-Exist`: 200 with what it finds, 201 where it finds nothing, 412 where it finds more than one.
    """
    type_ = type_of_path(request)
    asked = header(request.scope, b"if-none-exist")
    condition = parse_condition(type_, asked, api.store.search.registry) if asked is not None else None
    if is_content(request, type_):
        resource = await read_binary(request, None, api.body_bytes_max)
    else:
        resource = await read_resource(request, type_, api.body_bytes_max)
    stored = await (_created(api, request, resource) if condition is None else _once(api, request, resource, condition))
    return written_response(request, stored, api.base_url)


async def _created(
    api: FhirApi, request: Request, resource: ParsedResource, condition: Condition | None = None
) -> Stored:
    actor = actor_of(request)
    unit = api.store.begin(actor)
    unit.create(resource)
    if condition is not None:
        guard(api, unit, condition, (), actor)
    stored = (await api.store.commit(unit))[0]
    assert stored is not None
    return stored


async def _once(api: FhirApi, request: Request, resource: ParsedResource, condition: Condition) -> Stored:
    async def act() -> Stored:
        found = await the_one(api, condition, actor_of(request))
        if found is not None:
            found.created = False
            return found
        return await _created(api, request, resource, condition)

    async with claimed(api, [condition]):
        return await until_settled(act)
