"""Notifications to receivers that a subscriber named: sent only where a stranger's address may lead.

An address is checked when it is used: scheme, port, and every address that its name means. The connection is made to
the checked address itself, so that the name cannot mean another one a moment later. Redirects are not followed.
Private addresses and plain http are for the hosts that a setting names.
Source: Subscriptions R5 Backport 1.1.0, rest-hook; OWASP Server-Side Request Forgery Prevention.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from urllib.parse import urlsplit

import httpx

from benhan.kernel.faults import FaultCode, Incorrect, Unavailable
from benhan.kernel.texts import Text

CONNECTIONS_MAX = 64
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

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

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a host name means."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name by the machine's own resolver."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as cause:
        raise RECEIVER_AWAY() from cause
    return [str(each[4][0]) for each in found]


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
        """Return when the receiver answered 2xx.

        Raises Incorrect BA-2280 for an address that may not be used, Unavailable BA-2281, BA-2282.
        """
        try:
            async with asyncio.timeout(timeout_s):
                target, host = await self._checked(address)
                own = {"host": host, "content-type": "application/fhir+json", **dict(headers)}
                request = self._client.build_request(
                    "POST",
                    target,
                    content=content,
                    headers=own,
                    extensions={"sni_hostname": urlsplit(address).hostname},
                )
                status = await self._status(request)
        except (TimeoutError, httpx.HTTPError, OSError) as cause:
            raise RECEIVER_AWAY() from cause
        if not 200 <= status < 300:
            raise RECEIVER_REFUSED(status=status)

    async def _status(self, request: httpx.Request) -> int:
        """The status; the answer's body, which may have no end, is not read."""
        answer = await self._client.send(request, stream=True)
        await answer.aclose()
        return answer.status_code

    async def _checked(self, address: str) -> tuple[str, str]:
        """The address with its host as a checked IP address, and the Host header. Raises Incorrect BA-2280."""
        try:
            parts = urlsplit(address)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as cause:
            raise BAD_ADDRESS(reason="url") from cause
        is_allowed = host in self._allowed
        if not host or parts.username is not None or parts.scheme not in ("https", "http"):
            raise BAD_ADDRESS(reason="url")
        if parts.scheme == "http" and not is_allowed:
            raise BAD_ADDRESS(reason="http")
        found = await self._resolve(host, port or (443 if parts.scheme == "https" else 80))
        if not found or not (is_allowed or all(is_public(each) for each in found)):
            raise BAD_ADDRESS(reason="private address")
        ip = f"[{found[0]}]" if ":" in found[0] else found[0]
        netloc = f"{ip}:{port}" if port else ip
        shown = f"[{host}]" if ":" in host else host
        return parts._replace(netloc=netloc, fragment="").geturl(), f"{shown}:{port}" if port else shown


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet; IPv4 inside IPv6 is taken out first.

    Of IPv6 only 2000::/3 is: the rest is local, reserved, or leads to IPv4 besides. Source: IANA, IPv6 Address Space.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo is not None else None)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if ip not in GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast
