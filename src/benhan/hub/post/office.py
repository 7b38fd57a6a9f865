"""The office: what each type of message does, and the hub's signed word that it was taken."""

from __future__ import annotations

import asyncio
from typing import Any

from benhan.hub.consent.consents import Consents
from benhan.hub.exchange.answering import Answering
from benhan.hub.exchange.asking import Asking, entry_of
from benhan.hub.exchange.rows import Change, ExchangeRows, PartState
from benhan.hub.locator.locator import Locator, read_register
from benhan.hub.members.members import Members
from benhan.hub.persons import Persons, all_identifiers
from benhan.hub.post.acts import Act, Acts
from benhan.hub.post.door import Door, Guest
from benhan.hub.post.letters import MOST, Collected, Letters
from benhan.mapping.consent_to_fhir import consent_to_fhir
from benhan.network.configuration import Kind
from benhan.network.consent import read_consent
from benhan.network.faults import BAD_CONSENT, BAD_MESSAGE
from benhan.network.subjects import read_identifiers
from benhan.store.database import Connection
from benhan.store.ids import encode_rid
from benhan.store.ledger.events import Event
from benhan.store.store import Store

Json = dict[str, Any]

WAIT_MAX_S = 25.0


class Office:
    """All that members may do at one hub; `start` and `stop` frame its life."""

    def __init__(self, store: Store, members: Members, persons: Persons, door: Door) -> None:
        self._store = store
        self._members = members
        self._persons = persons
        self._door = door
        self.letters = Letters(store)
        self.acts = Acts(store, self.letters)
        self._locator = Locator(store)
        self._consents = Consents(store)
        self._exchanges = ExchangeRows(store)
        self._asking = Asking(store, members, self.acts, persons, self._locator, self._consents)
        self._answering = Answering(store, self.acts, self._asking, self._consents)

    def start(self) -> None:
        self.acts.start()
        self._asking.start()
        self._answering.start()

    async def stop(self) -> None:
        await self._answering.stop()
        await self._asking.stop()
        await self.acts.stop()

    async def take(self, text: str, content: str) -> Json:
        """What a member's message brings back; all that it causes is written when this returns.

        Raises what `Door.admit` and the services of each type raise.
        """
        guest = await self._door.admit(text)
        match guest.message.type:
            case "collect":
                return await self._collect(guest)
            case "ask":
                told = await self._asking.take(guest)
            case "answer":
                told = await self._answering.answer(guest, content)
            case "receipt":
                told = await self._answering.receipt(guest)
            case "push":
                told = await self._answering.push(guest, content)
            case "register":
                told = await self._register(guest)
            case "consent":
                told = await self._take_consent(guest)
            case "consents":
                return await self._list_consents(guest)
            case _:
                told = await self._revoke_consent(guest)
        if guest.message.type == "receipt":  # a receipt of a receipt proves nothing more
            return told
        return {**told, "receipt": self._receipt(guest, told)}

    def _receipt(self, guest: Guest, told: Json) -> str:
        """The hub's word that it has taken a message, and what it made of it: the sender's evidence."""
        message = guest.message
        body = {"of": message.digest, "exchange": told.get("exchange", "")}
        return self._members.signer.sign("taken", message.sender, body, self._store.clock.now()).text

    async def _register(self, guest: Guest) -> Json:
        entries = read_register(guest.message)

        async def write(connection: Connection) -> None:
            await self._locator.register(connection, guest.member.code, entries)

        entry = entry_of(self._store, Event.HUB_LOCATION, guest, count=len(entries))
        await self.acts.write(Act(guest.message, entries=[entry], hooks=[write]))
        return {"count": len(entries)}

    async def _take_consent(self, guest: Guest) -> Json:
        text = guest.message.body.get("consent")
        if not isinstance(text, str):
            raise BAD_MESSAGE(what="consent")
        consent = read_consent(text, guest.configuration)
        if consent.attester != guest.member.code:
            raise BAD_CONSENT(what="iss")
        entry = entry_of(self._store, Event.HUB_CONSENT, guest, consent=consent.number, said=consent.grant.value)
        await self.acts.write(Act(guest.message, entries=[entry], shared=[(self._consents.put, consent)]))
        return {"consent": consent.number}

    async def _revoke_consent(self, guest: Guest) -> Json:
        """Take a consent back: what rests on it and was not collected yet is not handed over any more."""
        number = guest.message.body.get("consent")
        if not isinstance(number, str):
            raise BAD_MESSAGE(what="consent")
        await self._consents.hold_to_revoke(number, guest.member)

        async def write(connection: Connection) -> None:
            await self._consents.revoke(connection, number, guest.message)
            stopped = [
                Change(exchange, holder, PartState.STOPPED, "revoked")
                for exchange, holder in await self.letters.drop(connection, number)
            ]
            if stopped:
                await self._exchanges.change(connection, stopped)

        entry = entry_of(self._store, Event.HUB_REVOKE, guest, consent=number)
        await self.acts.write(Act(guest.message, entries=[entry], hooks=[write]))
        return {"consent": number}

    async def _list_consents(self, guest: Guest) -> Json:
        """What a person has permitted and refused, as FHIR: all of it to a book, to others what they took."""
        subject = read_identifiers(guest.message.body.get("subject"))
        known = await all_identifiers(self._persons, subject)
        attester = "" if guest.member.kind is Kind.BOOK else guest.member.code
        found = await self._consents.of_person(self._locator.keys(known), attester)
        entry = entry_of(self._store, Event.HUB_CONSENT_VIEW, guest, count=len(found))
        await self.acts.write(Act(guest.message, entries=[entry]))
        entries = [{"resource": consent_to_fhir(each, revoked_at)} for each, revoked_at in found]
        return {"bundle": {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}}

    async def _collect(self, guest: Guest) -> Json:
        """The letters that wait for a member, after those it says it has were let go; waits where there are none."""
        body, code = guest.message.body, guest.member.code
        done, wait_s, most = body.get("done", []), body.get("wait_s", 0), body.get("most", MOST)
        if not isinstance(done, list) or not all(type(each) is int for each in done) or len(done) > 10 * MOST:
            raise BAD_MESSAGE(what="done")
        if type(wait_s) not in (int, float) or type(most) is not int or most < 1:
            raise BAD_MESSAGE(what="wait_s, most")
        await self.acts.write(Act(guest.message, shared=[(self._taken, (code, done))]))
        found = await self.letters.collect(code, most)
        if not found and wait_s > 0:
            try:
                await self.letters.wait(code, min(float(wait_s), WAIT_MAX_S))
            except asyncio.CancelledError:  # who asked has hung up, or we stop: nothing is leased to nobody
                return {"letters": []}
            found = await self.letters.collect(code, most)
        return {"letters": [_told(each) for each in found]}

    async def _taken(self, connection: Connection, several: Any) -> None:
        by_member: dict[str, list[int]] = {}
        for code, done in several:
            by_member.setdefault(code, []).extend(done)
        for code in sorted(by_member):
            if by_member[code]:
                await self.letters.taken(connection, code, by_member[code])


def _told(letter: Collected) -> Json:
    return {
        "id": letter.id, "exchange": encode_rid(letter.exchange), "type": letter.type,
        "message": letter.body.message, "content": letter.body.content,
    }  # fmt: skip
