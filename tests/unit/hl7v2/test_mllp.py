"""MLLP framing: the same stream gives the same frames however the line cuts it."""

from __future__ import annotations

import random

import pytest

from benhan.hl7v2.er7 import parse_er7
from benhan.hl7v2.mllp import Event, Frame, Framer, Garbage, TooLong, frame
from benhan.kernel.faults import Fault

ONE, TWO, THREE = b"MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|Bệnh\r".encode(), b"MSH|^~\\&|C" + b"x" * 300
CLEAN = frame(ONE) + frame(TWO) + frame(THREE)
NOISY = b"noise" + frame(ONE) + b"\r\n??" + frame(b"y" * 2000) + frame(TWO) + b"\x1c\r" + frame(THREE) + b"tail"


def fed(framer: Framer, stream: bytes, sizes: list[int]) -> list[Event]:
    """The events of `stream` fed in pieces of `sizes`."""
    events: list[Event] = []
    at = 0
    for size in sizes:
        events += framer.feed(stream[at : at + size])
        at += size
    return events + framer.feed(stream[at:])


def without_garbage(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, Garbage)]


def garbage_bytes(events: list[Event]) -> int:
    return sum(event.size_bytes for event in events if isinstance(event, Garbage))


def test_a_whole_stream_gives_its_frames_in_order() -> None:
    assert Framer().feed(CLEAN) == [Frame(ONE), Frame(TWO), Frame(THREE)]


def test_byte_by_byte_gives_the_same_frames() -> None:
    assert fed(Framer(), CLEAN, [1] * len(CLEAN)) == [Frame(ONE), Frame(TWO), Frame(THREE)]


@pytest.mark.parametrize("seed", range(40))
def test_any_cuts_give_the_same_frames_and_count_the_same_garbage(seed: int) -> None:
    chance = random.Random(seed)
    sizes = [chance.choice((1, 2, 3, 7, 50, 500)) for _ in range(chance.randrange(1, 200))]
    whole = Framer(size_bytes_max=1000, beginning_bytes=10).feed(NOISY)
    cut = fed(Framer(size_bytes_max=1000, beginning_bytes=10), NOISY, sizes)
    assert without_garbage(whole) == [Frame(ONE), TooLong(b"y" * 10), Frame(TWO), Frame(THREE)]
    assert without_garbage(cut) == without_garbage(whole)
    assert garbage_bytes(cut) == garbage_bytes(whole) == len(b"noise??tail")


def test_bytes_before_the_first_start_are_told_by_number_and_dropped() -> None:
    assert Framer().feed(b"hello" + frame(ONE)) == [Garbage(5), Frame(ONE)]


def test_line_ends_between_frames_are_no_garbage() -> None:
    assert Framer().feed(b"\r\n" + frame(ONE) + b"\r\n \n" + frame(TWO)) == [Frame(ONE), Frame(TWO)]


def test_a_message_without_its_start_is_garbage_and_the_next_one_is_heard() -> None:
    assert Framer().feed(ONE + b"\x1c\r" + frame(TWO))[-1] == Frame(TWO)
    assert garbage_bytes(Framer().feed(ONE + b"\x1c\r" + frame(TWO))) > 0


def test_a_frame_without_its_end_waits() -> None:
    framer = Framer()
    assert framer.feed(b"\x0b" + ONE) == []
    assert framer.waiting_bytes == len(ONE)
    assert framer.feed(b"\x1c\r") == [Frame(ONE)]
    assert framer.waiting_bytes == 0


def test_two_messages_run_together_are_never_taken_as_one_good_message() -> None:
    events = Framer().feed(b"\x0b" + ONE + frame(TWO))
    assert len(events) == 1
    assert isinstance(events[0], Frame)
    with pytest.raises(Fault, match="BA-0605"):
        parse_er7(events[0].content)


def test_a_missing_carriage_return_after_the_end_is_forgiven() -> None:
    assert Framer().feed(b"\x0b" + ONE + b"\x1c" + frame(TWO)) == [Frame(ONE), Frame(TWO)]


def test_a_frame_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    framer = Framer(size_bytes_max=10, beginning_bytes=4)
    assert framer.feed(frame(b"0123456789")) == [Frame(b"0123456789")]
    assert framer.feed(frame(b"0123456789x")) == [TooLong(b"0123")]


def test_an_endless_frame_is_reported_once_held_within_the_limit_and_skipped_to_its_end() -> None:
    framer = Framer(size_bytes_max=1000, beginning_bytes=8)
    events = framer.feed(b"\x0bMSH|^~\\&")
    for _ in range(500):
        events += framer.feed(b"z" * 100)
        assert framer.waiting_bytes <= 1000
    assert events == [TooLong(b"MSH|^~\\&")]
    assert framer.feed(b"\x1c\r" + frame(ONE)) == [Frame(ONE)]


def test_an_empty_frame_is_a_frame() -> None:
    assert Framer().feed(frame(b"")) == [Frame(b"")]
