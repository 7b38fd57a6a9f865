"""The MLLP listener: frames in, acknowledgements out, in the order of arrival on each connection.

Source: HL7 MLLP release 1. Bounds: connections, frame size, frames under way on one connection (reading pauses
beyond them), idle time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from benhan.hl7v2.mllp import Frame, Framer, Garbage, TooLong, frame
from benhan.kernel.logs import Log

log = Log("mllp")

UNDER_WAY_MAX = 64
IDLE_S = 3600.0


@dataclass(frozen=True, slots=True)
class MllpLimits:
    """What a peer may ask of the listener."""

    frame_bytes_max: int = 16 * 1024 * 1024
    connections_max: int = 256
    idle_s: float = IDLE_S


Receive = Callable[[bytes], Awaitable[bytes]]
RefuseLong = Callable[[bytes, int], Awaitable[bytes]]


class MllpServer:
    """Listens while its task runs; `shares_port` lets other workers of the node listen beside it."""

    def __init__(
        self,
        host: str,
        port: int,
        receive: Receive,
        refuse_long: RefuseLong,
        limits: MllpLimits | None = None,
        tls: ssl.SSLContext | None = None,
        *,
        shares_port: bool = False,
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._shares_port = shares_port
        self.receive = receive
        self.refuse_long = refuse_long
        self.limits = limits or MllpLimits()
        self.connections: set[_Connection] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`; frames that were read are answered before the connections close."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Connection(self),
            self._host,
            self._port,
            ssl=self._tls,
            backlog=256,
            reuse_address=True,
            reuse_port=self._shares_port,
        )
        log.info("mllp.listening", port=self._port)
        async with server:
            await stop.wait()
            server.close()
            await asyncio.gather(*(connection.drain() for connection in list(self.connections)))


class _Connection(asyncio.Protocol):
    """One peer."""

    def __init__(self, server: MllpServer) -> None:
        self._server = server
        self._framer = Framer(size_bytes_max=server.limits.frame_bytes_max)
        self._answers: deque[asyncio.Task[bytes]] = deque()
        """What is under way, in the order its frames came."""
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._idle: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._heard_s = 0.0
        self._drained = asyncio.Event()
        """Set where nobody waits for an answer any more: `drain` has begun and all are given, or the peer is gone."""
        self._is_draining = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if len(self._server.connections) >= self._server.limits.connections_max:
            log.warning("mllp.too_many_connections", count=len(self._server.connections))
            self._transport.close()
            return
        self._server.connections.add(self)
        self._rest()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's own signature
        self._server.connections.discard(self)
        self._drained.set()
        if self._idle is not None:
            self._idle.cancel()

    def data_received(self, data: bytes) -> None:
        self._rest()
        for event in self._framer.feed(data):
            if isinstance(event, Garbage):
                log.warning("mllp.garbage", bytes=event.size_bytes)
                continue
            task = self._loop.create_task(self._answer_to(event))
            self._answers.append(task)
            task.add_done_callback(self._answer)
        if len(self._answers) > UNDER_WAY_MAX and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    async def drain(self) -> None:
        """Answer what was read, then close; a peer that leaves meanwhile is not waited for."""
        if self._transport is not None:
            self._transport.pause_reading()
        self._is_draining = True
        if self._answers:
            await self._drained.wait()
        if self._transport is not None:
            self._transport.close()

    async def _answer_to(self, event: Frame | TooLong) -> bytes:
        if isinstance(event, Frame):
            return await self._server.receive(event.content)
        return await self._server.refuse_long(event.beginning, self._server.limits.frame_bytes_max)

    def _answer(self, _done: asyncio.Task[bytes]) -> None:
        """Write the answers that are there, in the order their frames came."""
        while self._answers and self._answers[0].done():
            self._write(self._answers.popleft())
        if self._is_draining and not self._answers:
            self._drained.set()
        if self._paused and len(self._answers) <= UNDER_WAY_MAX // 2 and (transport := self._open_transport()):
            self._paused = False
            transport.resume_reading()

    def _write(self, answer: asyncio.Task[bytes]) -> None:
        cause = None if answer.cancelled() else answer.exception()
        transport = self._open_transport()
        if cause is not None:
            log.failure("mllp.failed", cause)
            if transport is not None:  # no answer is better than a wrong one: the peer will send again
                transport.close()
        elif transport is not None and not answer.cancelled():
            transport.write(frame(answer.result()))

    def _open_transport(self) -> asyncio.Transport | None:
        return None if self._transport is None or self._transport.is_closing() else self._transport

    def _rest(self) -> None:
        """Note that the peer lives."""
        self._heard_s = self._loop.time()

    def _look(self) -> None:
        """Hang up on a peer that has been silent too long; look again when that may be."""
        left = self._heard_s + self._server.limits.idle_s - self._loop.time()
        if left <= 0 and not self._answers and self._transport is not None:
            self._transport.close()
            return
        self._idle = self._loop.call_later(max(left, 1.0), self._look)
