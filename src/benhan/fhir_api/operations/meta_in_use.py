"""$meta of a type, or of the whole server: the profiles, tags and security labels in use there.

Nobody keeps a list of them: the store is asked for resources with one that is not known yet, until there is none. What
the asker may not see tells nothing. Source: FHIR R4 resource-operation-meta.html.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.definitions import resource_types
from benhan.fhir.search_criteria import Negated
from benhan.fhir.search_query import SearchQuery, parse_search_types
from benhan.fhir.search_values import escaped
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import TOO_MANY_LABELS
from benhan.fhir_api.operations.parameters import asked_of
from benhan.fhir_api.requests import actor_of, check_accept, type_of_path
from benhan.fhir_api.responses import json_response
from benhan.kernel.actors import Actor
from benhan.kernel.limits import Act
from benhan.store.search.limits import TOO_LONG

PAGE = 50
LABELS_MAX = 500
"""Of one kind; each of them costs a search of its own at worst."""
VALUES = 100
"""How many of them stand in one criterion."""
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
    page = ""
    while True:
        query = replace(_with_others(types, PARAMETERS[name], [*found]), page=page)
        answer = await api.store.search.search(query, actor, base_url=api.base_url)
        fresh = dict(_labels((orjson.loads(each.content)["meta"] for each in answer.matches), name))
        if len(found | fresh) > LABELS_MAX:
            raise TOO_MANY_LABELS(name=name, limit=LABELS_MAX)
        if fresh.keys() <= found.keys():
            page = answer.next
            if not page:
                return [found[each] for each in sorted(found)]
        else:
            found |= fresh
            page = ""


def _with_others(types: Sequence[str], parameter: str, known: Sequence[str]) -> SearchQuery:
    """Resources that have a label of this kind, but none of those that are `known`."""
    query = parse_search_types(types, [(f"{parameter}:missing", "false"), ("_count", str(PAGE))])
    for start in range(0, len(known), VALUES):
        values = ",".join(known[start : start + VALUES])
        for type_, wanted in parse_search_types(types, [(parameter, values)]).by_type.items():
            query.by_type[type_] += [Negated(each) for each in wanted]
    return query


def _labels(metas: Iterable[Json], name: str) -> Iterable[tuple[str, Any]]:
    """Each label with what a search calls it; a Coding without a code is none that can be asked for."""
    for meta in metas:
        for label in meta.get(name, []):
            if isinstance(label, str):
                yield escaped(label), label
            elif "code" in label:
                told = {each: label[each] for each in ("system", "code") if each in label}
                yield f"{escaped(label.get('system', ''))}|{escaped(label['code'])}", told
