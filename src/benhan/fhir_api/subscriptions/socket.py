"""The websocket channel: a client that holds a token for its subscription is told of events as they come.

The client connects and sends `bind-with-token TOKEN`; the answer is a handshake, then come notifications. What happened
while nobody was bound is caught up on by `$events`; the numbers tell what was missed.
Source: Subscriptions R5 Backport 1.1.0, channels.html#websockets, $get-ws-binding-token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from benhan.fhir.notification import Kind
from benhan.fhir.subscription import Wish
from benhan.fhir.xml_format import to_xml
from benhan.fhir_api.subscriptions.following import Follower
from benhan.fhir_api.subscriptions.telling import Notices
from benhan.fhir_api.subscriptions.wishes import Wishes
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.store.sealed_cursor import SealedCursors
from benhan.store.store import Store
from benhan.store.subscriptions import Standing, Subscriptions

log = Log("subscriptions")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = "/fhir/subscription-socket"
BIND = "bind-with-token"
TOKEN_LIFE_S = 60.0
SOCKETS_MAX = 500
BOUND_MAX = 20
TEXT_CHARACTERS_MAX = 4_096
FIRST_BIND_S = 30.0
SEND_S = 30.0
POLL_S = 0.5
NORMAL, REFUSED, TOO_MANY = 1000, 1008, 1013
"""Close codes. Source: RFC 6455 7.4.1, its registry."""


def binding_tokens(store: Store) -> SealedCursors:
    """What writes and reads the tokens that bind a socket."""
    return SealedCursors(store.keyring.derived_key("subscription-socket"), store.clock, TOKEN_LIFE_S)


@dataclass(slots=True)
class Bound:
    """A subscription that a socket is told of: its last number told, and when."""

    standing: Standing
    told: int
    told_at_s: float


class SubscriptionSockets:
    """The ASGI application of the sockets of one process."""

    def __init__(
        self, store: Store, subscriptions: Subscriptions, wishes: Wishes, follower: Follower, notices: Notices
    ) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._wishes = wishes
        self._follower = follower
        self._notices = notices
        self._open = 0

    async def __call__(self, _scope: Message, receive: Receive, send: Send) -> None:
        """One connection, from its beginning to its end."""
        await receive()  # websocket.connect
        if self._open >= SOCKETS_MAX:
            await send({"type": "websocket.close", "code": TOO_MANY})
            return
        self._open += 1
        try:
            await send({"type": "websocket.accept"})
            code = await self._serve(receive, send)
            await send({"type": "websocket.close", "code": code})
        except (OSError, RuntimeError, TimeoutError) as cause:  # the client is gone, or takes nothing any more
            log.info("subscriptions.socket_lost", kind=type(cause).__name__)
        finally:
            self._open -= 1

    async def _serve(self, receive: Receive, send: Send) -> int:
        """Read what the client sends, tell what happens; gives the code with which the connection ends."""
        bound: dict[int, Bound] = {}
        reading = asyncio.ensure_future(receive())
        began_s = self._store.clock.monotonic_s()
        try:
            while True:
                await asyncio.wait({reading}, timeout=POLL_S)
                if reading.done():
                    message = reading.result()
                    if message["type"] == "websocket.disconnect":
                        return NORMAL
                    if not await self._bind(message, bound, send):
                        return REFUSED
                    reading = asyncio.ensure_future(receive())
                if not bound and self._store.clock.monotonic_s() - began_s > FIRST_BIND_S:
                    return REFUSED
                if not await self._tell(bound, send):
                    return NORMAL
        finally:
            reading.cancel()

    async def _bind(self, message: Message, bound: dict[int, Bound], send: Send) -> bool:
        """Take up what a token names; False for what is no good token."""
        text = message.get("text") or ""
        if len(text) > TEXT_CHARACTERS_MAX or not text.startswith(BIND):
            return False
        try:
            rids = binding_tokens(self._store).read(text.removeprefix(BIND).lstrip(": ").strip(), PATH)
            for rid in rids:
                standing = await self._subscriptions.one(rid)
                if standing is None or standing.state != "active" or len(bound) >= BOUND_MAX:
                    return False
                await self._follower.owner(standing.owner)
                bound[rid] = Bound(standing, standing.events, self._store.clock.monotonic_s())
                wish = await self._wishes.of(standing)
                await self._tell_notice(send, wish, await self._notices.write(standing, "handshake"))
        except Fault as fault:
            log.info("subscriptions.socket_refused", fault=fault.code)
            return False
        return True

    async def _tell(self, bound: dict[int, Bound], send: Send) -> bool:
        """Tell what is new of each subscription; False once none of them goes on."""
        had_some = bool(bound)
        for rid, each in list(bound.items()):
            try:
                if not await self._tell_one(each, send):
                    del bound[rid]
            except Fault as fault:
                if not fault.retryable:
                    del bound[rid]
                log.warning("subscriptions.delayed", fault=fault.code)
        return bool(bound) or not had_some

    async def _tell_one(self, bound: Bound, send: Send) -> bool:
        standing = await self._subscriptions.one(bound.standing.rid)
        if standing is None or standing.state != "active" or standing.asked_version != bound.standing.asked_version:
            return False
        wish, now_s = await self._wishes.of(standing), self._store.clock.monotonic_s()
        owner = await self._follower.owner(standing.owner)
        is_late = 0 < wish.heartbeat_s <= now_s - bound.told_at_s
        found = []
        if standing.events > bound.told:
            found = await self._subscriptions.events(standing.rid, bound.told, standing.events, wish.events_max)
        if found or is_late:
            kind: Kind = "event-notification" if found else "heartbeat"
            happened = await self._notices.happened(found, wish.content, owner, wish)
            await self._tell_notice(send, wish, await self._notices.write(standing, kind, happened))
            bound.told_at_s = now_s
        bound.told = found[-1].number if found else standing.events
        return True

    async def _tell_notice(self, send: Send, wish: Wish, content: bytes) -> None:
        """Source: channels.html#websockets, "in the MIME Type specified by the Subscription.channel.payload"."""
        await self._send(send, await asyncio.to_thread(to_xml, content) if wish.is_in_xml else content)

    async def _send(self, send: Send, content: bytes) -> None:
        async with asyncio.timeout(SEND_S):
            await send({"type": "websocket.send", "text": content.decode()})
