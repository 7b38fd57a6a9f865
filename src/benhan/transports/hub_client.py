"""A member's client of the hub: a signed message out, what it brings back in. Source: docs/interfaces/hub.md."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from benhan.kernel.faults import Broken, Busy, Fault, FaultCode, Incorrect, Unavailable
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace

ANSWER_BYTES_MAX = 128 * 1024 * 1024
"""Of letters: as many as are collected at once, each with its content."""
CONNECTIONS_MAX = 16

HUB_NOT_REACHED = FaultCode(
    "BA-6050",
    Unavailable,
    Text("Chưa kết nối được tới trục điều phối; sẽ tự thử lại.", "The hub cannot be reached; it will be tried again."),
)
HUB_BUSY = FaultCode(
    "BA-6051",
    Busy,
    Text(
        "Trục điều phối đang bận hoặc chưa ghi được bằng chứng; sẽ tự thử lại.",
        "The hub is busy or cannot write its evidence; it will be tried again.",
    ),
)
HUB_REFUSED = FaultCode(
    "BA-6052",
    Incorrect,
    Text("Trục điều phối từ chối ({code}): {reason}", "The hub refused ({code}): {reason}"),
)
HUB_GARBLED = FaultCode(
    "BA-6053",
    Broken,
    Text("Trục điều phối trả lời không đúng dạng.", "The hub's answer is not of the form."),
)
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class HubClient:
    """Speaks to one hub."""

    def __init__(
        self, base_url: str, *, timeout_s: float = 60.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/hub"
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX)
        self._client = httpx.AsyncClient(timeout=timeout_s, transport=transport, limits=limits, trust_env=False)

    async def send(self, message: str, content: str = "") -> dict[str, Any]:
        """What a signed message brings back.

        Raises Unavailable BA-6050, Busy BA-6051, Incorrect BA-6052, Broken BA-6053.
        """
        body = orjson.dumps({"message": message, "content": content})
        answer = await self._asked("POST", "messages", body)
        try:
            told = orjson.loads(answer)
        except orjson.JSONDecodeError as cause:
            raise HUB_GARBLED() from cause
        if not isinstance(told, dict):
            raise HUB_GARBLED()
        return told

    async def configuration(self) -> str:
        """The signed configuration, unverified. Raises as `send`."""
        return (await self._asked("GET", "configuration")).decode("ascii", "replace")

    async def status(self) -> str:
        """The signed status, unverified. Raises as `send`."""
        return (await self._asked("GET", "status")).decode("ascii", "replace")

    async def close(self) -> None:
        await self._client.aclose()

    async def _asked(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {"traceparent": f"00-{current_trace.get()}-0000000000000001-01"}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            url = f"{self._url}/{path}"
            async with self._client.stream(method, url, content=body, headers=headers) as answer:
                found = bytearray()
                async for chunk in answer.aiter_bytes():
                    found += chunk
                    if len(found) > ANSWER_BYTES_MAX:
                        raise HUB_GARBLED()
        except (httpx.HTTPError, OSError, AttributeError) as cause:
            # AttributeError: a peer that dies while the connection is being made leaves anyio without a socket
            raise HUB_NOT_REACHED() from cause
        if answer.status_code == httpx.codes.OK:
            return bytes(found)
        raise _fault(answer.status_code, bytes(found))


def _fault(status: int, body: bytes) -> Fault:
    if status in _AGAIN:
        return HUB_BUSY()
    try:
        details = orjson.loads(body)["issue"][0]["details"]
        code, reason = details["coding"][0]["code"], details["text"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return HUB_REFUSED(code=f"HTTP {status}", reason="?")
    return HUB_REFUSED(code=str(code)[:16], reason=str(reason)[:300])
