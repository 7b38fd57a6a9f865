"""Composition/$document: the Bundle of a document, with all that the composition refers to.

Source: FHIR R4 composition-operation-document.html, documents.html#content.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.references import references_in
from benhan.fhir.resource import instant, is_id, parse_resource
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import DOCUMENT_TOO_LARGE, MISSING_IN_DOCUMENT
from benhan.fhir_api.operations.parameters import asked_of
from benhan.fhir_api.requests import actor_of, check_accept, id_of_path
from benhan.fhir_api.responses import json_response, location_of, version_headers
from benhan.kernel.actors import Actor
from benhan.kernel.permissions import Permission
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.unit_of_work import Stored

RESOURCES_MAX = 1_000
IDENTIFIERS = "urn:ietf:rfc:3986"
Key = tuple[str, str]


async def document(api: FhirApi, request: Request) -> Response:
    """200 with a Bundle of type document; with `persist=true` it is stored too, 201 with its Location.

    404, 410 where there is no such composition; 409 where something that it refers to is not there: a document is whole
    or none.
    """
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$document", ("persist",))
    actor = actor_of(request)
    head = await api.store.resources.read("Composition", id_of_path(request), actor)
    found = await _gathered(api, head, actor)
    content = _bundle(api, [head, *found])
    if not asked.flag("persist"):
        return json_response(content)
    return await _persisted(api, request, content)


async def _gathered(api: FhirApi, head: Stored, actor: Actor) -> list[Stored]:
    """What `head` refers to, what that refers to, and so on. What `head` itself names must be there."""
    found: dict[Key, Stored] = {}
    asked: set[Key] = {(head.type, head.id)}
    layer = [head]
    while layer:
        named = {key: None for each in layer for key in _references(api, each) if key not in asked}
        if len(asked) + len(named) > RESOURCES_MAX:
            raise DOCUMENT_TOO_LARGE(limit=RESOURCES_MAX)
        asked.update(named)
        read = await api.store.resources.read_many(named, actor)
        if layer == [head]:
            missing = [f"{type_}/{id_}" for (type_, id_), each in zip(named, read, strict=True) if each is None]
            if missing:
                raise MISSING_IN_DOCUMENT(references=", ".join(missing[:10]))
        layer = [each for each in read if each is not None]
        found |= {(each.type, each.id): each for each in layer}
    return [*found.values()]


def _references(api: FhirApi, stored: Stored) -> list[Key]:
    """The resources of this server that a resource refers to."""
    found = []
    for reference in references_in(orjson.loads(stored.content)):
        parts = reference.removeprefix(f"{api.base_url}/").split("/")
        if len(parts) >= 2 and parts[0] in TYPE_NUMBERS and is_id(parts[1]):
            found.append((parts[0], parts[1]))
    return found


def _bundle(api: FhirApi, resources: list[Stored]) -> bytes:
    """The document, with an identity and a time of its own."""
    identity = UUID(bytes=api.store.random.bytes(16), version=4)
    entries = [Entry(each.content, f"{api.base_url}/{each.type}/{each.id}") for each in resources]
    body = bundle_bytes("document", entries)
    told: dict[str, Any] = {
        "identifier": {"system": IDENTIFIERS, "value": f"urn:uuid:{identity}"},
        "timestamp": instant(api.store.clock.now()),
    }
    start = body.index(b',"entry":')
    return body[:start] + b"," + orjson.dumps(told)[1:-1] + body[start:]


async def _persisted(api: FhirApi, request: Request, content: bytes) -> Response:
    from benhan.access.faults import NOT_ALLOWED

    if not actor_of(request).may(Permission.FHIR_WRITE):
        raise NOT_ALLOWED()
    unit = api.store.begin(actor_of(request))
    unit.create(parse_resource(content, size_bytes_max=len(content)))
    stored = (await api.store.commit(unit))[0]
    assert stored is not None
    return json_response(stored.content, 201, [*version_headers(stored), location_of(stored, api.base_url)])
