"""The node's ear in the network: collects what waits at the hub, answers, keeps, receipts; says what it has done.

A letter is named as done only after all that follows from it is committed and sent, so that a kill at any moment leaves
it to be given again. A letter that cannot be read, or is not what it must be, is done too: it would be the same
tomorrow.
"""

from __future__ import annotations

import asyncio
from typing import Any

from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.network.configuration import Configuration
from benhan.network.faults import UNKNOWN_KEY
from benhan.network.messages import read_message
from benhan.node.exchange.asker import Asker
from benhan.node.exchange.holder import Holder
from benhan.node.exchange.party import Party
from benhan.store.ledger.events import Event
from benhan.store.session_lock import session_lock
from benhan.store.store import Store

log = Log("exchange")

LOCK = 0x62656E68_636F6C6C  # "benh" "coll"
WAIT_S = 20.0
PAUSE_S = 5.0
SIDE_BY_SIDE = 8
_ACTOR = system("exchange")


class Collector:
    """The task that collects, as the only one of this hospital."""

    def __init__(self, store: Store, party: Party, holder: Holder, asker: Asker) -> None:
        self._store = store
        self._party = party
        self._holder = holder
        self._asker = asker
        self._done: list[int] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Collect until `stop`; while the hub is away, look again after a pause."""
        while not stop.is_set():
            async with session_lock(self._store.database, LOCK) as lock:
                while lock is not None and not stop.is_set():
                    await lock.fetchval("select 1")  # who has lost the connection has lost the lock
                    try:
                        await self._until(stop, self.step(WAIT_S))
                    except Fault as fault:
                        log.warning("collect.failed", fault=fault.code)
                        await stopped_within(stop, PAUSE_S)
            await stopped_within(stop, PAUSE_S)

    @staticmethod
    async def _until(stop: asyncio.Event, work: Any) -> None:
        """Wait for `work`, but no longer than until `stop`: a long poll has nothing to lose."""
        working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            working.cancel()
        await asyncio.gather(working, return_exceptions=stop.is_set())

    async def step(self, wait_s: float = 0.0) -> int:
        """Collect once and do what the letters ask for; how many there were. Raises what `HubClient.send` raises."""
        configuration, signer = await self._party.configuration(), await self._party.signer()
        done, self._done = self._done, []
        body = {"done": done, "wait_s": wait_s}
        message = signer.sign("collect", configuration.hub, body, self._store.clock.now())
        try:
            letters = (await self._party.client.send(message.text)).get("letters", [])
        except Fault:
            self._done += done
            raise
        configuration = await self._party.configuration()  # the poll may have been long
        places = asyncio.Semaphore(SIDE_BY_SIDE)

        async def one(letter: dict[str, Any]) -> None:
            async with places:
                if await self._do(letter, configuration):
                    self._done.append(int(letter["id"]))

        await asyncio.gather(*(one(each) for each in letters))
        return len(letters)

    async def _do(self, letter: dict[str, Any], configuration: Configuration) -> bool:
        """Do what a letter asks for; False where it shall be given again."""
        try:
            try:
                await self._follow(letter, configuration)
            except Fault as fault:
                if fault.code != UNKNOWN_KEY.code:
                    raise
                await self._follow(letter, await self._party.renewed())
        except Fault as fault:
            log.warning("letter.refused", fault=fault.code)
            return not fault.retryable
        return True

    async def _follow(self, letter: dict[str, Any], configuration: Configuration) -> None:
        message = read_message(str(letter.get("message", "")), configuration.key_of)
        content = str(letter.get("content", ""))
        match message.type:
            case "fetch":
                made = await self._holder.answer(message, configuration)
                await self._party.client.send(made.message.text, made.content)
            case "answer":
                receipt = await self._asker.take(message, content, configuration)
                if receipt is not None:
                    await self._party.client.send(receipt.text)
            case "push":
                exchange = str(letter.get("exchange", ""))[:40]
                receipt = await self._asker.take_push(message, content, exchange, configuration)
                await self._party.client.send(receipt.text)
            case "receipt":
                unit = self._store.begin(_ACTOR)
                exchange = str(message.body.get("exchange", ""))[:40]
                unit.record(Event.EXCHANGE_RECEIPT, exchange=exchange, member=message.sender, digest=message.digest)
                await self._store.commit(unit)
