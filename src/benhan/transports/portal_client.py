"""The node's client of the portal: enrol its key, send a report. Source: docs/interfaces/portal.md."""

from __future__ import annotations

import base64

import httpx
import orjson

from benhan.kernel.faults import FaultCode, Incorrect, Unavailable
from benhan.kernel.texts import Text

ANSWER_BYTES_MAX = 64 * 1024
PORTAL_AWAY = FaultCode(
    "BA-6240",
    Unavailable,
    Text("Chưa kết nối được cổng theo dõi; sẽ tự gửi lại.", "The portal cannot be reached; it will be tried again."),
)
PORTAL_REFUSED = FaultCode(
    "BA-6241",
    Incorrect,
    Text("Cổng theo dõi từ chối ({status}, {code}): {words}", "The portal refused ({status}, {code}): {words}"),
)


class PortalClient:
    """Speaks to one portal."""

    def __init__(
        self, base_url: str, *, timeout_s: float = 30.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = base_url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=timeout_s, transport=transport, trust_env=False)

    async def send(self, signed: str) -> None:
        """A signed report. Raises Unavailable BA-6240, Incorrect BA-6241."""
        await self._post("/evidence", signed.encode(), "application/jose")

    async def enrol(self, facility: str, code: str, public_key: bytes) -> None:
        """The node's key, by the code that the portal gave the hospital. Raises as `send`."""
        told = {"facility": facility, "code": code, "key": base64.b64encode(public_key).decode()}
        await self._post("/evidence/keys", orjson.dumps(told), "application/json")

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, path: str, content: bytes, media_type: str) -> None:
        try:
            answer = await self._client.post(
                f"{self._url}{path}", content=content, headers={"content-type": media_type}
            )
        except (httpx.HTTPError, OSError) as cause:
            raise PORTAL_AWAY() from cause
        if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
            raise PORTAL_AWAY()
        if answer.status_code != 201:
            code, words = _told(answer.content[:ANSWER_BYTES_MAX])
            raise PORTAL_REFUSED(status=answer.status_code, code=code, words=words)


def _told(body: bytes) -> tuple[str, str]:
    """The stable code and the words in an OperationOutcome, "?" where there is none."""
    try:
        issue = orjson.loads(body)["issue"][0]
        return str(issue["details"]["coding"][0]["code"])[:16], str(issue["details"].get("text", "?"))[:300]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return "?", "?"
