"""An ask: who holds it, on which basis, and a fetch for each holder. A basis is judged before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benhan.hub.consent.consents import Consents, Kept
from benhan.hub.exchange.rows import Exchange, ExchangeRows, Part, PartState, State
from benhan.hub.locator.locator import Location, Locator
from benhan.hub.members.members import Members
from benhan.hub.persons import Persons, all_identifiers, bucket_of_key
from benhan.hub.post.acts import Act, Acts
from benhan.hub.post.door import Guest
from benhan.hub.post.letters import Body, Letter
from benhan.kernel.faults import Fault
from benhan.kernel.trace import current_trace
from benhan.network.consent import REASONS, Consent, Question, Verdict, judge
from benhan.network.exchanges import Ask, Fetch, read_ask
from benhan.network.faults import NO_BASIS
from benhan.network.subjects import Identifier
from benhan.store.gatherer import Gatherer
from benhan.store.ids import encode_rid
from benhan.store.ledger.append import Entry
from benhan.store.ledger.events import Event
from benhan.store.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of a person: who holds what, what they permitted and refused, all they are known by."""

    keys: tuple[int, ...]
    known: Sequence[Identifier]
    locations: list[Location]
    kept: list[Kept]


class Asking:
    """Takes asks; `start` and `stop` frame its life."""

    def __init__(
        self, store: Store, members: Members, acts: Acts, persons: Persons, locator: Locator, consents: Consents
    ) -> None:
        self._store = store
        self._members = members
        self._acts = acts
        self._persons = persons
        self._locator = locator
        self._consents = consents
        self._rows = ExchangeRows(store)
        self._looked: Gatherer[tuple[int, ...], tuple[list[Location], list[Kept]]] = Gatherer(self._look_up)

    def start(self) -> None:
        self._looked.start()

    async def stop(self) -> None:
        await self._looked.stop()

    async def take(self, guest: Guest) -> Json:
        """The exchange of an ask and where each part stands; written, and the fetches put, when this returns.

        Raises Incorrect BA-6000, Forbidden BA-6013, and what `Acts.write` raises.
        """
        message, ask = guest.message, read_ask(guest.message)
        ground = await self.ground(ask.subject)
        consents = self._consents.verified(ground.kept, guest.configuration)
        now = self._store.clock.now()
        asked, refused = {}, []
        for holder, kinds in self._holders(guest, ask, ground).items():
            verdict = judge(ask.question(message.sender, holder, ground.known), consents, now)
            if verdict.is_allowed:
                if not kinds.isdisjoint(verdict.kinds):
                    asked[holder] = verdict
            else:
                refused.append(verdict.reason)
        if not asked:
            verdict = judge(ask.question(message.sender, "", ground.known), consents, now)
            if refused or not verdict.is_allowed:
                await self.refuse(guest, NO_BASIS.code)
                reason = REASONS[(refused or [verdict.reason])[0]]
                raise NO_BASIS(reason=f"{reason.vi} ({reason.en})")
        return await self._write(guest, ask, ground, asked, consents)

    async def ground(self, subject: Sequence[Identifier]) -> Ground:
        """What is known of who is named."""
        known = await all_identifiers(self._persons, subject)
        keys = tuple(self._locator.keys(known))
        locations, kept = await self._looked.ask(keys)
        return Ground(keys, known, locations, kept)

    async def refuse(self, guest: Guest, code: str) -> None:
        """Note in the ledger that a member was refused: its message is used up as any other."""
        entry = entry_of(self._store, Event.HUB_REFUSE, guest, type=guest.message.type, fault=code)
        await self._acts.write(Act(guest.message, entries=[entry]))

    def _holders(self, guest: Guest, ask: Ask, ground: Ground) -> dict[str, set[str]]:
        """Who holds anything, and which kinds: those the ask names where it names some, never the asker itself."""
        found: dict[str, set[str]] = {}
        for each in ground.locations:
            if each.holder == guest.member.code or (ask.holders and each.holder not in ask.holders):
                continue
            try:
                guest.configuration.peers(guest.member.code, each.holder)
            except Fault:  # revoked since it registered, or on trial
                continue
            found.setdefault(each.holder, set()).add(each.kind)
        return found

    async def _write(
        self, guest: Guest, ask: Ask, ground: Ground, asked: dict[str, Verdict], consents: Sequence[Consent]
    ) -> Json:
        message, now = guest.message, self._store.clock.now()
        key = ground.keys[0]
        used = tuple(dict.fromkeys(number for verdict in asked.values() for number in verdict.consents))
        kinds = tuple(each for each in ask.kinds if any(each in verdict.kinds for verdict in asked.values()))
        exchange = Exchange(
            self._store.workshop.ids.new(bucket_of_key(key)), key, now, message.until, message.sender, ask.purpose,
            ask.basis, kinds, used, State.OPEN if asked else State.DONE, message.digest, current_trace.get(),
            tuple(Part(holder, PartState.WAITING) for holder in asked),
        )  # fmt: skip
        letters = [
            self._fetch(guest, exchange, holder, relevant(consents, ask.question(message.sender, holder, ground.known)))
            for holder in asked
        ]
        entry = entry_of(
            self._store, Event.HUB_ASK, guest, exchange=exchange.name, digest=message.digest, basis=ask.basis,
            purpose=ask.purpose, role=ask.person.role, holders=len(asked),
        )  # fmt: skip
        await self._acts.write(Act(message, letters, [entry], shared=[(self._rows.put, exchange)]))
        return {
            "exchange": exchange.name,
            "parts": [{"holder": holder, "kinds": list(verdict.kinds)} for holder, verdict in asked.items()],
        }

    def _fetch(self, guest: Guest, exchange: Exchange, holder: str, consents: Sequence[Consent]) -> Letter:
        """What a holder is handed."""
        now, until = self._store.clock.now(), guest.message.until
        fetch = Fetch(exchange.name, guest.message.text, tuple(each.text for each in consents))
        signed = self._members.signer.sign("fetch", holder, fetch.body, now, until - now)
        return Letter(
            exchange.id, holder, self._members.code, "fetch", now, until, signed.digest, Body(signed.text),
            exchange.consents,
        )  # fmt: skip

    async def _look_up(self, batch: Sequence[tuple[int, ...]]) -> list[tuple[list[Location], list[Kept]]]:
        every = [key for keys in batch for key in keys]
        locations = await self._locator.find(self._store.database, every)
        kept = await self._consents.find(self._store.database, every)
        return [
            (
                [one for key in keys for one in locations.get(key, ())],
                [one for key in keys for one in kept.get(key, ())],
            )
            for keys in batch
        ]


def relevant(consents: Sequence[Consent], question: Question) -> list[Consent]:
    """The consents and refusals that speak of an exchange, which its holder judges by as well."""
    return [each for each in consents if not set(each.subject).isdisjoint(question.subject)
            and (not each.recipients or question.asker in each.recipients)]  # fmt: skip


def entry_of(store: Store, event: Event, guest: Guest, **detail: str | int) -> Entry:
    """The ledger entry of what a member did."""
    code = guest.message.sender
    if "member" in event.fields:
        detail["member"] = code
    return Entry(event, store.clock.now(), f"member:{code}", "machine", current_trace.get(), detail=detail)


def name_of(exchange: int) -> str:
    """The name of an exchange."""
    return encode_rid(exchange)
