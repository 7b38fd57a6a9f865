"""Where a message to an authority stands."""

from __future__ import annotations

from enum import Enum


class SendState(Enum):
    """The states, in the order of a message's way."""

    WAITING = "waiting"
    """To be made or sent; nobody need do anything."""
    SENT = "sent"
    """On its way: what became of it is not known yet. It is sent again, the same, until there is an answer."""
    RECEIVED = "received"
    """The receiver has it, and gave a receipt."""
    REFUSED = "refused"
    """The receiver does not take it; a person mends it."""
    PARKED = "parked"
    """It cannot be made or signed here; a person mends it."""
    READY = "ready"
    """Its file is there for a person to hand over."""
    BY_HAND = "by_hand"
    """A person handed it over, and said so."""
    REPLACED = "replaced"
    """A later version took its place before it was received."""

    @property
    def is_done(self) -> bool:
        """Whether nobody need do anything more."""
        return self in (SendState.RECEIVED, SendState.BY_HAND, SendState.REPLACED)
