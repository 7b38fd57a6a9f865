"""Clients that ask for much and then stop reading, over real sockets and the real HTTP server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from tests.processes.conftest import House
from tests.processes.ports import free_ports

from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.serving.role_server import http_server

STALLED = 60
WINDOW_BYTES = 4_096
PATH = "/fhir/metadata"


@asynccontextmanager
async def listening(house: House, folder: Path, write_timeout_s: float = 60) -> AsyncIterator[int]:
    """The port on which the application of `house` answers."""
    port = free_ports("http")["http"]
    server = http_server(house.app, Settings(data=folder, http_port=port, write_timeout_s=write_timeout_s))
    serving = asyncio.create_task(server.serve())
    try:
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(30):
            while not await _answers(client, port):  # noqa: ASYNC110  # nothing to wait on
                await asyncio.sleep(0.05)
        yield port
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.gather(serving, return_exceptions=True)


async def _answers(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
    except httpx.TransportError:
        return False


async def stalled(port: int, token: str) -> socket.socket:
    """A connection that has asked for the capability statement and has not read a byte of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW_BYTES)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    asked = f"GET {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    await loop.sock_sendall(client, asked.encode())
    return client


async def rest_of(client: socket.socket, pause_s: float = 0) -> bytes:
    """What comes until the server closes, read with pauses."""
    found, loop = b"", asyncio.get_running_loop()
    async with asyncio.timeout(60):
        while chunk := await loop.sock_recv(client, 1 << 20):
            found += chunk
            await asyncio.sleep(pause_s)
    return found


async def test_clients_that_stop_reading_hold_up_nobody_and_get_the_rest_when_they_go_on(
    houses: dict[str, House], tmp_path: Path
) -> None:
    house = houses["node"]
    token = await house.access.sessions.make_token("reader", [Permission.FHIR_READ])
    async with AsyncExitStack() as open_:
        port = await open_.enter_async_context(listening(house, tmp_path))
        base = f"http://127.0.0.1:{port}"
        reading = await open_.enter_async_context(httpx.AsyncClient(trust_env=False, base_url=base))
        whole = (await reading.get(PATH)).content
        assert len(whole) > 20 * WINDOW_BYTES
        before = psutil.Process().memory_info().rss
        idle = []
        for _ in range(STALLED):
            idle.append(await stalled(port, token))
            open_.callback(idle[-1].close)
        async with asyncio.timeout(60):
            answers = [await reading.get(PATH) for _ in range(10)]
        assert {(each.status_code, len(each.content)) for each in answers} == {(200, len(whole))}
        assert psutil.Process().memory_info().rss - before < STALLED * len(whole) + 64 * 1024 * 1024
        head, _, body = (await rest_of(idle[0])).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert (len(body), body[-20:]) == (len(whole), whole[-20:])  # the time in it differs
        for each in idle:
            each.close()
        assert (await reading.get("/healthz")).status_code == 200


async def test_who_stops_reading_for_longer_than_the_setting_says_is_let_go(
    houses: dict[str, House], tmp_path: Path
) -> None:
    house = houses["node"]
    token = await house.access.sessions.make_token("stopped", [Permission.FHIR_READ])
    async with listening(house, tmp_path, write_timeout_s=1) as port, httpx.AsyncClient(trust_env=False) as reading:
        idle, slow = await stalled(port, token), await stalled(port, token)
        try:
            _, told = await asyncio.gather(refused(idle), rest_of(slow, pause_s=0.02))
            assert told.startswith(b"HTTP/1.1 200")
            assert told.endswith(b"}")
        finally:
            idle.close()
            slow.close()
        assert (await reading.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200


async def refused(client: socket.socket) -> None:
    """Read nothing until the connection has long been ended."""
    await asyncio.sleep(4)
    with pytest.raises(ConnectionResetError):
        await rest_of(client)
