"""From the inbox to the record: each message becomes FHIR resources in one transaction with its own settling.

Messages of one patient are applied in the order they came; those of different patients side by side. One applier works
a node's inbox at a time (an advisory lock), so that two messages of a new patient never make two patients.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from benhan.fhir.faults import INVALID
from benhan.fhir.references import rewrite_references
from benhan.fhir.resource import ParsedResource, parse_json, resource_of, tail_bytes
from benhan.fhir.validation import check_structure
from benhan.hl7v2.er7 import parse_er7
from benhan.hl7v2.message import Message
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.kernel.trace import current_trace
from benhan.mapping.mapped import Context, Mapped, MappedMessage, Policy
from benhan.mapping.merge import merge
from benhan.mapping.message_to_fhir import message_to_fhir
from benhan.store.database import Connection
from benhan.store.identities import Identities, IdentityKey
from benhan.store.inbox import Inbox, InboxMessage
from benhan.store.ledger.events import Event
from benhan.store.outbox import Outbox
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored, UnitOfWork

log = Log("apply")

BATCH = 128
IDLE_S = 0.05
LOCK = 0x62656E6801
ACTOR = system("apply")
Json = dict[str, Any]


@dataclass(slots=True)
class Work:
    """A claimed message on its way."""

    message: InboxMessage
    mapped: MappedMessage


class Applier:
    """The task that empties the inbox."""

    def __init__(self, store: Store, inbox: Inbox, outbox: Outbox, context: Context, *, charset: str = "utf-8") -> None:
        self._store = store
        self._inbox = inbox
        self._outbox = outbox
        self._context = context
        self._charset = charset
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)
        self.applied = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Apply what comes until `stop`; holds the applier's lock meanwhile."""
        async with self._store.database.connection() as lock:
            while not await lock.fetchval("select pg_try_advisory_lock($1)", LOCK):
                if await stopped_within(stop, 1.0):
                    return
            while not stop.is_set():
                if not await self.apply_batch():
                    await lock.fetchval("select 1")
                    await stopped_within(stop, IDLE_S)

    async def apply_batch(self) -> int:
        """Apply the next messages; gives how many were taken up."""
        async with self._store.database.transaction() as connection:
            claimed = await self._inbox.claim(connection, BATCH)
        if not claimed:
            return 0
        works = [work for message in claimed if (work := await self._mapped(message)) is not None]
        found = await self._identities.find(_keys(works))
        chains: dict[IdentityKey, list[Work]] = defaultdict(list)
        for work in works:
            chains[("Patient", *work.mapped.patient.identities[0])].append(work)
        await asyncio.gather(*(self._apply_chain(chain, found) for chain in _joined(chains)))
        return len(claimed)

    async def _mapped(self, message: InboxMessage) -> Work | None:
        """The message as resources; parked where it cannot be."""
        try:
            parsed: Message = parse_er7(message.mended or message.content, default_charset=self._charset)
            return Work(message, message_to_fhir(parsed, self._context))
        except Fault as fault:
            await self._inbox.park(message, fault)
            return None

    async def _apply_chain(self, chain: list[Work], found: dict[IdentityKey, Stored]) -> None:
        for work in chain:
            token = current_trace.set(work.message.trace)
            try:
                await self._apply(work, found)
                self.applied += 1
            except Fault as fault:
                await self._failed(work.message, fault)
            finally:
                current_trace.reset(token)

    async def _failed(self, message: InboxMessage, fault: Fault) -> None:
        log.warning("message.not_applied", fault=fault.code, kind=message.kind, attempt=message.attempts + 1)
        if fault.retryable:
            await self._inbox.postpone(message, fault)
        else:
            await self._inbox.park(message, fault)

    async def _apply(self, work: Work, found: dict[IdentityKey, Stored]) -> None:
        unit = self._store.begin(ACTOR)
        unit.trace = work.message.trace
        writer = _Writer(unit, found)
        for mapped in work.mapped.resources:
            writer.write(mapped)
        unit.record(
            Event.MESSAGE_APPLY, patient=writer.patient_rid, message=work.message.id, structure=work.message.kind
        )
        unit.also(self._settling(work.message.id))
        if writer.changed:
            self._outbox.put_changes(unit, writer.patient_rid, writer.subject, writer.changed)
        stored = await self._store.commit(unit)
        writer.learn(stored)

    def _settling(self, message_id: int) -> Callable[[Connection], Awaitable[None]]:
        async def settle(connection: Connection) -> None:
            await self._inbox.settle(connection, message_id)

        return settle


