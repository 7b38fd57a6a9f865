"""Notifications to receivers that a subscriber named: sent only where a stranger's address may lead.

See `strangers`; redirects are not followed. Source: Subscriptions R5 Backport 1.1.0, rest-hook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

import httpx

from benhan.kernel.faults import FaultCode, Incorrect, Unavailable
from benhan.kernel.texts import Text
from benhan.transports.strangers import NotPublic, Resolve, checked_address, resolve

CONNECTIONS_MAX = 64

BAD_ADDRESS = FaultCode(
    "BA-2280",
    Incorrect,
    Text(
        "Không gửi được tới địa chỉ này: {reason}. Máy nội bộ và http:// phải được quản trị cho phép"
        " (subscription_hosts).",
        "Nothing is sent to this address: {reason}. Hosts inside and http:// must be allowed by the administrator"
        " (subscription_hosts).",
    ),
)
RECEIVER_AWAY = FaultCode(
    "BA-2281",
    Unavailable,
    Text("Máy nhận không trả lời trong thời gian cho phép.", "The receiver does not answer within its time."),
)
RECEIVER_REFUSED = FaultCode(
    "BA-2282",
    Unavailable,
    Text("Máy nhận trả lời HTTP {status}, không phải 2xx.", "The receiver answered HTTP {status}, not 2xx."),
)


class RestHook:
    """Sends to receivers; `allowed` are hosts that may be inside and may be reached by plain http."""

    def __init__(
        self,
        allowed: Collection[str] = (),
        *,
        resolver: Resolve = resolve,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._allowed = frozenset(host.lower() for host in allowed)
        self._resolve = resolver
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(
            transport=transport, limits=limits, follow_redirects=False, trust_env=False, timeout=30.0
        )

    async def close(self) -> None:
        """End the connections."""
        await self._client.aclose()

    async def send(self, address: str, content: bytes, headers: Sequence[tuple[str, str]], timeout_s: float) -> None:
        """Return when the receiver answered 2xx. `headers` may say another content-type than FHIR's JSON.

        Raises Incorrect BA-2280 for an address that may not be used, Unavailable BA-2281, BA-2282.
        """
        try:
            async with asyncio.timeout(timeout_s):
                target, host = await checked_address(address, self._allowed, self._resolve)
                own = {"host": host, "content-type": "application/fhir+json", **dict(headers)}
                request = self._client.build_request(
                    "POST",
                    target,
                    content=content,
                    headers=own,
                    extensions={"sni_hostname": urlsplit(address).hostname},
                )
                status = await self._status(request)
        except NotPublic as cause:
            raise BAD_ADDRESS(reason=cause.reason) from cause
        except (TimeoutError, httpx.HTTPError, OSError) as cause:
            raise RECEIVER_AWAY() from cause
        if not 200 <= status < 300:
            raise RECEIVER_REFUSED(status=status)

    async def _status(self, request: httpx.Request) -> int:
        """The status; the answer's body, which may have no end, is not read."""
        answer = await self._client.send(request, stream=True)
        await answer.aclose()
        return answer.status_code
