"""Where notifications may go: never to an address that a stranger should not reach through us."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from benhan.kernel.faults import Incorrect, Unavailable
from benhan.transports.rest_hook import RestHook
from benhan.transports.strangers import is_public

PUBLIC, PRIVATE = "93.184.216.34", "10.0.0.7"


def hook(
    *addresses: str, allowed: Sequence[str] = (), status: int = 200, seen: list[httpx.Request] | None = None
) -> RestHook:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return addresses

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, headers={"location": "https://elsewhere.example/"})

    return RestHook(allowed, resolver=resolver, transport=httpx.MockTransport(answer))


async def test_the_checked_address_is_the_one_that_is_used() -> None:
    seen: list[httpx.Request] = []
    sender = hook(PUBLIC, seen=seen)
    await sender.send("https://receiver.example:8443/hook?a=1", b"{}", [("Authorization", "Bearer x")], 5)
    [request] = seen
    assert str(request.url) == f"https://{PUBLIC}:8443/hook?a=1"
    assert request.headers["host"] == "receiver.example:8443"
    assert request.headers["authorization"] == "Bearer x"
    assert request.extensions["sni_hostname"] == "receiver.example"
    await sender.close()


@pytest.mark.parametrize(
    ("address", "means"),
    [
        ("http://receiver.example/", [PUBLIC]),
        ("https://receiver.example/", [PRIVATE]),
        ("https://receiver.example/", [PUBLIC, PRIVATE]),
        ("https://receiver.example/", ["127.0.0.1"]),
        ("https://receiver.example/", ["169.254.169.254"]),
        ("https://receiver.example/", ["::1"]),
        ("https://receiver.example/", ["::ffff:10.0.0.1"]),
        ("https://receiver.example/", ["64:ff9b::a00:1"]),
        ("https://receiver.example/", ["fe80::1%eth0"]),
        ("https://receiver.example/", []),
        ("https://user:pass@receiver.example/", [PUBLIC]),
        ("ftp://receiver.example/", [PUBLIC]),
        ("https://receiver.example:99999/", [PUBLIC]),
        ("https:///hook", [PUBLIC]),
        ("https://[::1/", [PUBLIC]),
    ],
)
async def test_an_address_that_may_not_be_used_is_refused_unasked(address: str, means: list[str]) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(Incorrect, match="BA-2280"):
        await hook(*means, seen=seen).send(address, b"{}", [], 5)
    assert seen == []


async def test_a_host_that_the_administrator_names_may_be_inside() -> None:
    seen: list[httpx.Request] = []
    await hook(PRIVATE, allowed=["His.Example"], seen=seen).send("http://his.example:8080/h", b"{}", [], 5)
    assert str(seen[0].url) == f"http://{PRIVATE}:8080/h"


@pytest.mark.parametrize("status", [302, 400, 404, 500])
async def test_what_is_not_2xx_has_not_arrived_and_redirects_are_not_followed(status: int) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(Unavailable, match=f"BA-2282.*{status}"):
        await hook(PUBLIC, status=status, seen=seen).send("https://receiver.example/", b"{}", [], 5)
    assert len(seen) == 1


async def test_a_receiver_that_does_not_answer_in_time_is_given_up() -> None:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return [PUBLIC]

    with pytest.raises(Unavailable, match="BA-2281"):
        await RestHook(resolver=resolver).send("https://receiver.example/", b"{}", [], 0.05)


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    chunks = 0

    async def endless() -> object:
        nonlocal chunks
        while True:
            chunks += 1
            yield b"x" * 1024

    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return [PUBLIC]

    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=endless()))
    await RestHook(resolver=resolver, transport=transport).send("https://receiver.example/", b"{}", [], 5)
    assert chunks < 100


def test_public_addresses() -> None:
    assert is_public(PUBLIC)
    assert is_public("2606:4700::1111")
    for inside in ("0.0.0.0", "100.64.0.1", "192.168.1.1", "224.0.0.1", "255.255.255.255", "fd00::1", "::", "text"):
        assert not is_public(inside), inside


def test_of_ipv6_only_global_unicast_is_public() -> None:
    for inside in (
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "fec0::1",
        "2002:7f00:1::",
    ):
        assert not is_public(inside), inside
