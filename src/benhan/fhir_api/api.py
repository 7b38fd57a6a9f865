"""What every interaction needs, and how its Faults are answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.responses import fault_response
from benhan.kernel.faults import Broken, Fault, FaultCode
from benhan.kernel.logs import Log
from benhan.kernel.texts import Text
from benhan.store.store import Store

log = Log("fhir_api")

UNEXPECTED = FaultCode(
    "BA-0399",
    Broken,
    Text(
        "Hệ thống gặp lỗi chưa biết. Dữ liệu đã nhận vẫn an toàn; gửi mã theo dõi cho người hỗ trợ.",
        "Something unexpected failed. What was accepted is safe; tell support the trace id.",
    ),
)


@dataclass(frozen=True, slots=True)
class FhirApi:
    """The store behind the API, its address and its limits."""

    store: Store
    base_url: str
    body_bytes_max: int = 32 * 1024 * 1024
    bundle_entries_max: int = 5_000


Interaction = Callable[[FhirApi, Request], Awaitable[Response]]


def endpoint(api: FhirApi, interaction: Interaction) -> Callable[[Request], Awaitable[Response]]:
    """A Starlette endpoint of an interaction: whatever goes wrong is answered as an OperationOutcome."""

    async def answer(request: Request) -> Response:
        try:
            return await interaction(api, request)
        except Fault as fault:
            if fault.category == "broken":
                log.failure("request.failed", fault)
            return fault_response(request.scope, fault)
        except Exception as cause:  # noqa: BLE001  # the edge of the API: nothing foreign goes further
            log.failure("request.failed", cause)
            return fault_response(request.scope, UNEXPECTED())

    return answer
