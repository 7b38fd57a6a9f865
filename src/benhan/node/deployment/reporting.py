"""The report of every day: measured, signed with the node's key, sent to the portal, tried again where it is away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.node.deployment.measuring import Measuring
from benhan.store.database import Database
from benhan.store.keyring import Keyring
from benhan.store.session_lock import session_lock
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.transports.portal_client import PortalClient
from benhan.vn.deployment.signals import Signals, read_signals, signals_to_bytes
from benhan.vn.deployment.signed import EvidenceSigner

log = Log("deployment")

LOCK = 0x62656E68_65766964  # "benh" "evid"
EVERY = timedelta(hours=20)
LOOK_S = 60.0
AWAY_S = 900.0

_STATE = query("evidence_state", "select * from evidence_sent where only_row")
_SENT = query(
    "evidence_sent_put",
    """
    insert into evidence_sent (only_row, tried_at, sent_at, number, fault, signals) values (true, $1, $2, $3, $4, $5)
    on conflict (only_row) do update set tried_at = excluded.tried_at, fault = excluded.fault,
        sent_at = coalesce(excluded.sent_at, evidence_sent.sent_at), number = excluded.number,
        signals = excluded.signals
    """,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """When a report was last tried and last taken, its figures; the fault of the last try, "" where it was taken."""

    tried_at: datetime
    sent_at: datetime | None
    fault: str
    signals: Signals


def evidence_signer(keyring: Keyring) -> EvidenceSigner:
    """The key by which this store's node signs what it tells of itself."""
    return EvidenceSigner(keyring.derived("evidence-signing"))


class Reports:
    """What was told to the portal so far."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self) -> Sent | None:
        """How the last try ended; None before the first."""
        row = await self._database.fetchrow(_STATE)
        if row is None:
            return None
        return Sent(row["tried_at"], row["sent_at"], row["fault"], read_signals(row["signals"]))

    async def note(self, signals: Signals, sent_at: datetime | None, fault: str) -> None:
        """Keep what was told and how the try ended."""
        told = signals_to_bytes(signals)
        await self._database.execute(_SENT, signals.made_at, sent_at, signals.number, fault, told)


class Reporter:
    """The task that tells the portal."""

    def __init__(self, store: Store, measuring: Measuring, client: PortalClient, facility: str) -> None:
        self._store = store
        self._measuring = measuring
        self._client = client
        self._facility = facility
        self._signer = evidence_signer(store.keyring)
        self._reports = Reports(store.database)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell the portal once a day until `stop`, as the only one of this node's processes."""
        pause_s = 1.0
        while not await stopped_within(stop, pause_s):
            pause_s = LOOK_S
            async with session_lock(self._store.database, LOCK) as lock:
                if lock is None or not await self._is_due():
                    continue
                try:
                    await self.send()
                except Fault as fault:
                    log.warning("deployment.not_sent", fault=fault.code)
                    pause_s = AWAY_S

    async def send(self) -> int:
        """Measure and tell now; gives the number of the report. Raises what the portal answers."""
        signals = await self._measuring.signals()
        signed = self._signer.sign(signals_to_bytes(signals), self._facility)
        try:
            await self._client.send(signed)
        except Fault as fault:
            await self._reports.note(signals, None, fault.code)
            raise
        await self._reports.note(signals, self._store.clock.now(), "")
        return signals.number

    async def _is_due(self) -> bool:
        state = await self._reports.state()
        return state is None or state.sent_at is None or self._store.clock.now() - state.sent_at > EVERY
