"""Sending a record ahead with a transfer: sealed to the hospital that the patient goes to, with the paper's number.

Source: Luật 15/2023/QH15 Đ69 k3; the paper of transfer (giấy chuyển) is the ground that is named.
"""

from __future__ import annotations

import asyncio
from typing import Any

from benhan.access.faults import NOT_ALLOWED
from benhan.fhir.resource import instant, to_bytes
from benhan.kernel.actors import Actor, outgoing
from benhan.kernel.permissions import Permission
from benhan.network.exchanges import ASK_LIFE_MAX, Push
from benhan.network.kinds import kind_of, types_of
from benhan.network.messages import Message
from benhan.network.sealing import content_digest, seal
from benhan.network.subjects import Identifier
from benhan.node.exchange.asker import hub_receipt
from benhan.node.exchange.content import document, given, identifiers_of
from benhan.node.exchange.faults import NO_IDENTIFIER, NOTHING_TO_SEND
from benhan.node.exchange.holder import STRONG
from benhan.node.exchange.party import Party
from benhan.store.compartment import read_compartment
from benhan.store.ledger.events import Event
from benhan.store.store import Store

PURPOSE = "transfer"


class Pusher:
    """Sends ahead, for one hospital; `facility` are its code and name."""

    def __init__(self, store: Store, party: Party, facility: tuple[str, str], base_url: str) -> None:
        self._store = store
        self._party = party
        self._facility = facility
        self._base_url = base_url

    async def push(self, patient_id: str, recipient: str, kinds: tuple[str, ...], paper: str, actor: Actor) -> Message:
        """Send what is held of a patient to where they are transferred; the message that the hub has taken.

        It is in the ledger before it leaves; nothing of special secrecy is in it. Raises Forbidden BA-0902, BA-6006,
        BA-6064; NotFound BA-0401; Conflict BA-6015, BA-6061, BA-6066; and what `HubClient.send` raises.
        """
        if not actor.may(Permission.RECORD_EXPORT):
            raise NOT_ALLOWED()
        patient = await self._store.resources.read("Patient", patient_id, actor)
        person: dict[str, Any] = patient.read()
        subject = tuple(Identifier(*each) for each in sorted(identifiers_of(person)) if each[0] in STRONG)
        if not subject:
            raise NO_IDENTIFIER()
        found = await read_compartment(self._store, outgoing("exchange"), patient.rid, types_of(kinds))
        resources = given([each.read() for each in found], kinds, ())
        if not resources:
            raise NOTHING_TO_SEND()
        configuration, signer = await self._party.configuration(), await self._party.signer()
        now = self._store.clock.now()
        key = configuration.sealing_key(recipient, now)
        number = f"push-{self._store.random.bytes(8).hex()}"
        bundle = document(person, resources, self._facility, self._base_url, number, instant(now))
        sealed = await asyncio.to_thread(lambda: seal(to_bytes(bundle), key))
        sent = tuple(sorted({kind_of(each) for each in resources}))
        push = Push(subject, sent, PURPOSE, PURPOSE, paper, len(resources), content_digest(sealed))
        message = signer.sign("push", recipient, push.body, now, ASK_LIFE_MAX)
        unit = self._store.begin(actor)
        unit.record(
            Event.EXCHANGE_GIVE, patient=patient.rid, member=recipient, digest=message.digest, basis=PURPOSE,
            count=len(resources),
        )  # fmt: skip
        await self._store.commit(unit)
        hub_receipt(await self._party.client.send(message.text, sealed), message, configuration)
        return message
