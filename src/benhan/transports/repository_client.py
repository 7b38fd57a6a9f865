"""The node's client of the national repository: one delivery, one receipt. Source: docs/interfaces/repository.md."""

from __future__ import annotations

import httpx
import orjson

from benhan.kernel.faults import Broken, Busy, FaultCode, Incorrect, Unavailable
from benhan.kernel.secrets import Secret
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace

ANSWER_BYTES_MAX = 64 * 1024

NOT_REACHED = FaultCode(
    "BA-0630",
    Unavailable,
    Text(
        "Chưa kết nối được tới kho quốc gia; sẽ tự gửi lại.",
        "The repository cannot be reached; it will be tried again.",
    ),
)
REPOSITORY_BUSY = FaultCode(
    "BA-0631", Busy, Text("Kho quốc gia đang bận; sẽ tự gửi lại.", "The repository is busy; it will be tried again.")
)
REFUSED = FaultCode(
    "BA-0632",
    Incorrect,
    Text("Kho quốc gia từ chối (HTTP {status}, {code}).", "The repository refused (HTTP {status}, {code})."),
)
NO_RECEIPT = FaultCode(
    "BA-0633", Broken, Text("Kho quốc gia trả lời mà không có biên nhận.", "The repository answered without a receipt.")
)
_RETRYABLE = frozenset({401, 403, 408, 425, 429, 500, 502, 503, 504})
"""A wrong credential too: it will be mended there or here, and nothing may be lost meanwhile."""


class RepositoryClient:
    """Sends deliveries to one repository."""

    def __init__(
        self,
        base_url: str,
        token: Secret,
        *,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/deliveries"
        self._token = token
        self._client = httpx.AsyncClient(timeout=timeout_s, transport=transport, trust_env=False)

    async def deliver(self, content: bytes) -> str:
        """The receipt. Raises Unavailable BA-0630, Busy BA-0631 (try again); Incorrect BA-0632; Broken BA-0633."""
        headers = {
            "authorization": f"Bearer {self._token.reveal().decode()}",
            "content-type": "application/json",
            "traceparent": f"00-{current_trace.get()}-0000000000000001-01",
        }
        try:
            answer = await self._client.post(self._url, content=content, headers=headers)
        except httpx.HTTPError as cause:
            raise NOT_REACHED() from cause
        if answer.status_code in _RETRYABLE:
            raise REPOSITORY_BUSY()
        if answer.status_code not in (200, 201):
            raise REFUSED(status=answer.status_code, code=_code(answer))
        return _receipt(answer)

    async def close(self) -> None:
        await self._client.aclose()


def _receipt(answer: httpx.Response) -> str:
    try:
        receipt = orjson.loads(answer.content[:ANSWER_BYTES_MAX])["receipt"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as cause:
        raise NO_RECEIPT() from cause
    if not isinstance(receipt, str) or not receipt:
        raise NO_RECEIPT()
    return receipt


def _code(answer: httpx.Response) -> str:
    """The stable code in an OperationOutcome, "?" where there is none."""
    try:
        code = orjson.loads(answer.content[:ANSWER_BYTES_MAX])["issue"][0]["details"]["coding"][0]["code"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return "?"
    return code if isinstance(code, str) and len(code) < 16 else "?"
