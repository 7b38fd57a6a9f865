"""Telling the hub what is held here of whom: kinds and days, never content, nothing of special secrecy.

The ledger is followed: whose record has changed is looked through and registered. The place reached is kept after the
hub has taken it; registering twice changes nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any

from benhan.kernel.actors import outgoing
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.network.kinds import data_kinds, kind_of, types_of
from benhan.network.subjects import Identifier, told_identifiers
from benhan.node.exchange.content import given, identifiers_of
from benhan.node.exchange.holder import STRONG
from benhan.node.exchange.party import Party
from benhan.store.compartment import read_compartment
from benhan.store.session_lock import session_lock
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.written_patients import written_patients

log = Log("exchange")

LOCK = 0x62656E68_72656769  # "benh" "regi"
LOOK_S = 10.0
PAUSE_S = 30.0
ENTRIES_MAX = 200
KINDS = tuple(data_kinds())
TYPES = ("Patient", *types_of(KINDS))

_PLACE = query("exchange_place_read", "select seq from exchange_place where bucket = 0")
_REACHED = query(
    "exchange_place_reached",
    "insert into exchange_place (bucket, seq) values (0, $1) on conflict (bucket) do update set seq = $1",
)


class Registrar:
    """The task that keeps the hub's locator up to date for one hospital."""

    def __init__(self, store: Store, party: Party) -> None:
        self._store = store
        self._party = party

    async def run(self, stop: asyncio.Event) -> None:
        """Register until `stop`, as the only one of this hospital."""
        while not stop.is_set():
            async with session_lock(self._store.database, LOCK) as lock:
                while lock is not None and not stop.is_set():
                    await lock.fetchval("select 1")  # who has lost the connection has lost the lock
                    try:
                        while await self.step() and not stop.is_set():
                            pass
                    except Fault as fault:
                        log.warning("register.failed", fault=fault.code)
                    await stopped_within(stop, LOOK_S)
            await stopped_within(stop, PAUSE_S)

    async def step(self) -> bool:
        """Register one more stretch of the ledger; whether there was any. Raises what `HubClient.send` raises."""
        begun = int(await self._store.database.fetchval(_PLACE) or 0)
        written = await written_patients(self._store.database, begun, TYPES)
        if written.end <= begun:
            return False
        entries = [entry for patient in written.traces if (entry := await self._entry(patient)) is not None]
        configuration = await self._party.configuration()
        for start in range(0, len(entries), ENTRIES_MAX):
            signer = await self._party.signer()
            body = {"entries": entries[start : start + ENTRIES_MAX]}
            message = signer.sign("register", configuration.hub, body, self._store.clock.now())
            await self._party.client.send(message.text)
        await self._store.database.execute(_REACHED, written.end)
        return True

    async def _entry(self, patient: int) -> dict[str, Any] | None:
        """What is held of a patient as the hub is told it; None for who has no identifier of the whole country."""
        found = [each.read() for each in await read_compartment(self._store, outgoing("exchange"), patient, TYPES)]
        person = next((each for each in found if each["resourceType"] == "Patient"), None)
        if person is None:
            return None
        strong = [Identifier(*each) for each in sorted(identifiers_of(person)) if each[0] in STRONG]
        if not strong:
            return None
        kinds = sorted({kind_of(each) for each in given(found, KINDS, ())})
        today = day_in_vietnam(self._store.clock.now()).isoformat()
        return {"subject": told_identifiers(strong), "kinds": kinds, "since": today, "until": today}
