"""Following the ledger for the destinations: what was written of a patient may make something due.

The wishes and the place in the ledger up to which they were looked for are committed together, so that a kill between
the two loses nothing and puts nothing twice. Writing records pays nothing for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.node.records.content import CONTENT_TYPES
from benhan.node.sends.destination import Destination
from benhan.store.key_faults import SHREDDED
from benhan.store.sends import Sends, Wish
from benhan.store.session_lock import session_lock
from benhan.store.store import Store
from benhan.store.written_patients import written_patients

log = Log("sends")

LOCK = 0x62656E68_706C616E  # "benh" "plan"
LOOK_S = 1.0
OTHER_PLANS_S = 5.0
PASSED_MAX = 1_000
"""Ledger entries after which the place is committed though there was nothing."""
TYPES = ("Patient", "Encounter", *CONTENT_TYPES)


class Planner:
    """The task that turns what was written into messages to be sent."""

    def __init__(self, store: Store, sends: Sends, destinations: Sequence[Destination]) -> None:
        self._store = store
        self._sends = sends
        self._destinations = destinations
        self._seen: dict[str, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Plan until `stop`; where another process plans, wait for it to end."""
        while not stop.is_set():
            try:
                async with session_lock(self._store.database, LOCK) as held:
                    while held is not None and not stop.is_set():
                        await held.fetchval("select 1")  # who has lost the connection has lost the lock
                        moved = [await self.step(each) for each in self._destinations]
                        if not any(moved):
                            await stopped_within(stop, LOOK_S)
            except Fault as fault:
                if not fault.retryable:
                    raise
                log.warning("sends.planning_delayed", fault=fault.code)
            await stopped_within(stop, OTHER_PLANS_S)

    async def step(self, destination: Destination) -> bool:
        """Look through one more stretch of the ledger for a destination; whether there was any."""
        standing = await self._sends.begin(destination.name)
        begun = max(standing.seq, self._seen.get(destination.name, 0))
        stretch = await written_patients(self._store.database, begun, TYPES)
        if stretch.end == begun:
            return False
        wishes: list[Wish] = []
        for patient, trace in stretch.traces.items():
            try:
                wishes += await destination.wishes(patient, trace, standing.began_at)
            except Fault as fault:
                if fault.code != SHREDDED.code:
                    raise
        if wishes or stretch.end - standing.seq >= PASSED_MAX:
            return await self._sends.put_passed(destination.name, standing.seq, stretch.end, wishes)
        self._seen[destination.name] = stretch.end
        return True
