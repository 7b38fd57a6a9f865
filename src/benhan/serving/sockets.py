"""Websockets beside HTTP: each path its own application, every other path refused."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping

from benhan.access.forms import Receive
from benhan.access.middleware import ASGIApp, Scope, Send


class WithSockets:
    """`app` for HTTP, `sockets` by their path."""

    def __init__(self, app: ASGIApp, sockets: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._sockets = sockets

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return (self._socket if scope["type"] == "websocket" else self._app)(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._sockets.get(scope["path"])
        if found is not None:
            await found(scope, receive, send)
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.close", "code": 1008})
