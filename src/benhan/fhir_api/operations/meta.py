"""$meta, $meta-add, $meta-delete of a resource. Source: FHIR R4 resource-operation-meta.html, -meta-add, -meta-delete.

A changed meta is a new version of the resource, as any change is. Profiles, tags and security labels are told apart by
address, and by system and code.
"""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.resource import ParsedResource, parse_resource
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import BAD_PARAMETER, MISSING_PARAMETER
from benhan.fhir_api.operations.parameters import Asked, asked_of
from benhan.fhir_api.requests import actor_of, check_accept, check_valid, id_of_path, type_of_path
from benhan.fhir_api.responses import json_response, version_headers
from benhan.kernel.faults import Fault
from benhan.store.faults import STALE_VERSION
from benhan.store.unit_of_work import Stored

LISTS = ("profile", "security", "tag")
ATTEMPTS = 5
Json = dict[str, Any]


async def meta(api: FhirApi, request: Request) -> Response:
    """200 with Parameters whose `return` is the meta of the current version; 404, 410."""
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$meta", ())
    stored = await api.store.resources.read(type_of_path(request), id_of_path(request), actor_of(request))
    return _answer(stored)


async def meta_add(api: FhirApi, request: Request) -> Response:
    """200 with the new meta: what is in the parameter `meta` and was not there is added."""
    return await _changed(api, request, "$meta-add")


async def meta_delete(api: FhirApi, request: Request) -> Response:
    """200 with the new meta: what is in the parameter `meta` is taken out; what was not there is passed over."""
    return await _changed(api, request, "$meta-delete")


def wanted_meta(name: str, asked: Asked) -> Json:
    """The parameter `meta` of `$meta-add` or `$meta-delete`. Raises BA-2351, BA-2352, BA-2353."""
    asked.check(name, ("meta",))
    told = asked.one("meta")
    if told is None:
        raise MISSING_PARAMETER(name="meta", wanted="valueMeta")
    if not isinstance(told, dict) or not told.keys() <= {*LISTS}:
        raise BAD_PARAMETER(name="meta", wanted="Meta: profile, security, tag")
    if not all(isinstance(each, list) for each in told.values()):
        raise BAD_PARAMETER(name="meta", wanted="Meta: profile, security, tag")
    return told


def changed_meta(current: Stored, told: Json, name: str) -> ParsedResource | None:
    """The valid next version of `current`, its meta changed by the operation `name`; None where nothing changes."""
    change = _with if name == "$meta-add" else _without
    resource = parse_resource(current.content, size_bytes_max=len(current.content))
    before = resource.body["meta"]
    after = {name: change(before.get(name, []), told[name]) for name in LISTS if name in told}
    if all(after[name] == before.get(name, []) for name in after):
        return None
    changed = _with_meta(resource, {**before, **after})
    check_valid(changed)
    return changed


def meta_bytes(stored: Stored) -> bytes:
    """The answer of these operations: Parameters with the meta as `return`."""
    told = orjson.loads(stored.content)["meta"]
    return orjson.dumps({"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": told}]})


async def _changed(api: FhirApi, request: Request, name: str) -> Response:
    told = wanted_meta(name, await asked_of(api, request))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _answer(await _write(api, request, told, name))
        except Fault as fault:
            if fault.code != STALE_VERSION.code or attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt has returned or raised")


async def _write(api: FhirApi, request: Request, told: Json, name: str) -> Stored:
    """The resource with its meta changed; no new version where nothing changes."""
    actor = actor_of(request)
    current = await api.store.resources.read(type_of_path(request), id_of_path(request), actor)
    changed = changed_meta(current, told, name)
    if changed is None:
        return current
    unit = api.store.begin(actor)
    unit.update(changed, if_match=current.version, if_absent="fail")
    stored = (await api.store.commit(unit))[0]
    assert stored is not None
    return stored


def _with_meta(resource: ParsedResource, meta_: Json) -> ParsedResource:
    kept = {name: value for name, value in meta_.items() if value != []}
    body = orjson.dumps({**resource.body, "meta": kept})
    return parse_resource(body, size_bytes_max=len(body))


def _with(there: list[Any], more: list[Any]) -> list[Any]:
    known = [_key(each) for each in there]
    return [*there, *(each for each in more if _key(each) not in known)]


def _without(there: list[Any], less: list[Any]) -> list[Any]:
    gone = [_key(each) for each in less]
    return [each for each in there if _key(each) not in gone]


def _key(value: Any) -> Any:
    """What tells one from another: a profile's address, a coding's system and code."""
    return (value.get("system"), value.get("code")) if isinstance(value, dict) else value


def _answer(stored: Stored) -> Response:
    return json_response(meta_bytes(stored), 200, version_headers(stored))
