"""MLLP framing as a state machine: bytes in, events out; no socket, no clock.

Source: HL7 Minimal Lower Layer Protocol, release 1: <VT> content <FS><CR>.
A frame whose <CR> is missing after <FS> is accepted when the next byte is not a <CR>; what stands between frames is
reported and dropped; a frame over the limit is reported once and skipped to its end.
"""

from __future__ import annotations

from dataclasses import dataclass

VT, FS, CR = b"\x0b", b"\x1c", b"\x0d"


@dataclass(frozen=True, slots=True)
class Frame:
    """The content of one frame."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes outside of frames, by their number."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class TooLong:
    """A frame beyond the limit; `beginning` is its first bytes, enough to name it in the answer."""

    beginning: bytes


Event = Frame | Garbage | TooLong


def frame(content: bytes) -> bytes:
    """`content` in its frame."""
    return VT + content + FS + CR


class Framer:
    """Takes bytes as they come; gives the events they complete."""

    def __init__(self, *, size_bytes_max: int = 16 * 1024 * 1024, beginning_bytes: int = 1024) -> None:
        self._limit = size_bytes_max
        self._beginning = beginning_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._inside = False
        self._skipping = False

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes, in order."""
        self._buffer += data
        events: list[Event] = []
        while self._step(events):
            pass
        return events

    def _step(self, events: list[Event]) -> bool:
        return self._read_frame(events) if self._inside else self._seek_start(events)

    def _seek_start(self, events: list[Event]) -> bool:
        start = self._buffer.find(VT)
        outside = self._buffer if start < 0 else self._buffer[:start]
        dropped = len(outside.strip(b"\r\n \x1c"))
        if dropped:
            events.append(Garbage(dropped))
        if start < 0:
            self._buffer.clear()
            return False
        del self._buffer[: start + 1]
        self._inside, self._searched = True, 0
        return True

    def _read_frame(self, events: list[Event]) -> bool:
        end = self._buffer.find(FS, self._searched)
        if end < 0:
            self._searched = len(self._buffer)
            self._shed(events)
            return False
        content = bytes(self._buffer[:end])
        after = self._buffer[end + 1 : end + 2]
        del self._buffer[: end + (2 if after == CR else 1)]
        self._inside = False
        if self._skipping:
            self._skipping = False
        elif len(content) > self._limit:
            events.append(TooLong(content[: self._beginning]))
        else:
            events.append(Frame(content))
        return True

    def _shed(self, events: list[Event]) -> None:
        """Hold no more of an endless frame than its beginning."""
        if len(self._buffer) <= self._limit:
            return
        if not self._skipping:
            events.append(TooLong(bytes(self._buffer[: self._beginning])))
            self._skipping = True
        self._buffer.clear()
        self._searched = 0
