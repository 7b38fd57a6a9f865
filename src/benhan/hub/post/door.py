"""The door for members: who sent a message, whether it is theirs, of now, for us, and not too many. Deny by default."""

from __future__ import annotations

from dataclasses import dataclass

from benhan.access.rates import Rate
from benhan.hub.faults import NOT_CAPABLE, TOO_OFTEN, UNKNOWN_TYPE
from benhan.hub.members.members import Members
from benhan.network.configuration import Configuration, Member
from benhan.network.exchanges import ASK_LIFE_MAX
from benhan.network.faults import BAD_MESSAGE
from benhan.network.messages import Message, hold_to_now, read_message
from benhan.store.store import Store

CAPABILITIES = {
    "ask": "ask",
    "receipt": "ask",
    "answer": "hold",
    "register": "hold",
    "push": "hold",
    "consent": "consent",
    "revoke": "consent",
    "consents": "consent",
    "collect": "",
}
"""What a member must be able to do to send a message of a type; a type that is not here is taken from nobody."""
CARRIED = frozenset({"answer", "receipt", "push"})
"""What one member says to another, by way of the hub."""
BURST, PER_S = 400.0, 200.0
"""How many messages a member may send at once, and a second: a hospital of 1,000 beds sends a few a second."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Who was let in: the message, the member, the configuration by which it was judged."""

    message: Message
    member: Member
    configuration: Configuration


class Door:
    """Lets members' messages in."""

    def __init__(self, store: Store, members: Members, *, burst: float = BURST, per_s: float = PER_S) -> None:
        self._store = store
        self._members = members
        self._rate = Rate(store.clock, burst=burst, per_s=per_s)

    async def admit(self, text: str) -> Guest:
        """Who sent a message to the hub.

        Raises Incorrect BA-6000 (also for one that wants to count for longer than three days), BA-6003 to BA-6005,
        BA-6043; Forbidden BA-6001, BA-6002, BA-6006, BA-6032; Busy BA-6031; Unavailable BA-6009.
        """
        configuration = await self._members.configuration()
        message = read_message(text, configuration.key_of)
        if not self._rate.take(message.sender):  # after the signature: nobody spends another's share
            raise TOO_OFTEN()
        recipient = message.recipient if message.type in CARRIED else self._members.code
        hold_to_now(message, recipient, self._store.clock.now())
        if message.until - message.at > ASK_LIFE_MAX:  # its number would have to be remembered as long
            raise BAD_MESSAGE(what="exp")
        member = configuration.member(message.sender)
        capability = CAPABILITIES.get(message.type)
        if capability is None:
            raise UNKNOWN_TYPE(type="".join(each for each in message.type if each.isalnum() or each in ".-")[:30])
        if capability == "consent":
            if not member.attests:
                raise NOT_CAPABLE(capability=capability)
        elif capability and capability not in member.capabilities:
            raise NOT_CAPABLE(capability=capability)
        return Guest(message, member, configuration)
