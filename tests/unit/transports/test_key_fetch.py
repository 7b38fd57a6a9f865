"""Fetching an app's keys: only where a stranger's address may lead, never more than a set of keys is long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from benhan.kernel.faults import Unavailable
from benhan.transports.key_fetch import JWKS_BYTES_MAX, KeyFetch

PUBLIC, PRIVATE, ADDRESS = "93.184.216.34", "10.0.0.7", "https://app.example/jwks"


def fetcher(answer: Any, *addresses: str, allowed: Sequence[str] = ()) -> tuple[KeyFetch, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return addresses or (PUBLIC,)

    def told(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return KeyFetch(allowed, resolver=resolver, transport=httpx.MockTransport(told), timeout_s=0.5), seen


async def test_what_is_there_comes_with_how_long_it_may_be_kept() -> None:
    fetch, seen = fetcher(
        httpx.Response(200, stream=httpx.ByteStream(b"{}"), headers={"cache-control": "public, max-age=90"})
    )
    assert await fetch.brought(ADDRESS) == ("{}", 90)
    assert str(seen[0].url) == f"https://{PUBLIC}/jwks"
    assert (seen[0].headers["host"], seen[0].extensions["sni_hostname"]) == ("app.example", "app.example")
    fetch, _ = fetcher(httpx.Response(200, stream=httpx.ByteStream(b"{}"), headers={"cache-control": "s-max-age=90"}))
    assert await fetch.brought(ADDRESS) == ("{}", None)


@pytest.mark.parametrize("address", ["http://app.example/jwks", "https://a:b@app.example/", "ftp://app.example/"])
async def test_an_address_that_may_not_be_used_is_not_asked(address: str) -> None:
    fetch, seen = fetcher(httpx.Response(200, stream=httpx.ByteStream(b"{}")))
    with pytest.raises(Unavailable, match="BA-3120"):
        await fetch.brought(address)
    assert seen == []


async def test_a_host_inside_is_asked_where_the_administrator_names_it() -> None:
    fetch, seen = fetcher(httpx.Response(200, stream=httpx.ByteStream(b"{}")), PRIVATE)
    with pytest.raises(Unavailable, match=r"BA-3120.*private"):
        await fetch.brought(ADDRESS)
    assert seen == []
    fetch, seen = fetcher(httpx.Response(200, stream=httpx.ByteStream(b"{}")), PRIVATE, allowed=["App.example"])
    assert (await fetch.brought(ADDRESS))[0] == "{}"


@pytest.mark.parametrize("answer", [httpx.Response(302, headers={"location": "https://x.example"}), httpx.Response(500),
                                    httpx.ConnectError("refused"), OSError("down")])  # fmt: skip
async def test_what_is_no_answer_is_none(answer: Any) -> None:
    fetch, seen = fetcher(answer)
    with pytest.raises(Unavailable, match="BA-3120"):
        await fetch.brought(ADDRESS)
    assert len(seen) == 1


async def test_an_answer_without_end_is_given_up() -> None:
    chunks = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal chunks
        while True:
            chunks += 1
            yield b"x" * 1024

    fetch, _ = fetcher(httpx.Response(200, content=endless()))
    with pytest.raises(Unavailable, match=r"BA-3120.*bytes"):
        await fetch.brought(ADDRESS)
    assert chunks <= JWKS_BYTES_MAX // 1024 + 1


async def test_an_answer_that_drips_is_given_up() -> None:
    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    fetch, _ = fetcher(httpx.Response(200, content=dripping()))
    with pytest.raises(Unavailable, match="BA-3120"):
        await fetch.brought(ADDRESS)
