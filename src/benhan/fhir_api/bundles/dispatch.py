"""Reads of a bundle, operations by POST among them: each is answered by what answers the same request outside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from benhan.access.faults import NOT_ALLOWED
from benhan.fhir_api.api import FhirApi, Interaction
from benhan.fhir_api.requests import actor_of
from benhan.fhir_api.responses import as_entry
from benhan.kernel.permissions import Permission

_OWN = frozenset(
    {
        b"accept", b"accept-encoding", b"content-encoding", b"content-length", b"content-type", b"expect",
        b"if-match", b"if-modified-since", b"if-none-exist", b"if-none-match", b"transfer-encoding",
    }
)  # fmt: skip
"""Headers that are about the bundle, not about what stands in it."""
ASYNCHRONOUS = frozenset({"$export", "$job"})
"""What is answered by a job, its state and its files: no resource that could stand in a bundle."""
POSTED_READS = frozenset(
    {
        "$everything", "$events", "$expand", "$lookup", "$match", "$meta", "$status", "$subsumes", "$translate",
        "$validate", "$validate-code",
    }
)  # fmt: skip
"""The operations that change nothing and that an entry may ask for by POST."""
POSTED_WRITES = frozenset({"$meta-add", "$meta-delete"})
"""Those that are a write like any other of the bundle; see `operations/meta.py`."""

OF_THE_REQUEST = ("asked", "headers", "query")
"""What is kept in the state of a request about its own address and headers."""


@dataclass(frozen=True, slots=True)
class ReadRoute:
    """A route that answers a read, with the parts of the path that it found."""

    interaction: Interaction
    permission: Permission
    keeps_limits: bool
    parts: dict[str, str]


def route_of(path: str, method: str = "GET") -> ReadRoute | None:
    """The route that a read of `path` (relative to the base) takes, or None for none that can answer in a bundle."""
    steps = path.split("/")
    if not ASYNCHRONOUS.isdisjoint(steps) or (method == "POST" and steps[-1] not in POSTED_READS):
        return None
    asked = "/" + path.lstrip("/") if path else "/"
    for pattern, route in _reads(method):
        match = pattern.match(asked)
        if match is not None:
            return replace(route, parts=match.groupdict())
    return None


@cache
def _reads(method: str) -> list[tuple[re.Pattern[str], ReadRoute]]:
    """Operations first, as everywhere: `$lookup` is no id."""
    from benhan.fhir_api.routes import every_row, within_limits

    rows = sorted((row for row in every_row() if row[0] == method), key=lambda row: "/$" not in row[1])
    found = []
    for _, path, interaction, permission in rows:
        answer, keeps_limits = within_limits(path, interaction)
        found.append((compile_path(path)[0], ReadRoute(answer, permission, keeps_limits, {})))
    return found


@dataclass(frozen=True, slots=True)
class Read:
    """A read that a bundle asks for: by POST with the bytes of its resource, b"" where it has none."""

    path: str
    query: str
    conditions: Mapping[str, str | None]
    method: str = "GET"
    body: bytes = b""


async def answered_read(api: FhirApi, request: Request, read: Read) -> Response:
    """What a read answers to whoever sent `request`, as JSON. Raises the Faults of its interaction."""
    route = route_of(read.path, read.method)
    assert route is not None, read.path
    if actor_of(request).limits is not None and not route.keeps_limits:
        raise NOT_ALLOWED()
    headers = [(name, value) for name, value in request.scope["headers"] if name not in _OWN]
    headers.append((b"accept", b"application/fhir+json"))
    told = read.conditions.items()
    headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in told if value]
    if read.body:
        headers.append((b"content-type", b"application/fhir+json"))
        headers.append((b"content-length", str(len(read.body)).encode()))
    scope = {
        **request.scope,
        "method": read.method,
        "path": f"/{read.path}",
        "query_string": read.query.encode("utf-8", "surrogatepass"),
        "path_params": route.parts,
        "headers": headers,
        "state": {name: value for name, value in request.scope["state"].items() if name not in OF_THE_REQUEST},
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": read.body}

    asked = Request(scope, receive)
    return await as_entry(asked, await route.interaction(api, asked))
