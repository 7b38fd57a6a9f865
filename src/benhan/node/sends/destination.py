"""What a destination is: how its messages are made, sent and understood; everything else is the same for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from benhan.kernel.faults import Fault
from benhan.kernel.texts import Text
from benhan.store.sends import Message, Wish


class Mode(Enum):
    """How far the node goes by itself."""

    OFF = "off"
    FILE = "file"
    """It makes the files; a person hands them over at the receiver's own pages."""
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Made:
    """A message's file as it may be sent, what it says as a hash, its name for people, our number for it.

    `held` is why it cannot be sent yet; the file is then there to be looked at, or signed by hand.
    """

    content: bytes
    content_hash: int
    label: str
    number: str = ""
    held: Fault | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver's answer that it has a message: its number, its words. `fault` where a person must look."""

    number: str
    words: str = ""
    fault: Fault | None = None


class Destination(Protocol):
    """One authority, by one version of its interface."""

    name: str
    """`bhxh`: of its settings, addresses and rows."""
    adapter: str
    """Interface and version, kept with each message."""
    title: Text
    mode: Mode
    side_by_side: int
    """How many messages may be on their way at once."""
    try_s: float
    """How long a try may take."""
    away: frozenset[str]
    """Codes of faults that are its own, not the message's: it was not reached, failed, lets us not in."""

    async def wishes(self, patient: int, trace: str, began_at: datetime) -> Sequence[Wish]:
        """What should be sent of what is known of a patient (a rid); [] where the destination is fed by files."""
        ...

    async def make(self, message: Message) -> Made | None:
        """The file of a message; None where there is nothing to be sent after all. Raises Faults that park it."""
        ...

    async def send(self, message: Message) -> Receipt:
        """Hand a message over. Raises the Faults of `away`; any other Incorrect one is the receiver's refusal."""
        ...

    async def check_mended(self, message: Message, content: bytes) -> Made:
        """A file that a person hands in for a message. Raises Incorrect where it is none, or another's."""
        ...

    def file_name(self, message: Message) -> str:
        """How a message's file is called."""
        ...

    async def close(self) -> None: ...
