"""Where is my result? The stations a datum has passed, by its trace id, with their times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benhan.store.inbox import Inbox, State
from benhan.store.outbox import Outbox
from benhan.store.sql_texts import query
from benhan.store.store import Store

_RECEIPTED = query(
    "count_receipted",
    "select count(*) from outbox where state = 'receipted'",
    fan_out="a count over every delivery",
)


@dataclass(frozen=True, slots=True)
class Station:
    """One station: its key (a text of the catalogue), when it was reached (None: not yet), a detail, a fault code."""

    key: str
    at: datetime | None
    detail: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one message."""

    trace: str
    kind: str
    control_id: str
    sender: str
    stations: list[Station]


@dataclass(frozen=True, slots=True)
class Flow:
    """How much is at each station now, and the last that passed."""

    received: int
    parked: int
    applied_today: int
    waiting: int
    refused: int
    receipted: int
    latest: Way | None


class Traces:
    """Follows traces through one node."""

    def __init__(self, store: Store, inbox: Inbox, outbox: Outbox) -> None:
        self._store = store
        self._inbox = inbox
        self._outbox = outbox

    async def way(self, trace: str) -> Way | None:
        """The way of a trace, or None where this node does not know it."""
        messages = await self._inbox.of_trace(trace)
        if not messages:
            return None
        message = messages[0]
        deliveries = [each for each in await self._outbox.of_trace(trace) if each.kind == "resources"]
        stations = [
            Station("received", message.received_at, message.kind),
            Station("acknowledged", message.received_at),
            Station("applied", message.applied_at, fault=message.fault if message.applied_at is None else ""),
        ]
        for delivery in deliveries[:1]:
            stations += [
                Station("queued", max(delivery.created_at, message.applied_at or delivery.created_at)),
                Station("sent", delivery.sent_at, fault=delivery.fault),
                Station("receipted", delivery.receipted_at, delivery.receipt),
                Station("book", delivery.receipted_at),
            ]
        if not deliveries:
            stations += [Station(key, None) for key in ("queued", "sent", "receipted", "book")]
        return Way(trace, message.kind, message.report.control_id, message.report.sender, stations)

    async def latest(self, count: int = 12) -> list[Way]:
        """The ways of the newest messages."""
        found = await self._inbox.listed(State.APPLIED, count=count)
        ways = [await self.way(each.trace) for each in found]
        return [way for way in ways if way is not None]

    async def flow(self) -> Flow:
        """The numbers of the first page."""
        inbox, outbox = await self._inbox.counts(), await self._outbox.counts()
        applied = await self._store.database.fetchval(
            "select count(*) from inbox where bucket = 0 and state = 'applied' and applied_at > $1",
            self._store.clock.now().replace(hour=0, minute=0, second=0),
        )
        receipted = await self._store.database.fetchval(_RECEIPTED)
        latest = await self.latest(1)
        return Flow(
            int(inbox["received"]),
            int(inbox["parked"]),
            int(applied),
            int(outbox["waiting"]),
            int(outbox["refused"]),
            int(receipted),
            latest[0] if latest else None,
        )
