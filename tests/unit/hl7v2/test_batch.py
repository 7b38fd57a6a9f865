"""Files of many messages: each comes out apart, and what the trailers count is held against what is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.hl7v2.batch import BatchReader
from benhan.hl7v2.er7 import parse_er7
from benhan.hl7v2.mllp import frame
from benhan.kernel.faults import Fault


def message(number: int) -> bytes:
    head = f"MSH|^~\\&|LIS|01901|BENHAN|01901|20260105080000||ORU^R01|C{number}|P|2.5.1"
    return f"{head}\rPID|1||BN{number}\rNTE|1||Đủ dấu\r".encode()


def batch(*messages: bytes, count: str | None = None, files: str = "1") -> bytes:
    told = str(len(messages)) if count is None else count
    return b"FHS|^~\\&|LIS\rBHS|^~\\&|LIS\r" + b"".join(messages) + f"BTS|{told}\rFTS|{files}\r".encode()


def read(data: bytes, size: int = 0) -> tuple[list[bytes], list[str]]:
    reader = BatchReader([data[at : at + size] for at in range(0, len(data), size)] if size else [data])
    return list(reader), [issue.place for issue in reader.issues]


@given(st.integers(1, 6), st.integers(1, 60), st.sampled_from([b"\r", b"\n", b"\r\n"]))
def test_each_message_comes_out_however_the_file_is_cut_and_its_lines_end(count: int, size: int, end: bytes) -> None:
    messages = [message(each) for each in range(count)]
    data = b"\xef\xbb\xbf" + batch(*messages).replace(b"\r", end)
    assert read(data, size) == (messages, [])


@given(st.integers(1, 4), st.integers(1, 60))
def test_frames_behind_each_other_and_messages_with_nothing_between_them_are_read_alike(count: int, size: int) -> None:
    messages = [message(each) for each in range(count)]
    assert read(b"".join(map(frame, messages)), size) == (messages, [])
    assert read(b"".join(messages), size) == (messages, [])


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (batch(message(1), count="2"), ["BTS-1"]),
        (batch(message(1), message(2), count="1"), ["BTS-1"]),
        (batch(message(1), count="hai"), ["BTS-1"]),
        (batch(message(1), count="²"), ["BTS-1"]),
        (batch(message(1), files="2"), ["FTS-1"]),
        (batch(message(1), count="", files=""), []),
        (batch(message(1)).split(b"BTS")[0], ["BTS", "FTS"]),
        (batch(message(1)).split(b"FTS")[0], ["FTS"]),
        (b"BHS|^~\\&\r" + message(1) + b"BTS|1\r", []),
        (b"FHS|^~\\&\r" + message(1) + message(2) + b"FTS|2\r", []),
        (message(1) + b"BTS|1\r", ["BHS"]),
        (b"BHS|^~\\&\r" + message(1) + b"BHS|^~\\&\r" + message(2) + b"BTS|1\rFTS|2\r", ["BTS", "FHS"]),
        (b"FHS|^~\\&\rFTS|0\r", ["MSH"]),
        (b"", ["MSH"]),
    ],
)
def test_what_the_headers_and_trailers_say_is_held_against_the_file(data: bytes, places: list[str]) -> None:
    assert read(data)[1] == places


def test_what_is_no_message_comes_out_too() -> None:
    found, _ = read("FHS|^~\\&\rBHS|^~\\&\rkhông phải\r".encode() + message(1) + b"BTS|2\rFTS|1\r")
    assert len(found) == 2
    with pytest.raises(Fault, match="BA-0601"):
        parse_er7(found[0])
    assert read(frame(b"rubbish") + frame(message(1)))[0] == [b"rubbish\r", message(1)]


def test_wrapped_base64_that_begins_like_a_header_is_no_header() -> None:
    one = message(1) + b"OBX|1|ED|X||^^^Base64^AAAA\rBTSAAAA\rMSH9\r"
    assert read(one + message(2))[0] == [one, message(2)]


def test_a_message_beyond_the_bound_is_cut_and_the_next_is_whole() -> None:
    reader = BatchReader([message(1) + b"x" * 500 + b"\r", message(2)], size_bytes_max=200)
    long, short = reader
    assert len(long) > 200
    assert len(long) < 300
    assert short == message(2)
    with pytest.raises(Fault, match="BA-0602"):
        parse_er7(long, size_bytes_max=200)
