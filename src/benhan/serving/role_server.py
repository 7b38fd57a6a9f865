"""One role as one process: HTTP, listeners and background tasks in one event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketSpec  # type: ignore[attr-defined]  # its stubs do not know it
from granian.server.embed import Server

from benhan.kernel.logs import Log
from benhan.kernel.memory import settle_memory
from benhan.kernel.settings import Settings
from benhan.serving.supervisor import is_supervised
from benhan.serving.tasks import Task, TaskGroup
from benhan.serving.workers import check_ports

log = Log("serving")

ASGIApp = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Running:
    """What a role serves: its ASGI application and its background tasks by name."""

    app: ASGIApp
    tasks: Mapping[str, Task] = field(default_factory=dict)


OpenRole = Callable[[Settings], AbstractAsyncContextManager[Running]]


def run_role(role: str, settings: Settings, open_role: OpenRole) -> None:
    """Serve `role` until SIGTERM or SIGINT, then stop in order: HTTP, tasks, store.

    Raises Conflict BA-0110 when the port is taken, and what opening the store raises.
    """
    check_ports(settings, role, shared=is_supervised())
    uvloop.run(_serve(role, settings, open_role))


async def _serve(role: str, settings: Settings, open_role: OpenRole) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if is_supervised():
        loop.add_reader(0, _stop_at_end_of_input, loop, stop)
    async with open_role(settings) as running:
        tasks = TaskGroup(running.tasks)
        tasks.start()
        server = http_server(running.app, settings)
        serving = asyncio.create_task(server.serve())
        settle_memory()
        log.info("role.started", role=role, address=settings.base_url)
        await _until(stop, serving)
        log.info("role.stopping", role=role)
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.gather(serving, return_exceptions=True)
        await tasks.stop()
    log.info("role.stopped", role=role)


def _stop_at_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """The supervisor holds the other end of our standard input: when it dies, however it dies, we stop too."""
    if not os.read(0, 4096):
        loop.remove_reader(0)
        stop.set()


async def _until(stop: asyncio.Event, serving: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def http_server(app: ASGIApp, settings: Settings) -> Server:
    """The HTTP server of `app`, not yet serving; TLS where a certificate is set."""
    logging.getLogger("_granian").setLevel(logging.ERROR)  # at WARNING it calls its own embedding experimental
    options: dict[str, Any] = {}
    if settings.tls_certificate:
        options = {"ssl_cert": Path(settings.tls_certificate), "ssl_key": Path(settings.tls_key)}
    return HttpServer(
        app,
        address=settings.http_host,
        port=settings.http_port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto if settings.tls_certificate else HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
        websockets=True,  # the channel of subscriptions; serving/sockets.py refuses every other path
        backlog=1024,
        log_level=LogLevels.error,
        write_timeout_s=settings.write_timeout_s,
        **options,
    )


class HttpServer(Server):
    """Granian in this event loop, which lets go of who takes nothing of an answer for `write_timeout_s`.

    The kernel sees to it, also after the whole answer was given to it: what waits behind a closed window, or is not
    acknowledged, ends the connection. Each connection has it from the socket that listens.
    Source: RFC 5482; tcp(7), TCP_USER_TIMEOUT.
    """

    def __init__(self, app: ASGIApp, *, write_timeout_s: float, **options: Any) -> None:
        super().__init__(app, **options)
        self._write_timeout_ms = round(write_timeout_s * 1000)

    def _init_shared_socket(self) -> None:
        """The socket that listens, made here so that connections inherit what is set on it."""
        holder: Any = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._shd = holder
        if sys.platform == "linux":
            with socket.socket(fileno=os.dup(holder.get_fd())) as listening:
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._write_timeout_ms)
