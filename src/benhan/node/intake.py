"""From a frame to its acknowledgement: what arrives is committed to the inbox, then answered, never the other way.

A message that cannot be taken is kept too, parked with its reasons, and answered AE or AR.
"""

from __future__ import annotations

from dataclasses import dataclass

from benhan.hl7v2.ack import Header, acknowledge, read_header
from benhan.hl7v2.er7 import SIZE_BYTES_MAX, parse_er7
from benhan.hl7v2.faults import FRAME_TOO_LONG, NO_CONTROL_ID
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.kernel.logs import Log
from benhan.kernel.trace import new_trace_id
from benhan.mapping.message_to_fhir import mapping_of
from benhan.store.inbox import Arrival, Inbox, Receipt
from benhan.vn.legacy_text.detect import read_unnamed

log = Log("intake")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message of a file: its MSH-10 and type, whether it was known, why it is parked."""

    control_id: str
    kind: str
    receipt: Receipt
    fault: Fault | None


class Intake:
    """Answers frames."""

    def __init__(self, inbox: Inbox, clock: Clock, random: RandomSource, *, charset: str = "utf-8") -> None:
        self._inbox = inbox
        self._clock = clock
        self._random = random
        self._charset = charset
        self.received = 0
        self.refused = 0

    async def receive(self, frame: bytes) -> bytes:
        """The acknowledgement of `frame`, after its commit.

        AA for what will be applied or was received before, AE or AR for what is parked. Where the commit itself fails
        the answer is AR (or CR) with a retryable fault and nothing is kept: the sender has it still.
        """
        header = read_header(frame)
        return await self._keep(header, self._arrival(header, frame, self._refusal(header, frame)))

    async def refuse_long(self, beginning: bytes, limit_bytes: int) -> bytes:
        """The answer to a frame beyond the limit, of which only the beginning is kept."""
        header = read_header(beginning)
        return await self._keep(header, self._arrival(header, beginning, FRAME_TOO_LONG(limit=limit_bytes)))

    async def take(self, message: bytes) -> Taken:
        """Keep a message that nobody waits to have acknowledged. Raises what the inbox raises when it is away."""
        header = read_header(message)
        fault = self._refusal(header, message)
        kept = message[:SIZE_BYTES_MAX] if len(message) > SIZE_BYTES_MAX else message
        receipt = await self._received(self._arrival(header, kept, fault))
        return Taken(header[10], _kind(header), receipt, fault)

    def _arrival(self, header: Header, frame: bytes, fault: Fault | None) -> Arrival:
        sender, trace = f"{header[3]}@{header[4]}", new_trace_id(self._random)
        return Arrival(self._clock.now(), sender, header[10], _kind(header), trace, frame, fault)

    async def _keep(self, header: Header, arrival: Arrival) -> bytes:
        try:
            await self._received(arrival)
        except Fault as failed:
            log.warning("message.not_kept", fault=failed.code)
            return self._answer(header, failed)
        return self._answer(header, arrival.fault)

    async def _received(self, arrival: Arrival) -> Receipt:
        receipt = await self._inbox.receive(arrival)
        self.received += 1
        if arrival.fault is not None:
            self.refused += 1
            log.info("message.parked", fault=arrival.fault.code, kind=arrival.kind)
        return receipt

    def _refusal(self, header: Header, frame: bytes) -> Fault | None:
        """Why a frame is parked at once, or None. Mapping faults come later, when it is applied."""
        try:
            message = parse_er7(frame, default_charset=self._charset, guess=read_unnamed)
            mapping_of(message)
        except Fault as fault:
            return fault
        return None if header[10] else NO_CONTROL_ID()

    def _answer(self, header: Header, fault: Fault | None) -> bytes:
        at = self._clock.now().strftime("%Y%m%d%H%M%S")
        return acknowledge(header, at=at, own_id=self._random.bytes(8).hex(), fault=fault)


def _kind(header: Header) -> str:
    """`ORU^R01`, or `?` where the header does not say."""
    parts = [part for part in header[9].split("^")[:2] if part.isalnum() and len(part) <= 3]
    return "^".join(parts) or "?"
