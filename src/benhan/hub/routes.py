"""The hub's routes: members' messages, and what everybody may read of the network. See docs/interfaces/hub.md.

A message is its own credential: the door of the office (`post/door.py`) lets nobody in whose signature does not count.
"""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.routes import GuardedRoute, route
from benhan.fhir_api.api import FhirApi, endpoint
from benhan.fhir_api.requests import read_content
from benhan.hub.members.members import Members
from benhan.hub.post.office import Office
from benhan.kernel.permissions import Permission
from benhan.network.faults import BAD_MESSAGE

JOSE = "application/jose"


def routes(api: FhirApi, office: Office, members: Members) -> list[GuardedRoute]:
    """The routes of members."""

    async def message(api: FhirApi, request: Request) -> Response:
        """What a message brings back; all it causes is committed."""
        text, content = read_envelope(await read_content(request, api.body_bytes_max))
        return Response(orjson.dumps(await office.take(text, content)), media_type="application/json")

    async def configuration(_api: FhirApi, _request: Request) -> Response:
        """The configuration, as the registry signed it."""
        return Response(await members.published(), media_type=JOSE)

    async def status(_api: FhirApi, _request: Request) -> Response:
        """What was revoked since, as the hub signed it just now."""
        return Response(await members.status(), media_type=JOSE)

    return [
        route("/hub/messages", endpoint(api, message), methods=["POST"], permission=Permission.PUBLIC),
        route("/hub/configuration", endpoint(api, configuration), permission=Permission.PUBLIC),
        route("/hub/status", endpoint(api, status), permission=Permission.PUBLIC),
    ]


def read_envelope(data: bytes) -> tuple[str, str]:
    """The signed message and the sealed content of a body. Raises Incorrect BA-6000."""
    try:
        told: Any = orjson.loads(data)
        text, content = told["message"], told.get("content", "")
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise BAD_MESSAGE(what="message, content") from cause
    if not isinstance(text, str) or not isinstance(content, str) or not content.isascii():
        raise BAD_MESSAGE(what="message, content")
    return text, content
