"""The MLLP framer, fed in two cuts: the frames are those of the whole."""

from __future__ import annotations

from tests.fuzz.targets import run

from benhan.hl7v2.mllp import Frame, Framer, frame


def target(data: bytes) -> None:
    if not data:
        return
    cut, stream = data[0] % (len(data) + 1), data[1:]
    whole = [event for event in Framer().feed(stream) if isinstance(event, Frame)]
    framer = Framer()
    parts = [event for piece in (stream[:cut], stream[cut:]) for event in framer.feed(piece)]
    assert whole == [event for event in parts if isinstance(event, Frame)]
    small = Framer(size_bytes_max=16, beginning_bytes=4)
    small.feed(stream)
    assert small.waiting_bytes <= 16


if __name__ == "__main__":
    run(
        ["benhan.hl7v2.mllp"],
        target,
        [b"\x05" + frame(b"MSH|a") + b"\r\n" + frame(b"MSH|b"), b"\x02x\x0bMSH\x1c\x0bMSH\x1c\r"],
    )
