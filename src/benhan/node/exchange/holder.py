"""What this hospital gives to others: it judges again all that the hub has judged, by what it can verify itself.

The ask counts by its sender's signature, a consent by that of who took it, the key that content is sealed to by the
configuration: a hub that lies gets nothing. The last word is this hospital's.
Source: decision 0015; Luật 15/2023/QH15 Đ69; Luật 64/2006/QH11 Đ30.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benhan.fhir.resource import instant, to_bytes
from benhan.kernel.actors import Actor, outgoing, system
from benhan.kernel.faults import Fault
from benhan.network.configuration import Configuration
from benhan.network.consent import Consent, Verdict, judge, read_consent
from benhan.network.exchanges import Answer, Ask, Fetch, State, read_ask, read_fetch
from benhan.network.kinds import types_of
from benhan.network.messages import Message, hold_to_now, read_message
from benhan.network.sealing import content_digest, seal
from benhan.network.subjects import Identifier
from benhan.node.exchange.content import document, given
from benhan.node.exchange.faults import NOT_THE_HUB
from benhan.node.exchange.party import Party
from benhan.store.compartment import read_compartment
from benhan.store.identities import Identities
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.vn import systems

STRONG = (systems.CCCD, systems.BHYT_CARD, systems.PASSPORT, systems.CMND)
"""Identifiers by which a person is the same everywhere."""


@dataclass(frozen=True, slots=True)
class Made:
    """An answer, signed, with its sealed content, "" for none."""

    message: Message
    content: str


@dataclass(frozen=True, slots=True)
class _Case:
    """A fetch with all that was verified of it."""

    fetch: Fetch
    asked: Message
    ask: Ask
    consents: list[Consent]
    configuration: Configuration


class Holder:
    """Answers fetches out of one store; `facility` are its code and name."""

    def __init__(self, store: Store, party: Party, facility: tuple[str, str], base_url: str) -> None:
        self._store = store
        self._party = party
        self._facility = facility
        self._base_url = base_url
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)

    async def answer(self, message: Message, configuration: Configuration) -> Made:
        """The answer to a fetch, its ledger entry committed: given, nothing, or refused with the reason's code.

        Raises Forbidden BA-6060 for what the hub did not sign, and what reading the ask raises: no answer then.
        """
        if message.sender != configuration.hub:
            raise NOT_THE_HUB()
        now = self._store.clock.now()
        hold_to_now(message, self._party.code, now)
        fetch = read_fetch(message)
        asked = read_message(fetch.ask, configuration.key_of)
        hold_to_now(asked, configuration.hub, now)
        case = _Case(fetch, asked, read_ask(asked), _verified(fetch.consents, configuration), configuration)
        try:
            configuration.peers(asked.sender, self._party.code)
        except Fault as fault:
            return await self._refused(case, fault.code)
        verdict = judge(case.ask.question(asked.sender, self._party.code, _known(case)), case.consents, now)
        if not verdict.is_allowed:
            return await self._refused(case, verdict.reason)
        patient = await self._patient(case)
        if patient is None:
            return await self._signed(case, Answer(fetch.exchange, asked.digest, State.NOTHING))
        return await self._given(case, verdict, patient)

    async def _given(self, case: _Case, verdict: Verdict, patient: Stored) -> Made:
        actor: Actor = system("exchange") if verdict.secrets else outgoing("exchange")
        found = await read_compartment(self._store, actor, patient.rid, types_of(verdict.kinds))
        resources = given([each.read() for each in found], verdict.kinds, verdict.secrets)
        if not resources:
            return await self._signed(case, Answer(case.fetch.exchange, case.asked.digest, State.NOTHING), patient.rid)
        key = case.configuration.sealing_key(case.asked.sender, self._store.clock.now())
        at = instant(self._store.clock.now())
        bundle = document(
            patient.read(), resources, self._facility, self._base_url, f"exchange-{case.fetch.exchange}", at
        )
        sealed = await asyncio.to_thread(lambda: seal(to_bytes(bundle), key))
        answer = Answer(
            case.fetch.exchange, case.asked.digest, State.GIVEN, verdict.kinds, len(resources), "",
            content_digest(sealed),
        )  # fmt: skip
        return await self._signed(case, answer, patient.rid, sealed)

    async def _refused(self, case: _Case, reason: str) -> Made:
        unit = self._store.begin(outgoing("exchange"))
        unit.record(
            Event.EXCHANGE_REFUSE, exchange=case.fetch.exchange, member=case.asked.sender, ask=case.asked.digest,
            reason=reason,
        )  # fmt: skip
        await self._store.commit(unit)
        answer = Answer(case.fetch.exchange, case.asked.digest, State.REFUSED, reason=reason)
        return Made(await self._sign(case, answer), "")

    async def _signed(self, case: _Case, answer: Answer, patient: int = 0, content: str = "") -> Made:
        """The signed answer; that it was given stands in the ledger first."""
        message = await self._sign(case, answer)
        unit = self._store.begin(outgoing("exchange"))
        unit.record(
            Event.EXCHANGE_GIVE, patient=patient, exchange=answer.exchange, member=case.asked.sender,
            ask=case.asked.digest, digest=message.digest, basis=case.ask.basis, count=answer.count,
        )  # fmt: skip
        await self._store.commit(unit)
        return Made(message, content)

    async def _sign(self, case: _Case, answer: Answer) -> Message:
        signer = await self._party.signer()
        now = self._store.clock.now()
        return signer.sign("answer", case.asked.sender, answer.body, now, case.asked.until - now)

    async def _patient(self, case: _Case) -> Stored | None:
        """The one patient whom the asker itself, or a consent of the same person, names; None for none or several."""
        wanted = [each for each in (*case.ask.subject, *_known(case)) if each.system in STRONG]
        found = await self._identities.find([("Patient", each.system, each.value) for each in wanted])
        patients = {each.rid: each for each in found.values()}
        return next(iter(patients.values())) if len(patients) == 1 else None


def _verified(texts: Sequence[str], configuration: Configuration) -> list[Consent]:
    """The consents whose takers' signatures count; one that does not is as if it were not there."""
    found = []
    for text in texts:
        try:
            found.append(read_consent(text, configuration))
        except Fault:
            continue
    return found


def _known(case: _Case) -> list[Identifier]:
    """Further identifiers of the person: those that stand beside one of the ask's in a consent; not the hub's word."""
    named = set(case.ask.subject)
    return [each for consent in case.consents if not named.isdisjoint(consent.subject) for each in consent.subject]
