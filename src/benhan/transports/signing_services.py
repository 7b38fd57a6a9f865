"""The services that signing asks over the network: a CA's status, a time-stamp server, a provider of remote keys.

Only hosts that are named are asked: their addresses stand in certificates, which come from outside. Source: RFC 6960,
appendix A; RFC 3161, 3.4; CSC API v2.0.0.2, 8 (errors).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from benhan.kernel.faults import FaultCode
from benhan.kernel.secrets import Secret
from benhan.signing.faults import SIGNER_AWAY, SIGNER_REFUSED, STATUS_UNKNOWN, TSA_UNREACHED
from benhan.signing.status import Ask

ANSWER_BYTES_MAX = 16 * 1024 * 1024


class SigningServices:
    """Asks services at `hosts` (names in lower case), each within `timeout_s`."""

    def __init__(
        self, hosts: frozenset[str], timeout_s: float = 15.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._hosts = hosts
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            timeout=timeout_s, transport=transport, trust_env=False, follow_redirects=False
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def fetch(self, ask: Ask) -> bytes:
        """The answer of a CA's service. Raises Unavailable BA-5013."""
        headers = {"accept": ask.accept or "*/*"}
        if ask.content_type:
            headers["content-type"] = ask.content_type
        status, body = await self._asked(ask.url, ask.body, headers, STATUS_UNKNOWN)
        if status != 200:
            raise STATUS_UNKNOWN(reason=f"HTTP {status}")
        return body

    async def time_stamp(self, url: str, request: bytes) -> bytes:
        """The answer of a time-stamp server. Raises Unavailable BA-5010."""
        headers = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
        status, body = await self._asked(url, request, headers, TSA_UNREACHED)
        if status != 200:
            raise TSA_UNREACHED()
        return body

    async def csc(self, base_url: str, token: Secret, method: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of a method of the CSC API. Raises Unavailable BA-5015, Forbidden BA-5016."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {token.reveal().decode()}"}
        url = f"{base_url.rstrip('/')}/csc/v2/{method}"
        status, body = await self._asked(url, orjson.dumps(asked), headers, SIGNER_AWAY)
        if status in (400, 401, 403):
            raise SIGNER_REFUSED(reason=_error_of(body) or f"HTTP {status}")
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as cause:
            raise SIGNER_AWAY(reason=f"HTTP {status}") from cause
        if status != 200 or not isinstance(answer, dict):
            raise SIGNER_AWAY(reason=f"HTTP {status}")
        return answer

    async def json(self, url: str, body: bytes | None, headers: Mapping[str, str], away: FaultCode) -> dict[str, Any]:
        """The JSON object that a service answers, an error of the 4xx too; raises `away` where there is none."""
        status, told = await self._asked(url, body, {"accept": "application/json", **headers}, away)
        try:
            answer = orjson.loads(told)
        except orjson.JSONDecodeError as cause:
            raise away(reason=f"HTTP {status}") from cause
        if status >= 500 or not isinstance(answer, dict):
            raise away(reason=f"HTTP {status}")
        return answer

    async def _asked(self, url: str, body: bytes | None, headers: dict[str, str], away: FaultCode) -> tuple[int, bytes]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or (parts.hostname or "").lower() not in self._hosts or parts.username:
            raise away(reason="host")
        method = "GET" if body is None else "POST"
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream(method, url, content=body, headers=headers) as answer,
            ):
                told = bytearray()
                async for piece in answer.aiter_bytes():
                    told += piece
                    if len(told) > ANSWER_BYTES_MAX:
                        raise away(reason="size")
        except (TimeoutError, httpx.HTTPError, OSError) as cause:
            raise away(reason=type(cause).__name__) from cause
        return answer.status_code, bytes(told)


def _error_of(body: bytes) -> str:
    """The error's code as the CSC API names it, a word without personal data; "" where there is none."""
    try:
        code = orjson.loads(body).get("error", "")
    except (orjson.JSONDecodeError, AttributeError):
        return ""
    return (
        code if isinstance(code, str) and code.isascii() and code.replace("_", "").isalpha() and len(code) < 60 else ""
    )
