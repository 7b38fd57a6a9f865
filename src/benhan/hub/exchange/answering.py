"""Answers, receipts and pushes: carried as they were signed, sealed, after a last look whether they still may go."""

from __future__ import annotations

from typing import Any

from benhan.hub.consent.consents import Consents
from benhan.hub.exchange.asking import Asking, entry_of
from benhan.hub.exchange.rows import Change, Exchange, ExchangeRows, Part, PartState, State, exchange_id
from benhan.hub.faults import NO_SUCH_EXCHANGE, NOT_A_PARTY, STOPPED
from benhan.hub.persons import bucket_of_key
from benhan.hub.post.acts import Act, Acts
from benhan.hub.post.door import Guest
from benhan.hub.post.letters import Body, Letter
from benhan.kernel.faults import Fault
from benhan.kernel.trace import current_trace
from benhan.network.consent import REASONS, judge
from benhan.network.exchanges import Answer, Outcome, read_answer, read_push, read_receipt
from benhan.network.exchanges import State as Given
from benhan.network.faults import CONTENT_ALTERED, NO_BASIS
from benhan.network.sealing import content_digest
from benhan.store.gatherer import Gatherer
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.store.store import Store

Json = dict[str, Any]

_REVOKED = query(
    "hub_consents_revoked",
    "select 1 from hub_consent where number = any($1::text[]) and revoked_at is not null limit 1",
    fan_out="an exchange names its consents by their numbers alone",
)
_STATES = {Given.GIVEN: PartState.ANSWERED, Given.NOTHING: PartState.NOTHING, Given.REFUSED: PartState.REFUSED}


