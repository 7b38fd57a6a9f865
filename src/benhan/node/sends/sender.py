"""The task that empties one destination's list: makes what is due, keeps it, sends it, keeps the answer.

While the destination is away one message probes for it, and the others wait without being tried. What the receiver
refuses waits for a person and is not sent again by itself.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import replace

from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within, woken
from benhan.kernel.trace import current_trace
from benhan.node.sends.destination import Destination, Made, Mode
from benhan.node.sends.faults import NOT_ENDED, NOT_MADE, SILENT
from benhan.store.backoff import retry_delay
from benhan.store.database import Connection
from benhan.store.inbox import reasons_of
from benhan.store.outbox import BROKEN_ATTEMPTS_MAX
from benhan.store.send_state import SendState
from benhan.store.sends import SENDER, About, Message, Sends
from benhan.store.session_lock import session_lock
from benhan.store.store import Store

log = Log("sends")

LOCK = 0x62656E68_00000000  # "benh", and the name of the destination
BATCH = 16
LOOK_S = 1.0
OTHER_SENDS_S = 5.0
PROBE_FIRST_S, PROBE_MOST_S = 1.0, 60.0


class Sender:
    """Sends to one destination, as the only one of this node that does."""

    def __init__(self, store: Store, sends: Sends, destination: Destination) -> None:
        self._store = store
        self._sends = sends
        self._destination = destination
        self.failed_rounds = 0
        """How often in a row the destination was found away; 0 while it answers."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop`; what was begun then is ended."""
        key = LOCK | zlib.crc32(self._destination.name.encode())
        while not stop.is_set():
            async with session_lock(self._store.database, key) as lock:
                if lock is not None:
                    await self._sends.begin(self._destination.name)
                    await self._sends.hasten(self._destination.name)
                    await self._work(stop, lock)
            await stopped_within(stop, OTHER_SENDS_S)

    async def _work(self, stop: asyncio.Event, lock: Connection) -> None:
        while not stop.is_set():
            if self.failed_rounds and await stopped_within(stop, self._pause_s()):
                return
            self._sends.arrived.clear()
            await lock.fetchval("select 1")  # who has lost the connection has lost the lock
            if not await self.send_some():
                await woken(stop, self._sends.arrived, LOOK_S)

    def _pause_s(self) -> float:
        delay = retry_delay(self.failed_rounds, self._store.random, first_s=PROBE_FIRST_S, most_s=PROBE_MOST_S)
        return delay.total_seconds()

    async def send_some(self) -> int:
        """Send what is due now, one as a probe where the destination was away; gives how many were tried."""
        claimed = await self._sends.claim(self._destination.name, 1 if self.failed_rounds else BATCH)
        places, is_away = asyncio.Semaphore(self._destination.side_by_side), asyncio.Event()
        answered: list[bool] = []

        async def one(message: Message) -> None:
            async with places:
                if is_away.is_set():
                    await self._sends.release([message])
                    return
                answer = await self._one(message)
                if answer is not None:
                    answered.append(answer)
                if answer is False:
                    is_away.set()

        done = await asyncio.gather(*(one(each) for each in claimed), return_exceptions=True)
        if answered:
            if all(answered) and self.failed_rounds:
                await self._sends.answers(self._destination.name)
            self.failed_rounds = 0 if all(answered) else self.failed_rounds + 1
        for failure in done:
            if failure is not None:
                raise failure
        return len(claimed)

    async def _one(self, message: Message) -> bool | None:
        """Make and send one message; whether the destination answered, None where it was not asked."""
        token = current_trace.set(message.trace)
        try:
            ready = await self._ready(message)
            return await self._sent(ready) if ready is not None else None
        finally:
            current_trace.reset(token)

    async def _ready(self, message: Message) -> Message | None:
        """The message as it is about to be sent, kept; None where it is not sent now. Raises what may pass."""
        try:
            return await self._prepared(message)
        except Fault as fault:
            if fault.retryable:
                raise  # the store is away: the message is given back by its lease
            await self._park(message, fault)
        except Exception as cause:  # noqa: BLE001  # a mistake of ours in one message must not stop the others
            log.failure(
                "send.broken",
                cause,
                destination=self._destination.name,
                kind=message.kind,
                attempt=message.attempts + 1,
            )
            if message.attempts + 1 < BROKEN_ATTEMPTS_MAX:
                await self._sends.failed(message, NOT_MADE.code)
            else:
                await self._park(message, NOT_MADE())
        return None

    async def _prepared(self, message: Message) -> Message | None:
        destination = self._destination
        if message.state is not SendState.SENT:
            made = await self._make(message)
            if made is None:
                return None
            message = as_made(message, made, destination.adapter)
            if made.held is not None:
                await self._park(message, made.held)
                return None
        if destination.mode is Mode.FILE:
            await self._sends.settled(message, SendState.READY)
            return None
        return await self._sends.prepared(message, destination.adapter)

    async def _make(self, message: Message) -> Made | None:
        """The file of a message; None where there is nothing to be sent, or nothing new: then it is forgotten."""
        if message.content:
            return await self._destination.check_mended(message, message.content)
        made = await self._destination.make(message)
        if message.asked_by != SENDER:
            if made is None:
                raise NOT_ENDED()
            return made
        if made is not None and not await self._sends.is_as_before(message, made.content_hash):
            return made
        await self._sends.drop(message)
        return None

    async def _sent(self, message: Message) -> bool:
        """Hand it over and keep the answer; whether the destination answered."""
        destination = self._destination
        try:
            async with asyncio.timeout(destination.try_s):
                receipt = await destination.send(message)
        except TimeoutError:
            return await self._away(message, SILENT(seconds=int(destination.try_s)))
        except Fault as fault:
            if fault.code in destination.away:
                return await self._away(message, fault)
            log.warning("send.refused", fault=fault.code, destination=self._destination.name, kind=message.kind)
            refused = replace(message, about=About(message.about.label, reasons_of(fault)))
            await self._sends.settled(refused, SendState.REFUSED, fault=fault.code)
            return True
        if receipt.fault is not None:
            told = replace(message, about=About(message.about.label, reasons_of(receipt.fault)))
            code = receipt.fault.code
            await self._sends.settled(told, SendState.PARKED, fault=code, receipt=receipt.number, note=receipt.words)
        else:
            log.info("send.received", destination=destination.name, kind=message.kind, attempt=message.attempts)
            clean = replace(message, about=About(message.about.label))
            await self._sends.settled(clean, SendState.RECEIVED, receipt=receipt.number, note=receipt.words)
        return True

    async def _away(self, message: Message, fault: Fault) -> bool:
        log.warning(
            "send.failed",
            fault=fault.code,
            destination=self._destination.name,
            kind=message.kind,
            attempt=message.attempts,
        )
        await self._sends.failed(message, fault.code)
        await self._sends.away(self._destination.name, fault.code)
        return False

    async def _park(self, message: Message, fault: Fault) -> None:
        log.warning("send.parked", fault=fault.code, destination=self._destination.name, kind=message.kind)
        told = replace(message, about=About(message.about.label, reasons_of(fault)))
        await self._sends.settled(told, SendState.PARKED, fault=fault.code)


def as_made(message: Message, made: Made, adapter: str) -> Message:
    """A message with the file that was made for it."""
    return replace(
        message,
        content=made.content,
        content_hash=made.content_hash,
        number=made.number or message.number,
        about=About(made.label),
        adapter=adapter,
    )
