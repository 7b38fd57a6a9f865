"""From the outbox to the national repository: reads what is due, sends it, keeps the receipt.

A delivery carries a FHIR Bundle of what changed (`resources`) or the `HoSoBenhAn` of an encounter (`record`). The same
delivery sent again carries the same key, so that the repository answers with the same receipt and doubles nothing.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import orjson

from benhan.fhir.resource import instant
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.kernel.trace import current_trace
from benhan.node.exports import Exports, Format
from benhan.node.records import read_record
from benhan.store.compartment import read_compartment
from benhan.store.outbox import Delivery, Outbox
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.transports.repository_client import RepositoryClient

log = Log("exchange")

BATCH = 16
SIDE_BY_SIDE = 4
IDLE_S = 0.2
ACTOR = system("exchange")


class Exchange:
    """The task that empties the outbox."""

    def __init__(self, store: Store, outbox: Outbox, exports: Exports, client: RepositoryClient, facility: str) -> None:
        self._store = store
        self._outbox = outbox
        self._exports = exports
        self._client = client
        self._facility = facility

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop`."""
        while not stop.is_set():
            if not await self.send_some():
                await stopped_within(stop, IDLE_S)

    async def send_some(self) -> int:
        """Send what is due now; gives how many were taken up. Deliveries of one subject go one after another."""
        claimed = await self._outbox.claim(BATCH)
        by_subject: dict[str, list[Delivery]] = {}
        for delivery in claimed:
            by_subject.setdefault(delivery.subject, []).append(delivery)
        places = asyncio.Semaphore(SIDE_BY_SIDE)

        async def send_all(deliveries: list[Delivery]) -> None:
            async with places:
                for delivery in deliveries:
                    await self._send(delivery)

        await asyncio.gather(*(send_all(each) for each in by_subject.values()))
        return len(claimed)

    async def _send(self, delivery: Delivery) -> None:
        token = current_trace.set(delivery.trace)
        try:
            sent_at = self._store.clock.now()
            receipt = await self._client.deliver(await self._content(delivery))
            await self._outbox.receipted(delivery, receipt, sent_at)
        except Fault as fault:
            log.warning("delivery.failed", fault=fault.code, kind=delivery.kind, attempt=delivery.attempts + 1)
            await self._outbox.failed(delivery, fault)
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
            return await self._with_resources(told, delivery)
        record = await read_record(self._store, self._facility, delivery.subject.removeprefix("Encounter/"))
        export = self._exports.written(record, Format.HOSO_XML)
        told |= {
            "patient": f"Patient/{record.patient['id']}",
            "hoso_benh_an": base64.b64encode(export.content).decode(),
            "manifest": base64.b64encode(export.manifest).decode(),
        }
        return orjson.dumps(told)

    async def _with_resources(self, told: dict[str, Any], delivery: Delivery) -> bytes:
        """What changed, with the patient and the encounter it belongs to: the receiver must know whose it is."""
        wanted = [(type_, id_) for type_, _, id_ in (each.partition("/") for each in delivery.content)]
        found = [each for each in await self._store.resources.read_many(wanted, ACTOR) if each is not None]
        if delivery.patient and not any(each.type == "Patient" for each in found):
            found = [*await self._patient(delivery.patient), *found]
        resources = b",".join(each.content for each in found)
        return orjson.dumps(told)[:-1] + b',"resources":[' + resources + b"]}"

    async def _patient(self, rid: int) -> list[Stored]:
        return await read_compartment(self._store.database, self._store.opener, rid, ("Patient",))