class Answering:
    """Takes what holders and askers say; `start` and `stop` frame its life."""

    def __init__(self, store: Store, acts: Acts, asking: Asking, consents: Consents) -> None:
        self._store = store
        self._acts = acts
        self._asking = asking
        self._consents = consents
        self._rows = ExchangeRows(store)
        self._read: Gatherer[int, Exchange | None] = Gatherer(self._read_all)

    def start(self) -> None:
        self._read.start()

    async def stop(self) -> None:
        await self._read.stop()

    async def answer(self, guest: Guest, content: str) -> Json:
        """Hand an answer on to its asker.

        Raises Incorrect BA-6000; NotFound BA-6034; Forbidden BA-6006, BA-6011, BA-6035; Conflict BA-6036; and what
        `Acts.write` raises.
        """
        answer = read_answer(guest.message)
        exchange = await self._exchange(answer.exchange)
        part = exchange.part(guest.member.code)
        if part is None or guest.message.recipient != exchange.asker or answer.ask != exchange.ask_digest:
            raise NOT_A_PARTY()
        if (content_digest(content) if content else "") != answer.content:
            raise CONTENT_ALTERED()
        await self._hold_open(guest, exchange, part)
        return await self._hand_on(guest, exchange, answer, content)

    async def receipt(self, guest: Guest) -> Json:
        """Hand a receipt on to the holder. Raises Incorrect BA-6000, NotFound BA-6034, Forbidden BA-6035."""
        message = guest.message
        receipt = read_receipt(message)
        exchange = await self._exchange(receipt.exchange)
        part = exchange.part(message.recipient)
        if part is None or exchange.asker != message.sender or part.answer_digest != receipt.answer:
            raise NOT_A_PARTY()
        state = PartState.DELIVERED if receipt.outcome is Outcome.KEPT else PartState.REJECTED
        change = Change(exchange.id, part.holder, state, receipt.reason[:20], receipt_digest=message.digest)
        entry = entry_of(self._store, Event.HUB_RECEIPT, guest, exchange=exchange.name, digest=message.digest)
        letter = self._letter(guest, exchange, part.holder, Body(message.text))
        await self._acts.write(Act(message, [letter], [entry], shared=[(self._rows.change, change)]))
        return {"exchange": exchange.name}

    async def push(self, guest: Guest, content: str) -> Json:
        """Hand on what a holder sends unasked, where that has a basis.

        Raises Incorrect BA-6000; Forbidden BA-6006, BA-6007, BA-6011, BA-6013; and what `Acts.write` raises.
        """
        message = guest.message
        push = read_push(message)
        if content_digest(content) != push.content:
            raise CONTENT_ALTERED()
        guest.configuration.peers(message.sender, message.recipient)
        ground = await self._asking.ground(push.subject)
        consents = self._consents.verified(ground.kept, guest.configuration)
        now = self._store.clock.now()
        verdict = judge(push.question(message.recipient, message.sender, ground.known), consents, now)
        if set(verdict.kinds) != set(push.kinds) or not push.kinds:
            await self._asking.refuse(guest, NO_BASIS.code)
            reason = REASONS[verdict.reason or "not-permitted"]
            raise NO_BASIS(reason=f"{reason.vi} ({reason.en})")
        key = ground.keys[0]
        part = Part(message.sender, PartState.ANSWERED, size=len(content), answer_digest=message.digest)
        exchange = Exchange(
            self._store.workshop.ids.new(bucket_of_key(key)), key, now, message.until, message.recipient,
            push.purpose, push.basis, push.kinds, verdict.consents, State.OPEN, message.digest, current_trace.get(),
            (part,),
        )  # fmt: skip
        entry = entry_of(
            self._store, Event.HUB_PUSH, guest, exchange=exchange.name, digest=message.digest, basis=push.basis,
            recipient=message.recipient,
        )  # fmt: skip
        letter = self._letter(guest, exchange, message.recipient, Body(message.text, content))
        await self._acts.write(Act(message, [letter], [entry], shared=[(self._rows.put, exchange)]))
        return {"exchange": exchange.name}

    async def _hand_on(self, guest: Guest, exchange: Exchange, answer: Answer, content: str) -> Json:
        message = guest.message
        change = Change(
            exchange.id, message.sender, _STATES[answer.state], answer.reason[:20], len(content), message.digest
        )
        entry = entry_of(
            self._store, Event.HUB_ANSWER, guest, exchange=exchange.name, digest=message.digest,
            state=answer.state.value,
        )  # fmt: skip
        letter = self._letter(guest, exchange, exchange.asker, Body(message.text, content))
        await self._acts.write(Act(message, [letter], [entry], shared=[(self._rows.change, change)]))
        return {"exchange": exchange.name}

    async def _hold_open(self, guest: Guest, exchange: Exchange, part: Part) -> None:
        """Raises Conflict BA-6036 where the exchange may not go on; that it was stopped is in the ledger then."""
        reason = ""
        if part.state is not PartState.WAITING or self._store.clock.now() >= exchange.until:
            raise STOPPED(reason=f"{part.state.value}")
        try:
            guest.configuration.peers(exchange.asker, guest.member.code)
        except Fault as fault:
            reason = fault.code
        if exchange.consents and await self._store.database.fetchval(_REVOKED, list(exchange.consents)):
            reason = "revoked"
        if not reason:
            return
        entries = [entry_of(self._store, Event.HUB_STOP, guest, exchange=exchange.name, reason=reason)]
        change = Change(exchange.id, part.holder, PartState.STOPPED, reason)
        await self._acts.write(Act(guest.message, entries=entries, shared=[(self._rows.change, change)]))
        raise STOPPED(reason="đồng ý đã thu hồi (revoked)" if reason == "revoked" else reason)

    def _letter(self, guest: Guest, exchange: Exchange, recipient: str, body: Body) -> Letter:
        message = guest.message
        now = self._store.clock.now()
        return Letter(
            exchange.id, recipient, message.sender, message.type, now, max(exchange.until, message.until),
            message.digest, body, exchange.consents if body.content else (),
        )  # fmt: skip

    async def _exchange(self, name: str) -> Exchange:
        found = await self._read.ask(exchange_id(name))
        if found is None:
            raise NO_SUCH_EXCHANGE()
        return found

    async def _read_all(self, ids: Any) -> list[Exchange | None]:
        found = await self._rows.read(ids)
        return [found.get(each) for each in ids]
