"""The node's client of the national repository: one delivery, one receipt. Source: docs/interfaces/repository.md."""

from __future__ import annotations

import httpx
import orjson

from benhan.kernel.faults import Broken, Busy, Fault, FaultCode, Incorrect, Unavailable
from benhan.kernel.secrets import Secret
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace

ANSWER_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 32

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
REPOSITORY_FAILED = FaultCode(
    "BA-0634",
    Unavailable,
    Text(
        "Kho quốc gia gặp lỗi với gói gửi này (HTTP {status}); sẽ tự gửi lại.",
        "The repository failed on this delivery (HTTP {status}); it will be tried again.",
    ),
)
NOT_LET_IN = FaultCode(
    "BA-0635",
    Unavailable,
    Text(
        "Kho quốc gia không nhận mã truy cập của cơ sở (HTTP {status}); sửa repository_token. Không mất gói gửi nào.",
        "The repository does not take the facility's token (HTTP {status}); mend repository_token. Nothing is lost.",
    ),
)
_BUSY = frozenset({425, 429, 502, 503, 504})
_FAILED = frozenset({408, 500})
AWAY = frozenset({NOT_REACHED.code, REPOSITORY_BUSY.code, NOT_LET_IN.code})
"""Codes of faults that concern the repository and not the delivery: the next one would fare no better."""


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
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX)
        self._client = httpx.AsyncClient(timeout=timeout_s, transport=transport, limits=limits, trust_env=False)

    async def deliver(self, content: bytes) -> str:
        """The receipt. Raises Unavailable BA-0630, BA-0634, BA-0635, Busy BA-0631; Incorrect BA-0632; Broken BA-0633.

        Of these, those in AWAY would meet any delivery now.
        """
        headers = {
            "authorization": f"Bearer {self._token.reveal().decode()}",
            "content-type": "application/json",
            "traceparent": f"00-{current_trace.get()}-0000000000000001-01",
        }
        try:
            async with self._client.stream("POST", self._url, content=content, headers=headers) as answer:
                body = await _bounded(answer)
        except (httpx.HTTPError, OSError, AttributeError) as cause:
            # AttributeError: a peer that dies while the connection is being made leaves anyio without a socket
            raise NOT_REACHED() from cause
        if answer.status_code in (200, 201):
            return _receipt(body)
        raise _fault(answer.status_code, body)

    async def close(self) -> None:
        await self._client.aclose()


async def _bounded(answer: httpx.Response) -> bytes:
    """The body, as far as ANSWER_BYTES_MAX."""
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            break
    return body


def _fault(status: int, body: bytes) -> Fault:
    if status in _BUSY:
        return REPOSITORY_BUSY()
    if status in _FAILED:
        return REPOSITORY_FAILED(status=status)
    if status in (401, 403):
        return NOT_LET_IN(status=status)
    return REFUSED(status=status, code=_code(body))


def _receipt(body: bytes) -> str:
    try:
        receipt = orjson.loads(body)["receipt"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as cause:
        raise NO_RECEIPT() from cause
    if not isinstance(receipt, str) or not receipt:
        raise NO_RECEIPT()
    return receipt


def _code(body: bytes) -> str:
    """The stable code in an OperationOutcome, "?" where there is none."""
    try:
        code = orjson.loads(body)["issue"][0]["details"]["coding"][0]["code"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return "?"
    return code if isinstance(code, str) and len(code) < 16 else "?"
