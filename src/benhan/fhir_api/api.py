"""What every interaction needs, and how its Faults are answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.asked import asked_of, is_operation
from benhan.fhir_api.responses import MEDIA_TYPE, fault_response, finished
from benhan.fhir_api.subscriptions.secrets import without_secrets
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.store.key_locks import KeyLocks
from benhan.store.store import Store

if TYPE_CHECKING:
    from benhan.fhir_api.bulk.bulk import Bulk

log = Log("fhir_api")


@dataclass(frozen=True, slots=True)
class FhirApi:
    """The store behind the API, its address and its limits."""

    store: Store
    base_url: str
    body_bytes_max: int = 32 * 1024 * 1024
    bundle_entries_max: int = 5_000
    conditional_deletes_max: int = 1
    security: dict[str, Any] | None = None
    """How apps are let in, as the CapabilityStatement tells it; None where no app is."""
    bulk: Bulk | None = None
    """Exports and imports; None where there is no place for their files."""
    locks: KeyLocks = field(default_factory=KeyLocks)
    """Held from a look to the write that depends on it."""


def _shown(answer: Response) -> Response:
    """The answer without the secrets that it was written with."""
    if answer.media_type == MEDIA_TYPE and answer.body:
        shown = without_secrets(bytes(answer.body))
        if len(shown) != len(answer.body):
            answer.headers["content-length"] = str(len(shown))
        answer.body = shown
    return answer


CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

Interaction = Callable[[FhirApi, Request], Awaitable[Response]]


def endpoint(api: FhirApi, interaction: Interaction) -> Callable[[Request], Awaitable[Response]]:
    """A Starlette endpoint of an interaction: its answer in the form asked for, its Faults as OperationOutcomes."""

    async def answered(request: Request) -> Response:
        try:
            if request.method in CHANGING and not is_operation(request.scope):
                asked_of(request.scope)  # before anything is written
            answer = await finished(request, _shown(await interaction(api, request)))
        except Fault as fault:
            if fault.category == "broken":
                log.failure("request.failed", fault)
            answer = fault_response(request.scope, fault)
        if request.method == "HEAD" and hasattr(answer, "body"):
            answer.body = b""  # its length stays in the header
        return answer

    return answered
