"""A lean HTTP/1.1 client: one request at a time on each of many kept-alive connections.

The client runs on the same two cores as the server, so it must cost little; it reads status and body and nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator


class Connection(asyncio.Protocol):
    """A connection that answers `ask` with status and body."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.find(b"content-length:")
        size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + size or self._answer is None:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + size])
        del self._buffer[: end + 4 + size]
        answer, self._answer = self._answer, None
        answer.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a whole request as bytes."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """A request as bytes."""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def drive(port: int, clients: int, work: Callable[[Connection, int], Awaitable[None]]) -> None:
    """Run `work(connection, number)` on each of `clients` connections at once."""
    loop = asyncio.get_running_loop()
    pairs = [await loop.create_connection(Connection, "127.0.0.1", port) for _ in range(clients)]
    await asyncio.gather(*(work(connection, number) for number, (_, connection) in enumerate(pairs)))
    for _, connection in pairs:
        connection.close()


class Row:
    """Requests asked one after another, each by whichever connection is free; no task and no future for each of them.

    `told` gets the key, the seconds, the status and the whole answer of each, head and all.
    """

    def __init__(self, asked: Iterator[tuple[int, bytes]], told: Callable[[int, float, int, bytes], None]) -> None:
        self.asked = asked
        self.told = told

    async def drive(self, port: int, clients: int) -> None:
        """Ask all of them by `clients` connections; raises what `told` raises, and ConnectionError."""
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in range(clients)]
        pairs = [await loop.create_connection(lambda end=end: _InRow(self, end), "127.0.0.1", port) for end in ends]
        try:
            await asyncio.gather(*ends)
        finally:
            for transport, _ in pairs:
                transport.close()


class _InRow(asyncio.Protocol):
    """One connection of a row."""

    def __init__(self, row: Row, end: asyncio.Future[None]) -> None:
        self._row, self._end = row, end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._next()

    def _next(self) -> None:
        asked = next(self._row.asked, None)
        if asked is None:
            self._end.set_result(None)
            return
        self._key, request = asked
        self._data, self._size = b"", 0
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data
        if not self._size:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            at = self._data.find(b"content-length: ", 0, end)  # as the server writes it
            self._size = end + 4 + int(self._data[at + 16 : self._data.find(b"\r\n", at)])
        if len(self._data) >= self._size:
            try:
                self._row.told(self._key, time.perf_counter() - self._began, int(self._data[9:12]), self._data)
            except Exception as cause:  # noqa: BLE001  # it is the benchmark's to raise
                self._end.set_exception(cause)
                return
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._end.done():
            self._end.set_exception(exc or ConnectionError("closed"))
