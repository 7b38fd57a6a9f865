"""Patient/$everything and Encounter/$everything. Source: FHIR R4 patient-operation-everything.html,
encounter-operation-everything.html.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import entry_bytes, written_bundle
from benhan.fhir.definitions import resource_types
from benhan.fhir.main_values import PATIENT_ELEMENTS
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import BAD_PARAMETER
from benhan.fhir_api.operations.parameters import FORMAT_PARAMETERS, Asked, asked_of
from benhan.fhir_api.requests import actor_of, check_accept, id_of_path, type_of_path
from benhan.fhir_api.responses import json_response
from benhan.store.everything import Place, Wanted, read_page
from benhan.store.sealed_cursor import SealedCursors
from benhan.store.unit_of_work import Stored

COUNT_DEFAULT, COUNT_MAX, SUPPORTING_MAX = 1_000, 5_000, 1_000
PARAMETERS = {
    "Patient": ("_since", "_type", "_count", "start", "end", "_page"),
    "Encounter": ("_since", "_type", "_count", "_page"),
}
_REFERENCE = re.compile(rb'"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})[/"]')
_NOT_SUPPORTING = frozenset({*PATIENT_ELEMENTS, "Patient", "Person", "Group"})


async def everything(api: FhirApi, request: Request) -> Response:
    """200 with a searchset: the compartment, and what it refers to outside of it (mode `include`).

    Without an end to how much there is: `next` leads on, as of the moment of the first page. 404, 410 where there is no
    such patient or encounter.
    """
    check_accept(request)
    type_, id_, actor = type_of_path(request), id_of_path(request), actor_of(request)
    asked = await asked_of(api, request)
    asked.check("$everything", PARAMETERS[type_])
    root = await api.store.resources.read(type_, id_, actor)
    wanted = _wanted(asked, root)
    applied = [(name, str(value)) for name, value in asked.pairs if name not in ("_page", *FORMAT_PARAMETERS)]
    bound_to = f"{actor.id} {root.type}/{root.id} {applied}"
    cursors = SealedCursors(api.store.keyring.derived_key("operation-page"), api.store.clock, api.store.page_life_s)
    after = Place(*cursors.read(asked.text("_page"), bound_to)) if asked.one("_page") is not None else None
    count = asked.number("_count", COUNT_DEFAULT, COUNT_MAX)
    page = await read_page(api.store, wanted, actor, count=count, after=after)
    written = b",".join(entry_bytes(page.resources, api.base_url, "match"))
    supporting = await _supporting(api, request, written, wanted)
    if supporting:
        written = b",".join([written, *entry_bytes(supporting, api.base_url, "include")])
    address = f"{api.base_url}/{type_}/{id_}/$everything"
    links = [("self", f"{address}?{urlencode(applied)}" if applied else address)]
    if page.next is not None:
        place = [page.next.moment, page.next.type, page.next.rid]
        links.append(("next", f"{address}?{urlencode([*applied, ('_page', cursors.write(place, bound_to))])}"))
    return json_response(written_bundle("searchset", [written] if written else [], links=links))


def _wanted(asked: Asked, root: Stored) -> Wanted:
    """What is asked of a patient or an encounter. Raises Incorrect BA-2352."""
    types = asked.texts("_type")
    if not resource_types().issuperset(types):
        raise BAD_PARAMETER(name="_type", wanted="resource types")
    return Wanted(
        root.patient,
        root.id if root.type == "Encounter" else "",
        root.rid if root.type == "Encounter" else 0,
        frozenset(types) if types else None,
        asked.moment("_since"),
        asked.moment("start"),
        asked.moment("end", at_end=True),
    )


async def _supporting(api: FhirApi, request: Request, written: bytes, wanted: Wanted) -> list[Stored]:
    """What the resources of a page refer to that is in no patient's compartment: practitioners, places, medicines."""
    found = sorted({(type_.decode(), id_.decode()) for type_, id_ in set(_REFERENCE.findall(written))})
    chosen = [
        (type_, id_)
        for type_, id_ in found
        if type_ not in _NOT_SUPPORTING and type_ in (wanted.types or resource_types())
    ][:SUPPORTING_MAX]
    read = await api.store.resources.read_many(chosen, actor_of(request))
    return [
        each
        for each in read
        if each is not None and not each.patient and (not wanted.since or each.updated_at > wanted.since)
    ]
