"""conditional delete: DELETE [base]/[type]?[criteria]. Source: FHIR R4 http.html#cdelete."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.conditions import Condition, claimed, guard, matches, parse_condition, until_settled
from benhan.fhir_api.faults import EMPTY_CONDITION, MANY_MATCHES, TOO_MANY_TO_DELETE
from benhan.fhir_api.requests import actor_of, if_match, type_of_path
from benhan.fhir_api.responses import deleted_response
from benhan.kernel.actors import Actor
from benhan.store.unit_of_work import Stored, UnitOfWork


async def delete_conditional(api: FhirApi, request: Request) -> Response:
    """204, also where nothing matches; 412 where more match than may be deleted at once, with nothing deleted.

    One is deleted at once unless the setting `conditional_deletes_max` allows more; `_count=n` deletes the first n.
    """
    condition, count = parse_condition_with_count(type_of_path(request), request.url.query, api.store.search.registry)
    expected = if_match(request)

    async def act() -> list[Stored]:
        actor = actor_of(request)
        unit = api.store.begin(actor)
        await delete_under(api, unit, condition, count, actor, version=expected)
        return [each for each in await api.store.commit(unit) if each is not None] if unit.writes else []

    async with claimed(api, [condition]):
        return deleted_response(request, await until_settled(act, pinned=expected is None))


async def delete_under(
    api: FhirApi, unit: UnitOfWork, condition: Condition, count: int | None, actor: Actor, *, version: int | None
) -> list[Stored]:
    """Add the deletion of what `condition` finds to `unit`; gives what it found. Raises 412 BA-2152, BA-2161."""
    limit = api.conditional_deletes_max
    most = limit + 1 if count is None else min(count, limit)
    found = await matches(api, condition, actor, most)
    if len(found) > limit:
        raise MANY_MATCHES(type=condition.type) if limit == 1 else TOO_MANY_TO_DELETE(type=condition.type, limit=limit)
    for each in found:
        unit.delete(each.type, each.id, if_match=version)
    if found:
        guard(api, unit, condition, found, actor, most)
    return found


def parse_condition_with_count(type_: str, text: str, registry: SearchRegistry) -> tuple[Condition, int | None]:
    """The condition without its `_count`, and that, None where it says none."""
    parts = text.split("&")
    counts = [part[7:] for part in parts if part.startswith("_count=")]
    condition = parse_condition(type_, "&".join(part for part in parts if not part.startswith("_count=")), registry)
    usable = len(counts) == 1 and counts[0].isascii() and counts[0].isdigit() and 0 < len(counts[0]) < 9
    if counts and not (usable and int(counts[0])):
        raise EMPTY_CONDITION(name="_count")
    return condition, int(counts[0]) if counts else None
