"""The MLLP listener: frames in, acknowledgements out, in the order of arrival on each connection.

Source: HL7 MLLP release 1. Bounds: connections, frame size, frames under way on one connection (reading pauses
beyond them), idle time.
"""

from __future__ import annotations

import asyncio
import ssl
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
        self._answers: asyncio.Queue[asyncio.Task[bytes]] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._under_way = 0
        self._idle: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._heard_s = 0.0
        self._lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if len(self._server.connections) >= self._server.limits.connections_max:
            log.warning("mllp.too_many_connections", count=len(self._server.connections))
            self._transport.close()
            return
        self._server.connections.add(self)
        self._writer = self._loop.create_task(self._answer())
        self._rest()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's own signature
        self._server.connections.discard(self)
        self._lost.set()
        if self._idle is not None:
            self._idle.cancel()
        if self._writer is not None:
            self._writer.cancel()

    def data_received(self, data: bytes) -> None:
        self._rest()
        for event in self._framer.feed(data):
            if isinstance(event, Garbage):
                log.warning("mllp.garbage", bytes=event.size_bytes)
                continue
            self._under_way += 1
            self._answers.put_nowait(self._loop.create_task(self._answer_to(event)))
        if self._under_way > UNDER_WAY_MAX and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    async def drain(self) -> None:
        """Answer what was read, then close; a peer that leaves meanwhile is not waited for."""
        if self._transport is not None:
            self._transport.pause_reading()
        waiting = [asyncio.ensure_future(each) for each in (self._answers.join(), self._lost.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        if self._transport is not None:
            self._transport.close()

    async def _answer_to(self, event: Frame | TooLong) -> bytes:
        if isinstance(event, Frame):
            return await self._server.receive(event.content)
        return await self._server.refuse_long(event.beginning, self._server.limits.frame_bytes_max)

    async def _answer(self) -> None:
        """Write the answers in the order their frames came."""
        while True:
            task = await self._answers.get()
            try:
                answer = await task
            except Exception as cause:  # noqa: BLE001  # no answer is better than a wrong one: the peer will send again
                log.failure("mllp.failed", cause)
                if self._transport is not None:
                    self._transport.close()
                return
            finally:
                self._answers.task_done()
                self._under_way -= 1
            if self._transport is not None and not self._transport.is_closing():
                self._transport.write(frame(answer))
                if self._paused and self._under_way <= UNDER_WAY_MAX // 2:
                    self._paused = False
                    self._transport.resume_reading()

    def _rest(self) -> None:
        """Note that the peer lives."""
        self._heard_s = self._loop.time()

    def _look(self) -> None:
        """Hang up on a peer that has been silent too long; look again when that may be."""
        left = self._heard_s + self._server.limits.idle_s - self._loop.time()
        if left <= 0 and not self._under_way and self._transport is not None:
            self._transport.close()
            return
        self._idle = self._loop.call_later(max(left, 1.0), self._look)
