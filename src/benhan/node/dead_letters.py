"""Messages that could not be applied: read them, mend them, let them be tried again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.hl7v2.er7 import parse_er7, readable
from benhan.kernel.actors import Actor
from benhan.kernel.faults import FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace
from benhan.store.inbox import Inbox, InboxMessage, State
from benhan.store.ledger.append import Entry
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.vn.bhyt.messages import claim_in, holds_secrets, is_bhyt
from benhan.vn.bhyt.messages import readable as bhyt_text
from benhan.vn.legacy_text.detect import read_unnamed

NO_SUCH_MESSAGE = FaultCode(
    "BA-0810",
    NotFound,
    Text("Không có thông điệp này, hoặc nó không còn chờ xử lý.", "There is no such message, or it waits no longer."),
)
TOO_LONG_TO_MEND = FaultCode(
    "BA-0814",
    Incorrect,
    Text(
        "Thông điệp dài quá {limit} byte nên không sửa ở đây được: sửa ở nơi gửi rồi gửi lại.",
        "The message is longer than {limit} bytes and cannot be mended here: mend it at its sender and send it again.",
    ),
)
SECRET_MESSAGE = FaultCode(
    "BA-4040",
    Forbidden,
    Text(
        "Thông điệp có phần bí mật đặc biệt (HIV, lao). Nhờ người được phép xem, hoặc sửa ở phần mềm gốc rồi gửi lại.",
        "This message holds special secrecy (HIV, tuberculosis). Ask somebody who may see it, or mend it at its source"
        " and send it again.",
    ),
)
MESSAGE_BYTES_SHOWN = 256 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One segment of a message as text, and whether a reason points to it."""

    text: str
    is_faulty: bool


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A parked message, opened for a person who may read it."""

    message: InboxMessage
    text: str
    lines: list[Line]

    @property
    def is_xml(self) -> bool:
        """Whether it is a BHYT episode, shown with its parts unpacked."""
        return is_bhyt(self.message.kind)


class DeadLetters:
    """The parked messages of one node."""

    def __init__(self, store: Store, inbox: Inbox, *, charset: str = "utf-8") -> None:
        self._store = store
        self._inbox = inbox
        self._charset = charset

    async def listed(self, *, before: int = 2**62) -> list[InboxMessage]:
        """Parked messages, newest first."""
        return await self._inbox.listed(State.PARKED, before=before)

    async def read(self, message_id: int, actor: Actor) -> DeadLetter:
        """One message with its text; the reading is in the ledger. Raises NotFound BA-0810, Forbidden BA-4040."""
        message = await self._inbox.read(message_id)
        if message is None:
            raise NO_SUCH_MESSAGE()
        _check_secrecy(message, actor)
        unit = self._store.begin(actor)
        unit.record(Event.MESSAGE_VIEW, message=message_id)
        await self._store.commit(unit)
        if message.mended is not None:
            text = message.mended.decode()
        elif is_bhyt(message.kind):
            text = bhyt_text(message.content)[:MESSAGE_BYTES_SHOWN]
        else:
            text = readable(message.content, self._charset, read_unnamed)[:MESSAGE_BYTES_SHOWN]
        text = re.sub(r"\r\n?|\n", "\n", text).strip()
        faulty = {place.split("-")[0].split("[")[0] for place, _, _ in message.report.reasons if place}
        return DeadLetter(message, text, [Line(line, line[:3] in faulty) for line in text.split("\n")])

    async def replay(self, message_id: int, text: str | None, actor: Actor) -> None:
        """Let a message be tried again, as `text` where it was mended. The original stays.

        Raises NotFound BA-0810; Forbidden BA-4040; Incorrect BA-0814, and BA-0601… or BA-3400 where the mended text is
        no message at all.
        """
        mended = None
        if text is not None:
            message = await self._inbox.read(message_id)
            if message is not None:
                _check_secrecy(message, actor)
            if message is not None and len(message.content) > MESSAGE_BYTES_SHOWN:
                raise TOO_LONG_TO_MEND(limit=MESSAGE_BYTES_SHOWN)  # only its beginning was shown
            if message is not None and is_bhyt(message.kind):
                mended = re.sub(r"\r\n?", "\n", text.strip()).encode()
                claim_in(mended)
            else:
                mended = re.sub(r"\r\n?|\n", "\r", text.strip()).encode() + b"\r"
                parse_er7(mended, is_utf8=True)
        event = Event.MESSAGE_REPLAY if mended is None else Event.MESSAGE_MEND
        entry = Entry(
            event,
            self._store.clock.now(),
            actor.id,
            actor.role.value,
            current_trace.get(),
            detail={"message": message_id},
        )
        if not await self._inbox.replay(message_id, mended, entry):
            raise NO_SUCH_MESSAGE()


def _check_secrecy(message: InboxMessage, actor: Actor) -> None:
    """Raises Forbidden BA-4040 where a message tells what is kept from the actor."""
    if not is_bhyt(message.kind) or actor.may(Permission.SECRECY_VIEW):
        return
    if any(holds_secrets(each) for each in (message.content, message.mended) if each is not None):
        raise SECRET_MESSAGE()
