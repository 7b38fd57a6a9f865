"""POST /deliveries: see docs/interfaces/repository.md."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.access.routes import GuardedRoute, route
from benhan.fhir_api.api import FhirApi, endpoint
from benhan.fhir_api.requests import actor_of, read_body
from benhan.kernel.permissions import Permission
from benhan.repository.ingest import Ingest, receipt_bytes


def routes(api: FhirApi, ingest: Ingest) -> list[GuardedRoute]:
    """The routes a node delivers to."""

    async def deliver(api: FhirApi, request: Request) -> Response:
        """201 with a receipt; 200 with the same receipt for the same delivery again."""
        receipt, is_new = await ingest.take(await read_body(request, api.body_bytes_max), actor_of(request))
        return Response(receipt_bytes(receipt), 201 if is_new else 200, media_type="application/json")

    return [
        route("/deliveries", endpoint(api, deliver), methods=["POST"], permission=Permission.REPOSITORY_DELIVER),
    ]
