"""$meta of a type, or of the whole server: the profiles, tags and security labels in use there.

Nobody keeps a list of them: the resources that have one and that the asker may see are opened, up to a limit. Nothing
of any single one is told; the ledger has the search without its patients. Source: FHIR R4 resource-operation-meta.html.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.definitions import resource_types
from benhan.fhir.search_query import parse_search_types
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import TOO_MANY_LABELLED
from benhan.fhir_api.operations.parameters import asked_of
from benhan.fhir_api.requests import actor_of, check_accept, type_of_path
from benhan.fhir_api.responses import json_response
from benhan.kernel.actors import Actor
from benhan.kernel.limits import Act
from benhan.store.search.limits import TOO_LONG

PAGE = 500
OPENED_MAX = 20_000
"""Resources with a label of one kind."""
PARAMETERS = {"profile": "_profile", "security": "_security", "tag": "_tag"}
Json = dict[str, Any]


async def meta_in_use(api: FhirApi, request: Request) -> Response:
    """200 with Parameters whose `return` is a meta of all that is in use. Raises BA-3961, BA-2109."""
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$meta", ())
    actor = actor_of(request)
    every = [type_of_path(request)] if "type" in request.path_params else sorted(resource_types())
    types = [each for each in every if api.store.workshop.rules.grants(actor, each, Act.SEARCH)]
    seconds = api.store.search.limits.seconds_max
    try:
        async with asyncio.timeout(seconds):
            found = {name: await _in_use(api, types, name, actor) for name in PARAMETERS} if types else {}
    except TimeoutError as cause:
        raise TOO_LONG(limit=round(seconds)) from cause
    meta = {name: labels for name, labels in found.items() if labels}
    return json_response(
        orjson.dumps({"resourceType": "Parameters", "parameter": [{"name": "return", **_value(meta)}]})
    )


def _value(meta: Json) -> Json:
    """No value at all where nothing is in use: an element may not be empty."""
    return {"valueMeta": meta} if meta else {}


async def _in_use(api: FhirApi, types: Sequence[str], name: str, actor: Actor) -> list[Any]:
    """The labels of one kind, in the order of what a search calls them."""
    found: dict[str, Any] = {}
    opened = 0
    query = parse_search_types(types, [(f"{PARAMETERS[name]}:missing", "false"), ("_count", str(PAGE))])
    async for page in api.store.search.walk(query, actor, base_url=api.base_url):
        opened += len(page)
        if opened > OPENED_MAX:
            raise TOO_MANY_LABELLED(name=name, limit=OPENED_MAX)
        found |= _labels((orjson.loads(each.content)["meta"] for each in page), name)
    await api.store.search.note_seen(query, [], actor)
    return [found[each] for each in sorted(found)]


def _labels(metas: Iterable[Json], name: str) -> dict[str, Any]:
    """Each label by what a search calls it; a Coding without a code is none that can be asked for."""
    found: dict[str, Any] = {}
    for meta in metas:
        for label in meta.get(name, []):
            if isinstance(label, str):
                found[label] = label
            elif "code" in label:
                found[f"{label.get('system', '')}|{label['code']}"] = {
                    each: label[each] for each in ("system", "code") if each in label
                }
    return found
