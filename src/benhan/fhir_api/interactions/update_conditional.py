"""conditional update: PUT [base]/[type]?[criteria]. Source: FHIR R4 http.html#cond-update."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from benhan.access.headers import header
from benhan.fhir.resource import ParsedResource
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.conditions import Condition, claimed, guard, parse_condition, the_one, until_settled
from benhan.fhir_api.faults import OTHER_ID
from benhan.fhir_api.preconditions import only_if_absent
from benhan.fhir_api.requests import actor_of, if_match, read_resource, type_of_path
from benhan.fhir_api.responses import written_response
from benhan.kernel.actors import Actor
from benhan.store.unit_of_work import Stored, UnitOfWork


async def update_conditional(api: FhirApi, request: Request) -> Response:
    """200 with the next version of the one match; 201 where nothing matches; 412 where more than one does.

    An id in the body must be the match's (400 BA-2155); where nothing matches it becomes the new resource's, and must
    not be there yet (412).
    """
    type_ = type_of_path(request)
    condition = parse_condition(type_, request.url.query, api.store.search.registry)
    expected, absent = if_match(request), only_if_absent(header(request.scope, b"if-none-match"))
    resource = await read_resource(request, type_, api.body_bytes_max)

    async def act() -> Stored:
        actor = actor_of(request)
        unit = api.store.begin(actor)
        found = await the_one(api, condition, actor)
        put_under(api, unit, resource, condition, found, actor, version=expected, absent=absent)
        stored = (await api.store.commit(unit))[0]
        assert stored is not None
        return stored

    async with claimed(api, [condition]):
        stored = await until_settled(act, pinned=expected is None)
    return written_response(request, stored, api.base_url)


def put_under(
    api: FhirApi,
    unit: UnitOfWork,
    resource: ParsedResource,
    condition: Condition,
    found: Stored | None,
    actor: Actor,
    *,
    version: int | None,
    absent: bool,
) -> str:
    """Add to `unit` what a PUT under `condition` does, given what it found; gives the id. Raises BA-2155."""
    guard(api, unit, condition, [found] if found is not None else [], actor)
    if found is not None:
        if resource.id not in (None, found.id):
            raise OTHER_ID(type=found.type)
        unit.update(named(resource, found.id), if_match=version, if_absent="only" if absent else "create")
        return found.id
    if resource.id is None:
        return unit.create(resource)
    unit.update(resource, if_match=version, if_absent="only")
    return resource.id


def named(resource: ParsedResource, id_: str) -> ParsedResource:
    """`resource` under another id."""
    return replace(resource, id=id_)
