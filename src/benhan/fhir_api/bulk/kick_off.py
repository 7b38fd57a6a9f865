"""How a job is begun: asynchronously or not at all. Source: FHIR R4 async.html; Bulk Data Access 2.0."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.headers import header
from benhan.fhir.outcome import outcome_of_issues
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bulk.bulk import Bulk
from benhan.fhir_api.bulk.faults import NO_BULK, NOT_ASYNC
from benhan.fhir_api.requests import actor_of, language_of
from benhan.fhir_api.responses import json_response
from benhan.kernel.issues import Issue, Severity
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.secrecy import hides

BEGUN = Text("Đã nhận; hỏi tiến độ ở Content-Location.", "Accepted; ask at Content-Location how far it is.")
PASSED_OVER = Text("Bỏ qua tham số {name}.", "The parameter {name} was passed over.")


def bulk_of(api: FhirApi) -> Bulk:
    """The bulk side of the API. Raises Unsupported BA-2385."""
    if api.bulk is None:
        raise NO_BULK()
    return api.bulk


def check_async(request: Request) -> None:
    """Raises Incorrect BA-2380 where the client does not ask for an asynchronous answer."""
    preferences = (header(request.scope, b"prefer") or "").replace(";", ",").split(",")
    if "respond-async" not in [each.strip() for each in preferences]:
        raise NOT_ASYNC()


async def begin(
    api: FhirApi,
    request: Request,
    kind: str,
    level: str,
    asked: dict[str, Any],
    ignored: list[str],
    *,
    id_: str = "",
) -> Response:
    """202 with the address of a new job; the job and its entry in the ledger are committed."""
    bulk, actor = bulk_of(api), actor_of(request)
    async with api.store.database.transaction() as connection:
        told = {**asked, "url": address_of(api, request), "actor": actor.id, "role": actor.role.value}
        told["hides"] = hides(actor)
        id_ = await bulk.jobs.put(kind, told, actor.id, connection, id_=id_)
        entry = Entry(
            Event.BULK_START,
            api.store.clock.now(),
            actor.id,
            actor.role.value,
            current_trace.get(),
            detail={"job": id_, "kind": kind, "level": level},
        )
        await append_many(connection, [entry])
    bulk.wake.set()
    issues = [Issue(Severity.INFORMATION, "informational", BEGUN)]
    issues += [Issue(Severity.WARNING, "not-supported", PASSED_OVER.filled(name=name)) for name in ignored]
    outcome = outcome_of_issues(issues, language_of(request.scope))
    return json_response(orjson.dumps(outcome), 202, [(b"content-location", f"{api.base_url}/$job/{id_}".encode())])


def address_of(api: FhirApi, request: Request) -> str:
    """The address that was asked, as others reach this server."""
    path = request.url.path.partition("/fhir")[2]
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{api.base_url}{path}{query}"
