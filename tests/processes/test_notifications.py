"""A node as a real process tells a receiver over HTTP, and a listener over a websocket."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.processes.ports import free_ports

from benhan.fhir.subscription import TOPIC
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.store.opening import open_store
from benhan.wiring import build_access

FHIR = (Permission.FHIR_READ, Permission.FHIR_SEARCH, Permission.FHIR_WRITE)


@asynccontextmanager
async def serving(data: Path, database: str, port: int) -> AsyncIterator[str]:
    """The address of a node with a database of its own; it may tell receivers on this machine."""
    environment = {**os.environ, "BENHAN_SUBSCRIPTION_HOSTS": "127.0.0.1", "BENHAN_DATABASE": database}
    command = (
        sys.executable, "-m", "benhan.cli.main", "serve", "node", "--data", str(data), "--port", str(port),
        "--mllp-port", "0",
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(60):
            while True:
                try:
                    if (await client.get(f"{address}/readyz")).status_code == 200:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
        yield address
    finally:
        process.terminate()
        await process.wait()


class Receiver:
    """A small HTTP server that keeps what it is sent."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        self.got.put_nowait(orjson.loads(await reader.readexactly(size)))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


class Socket:
    """A small websocket client. Source: RFC 6455."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, port: int, path: str) -> Socket:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            writer.close()
            raise ConnectionRefusedError(head.decode())
        return cls(reader, writer)

    def say(self, text: str) -> None:
        body, mask = text.encode(), os.urandom(4)
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack(">H", len(body))
        self._writer.write(b"\x81" + size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(body)))

    async def hear(self) -> dict[str, Any]:
        head = await self._reader.readexactly(2)
        assert head[0] == 0x81, head
        size = head[1]
        if size >= 126:
            size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
        found: dict[str, Any] = orjson.loads(await self._reader.readexactly(size))
        return found

    def close(self) -> None:
        self._writer.close()


def kind(bundle: dict[str, Any]) -> str:
    return next(each["valueCode"] for each in bundle["entry"][0]["resource"]["parameter"] if each["name"] == "type")


def subscription(**channel: Any) -> dict[str, Any]:
    told = {"resourceType": "Subscription", "status": "requested", "reason": "thử", "criteria": f"{TOPIC}Observation"}
    return {**told, "channel": {"payload": "application/fhir+json", **channel}}


async def taken_up(fhir: httpx.AsyncClient, address: str) -> httpx.Response:
    """The answer, once the subscription is active."""
    for _ in range(200):
        answer = await fhir.get(address)
        if answer.status_code == 200:
            break
        await asyncio.sleep(0.1)
    return answer


@pytest.mark.slow
async def test_a_node_tells_a_receiver_and_a_listener(fresh_url: str, tmp_path: Path) -> None:
    async with open_store(Settings(data=tmp_path, database=fresh_url)) as store:
        sessions = build_access(store, Settings(data=tmp_path)).sessions
        token = await sessions.make_token("subscriber", FHIR)
    port = free_ports("node")["node"]
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    async with (
        server,
        serving(tmp_path, fresh_url, port) as address,
        httpx.AsyncClient(base_url=f"{address}/fhir/", headers=headers) as fhir,
        asyncio.timeout(60),
    ):
        assert (await fhir.post("Subscription", json=subscription(type="rest-hook", endpoint=hook))).status_code == 201
        assert kind(await receiver.got.get()) == "handshake"
        listening = (await fhir.post("Subscription", json=subscription(type="websocket"))).json()["id"]
        answer = await taken_up(fhir, f"Subscription/{listening}/$get-ws-binding-token")
        told = {each["name"]: each for each in answer.json()["parameter"]}
        path = told["websocket-url"]["valueUrl"].partition(str(port))[2]
        socket = await Socket.connect(port, path)
        socket.say(f"bind-with-token {told['token']['valueString']}")
        assert kind(await socket.hear()) == "handshake"
        observation = {"resourceType": "Observation", "status": "final", "code": {"text": "đường huyết"}}
        id_ = (await fhir.post("Observation", json=observation)).json()["id"]
        for bundle in (await receiver.got.get(), await socket.hear()):
            assert kind(bundle) == "event-notification"
            assert bundle["entry"][1]["resource"]["id"] == id_
        socket.close()
        with pytest.raises(ConnectionRefusedError, match="403"):
            await Socket.connect(port, "/fhir/elsewhere")
