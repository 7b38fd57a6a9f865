"""patch: PATCH [base]/[type]/[id]. Source: FHIR R4 http.html#patch, fhirpatch.html."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.conditions import claimed, until_settled
from benhan.fhir_api.patches import Patch, read_patch
from benhan.fhir_api.requests import actor_of, id_of_path, if_match, type_of_path
from benhan.fhir_api.responses import written_response
from benhan.store.faults import STALE_VERSION
from benhan.store.unit_of_work import Stored, UnitOfWork


async def patch(api: FhirApi, request: Request) -> Response:
    """200 with the patched version; 404 and 410 where there is nothing to patch; 412 where If-Match is stale.

    The patch is written onto the version it was applied to and onto no other: where another write came between, it is
    applied again to what is there now.
    """
    type_, id_ = type_of_path(request), id_of_path(request)
    expected = if_match(request)
    asked = await read_patch(request, api.body_bytes_max)

    async def act() -> Stored:
        actor = actor_of(request)
        current = await api.store.resources.read(type_, id_, actor)
        unit = api.store.begin(actor)
        patch_onto(unit, asked, current, expected)
        stored = (await api.store.commit(unit))[0]
        assert stored is not None
        return stored

    async with claimed(api, (), ids=[f"{type_}/{id_}"]):
        stored = await until_settled(act, pinned=expected is None)
    return written_response(request, stored, api.base_url)


def patch_onto(unit: UnitOfWork, asked: Patch, current: Stored, version: int | None) -> None:
    """Add to `unit` the patched version of `current`, which must be `version` where one is named (412 BA-0412)."""
    if version is not None and version != current.version:
        raise STALE_VERSION(type=current.type, id=current.id, expected=version, found=current.version)
    unit.update(asked.applied(current), if_match=current.version, if_absent="fail")
