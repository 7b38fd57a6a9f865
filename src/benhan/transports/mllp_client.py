"""Sending HL7 v2: a message, and the acknowledgement that names it."""

from __future__ import annotations

import asyncio

from benhan.hl7v2.ack import read_header
from benhan.hl7v2.er7 import parse_er7
from benhan.hl7v2.faults import NO_ANSWER
from benhan.hl7v2.message import Message
from benhan.hl7v2.mllp import Frame, Framer, frame
from benhan.kernel.faults import Fault, FaultCode, Unavailable
from benhan.kernel.texts import Text

NOBODY_LISTENS = FaultCode(
    "BA-0620",
    Unavailable,
    Text("Không kết nối được tới {host}:{port}.", "Nobody answers at {host}:{port}."),
)


class MllpClient:
    """A connection to a listener; one message at a time."""

    def __init__(self, host: str, port: int, *, timeout_s: float = 10.0) -> None:
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, content: bytes) -> Message:
        """The acknowledgement of `content`. Raises Unavailable BA-0620; Incorrect BA-0610 where it names another."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(content)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as cause:
            await self.close()
            raise NOBODY_LISTENS(host=self._host, port=self._port) from cause

    async def _exchange(self, content: bytes) -> Message:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        assert self._reader is not None
        self._writer.write(frame(content))
        framer = Framer()
        while True:
            data = await self._reader.read(65536)
            if not data:
                raise asyncio.IncompleteReadError(b"", None)
            for event in framer.feed(data):
                if isinstance(event, Frame):
                    return await self._checked(event.content, read_header(content)[10])

    async def _checked(self, data: bytes, control_id: str) -> Message:
        """The answer in `data`; after one that does not fit, the connection is of no use."""
        try:
            answer = parse_er7(data)
            msa = answer.first("MSA")
            if msa is not None and msa.raw(2) == control_id:
                return answer
        except Fault as cause:
            await self.close()
            raise NO_ANSWER() from cause
        await self.close()
        raise NO_ANSWER()

    async def close(self) -> None:
        """Close the connection; the next message opens another."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
