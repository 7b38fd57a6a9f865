"""From the inbox to the record: each message becomes FHIR resources in one transaction with its own settling.

Messages of one patient are applied in the order they came; those of different patients side by side. Where one has to
be tried again, those of its patient wait behind it; where one cannot be applied at all it is parked, and they go on.
One applier works a node's inbox at a time (an advisory lock), so that two messages of a new patient never make two
patients; a second one, should the lock's connection break, finds the messages settled and changes nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benhan.fhir.faults import INVALID
from benhan.fhir.resource import ParsedResource, parse_json, resource_of, resource_of_own, tail_bytes, to_bytes
from benhan.fhir.validation import check_structure
from benhan.hl7v2.er7 import parse_er7
from benhan.hl7v2.message import Message
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within, woken
from benhan.kernel.trace import current_trace
from benhan.mapping.bhyt.replaced import left_over, taken_back
from benhan.mapping.bhyt_to_fhir import bhyt_to_fhir
from benhan.mapping.mapped import Context, Mapped, MappedMessage, Policy
from benhan.mapping.merge import merge
from benhan.mapping.message_to_fhir import message_to_fhir
from benhan.node.overtaken import ResourceKey, written_later
from benhan.store.database import Connection
from benhan.store.identities import Identities, IdentityKey
from benhan.store.inbox import Inbox, InboxMessage
from benhan.store.ledger.events import Event
from benhan.store.outbox import Outbox
from benhan.store.queue_faults import ALREADY_SETTLED, NOT_APPLIED
from benhan.store.secrecy import as_labelled
from benhan.store.session_lock import session_lock
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored, UnitOfWork
from benhan.vn.bhyt.messages import claim_in, is_bhyt
from benhan.vn.legacy_text.detect import read_unnamed

log = Log("apply")

BATCH = 128
BATCH_IN_CROWD = 32
"""What is applied at a time while senders stand in line: each of them waits for as long as that takes."""
LOOK_S = 0.1
"""How long the applier sleeps where nothing wakes it: tries that are due, and what another worker received."""
GIVES_WAY_S = 0.5
"""How long the applier lets a crowd of senders go first, at most."""
LOCK = 0x62656E6801
ACTOR = system("apply")
_REFERENCE = re.compile(rb'"reference":"(urn:mapped:[a-z0-9-]+)"')
"""A reference within a message, in compact JSON: a text that looks like it has its quotes escaped."""


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
        self._held: dict[IdentityKey, datetime] = {}
        """Patients one of whose messages waits for another try, and until when."""
        self.applied = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Apply what comes until `stop`; holds the applier's lock meanwhile."""
        while not stop.is_set():
            async with session_lock(self._store.database, LOCK) as lock:
                if lock is not None:
                    await self._work(stop, lock)
            await stopped_within(stop, 1.0)

    async def _work(self, stop: asyncio.Event, lock: Connection) -> None:
        await self._inbox.hasten()
        self._held.clear()
        while not stop.is_set():
            self._inbox.arrived.clear()
            await lock.fetchval("select 1")  # who has lost the connection has lost the lock
            is_calm = await self._inbox.calm(GIVES_WAY_S)
            if not await self.apply_batch(BATCH if is_calm else BATCH_IN_CROWD):
                await woken(stop, self._inbox.arrived, LOOK_S)

    async def apply_batch(self, most: int = BATCH) -> int:
        """Apply the next messages; gives how many were taken up. Raises what the store raises when it is away."""
        due = await self._inbox.due(most)
        if not due:
            return 0
        works = [work for message in due if (work := await self._mapped(message)) is not None]
        found = await self._identities.find(_keys(works))
        applying = []
        for chain in chains(works):
            applying.append(asyncio.create_task(self._apply_chain(chain, found)))
            await asyncio.sleep(0)  # what is prepared is written while the next is being prepared
        done = await asyncio.gather(*applying, return_exceptions=True)
        for failure in done:
            if failure is not None:
                raise failure
        return len(due)

    async def _mapped(self, message: InboxMessage) -> Work | None:
        """The message as resources; parked where it cannot be."""
        try:
            is_mended = message.mended is not None
            written = message.mended or message.content
            if is_bhyt(message.kind):
                return Work(message, bhyt_to_fhir(claim_in(written), self._context))
            parsed: Message = parse_er7(written, default_charset=self._charset, is_utf8=is_mended, guess=read_unnamed)
            return Work(message, message_to_fhir(parsed, self._context))
        except Fault as fault:
            await self._inbox.park(message, fault)
        except Exception as cause:  # noqa: BLE001  # a mistake of ours in one message must not stop the others
            await self._park_broken(message, cause)
        return None

    async def _apply_chain(self, chain: list[Work], found: dict[IdentityKey, Stored]) -> None:
        """Apply the messages of one patient in their order, as far as that goes now."""
        if await self._are_held(chain):
            return
        for place, work in enumerate(chain):
            token = current_trace.set(work.message.trace)
            try:
                await self._apply(work, found)
                self.applied += 1
            except Fault as fault:
                if await self._must_wait(work, fault, chain[place + 1 :]):
                    return
            except Exception as cause:  # noqa: BLE001  # a mistake of ours in one message must not stop the others
                await self._park_broken(work.message, cause)
            finally:
                current_trace.reset(token)

    async def _are_held(self, chain: list[Work]) -> bool:
        """Whether an earlier message of the patient waits for another try; the chain then waits behind it."""
        now = self._store.clock.now()
        until = max((self._held.get(key, now) for key in patient_keys(chain)), default=now)
        if until <= now:
            return False
        await self._inbox.wait([work.message for work in chain], until)
        return True

    async def _must_wait(self, work: Work, fault: Fault, behind: list[Work]) -> bool:
        """Park or postpone a message that failed; whether those behind it must wait for it."""
        message = work.message
        log.warning("message.not_applied", fault=fault.code, kind=message.kind, attempt=message.attempts + 1)
        if fault.code == ALREADY_SETTLED.code:
            return True
        if not fault.retryable:
            await self._inbox.park(message, fault)
            return False
        until = await self._inbox.postpone(message, fault, [each.message for each in behind])
        if until is None:
            return False
        now = self._store.clock.now()
        self._held = {key: at for key, at in self._held.items() if at > now}
        self._held |= dict.fromkeys(patient_keys([work, *behind]), until)
        return True

    async def _park_broken(self, message: InboxMessage, cause: Exception) -> None:
        log.failure("message.broken", cause, kind=message.kind, attempt=message.attempts + 1)
        await self._inbox.park(message, NOT_APPLIED())

    async def _apply(self, work: Work, found: dict[IdentityKey, Stored]) -> None:
        unit = self._store.begin(ACTOR)
        unit.trace = work.message.trace
        overtaken = await self._overtaken(work, found)
        writer = _Writer(unit, found, overtaken, work.mapped.resources)
        for mapped in work.mapped.resources:
            writer.write(mapped)
        for earlier in await self._replaced(work, found, overtaken):
            writer.take_back(earlier)
        unit.record(
            Event.MESSAGE_APPLY, patient=writer.patient_rid, message=work.message.id, structure=work.message.kind
        )
        unit.also_together(self._inbox.settle, work.message.id)
        if writer.changed:
            self._outbox.put_changes(unit, writer.patient_rid, writer.subject, writer.changed)
        stored = await self._store.commit(unit)
        writer.learn(stored)
        if writer.changed:
            self._outbox.arrived.set()

    async def _replaced(
        self, work: Work, found: dict[IdentityKey, Stored], overtaken: frozenset[ResourceKey]
    ) -> list[Stored]:
        """What an earlier file of the same episode told and this one does not."""
        claim = next((each for each in work.mapped.resources if each.resource["resourceType"] == "Claim"), None)
        known = found.get(("Claim", *claim.identities[0])) if claim is not None else None
        if claim is None or known is None or (known.type, known.rid) in overtaken:
            return []
        members = left_over(parse_json(known.content)[0], claim.resource)
        stored = await self._identities.find([(type_, *identity) for type_, identity in members])
        return list(stored.values())

    async def _overtaken(self, work: Work, found: dict[IdentityKey, Stored]) -> frozenset[ResourceKey]:
        """For a message that had been parked: what later messages have written meanwhile."""
        if not work.message.report.reasons:
            return frozenset()
        known = {found[key] for key in _keys([work]) if key in found}
        return await written_later(self._store.database, self._inbox, work.message, known)


class _Writer:
    """Turns mapped resources into writes of one unit of work, with real ids in place of mapped ones."""

    def __init__(
        self,
        unit: UnitOfWork,
        found: dict[IdentityKey, Stored],
        overtaken: frozenset[ResourceKey],
        coming: Sequence[Mapped],
    ) -> None:
        self._unit = unit
        self._found = found
        self._overtaken = overtaken
        self._references: dict[bytes, bytes] = {}
        self._coming = {mapped.reference["reference"].encode(): mapped for mapped in coming}
        self._absent = {
            mapped.reference["reference"]
            for mapped in coming
            if mapped.policy is Policy.FIND and self._known(mapped.resource["resourceType"], mapped) is None
        }
        """What was looked for, is not there and shall not be made."""
        self._promised: dict[str, str] = {}
        """Ids of new resources that one before them refers to, by their keys."""
        self._pending: list[tuple[Mapped, str]] = []
        self.changed: list[str] = []
        self.subject = ""
        self.patient_rid = 0

    def write(self, mapped: Mapped) -> None:
        if mapped.reference["reference"] in self._absent:
            return
        type_ = mapped.resource["resourceType"]
        known = self._known(type_, mapped)
        content = _REFERENCE.sub(self._made_real, to_bytes(self._without_absent(mapped.resource)))
        if known is None:
            id_ = self._create(content, self._promised.get(mapped.key))
        else:
            id_ = known.id
            self._update(content, known, mapped.policy)
        self._references[mapped.reference["reference"].encode()] = f"{type_}/{id_}".encode()
        self._pending.append((mapped, id_))
        if type_ == "Patient":
            self.patient_rid = known.rid if known is not None else self._unit.writes[-1].rid
        if type_ in ("Encounter", "Patient"):
            self.subject = f"{type_}/{id_}"

    def _without_absent(self, resource: dict[str, Any]) -> dict[str, Any]:
        """The resource without what it would be based on and is not there."""
        if not self._absent or "basedOn" not in resource:
            return resource
        there = [each for each in resource["basedOn"] if each.get("reference") not in self._absent]
        rest = {name: value for name, value in resource.items() if name != "basedOn"}
        return {**rest, "basedOn": there} if there else rest

    def _known(self, type_: str, mapped: Mapped) -> Stored | None:
        return next((self._found[key] for each in mapped.identities if (key := (type_, *each)) in self._found), None)

    def _made_real(self, mapped: re.Match[bytes]) -> bytes:
        reference = self._references.get(mapped[1])
        if reference is None and mapped[1] in self._coming:
            reference = self._references[mapped[1]] = self._promise(self._coming[mapped[1]])
        return b'"reference":"%b"' % (reference or mapped[1])

    def _promise(self, mapped: Mapped) -> bytes:
        """The reference to a resource that is written later: an Encounter names the Conditions that name it."""
        type_ = mapped.resource["resourceType"]
        known = self._known(type_, mapped)
        if known is not None:
            return f"{type_}/{known.id}".encode()
        patient = next((each for each in self._references.values() if each.startswith(b"Patient/")), None)
        id_ = self._unit.assign_id(type_, patient.decode() if patient is not None else None)
        self._promised[mapped.key] = id_
        return f"{type_}/{id_}".encode()

    def _create(self, content: bytes, id_: str | None) -> str:
        resource = _valid(resource_of_own(content))
        id_ = self._unit.create(resource, id_=id_)
        self.changed.append(f"{resource.type}/{id_}")
        return id_

    def _update(self, content: bytes, known: Stored, policy: Policy) -> None:
        late = (known.type, known.rid) in self._overtaken
        if policy is Policy.KEEP or (late and policy is Policy.REPLACE):
            return
        said, _ = parse_json(content)
        if policy is not Policy.REPLACE:
            before, _ = parse_json(known.content)
            fills = late or policy in (Policy.FILL, Policy.FIND)
            said = merge(said, before) if fills else merge(before, said)
        resource = _valid(as_labelled(resource_of({**said, "id": known.id})))
        if tail_bytes(resource.body) != known.tail:
            self._unit.update(resource)
            self.changed.append(f"{resource.type}/{known.id}")

    def take_back(self, known: Stored) -> None:
        """Mark what is no longer said as entered in error."""
        said = taken_back({**parse_json(known.content)[0], "id": known.id})
        resource = _valid(as_labelled(resource_of(said)))
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


def _valid(resource: ParsedResource) -> ParsedResource:
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


def patient_keys(works: Sequence[Work]) -> set[IdentityKey]:
    """Every identity of the patients of `works`."""
    return {("Patient", *identity) for work in works for identity in work.mapped.patient.identities}


def chains(works: Sequence[Work]) -> list[list[Work]]:
    """The works by patient (those that share any identity of one), each in the order the messages came."""
    chain_of: dict[IdentityKey, list[Work]] = {}
    for work in works:
        keys = patient_keys([work])
        known = {id(chain): chain for key in keys if (chain := chain_of.get(key)) is not None}
        joined = [each for chain in known.values() for each in chain] + [work]
        chain_of |= dict.fromkeys(keys | patient_keys(joined), joined)
    distinct = {id(chain): chain for chain in chain_of.values()}
    return [sorted(chain, key=lambda work: work.message.id) for chain in distinct.values()]