class _Writer:
    """Turns mapped resources into writes of one unit of work, with real ids in place of mapped ones."""

    def __init__(self, unit: UnitOfWork, found: dict[IdentityKey, Stored]) -> None:
        self._unit = unit
        self._found = found
        self._references: dict[str, str] = {}
        self._pending: list[tuple[Mapped, str]] = []
        self.changed: list[str] = []
        self.subject = ""
        self.patient_rid = 0

    def write(self, mapped: Mapped) -> None:
        type_ = mapped.resource["resourceType"]
        known = self._known(type_, mapped)
        content = rewrite_references(mapped.resource, self._references)
        if known is None:
            id_ = self._create(content)
        else:
            id_ = known.id
            self._update(content, known, mapped.policy)
        self._references[mapped.reference["reference"]] = f"{type_}/{id_}"
        self._pending.append((mapped, id_))
        if type_ == "Patient":
            self.patient_rid = known.rid if known is not None else self._unit.writes[-1].rid
        if type_ in ("Encounter", "Patient"):
            self.subject = f"{type_}/{id_}"

    def _known(self, type_: str, mapped: Mapped) -> Stored | None:
        return next((self._found[key] for each in mapped.identities if (key := (type_, *each)) in self._found), None)

    def _create(self, content: Json) -> str:
        resource = _valid(content)
        id_ = self._unit.create(resource)
        self.changed.append(f"{resource.type}/{id_}")
        return id_

    def _update(self, content: Json, known: Stored, policy: Policy) -> None:
        if policy is Policy.KEEP:
            return
        if policy is Policy.MERGE:
            before, _ = parse_json(known.content)
            content = merge(before, content)
        content = {**content, "id": known.id}
        resource = _valid(content)
        if tail_bytes(resource.body) != known.tail:
            self._unit.update(resource)
            self.changed.append(f"{resource.type}/{known.id}")

    def learn(self, stored: list[Stored | None]) -> None:
        """Remember what was written, for the messages of the same batch behind this one."""
        by_id = {(each.type, each.id): each for each in stored if each is not None}
        for mapped, id_ in self._pending:
            type_ = mapped.resource["resourceType"]
            version = by_id.get((type_, id_))
            if version is None:
                continue
            for identity in mapped.identities:
                self._found[(type_, *identity)] = version


def _valid(content: Json) -> ParsedResource:
    resource = resource_of(content)
    issues = check_structure(resource.plain)
    if issues:
        raise INVALID(*issues, type=resource.type, count=len(issues))
    return resource


def _keys(works: list[Work]) -> list[IdentityKey]:
    return [
        (mapped.resource["resourceType"], *identity)
        for work in works
        for mapped in work.mapped.resources
        for identity in mapped.identities
    ]


def _joined(chains: dict[IdentityKey, list[Work]]) -> list[list[Work]]:
    """The chains, those that share any identity of a patient made one, in the order the messages came."""
    groups: list[tuple[set[IdentityKey], list[Work]]] = []
    for chain in chains.values():
        keys = {("Patient", *identity) for work in chain for identity in work.mapped.patient.identities}
        joined = list(chain)
        for group in [group for group in groups if not group[0].isdisjoint(keys)]:
            groups.remove(group)
            keys |= group[0]
            joined += group[1]
        groups.append((keys, sorted(joined, key=lambda work: work.message.id)))
    return [chain for _, chain in groups]
