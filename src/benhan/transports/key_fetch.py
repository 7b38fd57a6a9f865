"""The public keys of an app (JWKS) from the address that its registration names (`jwks_uri`).

See `strangers` for where it may lead; redirects are not followed, and no more is read than a set of keys is long.
Source: SMART App Launch 2.2, client-confidential-asymmetric.html#registering-a-client-communicating-public-keys.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from urllib.parse import urlsplit

import httpx

from benhan.kernel.faults import FaultCode, Unavailable
from benhan.kernel.texts import Text
from benhan.transports.strangers import NotPublic, Resolve, checked_address, resolve

JWKS_BYTES_MAX = 64 * 1024
TIMEOUT_S = 5.0
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=([0-9]{1,9})(?:$|[,\s])")

KEYS_AWAY = FaultCode(
    "BA-3120",
    Unavailable,
    Text(
        "Không lấy được khoá công khai của ứng dụng từ jwks_uri: {reason}. Máy nội bộ phải được quản trị cho phép"
        " (app_hosts).",
        "The public keys of the app cannot be fetched from its jwks_uri: {reason}. Hosts inside must be allowed by the"
        " administrator (app_hosts).",
    ),
)


class KeyFetch:
    """Fetches key sets; `allowed` are hosts that may be inside and may be reached by plain http."""

    def __init__(
        self,
        allowed: Collection[str] = (),
        *,
        resolver: Resolve = resolve,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._allowed = frozenset(host.lower() for host in allowed)
        self._resolve = resolver
        self._transport = transport
        self._timeout_s = timeout_s

    async def brought(self, address: str) -> tuple[str, int | None]:
        """The text found there, and for how many seconds its sender lets it be kept (None: it does not say).

        Raises Unavailable BA-3120.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._fetched(address)
        except NotPublic as cause:
            raise KEYS_AWAY(reason=cause.reason) from cause
        except (TimeoutError, httpx.HTTPError, OSError) as cause:
            raise KEYS_AWAY(reason="no answer") from cause

    async def _fetched(self, address: str) -> tuple[str, int | None]:
        target, host = await checked_address(address, self._allowed, self._resolve)
        headers = {"host": host, "accept": "application/json", "accept-encoding": "identity"}
        sni = {"sni_hostname": urlsplit(address).hostname}
        async with (
            httpx.AsyncClient(transport=self._transport, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", target, headers=headers, extensions=sni) as answer,
        ):
            if answer.status_code != 200:
                raise KEYS_AWAY(reason=f"HTTP {answer.status_code}")
            content = b""
            async for chunk in answer.aiter_raw():
                content += chunk
                if len(content) > JWKS_BYTES_MAX:
                    raise KEYS_AWAY(reason=f"> {JWKS_BYTES_MAX} bytes")
        told = _MAX_AGE.search(answer.headers.get("cache-control", "").lower())
        return content.decode("utf-8", "replace"), int(told[1]) if told is not None else None
