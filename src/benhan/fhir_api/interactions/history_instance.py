"""history of an instance: GET [base]/[type]/[id]/_history. Source: FHIR R4 http.html#history."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.resource import instant
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.requests import actor_of, check_accept, id_of_path, type_of_path
from benhan.fhir_api.responses import json_response
from benhan.store.unit_of_work import Stored

COUNT_DEFAULT, COUNT_MAX = 50, 1_000


async def history_instance(api: FhirApi, request: Request) -> Response:
    """200 with the versions, newest first, deletions shown; `_count` a page, `next` the link to older ones."""
    check_accept(request)
    type_, id_ = type_of_path(request), id_of_path(request)
    count = _number(request.query_params.get("_count"), COUNT_DEFAULT, COUNT_MAX)
    before = _number(request.query_params.get("_before"), 2**31 - 1, 2**31 - 1)
    found = await api.store.resources.history(type_, id_, actor_of(request), count=count + 1, before_version=before)
    page = found[:count]
    address = f"{api.base_url}/{type_}/{id_}/_history"
    links = [("self", f"{address}?_count={count}")]
    if len(found) > count:
        links.append(("next", f"{address}?_count={count}&_before={page[-1].version}"))
    entries = [_entry(stored, api.base_url) for stored in page]
    return json_response(bundle_bytes("history", entries, links=links, total=None if len(found) > count else len(page)))


def _entry(stored: Stored, base_url: str) -> Entry:
    verb = "DELETE" if stored.deleted else "POST" if stored.version == 1 else "PUT"
    address = stored.type if verb == "POST" else f"{stored.type}/{stored.id}"
    status = {"POST": "201", "PUT": "200", "DELETE": "204"}[verb]
    response = {"status": status, "etag": stored.etag, "lastModified": instant(stored.updated_at)}
    return Entry(
        stored.content,
        f"{base_url}/{stored.type}/{stored.id}",
        request={"method": verb, "url": address},
        response=response,
    )


def _number(text: str | None, default: int, most: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 9:
        return default
    return min(max(int(text), 1), most)
