"""What a person is shown of bytes that may be anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.hl7v2.er7 import readable

OLD = "MSH|^~\\&||||||||||||||||8859/1\rPID|||é"
UNKNOWN = "MSH|^~\\&||||||||||||||||KOI8\rPID|||é"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (OLD.encode("iso-8859-1"), OLD),
        (b"\r" + OLD.encode("iso-8859-1"), OLD),
        (UNKNOWN.encode("iso-8859-1"), UNKNOWN.replace("é", "\ufffd")),
        ("Xin chào".encode(), "Xin chào"),
        (b"MSH", "MSH"),
        (b"", ""),
    ],
)
def test_a_message_is_shown_in_its_character_set_and_all_else_as_far_as_it_goes(data: bytes, shown: str) -> None:
    assert readable(data) == shown


@given(st.binary(max_size=64), st.sampled_from([b"", b"MSH", b"MSH|^~\\&|"]))
def test_any_bytes_can_be_shown(data: bytes, beginning: bytes) -> None:
    assert isinstance(readable(beginning + data), str)
