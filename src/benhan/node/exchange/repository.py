"""From the outbox to the national repository: reads what is due, sends it, keeps the receipt.

A delivery carries FHIR resources: what changed with all it refers to (`resources`), or an encounter and its patient
with the encounter's `HoSoBenhAn` (`record`). It stands on its own, so that one may fail and the next still be
understood. The same delivery sent again carries the same key, so that the repository answers with the same receipt and
doubles nothing. Deliveries about one patient go one after another. While the repository is away a single delivery
probes for it, and the others wait without being tried.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from typing import Any

import orjson

from benhan.fhir.references import references_in
from benhan.fhir.resource import instant, is_id, to_bytes
from benhan.kernel.actors import outgoing
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within, woken
from benhan.kernel.trace import current_trace
from benhan.node.exports import Exports, Format
from benhan.node.records.content import read_record
from benhan.store.backoff import retry_delay
from benhan.store.compartment import read_compartment
from benhan.store.database import Connection
from benhan.store.outbox import Delivery, Outbox
from benhan.store.queue_faults import NOT_SENT
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.session_lock import session_lock
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.transports.repository_client import AWAY, RepositoryClient

log = Log("exchange")

LOCK = 0x62656E68_65786368  # "benh" "exch"
BATCH = 128
SIDE_BY_SIDE = 32
LOOK_S = 0.5
PROBE_FIRST_S = 0.5
PROBE_MOST_S = 10.0
ACTOR = outgoing("exchange")
DEPTH_MAX = 4
"""How far references are followed: report, observation, specimen, request."""


@dataclass(slots=True)
class Round:
    """What is learnt while one claim is being sent."""

    tried: int = 0
    is_away: bool = False


class Exchange:
    """The task that empties the outbox."""

    def __init__(self, store: Store, outbox: Outbox, exports: Exports, client: RepositoryClient, facility: str) -> None:
        self._store = store
        self._outbox = outbox
        self._exports = exports
        self._client = client
        self._facility = facility
        self.failed_probes = 0
        """How often in a row the repository was found away; 0 while it answers."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop`, as the only exchange of this node; what was begun then is ended."""
        while not stop.is_set():
            async with session_lock(self._store.database, LOCK) as lock:
                if lock is not None:
                    await self._outbox.hasten()
                    await self._work(stop, lock)
            await stopped_within(stop, 1.0)

    async def _work(self, stop: asyncio.Event, lock: Connection) -> None:
        while not stop.is_set():
            if self.failed_probes and await stopped_within(stop, self._pause_s()):
                return
            self._outbox.arrived.clear()
            await lock.fetchval("select 1")  # who has lost the connection has lost the lock
            if not await self.send_some():
                await woken(stop, self._outbox.arrived, LOOK_S)

    def _pause_s(self) -> float:
        delay = retry_delay(self.failed_probes, self._store.random, first_s=PROBE_FIRST_S, most_s=PROBE_MOST_S)
        return delay.total_seconds()

    async def send_some(self) -> int:
        """Send what is due now, one as a probe where the repository was away; gives how many were tried."""
        claimed = await self._outbox.claim(1 if self.failed_probes else BATCH)
        by_patient: dict[object, list[Delivery]] = {}
        for delivery in claimed:
            by_patient.setdefault(delivery.patient or delivery.subject, []).append(delivery)
        places, now = asyncio.Semaphore(SIDE_BY_SIDE), Round()

        async def send_all(deliveries: list[Delivery]) -> None:
            async with places:
                await self._send_all(deliveries, now)

        done = await asyncio.gather(*(send_all(each) for each in by_patient.values()), return_exceptions=True)
        if now.tried:
            self.failed_probes = self.failed_probes + 1 if now.is_away else 0
        for failure in done:
            if failure is not None:
                raise failure
        return now.tried

    async def _send_all(self, deliveries: list[Delivery], now: Round) -> None:
        """Send deliveries one after another; give back the rest where the repository is found away."""
        for place, delivery in enumerate(deliveries):
            if now.is_away:
                await self._outbox.release(deliveries[place:])
                return
            now.tried += 1
            await self._send(delivery, now)

    async def _send(self, delivery: Delivery, now: Round) -> None:
        token = current_trace.set(delivery.trace)
        try:
            sent_at = self._store.clock.now()
            receipt = await self._client.deliver(await self._content(delivery))
            await self._outbox.receipted(delivery, receipt, sent_at)
        except Fault as fault:
            is_reached = fault.code not in AWAY
            now.is_away |= not is_reached
            log.warning("delivery.failed", fault=fault.code, kind=delivery.kind, attempt=delivery.attempts + is_reached)
            await self._outbox.failed(delivery, fault, is_reached=is_reached)
        except Exception as cause:  # noqa: BLE001  # a mistake of ours in one delivery must not stop the others
            log.failure("delivery.broken", cause, kind=delivery.kind, attempt=delivery.attempts + 1)
            await self._outbox.failed(delivery, NOT_SENT())
        finally:
            current_trace.reset(token)

    async def _content(self, delivery: Delivery) -> bytes:
        """The body of a delivery; see docs/interfaces/repository.md."""
        told: dict[str, Any] = {
            "sender": self._facility,
            "key": delivery.key,
            "kind": delivery.kind,
            "subject": delivery.subject,
            "sent_at": instant(self._store.clock.now()),
        }
        if delivery.kind == "resources":
            return _body(told, [each.content for each in await self._changed(delivery)])
        record = await read_record(self._store, self._facility, delivery.subject.removeprefix("Encounter/"))
        export = await asyncio.to_thread(self._exports.written, record, Format.HOSO_XML)  # a long stay takes long
        told["hoso_benh_an"] = base64.b64encode(export.content).decode()
        told["manifest"] = base64.b64encode(export.manifest).decode()
        return _body(told, [to_bytes(record.patient), to_bytes(record.encounter)])

    async def _changed(self, delivery: Delivery) -> list[Stored]:
        """What changed, what it refers to, the patient; nothing of another patient's."""
        wanted = [(type_, id_) for type_, _, id_ in (each.partition("/") for each in delivery.content)]
        found: dict[tuple[str, str], Stored] = {}
        for _ in range(DEPTH_MAX):
            read = await self._store.resources.read_many(wanted, ACTOR)
            fresh = [each for each in read if each is not None and each.patient in (0, delivery.patient)]
            found |= {(each.type, each.id): each for each in fresh}
            wanted = sorted({key for each in fresh for key in _referred(each)} - found.keys())
            if not wanted:
                break
        if delivery.patient and not any(type_ == "Patient" for type_, _ in found):
            patient = await read_compartment(self._store, ACTOR, delivery.patient, ("Patient",))
            return [*patient, *found.values()]
        return list(found.values())


def _referred(stored: Stored) -> set[tuple[str, str]]:
    """Type and id of what a resource refers to in this store."""
    pairs = (each.partition("/") for each in references_in(orjson.loads(stored.content)))
    return {(type_, id_) for type_, _, id_ in pairs if type_ in TYPE_NUMBERS and is_id(id_)}


def _body(told: dict[str, Any], resources: list[bytes]) -> bytes:
    return orjson.dumps(told)[:-1] + b',"resources":[' + b",".join(resources) + b"]}"
