"""Reads of a bundle: each is answered by the interaction that answers the same request outside a bundle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

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

OF_THE_REQUEST = ("asked", "headers", "query")
"""What is kept in the state of a request about its own address and headers."""


@dataclass(frozen=True, slots=True)
class ReadRoute:
    """A route that answers GET, with the parts of the path that it found."""

    interaction: Interaction
    permission: Permission
    parts: dict[str, str]


def route_of(path: str) -> ReadRoute | None:
    """The route that GET `path` (relative to the base) takes, or None for none that can answer in a bundle."""
    if not ASYNCHRONOUS.isdisjoint(path.split("/")):
        return None
    asked = "/" + path.lstrip("/") if path else "/"
    for pattern, interaction, permission in _reads():
        match = pattern.match(asked)
        if match is not None:
            return ReadRoute(interaction, permission, match.groupdict())
    return None


@cache
def _reads() -> list[tuple[re.Pattern[str], Interaction, Permission]]:
    """Operations first, as everywhere: `$lookup` is no id."""
    from benhan.fhir_api.routes import every_row

    rows = sorted((row for row in every_row() if row[0] == "GET"), key=lambda row: "/$" not in row[1])
    return [(compile_path(path)[0], interaction, permission) for _, path, interaction, permission in rows]


async def answered_read(
    api: FhirApi, request: Request, path: str, query: str, conditions: dict[str, str | None]
) -> Response:
    """What GET `path` answers to whoever sent `request`, as JSON. Raises the Faults of its interaction."""
    from benhan.fhir_api.routes import KEEPS_LIMITS

    route = route_of(path)
    assert route is not None, path
    if actor_of(request).limits is not None and route.interaction not in KEEPS_LIMITS:
        raise NOT_ALLOWED()
    headers = [(name, value) for name, value in request.scope["headers"] if name not in _OWN]
    headers.append((b"accept", b"application/fhir+json"))
    headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in conditions.items() if value]
    scope = {
        **request.scope,
        "method": "GET",
        "path": f"/{path}",
        "query_string": query.encode("utf-8", "surrogatepass"),
        "path_params": route.parts,
        "headers": headers,
        "state": {name: value for name, value in request.scope["state"].items() if name not in OF_THE_REQUEST},
    }
    asked = Request(scope)
    return await as_entry(asked, await route.interaction(api, asked))
