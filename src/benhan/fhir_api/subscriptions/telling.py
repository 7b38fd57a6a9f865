"""Telling receivers: handshake, events in their order, heartbeat; again and later where one does not answer.

A subscription has one notification on its way at a time, so that its numbers come in order; a slow receiver makes no
other wait. A handshake that fails puts the subscription in error at once, anything else after ATTEMPTS_MAX tries in
vain; its events are kept, and can be caught up on by `$events`. Its owner wakes it with `status: requested`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from benhan.fhir.notification import Along, Happened, Kind, Status, notification
from benhan.fhir.search_query import parse_search
from benhan.fhir.subscription import Content, Wish
from benhan.fhir.xml_format import to_xml
from benhan.fhir_api.subscriptions.following import Follower
from benhan.fhir_api.subscriptions.wishes import Wishes
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault, NotFound
from benhan.kernel.logs import Log
from benhan.kernel.stopping import woken
from benhan.store.backoff import retry_delay
from benhan.store.ids import encode_rid
from benhan.store.store import Store
from benhan.store.subscriptions import Standing, SubscriptionEvent, Subscriptions
from benhan.store.unit_of_work import Stored

log = Log("subscriptions")

ATTEMPTS_MAX = 10
"""Tries in vain before a subscription is in error: with the pauses between them about ten minutes."""
RETRY_FIRST_S, RETRY_MOST_S = 2.0, 120.0
AT_ONCE = 32
PAUSE_S = 2.0


class Sender(Protocol):
    """What carries a notification to its receiver."""

    async def send(self, address: str, content: bytes, headers: Sequence[tuple[str, str]], timeout_s: float) -> None:
        """Return when it arrived; raise a Fault where it did not."""
        ...


class Notices:
    """Writes notifications."""

    def __init__(self, store: Store, subscriptions: Subscriptions, wishes: Wishes, base_url: str) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._wishes = wishes
        self._base_url = base_url

    async def status(self, standing: Standing) -> Status:
        """How a subscription stands, for its receiver."""
        wish, id_ = await self._wishes.of(standing), await self._wishes.id_of(standing)
        return Status(f"{self._base_url}/Subscription/{id_}", wish.topic, standing.state, standing.events)

    async def write(
        self,
        standing: Standing,
        kind: Kind,
        events: Sequence[Happened] = (),
        content: Content | None = None,
    ) -> bytes:
        """The Bundle of a notification, with as much as the subscription says where `content` does not."""
        content = content or (await self._wishes.of(standing)).content
        name = UUID(bytes=self._store.random.bytes(16), version=4).urn
        status = await self.status(standing)
        at = self._store.clock.now()
        return notification(status, kind, name, self._base_url, events, at=at, named=content != "empty")

    async def happened(
        self, events: Sequence[SubscriptionEvent], content: Content, reader: Actor, wish: Wish | None
    ) -> list[Happened]:
        """The events with what `reader` may see of their resources; what is no more is told by its id alone.

        `wish` is that of the subscription: where it cannot be known any more nothing comes along with the resources.
        """
        if content == "empty":
            return [Happened(each.number, each.at, "", is_created=False) for each in events]
        keys = [(each.type, each.rid, version) for each in events for version in (each.version, each.version - 1)]
        versions = await self._store.resources.versions([key for key in keys if key[2] > 0])
        return [await self._happened(each, versions, content, reader, wish) for each in events]

    async def _happened(
        self,
        event: SubscriptionEvent,
        versions: Mapping[tuple[str, int, int], Stored],
        content: Content,
        reader: Actor,
        wish: Wish | None,
    ) -> Happened:
        written = versions.get((event.type, event.rid, event.version))
        before = versions.get((event.type, event.rid, event.version - 1))
        is_deleted = written is not None and written.deleted
        named = before if is_deleted else written
        id_ = named.id if named is not None else encode_rid(event.rid)  # a deletion says no id of its own
        focus = f"{event.type}/{id_}"
        if is_deleted:
            return Happened(event.number, event.at, focus, is_created=False, is_deleted=True)
        told = await self._told(event, id_, reader) if content == "full-resource" else b""
        along = await self._along(event, id_, content, reader, wish)
        return Happened(event.number, event.at, focus, event.version == 1, told, along=along)

    async def _told(self, event: SubscriptionEvent, id_: str, reader: Actor) -> bytes:
        """The version as `reader` may read it, which the ledger records; nothing where it is no more."""
        try:
            return (await self._store.resources.vread(event.type, id_, event.version, reader)).content
        except NotFound:
            log.info("subscriptions.resource_gone")
            return b""

    async def _along(
        self, event: SubscriptionEvent, id_: str, content: Content, reader: Actor, wish: Wish | None
    ) -> tuple[Along, ...]:
        """What the topic's notificationShape says comes along, as `reader` finds it now."""
        pairs = wish.own.along(event.type) if wish is not None and wish.own is not None else ()
        if not pairs:
            return ()
        search = self._store.search
        query = parse_search(event.type, [("_id", id_), *pairs], registry=search.registry)
        try:
            page = await search.search(query, reader)
        except Fault as fault:  # the event itself does not wait for what comes along with it
            if fault.retryable:
                raise
            log.warning("subscriptions.nothing_along", fault=fault.code)
            return ()
        is_full = content == "full-resource"
        return tuple(Along(f"{each.type}/{each.id}", each.content if is_full else b"") for each in page.included)


