"""What this hospital asks of others, and what it keeps of what comes: only what it can verify itself.

What comes is kept as a DocumentReference of the patient with its outside origin: the document, and the signed answer
that names its digest, so that its sender can be held to it later. Source: decision 0015; FHIR R4
documentreference.html.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from benhan.access.faults import NOT_ALLOWED
from benhan.fhir.resource import instant, resource_of
from benhan.kernel.actors import Actor, system
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.network.configuration import Configuration
from benhan.network.exchanges import (
    ASK_LIFE,
    Ask,
    Outcome,
    Person,
    Receipt,
    State,
    read_answer,
    read_push,
)
from benhan.network.faults import CONTENT_ALTERED
from benhan.network.messages import Message, hold_to_now, read_message
from benhan.network.sealing import content_digest, open_sealed
from benhan.network.subjects import Identifier
from benhan.node.exchange.content import identifiers_of, is_of_one_person
from benhan.node.exchange.faults import NO_IDENTIFIER, NOT_ASKED, NOT_HERE_YET, NOT_TAKEN, WRONG_CONTENT
from benhan.node.exchange.holder import STRONG
from benhan.node.exchange.party import Party
from benhan.node.exchange.rows import Asked, AskedRows
from benhan.store.identities import Identities
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.vn import systems

Json = dict[str, Any]
_ACTOR = system("exchange")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to know of a patient from others."""

    kinds: tuple[str, ...]
    purpose: str
    basis: str
    note: str = ""
    secrets: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()


class Asker:
    """Asks, and keeps answers, for one hospital."""

    def __init__(self, store: Store, party: Party) -> None:
        self._store = store
        self._party = party
        self._rows = AskedRows(store)
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)

    async def ask(self, patient_id: str, wish: Wish, person: Person, actor: Actor) -> Asked:
        """Ask others about a patient; the ask is kept and in the ledger before it leaves.

        Raises Forbidden BA-0902 where the actor may not, NotFound BA-0401, Conflict BA-6061, Unavailable BA-6009,
        Forbidden BA-6064, and what `HubClient.send` raises; refused by the hub, that is kept too.
        """
        if not actor.may(Permission.EXCHANGE_ASK):
            raise NOT_ALLOWED()
        patient = await self._store.resources.read("Patient", patient_id, actor)
        subject = _strong(patient.read())
        if not subject:
            raise NO_IDENTIFIER()
        body = Ask(subject, wish.kinds, wish.purpose, wish.basis, person, wish.note, wish.secrets, wish.holders).body
        configuration, signer = await self._party.configuration(), await self._party.signer()
        now = self._store.clock.now()
        message = signer.sign("ask", configuration.hub, body, now, ASK_LIFE)
        asked = Asked(message.digest, patient.rid, now, actor.id, wish.purpose, wish.basis, wish.kinds, "asked", "", "")
        unit = self._store.begin(actor)
        unit.also(lambda connection: self._rows.put(connection, asked))
        unit.record(
            Event.EXCHANGE_ASK, patient=patient.rid, digest=message.digest, basis=wish.basis, purpose=wish.purpose,
        )  # fmt: skip
        await self._store.commit(unit)
        try:
            told = await self._party.client.send(message.text)
        except Fault as fault:
            if not fault.retryable:
                await self._rows.taken(asked, "refused", "", (), fault.code)
            raise
        receipt = hub_receipt(told, message, configuration)
        exchange = str(receipt.body.get("exchange", ""))
        holders = [str(each.get("holder", "")) for each in told.get("parts", ()) if isinstance(each, dict)]
        await self._rows.taken(asked, "waiting", exchange, holders)
        return asked

    async def of_patient(self, patient: Stored) -> list[Asked]:
        """What was asked of a patient, newest first; the caller records the view of the patient's page."""
        return await self._rows.of_patient(patient.rid)

    async def take(self, message: Message, content: str, configuration: Configuration) -> Message | None:
        """Keep an answer; the receipt to be sent, None where an answer without content needs none.

        What is not as it must be is not kept, and its receipt says why. Raises Forbidden BA-6062 for what was not
        asked.
        """
        now = self._store.clock.now()
        hold_to_now(message, self._party.code, now)
        answer = read_answer(message)
        asked = await self._rows.of_ask(answer.ask)
        if asked is None:
            raise NOT_ASKED()
        if answer.state is not State.GIVEN:
            async with self._store.database.transaction() as connection:
                await self._rows.part(connection, asked, message.sender, answer.state.value, answer.reason[:40])
            return None
        try:
            configuration.peers(message.sender, self._party.code)
            bundle = await self._opened(content, answer.content)
            patient = await self._patient_of(asked)
            if identifiers_of(patient.read()).isdisjoint(identifiers_of(_patient(bundle))):
                raise WRONG_CONTENT()  # a record of somebody else, whoever mixed it up
        except Fault as fault:
            async with self._store.database.transaction() as connection:
                await self._rows.part(connection, asked, message.sender, "rejected", fault.code)
            return await self._receipt(message, answer.exchange, Outcome.REJECTED, fault.code)
        return await self._kept(message, answer.exchange, bundle, asked, patient)

    async def take_push(self, message: Message, content: str, exchange: str, configuration: Configuration) -> Message:
        """Keep what another hospital sends ahead with a transfer; the receipt.

        Raises Unavailable BA-6065 where the patient is not here yet: it waits at the hub and is given again.
        """
        hold_to_now(message, self._party.code, self._store.clock.now())
        push = read_push(message)
        try:
            configuration.peers(message.sender, self._party.code)
            bundle = await self._opened(content, push.content)
            found = await self._identities.find(
                [("Patient", each.system, each.value) for each in push.subject if each.system in STRONG]
            )
            patients = {each.rid: each for each in found.values()}
            if not patients:
                raise NOT_HERE_YET()
            if len(patients) != 1:
                raise WRONG_CONTENT()
            (patient,) = patients.values()
            if identifiers_of(patient.read()).isdisjoint(identifiers_of(_patient(bundle))):
                raise WRONG_CONTENT()
        except Fault as fault:
            if fault.code == NOT_HERE_YET.code:
                raise
            return await self._receipt(message, exchange, Outcome.REJECTED, fault.code)
        return await self._kept(message, exchange, bundle, None, patient)

    async def _kept(
        self, message: Message, exchange: str, bundle: bytes, asked: Asked | None, patient: Stored
    ) -> Message:
        """Keep a document once; committed before the receipt is signed."""
        key = ("DocumentReference", systems.EXTERNAL, f"{message.sender}/{exchange}")
        receipt = await self._receipt(message, exchange, Outcome.KEPT)
        if await self._identities.find([key]):
            return receipt  # kept before; that it was said may have been lost
        unit = self._store.begin(_ACTOR)
        name = (await self._party.configuration()).member(message.sender).name
        content = reference(message, bundle, f"Patient/{patient.id}", key[2], name, instant(self._store.clock.now()))
        unit.create(resource_of(content))
        unit.record(
            Event.EXCHANGE_KEEP, patient=patient.rid, exchange=exchange, member=message.sender,
            digest=message.digest, receipt=receipt.digest,
        )  # fmt: skip
        if asked is not None:
            unit.also(lambda connection: self._rows.part(connection, asked, message.sender, "given"))
        await self._store.commit(unit)
        return receipt

    async def _opened(self, content: str, digest: str) -> bytes:
        """The document that was sealed to us. Raises Forbidden BA-6010, BA-6011; Incorrect BA-6063."""
        if content_digest(content) != digest:
            raise CONTENT_ALTERED()
        opened = await asyncio.to_thread(open_sealed, content, self._party.sealing)
        try:
            bundle = orjson.loads(opened)
        except orjson.JSONDecodeError as cause:
            raise WRONG_CONTENT() from cause
        if not isinstance(bundle, dict) or not is_of_one_person(bundle):
            raise WRONG_CONTENT()
        return opened

    async def _patient_of(self, asked: Asked) -> Stored:
        (found,) = await self._store.resources.read_rids([("Patient", asked.patient)], _ACTOR)
        if found is None:
            raise NOT_ASKED()
        return found

    async def _receipt(self, message: Message, exchange: str, outcome: Outcome, reason: str = "") -> Message:
        signer = await self._party.signer()
        body = Receipt(exchange, message.digest, outcome, reason).body
        return signer.sign("receipt", message.sender, body, self._store.clock.now(), ASK_LIFE)


def hub_receipt(told: Json, message: Message, configuration: Configuration) -> Message:
    """The hub's signed word that it has taken a message. Raises Forbidden BA-6064."""
    try:
        receipt = read_message(str(told.get("receipt", "")), configuration.key_of)
    except Fault as fault:
        raise NOT_TAKEN() from fault
    is_ours = receipt.type == "taken" and receipt.recipient == message.sender
    if receipt.sender != configuration.hub or not is_ours or receipt.body.get("of") != message.digest:
        raise NOT_TAKEN()
    return receipt


def reference(message: Message, bundle: bytes, patient: str, number: str, name: str, at: str) -> Json:
    """The DocumentReference of what came: the document, and the signed message that names its digest."""
    files = (("application/fhir+json", bundle), ("application/jose", message.text.encode()))
    return {
        "resourceType": "DocumentReference",
        "meta": {
            "source": f"urn:benhan:co-so:{message.sender}#{message.digest[:32]}",
            "tag": [{"system": systems.SOURCE_TAG, "code": "external", "display": name}],
        },
        "identifier": [{"system": systems.EXTERNAL, "value": number}],
        "status": "current",
        "type": {"coding": [{"system": systems.LOINC, "code": "60591-5"}], "text": "Hồ sơ từ cơ sở khác"},
        "subject": {"reference": patient},
        "date": at,
        "author": [{"identifier": {"system": systems.FACILITY_CODE, "value": message.sender}, "display": name}],
        "content": [
            {"attachment": {"contentType": kind, "data": base64.b64encode(data).decode()}} for kind, data in files
        ],
    }


def _strong(patient: Json) -> tuple[Identifier, ...]:
    known = identifiers_of(patient)
    return tuple(Identifier(system_, value) for system_, value in sorted(known) if system_ in STRONG)


def _patient(bundle: bytes) -> Json:
    entries: Sequence[Json] = orjson.loads(bundle)["entry"]
    return next(each["resource"] for each in entries if each["resource"]["resourceType"] == "Patient")
