"""What the hub does by itself: ends what nobody answered or collected, forgets numbers of expired messages."""

from __future__ import annotations

import asyncio

from benhan.hub.exchange.rows import ExchangeRows
from benhan.hub.post.office import Office
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.store.store import Store

log = Log("hub")

PAUSE_S = 30.0


class HubKeeper:
    """The hub's background task."""

    def __init__(self, store: Store, office: Office) -> None:
        self._store = store
        self._office = office
        self._rows = ExchangeRows(store)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep until `stop`."""
        while True:
            try:
                await self.keep()
            except Fault as fault:
                log.warning("keeping.failed", fault=fault.code)
            if await stopped_within(stop, PAUSE_S):
                return

    async def keep(self) -> None:
        """One round."""
        await self._rows.expire()
        await self._office.letters.expire()
        await self._office.acts.forget(self._store.clock.now())