class Teller:
    """The task that tells; any number of processes may do it at once."""

    def __init__(
        self,
        store: Store,
        subscriptions: Subscriptions,
        wishes: Wishes,
        follower: Follower,
        sender: Sender,
        notices: Notices,
    ) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._wishes = wishes
        self._follower = follower
        self._sender = sender
        self._notices = notices
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until `stop`; what is on its way then is given its time."""
        while not stop.is_set():
            self._follower.arrived.clear()
            try:
                begun = await self.step()
            except Fault as fault:
                log.warning("subscriptions.delayed", fault=fault.code)
                begun = 0
            if not begun:
                await woken(stop, self._follower.arrived, PAUSE_S)
        await self.settle()

    async def step(self) -> int:
        """Begin to tell what is due, as much as may be on its way at once; gives how many were begun."""
        room = AT_ONCE - len(self._telling)
        if room <= 0:
            await asyncio.wait(self._telling, return_when=asyncio.FIRST_COMPLETED)
            return 1
        claimed = await self._subscriptions.claim(room)
        for standing in claimed:
            task = asyncio.create_task(self._tell(standing))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        return len(claimed)

    async def settle(self) -> None:
        """Return when nothing is on its way any more."""
        while self._telling:
            await asyncio.wait(self._telling)

    async def _tell(self, standing: Standing) -> None:
        try:
            if standing.ends_at is not None and standing.ends_at <= self._store.clock.now():
                await self._finish(standing)
            else:
                await self._tell_next(standing)
        except Fault as fault:
            await self._failed(standing, fault, is_ours=True)
        except Exception as cause:  # noqa: BLE001  # one notification's failure is not the task's
            log.failure("subscriptions.failed", cause)

    async def _tell_next(self, standing: Standing) -> None:
        """Send what comes next: the handshake, else events, else the heartbeat."""
        wish = await self._wishes.of(standing)
        owner = await self._follower.owner(standing.owner)
        delivered = standing.delivered
        if standing.state == "requested":
            content = await self._notices.write(standing, "handshake")
        else:
            found = await self._subscriptions.events(standing.rid, delivered, standing.events, wish.events_max)
            happened = await self._notices.happened(found, wish.content, owner, wish)
            kind: Kind = "event-notification" if found else "heartbeat"
            content = await self._notices.write(standing, kind, happened)
            delivered = found[-1].number if found else max(delivered, standing.events)
        try:
            await self._send(wish, content)
        except Fault as fault:
            await self._failed(standing, fault)
            return
        if await self._subscriptions.told(standing, delivered) and standing.state == "requested":
            await self._follower.tell_state(standing.rid, "active")
        self._follower.arrived.set()

    async def _send(self, wish: Wish, content: bytes) -> None:
        body = await asyncio.to_thread(to_xml, content) if wish.is_in_xml else content
        headers = (("content-type", wish.payload), *wish.headers)
        await self._sender.send(wish.endpoint, body, headers, wish.timeout_s)

    async def _finish(self, standing: Standing) -> None:
        if await self._subscriptions.end(standing, "off"):
            await self._follower.tell_state(standing.rid, "off")

    async def _failed(self, standing: Standing, fault: Fault, *, is_ours: bool = False) -> None:
        """Again later where that may help, as often as is allowed; else the subscription is in error.

        A handshake has one try, unless the failure `is_ours`: who subscribes is there to answer.
        Source: channels.html#rest-hook, "Any errors in the initial handshake SHALL result in … error".
        """
        attempts = standing.attempts + 1
        is_refused = standing.state == "requested" and not is_ours
        is_last = not fault.retryable or is_refused or attempts >= ATTEMPTS_MAX
        delay = retry_delay(attempts, self._store.random, first_s=RETRY_FIRST_S, most_s=RETRY_MOST_S)
        at = self._store.clock.now() + delay
        try:
            if await self._subscriptions.failed(standing, fault.code, at, is_last=is_last) and is_last:
                await self._follower.tell_state(standing.rid, "error", fault)
        except Fault as found:
            log.warning("subscriptions.delayed", fault=found.code)
