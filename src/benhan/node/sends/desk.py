"""What people do with messages to authorities: look, send again, hand in a mended file, say that it was done by hand.

Nothing is changed that was sent: sending again and mending make a new version, and the one before is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.texts import Text
from benhan.node.sends.destination import Destination, Mode
from benhan.node.sends.faults import NO_FILE, NO_REASON, NO_SUCH_DESTINATION, NO_SUCH_SEND, NOT_WAITING
from benhan.node.sends.ministry_hub import Handed, MinistryHub
from benhan.store.inbox import reasons_of
from benhan.store.send_state import SendState
from benhan.store.sends import About, Counts, Happening, Message, Sends, Standing, Wish
from benhan.store.store import Store

NOTE_CHARACTERS_MAX = 500
ENDED = (SendState.REFUSED, SendState.PARKED, SendState.READY)
"""States that wait for a person."""
BUCKET_MAX = 2**15 - 1


@dataclass(frozen=True, slots=True)
class Overview:
    """A destination as the first page shows it."""

    name: str
    title: Text
    mode: Mode
    takes_files: bool
    standing: Standing
    counts: Counts

    def count(self, *states: str) -> int:
        """How many messages are in those states."""
        return sum(self.counts.by_state.get(SendState(state), 0) for state in states)

    @property
    def oldest_waiting(self) -> datetime | None:
        oldest = [self.counts.oldest.get(state) for state in (SendState.WAITING, SendState.SENT)]
        return min((each for each in oldest if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Opened:
    """One message with all that is known of it."""

    message: Message
    history: list[Happening]
    versions: list[Message]
    is_late: bool

    @property
    def waits_for_person(self) -> bool:
        return self.message.state in ENDED and self.versions[0].key == self.message.key


class Desk:
    """The messages of one node."""

    def __init__(self, store: Store, sends: Sends, destinations: Sequence[Destination]) -> None:
        self._store = store
        self._sends = sends
        self._by_name = {each.name: each for each in destinations}

    @property
    def clock(self) -> Clock:
        return self._store.clock

    def destination(self, name: str) -> Destination:
        """Raises NotFound BA-3997."""
        found = self._by_name.get(name)
        if found is None:
            raise NO_SUCH_DESTINATION()
        return found

    async def overviews(self) -> list[Overview]:
        """Every destination that is on."""
        return [await self.overview(name) for name in self._by_name]

    async def overview(self, name: str) -> Overview:
        """One destination. Raises NotFound BA-3997."""
        each = self.destination(name)
        standing, counts = await self._sends.begin(name), await self._sends.counts(name)
        return Overview(name, each.title, each.mode, isinstance(each, MinistryHub), standing, counts)

    async def listed(self, name: str, state: str = "", *, before: int = 2**62) -> list[Message]:
        """Messages of a destination, newest first. Raises NotFound BA-3997."""
        self.destination(name)
        return await self._sends.listed(name, state, before=before)

    async def read(self, name: str, key: str) -> Opened:
        """One message. Raises NotFound BA-3996, BA-3997."""
        message = await self._message(name, key)
        return Opened(
            message,
            await self._sends.history(message),
            await self._sends.versions(message),
            message.is_late(self._store.clock.now()),
        )

    async def file(self, name: str, key: str, actor: Actor) -> tuple[str, bytes]:
        """A message's file and its name; the taking is in the ledger. Raises NotFound BA-3996, BA-3997, BA-4001."""
        message = await self._message(name, key)
        if not message.content:
            raise NO_FILE()
        await self._sends.viewed(message, actor)
        return self.destination(name).file_name(message), message.content

    async def retry(self, name: str, key: str, actor: Actor) -> str:
        """Send again, made anew from the record where it was made from it; gives the new version's key.

        Raises NotFound BA-3996, BA-3997; Conflict BA-3998 where it waits for nobody.
        """
        message = await self._waiting_for_person(name, key)
        content = None if message.subject.startswith("Encounter/") else message.content or None
        return await self._anew(message, actor, content)

    async def mend(self, name: str, key: str, content: bytes, actor: Actor) -> str:
        """Send a file that a person mended or signed; gives the new version's key.

        Raises as `retry`; Incorrect where it is no file of this kind or another's (BA-3400, BA-3560, BA-3999).
        """
        message = await self._waiting_for_person(name, key)
        made = await self.destination(name).check_mended(message, content)
        message = replace(message, about=About(made.label), content_hash=made.content_hash)
        return await self._anew(message, actor, content, made.held)

    async def by_hand(self, name: str, key: str, reason: str, receipt: str, actor: Actor) -> None:
        """Say that it was handed over at the receiver's own pages. Raises as `retry`; Incorrect BA-4000."""
        message = await self._waiting_for_person(name, key)
        reason, receipt = reason.strip()[:NOTE_CHARACTERS_MAX], receipt.strip()[:100]
        if not reason and not receipt:
            raise NO_REASON()
        if not await self._sends.settled(message, SendState.BY_HAND, actor=actor, receipt=receipt, note=reason):
            raise NOT_WAITING()

    async def ask(self, name: str, encounter_id: str, actor: Actor) -> str:
        """Send the claim of an encounter now, whenever it ended; "" where it is about to be sent anyhow.

        Raises NotFound BA-3997, BA-0401.
        """
        self.destination(name)
        encounter = await self._store.resources.read("Encounter", encounter_id, actor)
        await self._sends.begin(name)
        subject = f"Encounter/{encounter.id}"
        wish = Wish(encounter.patient, name, "claim", subject, About(""), "0" * 32, asked_by=actor.id)
        keys = await self._sends.put([wish])
        return keys[0] if keys else ""

    async def receive(self, name: str, files: Sequence[tuple[str, bytes]], actor: Actor) -> list[Handed]:
        """Take files that a check-up program made. Raises NotFound BA-3997 where the destination takes none."""
        destination = self.destination(name)
        if not isinstance(destination, MinistryHub):
            raise NO_SUCH_DESTINATION()
        return [await destination.receive(file, content, actor) for file, content in files]

    async def _anew(self, message: Message, actor: Actor, content: bytes | None, held: Fault | None = None) -> str:
        wish = Wish(
            message.patient,
            message.destination,
            message.kind,
            message.subject,
            About(message.about.label, reasons_of(held) if held is not None else ()),
            message.trace,
            asked_by=actor.id,
            due_at=message.due_at,
            content=content,
            content_hash=message.content_hash,
            state=SendState.PARKED if held is not None else SendState.WAITING,
            fault=held.code if held is not None else "",
        )
        keys = await self._sends.put([wish])
        if not keys:
            raise NOT_WAITING()
        return keys[0]

    async def _waiting_for_person(self, name: str, key: str) -> Message:
        message = await self._message(name, key)
        if message.state not in ENDED:
            raise NOT_WAITING()
        return message

    async def _message(self, name: str, key: str) -> Message:
        self.destination(name)
        bucket, _, number = key.partition("-")
        is_key = bucket.isascii() and bucket.isdigit() and number.isascii() and number.isdigit()
        if not is_key or len(bucket) > 5 or len(number) > 18 or int(bucket) > BUCKET_MAX:
            raise NO_SUCH_SEND()
        message = await self._sends.read(int(bucket), int(number))
        if message is None or message.destination != name:
            raise NO_SUCH_SEND()
        return message
