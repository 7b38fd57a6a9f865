"""ER7: delimiters, escapes, character sets by MSH-18, and messages that are none."""

from __future__ import annotations

import unicodedata

import pytest

from benhan.hl7v2.er7 import SEGMENTS_MAX, parse_er7
from benhan.hl7v2.message import NULL, Delimiters, escape, unescape
from benhan.kernel.faults import Fault


def message(body: bytes, charset: bytes = b"") -> bytes:
    return b"MSH|^~\\&|A|B|C|D|20260105||ADT^A01|1|P|2.5.1||||||" + charset + b"\r" + body


def windows_1258(text: str) -> bytes:
    """`text` as Windows-1258 writes Vietnamese: letters with their hats, tone marks after them."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    spread = ""
    for each in text:
        parts = unicodedata.normalize("NFD", each)
        tone = next((mark for mark in parts if mark in tones), "")
        spread += unicodedata.normalize("NFC", parts.replace(tone, "")) + tone if tone else each
    return spread.encode("cp1258")


def code_of(data: bytes) -> str:
    with pytest.raises(Fault) as caught:
        parse_er7(data)
    return caught.value.code


def test_fields_are_counted_as_the_standard_counts_them_in_msh_and_elsewhere() -> None:
    parsed = parse_er7(message(b"PID|1||BN1^^^01901^MR~X^^^Y^NI||Nguyen^An\r"))
    assert (parsed.msh.raw(1), parsed.msh.raw(2), parsed.msh.raw(3)) == ("|", "^~\\&", "A")
    assert (parsed.type, parsed.control_id, parsed.sender) == ("ADT^A01", "1", "A@B")
    pid = parsed.segments[1]
    assert pid.repetitions(3) == ["BN1^^^01901^MR", "X^^^Y^NI"]
    assert (pid.text(5, 1), pid.text(5, 2), pid.text(5, 3), pid.text(99)) == ("Nguyen", "An", "", "")


def test_other_delimiters_are_read_from_msh() -> None:
    parsed = parse_er7(b"MSH#*!?@#A#B#C#D#2026##ADT*A01#1#P#2.5\rPID#1##X*Y!Z##A?F?B*C@D\r")
    pid = parsed.segments[1]
    assert pid.repetitions(3) == ["X*Y", "Z"]
    assert (pid.text(5, 1), pid.text(5, 2, 1), pid.text(5, 2, 2)) == ("A#B", "C", "D")


def test_delimiters_that_msh_2_leaves_out_are_the_usual_ones() -> None:
    assert parse_er7(b"MSH|^|A|B||||ADT").msh.delimiters == Delimiters()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\F\\S\\T\\R\\E\ ", "|^&~\\ "),
        (r"a\.br\b\.sp\c", "a\nb\nc"),
        (r"\H\bold\N\ ", "bold "),
        (r"\XE1BB87\ ", "ệ "),
        (r"\Xzz\ ", r"\Xzz\ "),
        (r"\Zlocal\ ", r"\Zlocal\ "),
        (r"50\% of", r"50\% of"),
    ],
)
def test_escape_sequences(written: str, read: str) -> None:
    assert unescape(written, Delimiters()) == read


@pytest.mark.parametrize("text", ["a|b^c&d~e\\f", "\\F\\", "Bệnh viện", "\\.br\\"])
def test_what_is_escaped_reads_as_it_was(text: str) -> None:
    assert unescape(escape(text, Delimiters()), Delimiters()) == text


@pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n"])
def test_segments_may_end_in_cr_lf_or_both(ending: bytes) -> None:
    data = message(b"PID|1\rPV1|1\r").replace(b"\r", ending)
    assert [each.name for each in parse_er7(data).segments] == ["MSH", "PID", "PV1"]


def test_an_empty_field_and_the_explicit_null_differ_as_written_and_read_as_nothing() -> None:
    pid = parse_er7(message(b'PID|1||""||\r')).segments[1]
    assert (pid.raw(3), pid.raw(4)) == (NULL, "")
    assert (pid.text(3), pid.text(4)) == ("", "")


@pytest.mark.parametrize(
    ("named", "codec"),
    [
        (b"UNICODE UTF-8", "utf-8"),
        (b"unicode utf-8", "utf-8"),
        (b"8859/1", "iso-8859-1"),
        (b"", "utf-8"),
        (b"ASCII~UNICODE UTF-8", "ascii"),
    ],
)
def test_the_text_is_read_in_the_character_set_of_msh_18(named: bytes, codec: str) -> None:
    text = "An" if codec == "ascii" else "Café"
    parsed = parse_er7(message(f"PID|1||1||{text}\r".encode(codec), named))
    assert parsed.segments[1].text(5) == text
    assert parsed.charset == codec
    assert not parsed.is_guessed


@pytest.mark.parametrize("named", [b"", b"ASCII"])
def test_text_of_no_declared_character_set_is_read_as_windows_1258_and_marked_as_a_guess(named: bytes) -> None:
    parsed = parse_er7(message(windows_1258("PID|1||1||Lê Đức\r"), named))
    assert parsed.segments[1].text(5) == "Lê Đức"
    assert (parsed.charset, parsed.is_guessed) == ("cp1258", True)


def test_the_default_of_the_place_is_used_where_msh_18_is_empty() -> None:
    parsed = parse_er7(message(windows_1258("PID|1||1||Đỗ\r")), default_charset="cp1258")
    assert parsed.segments[1].text(5) == "Đỗ"
    assert (parsed.charset, parsed.is_guessed) == ("cp1258", False)


def test_an_unknown_character_set_is_refused_by_name() -> None:
    with pytest.raises(Fault, match="TCVN3") as caught:
        parse_er7(message(b"PID|1\r", b"TCVN3"))
    assert caught.value.code == "BA-0603"


def test_a_character_set_of_odd_letters_is_refused_without_repeating_them() -> None:
    with pytest.raises(Fault, match="BA-0603") as caught:
        parse_er7(message(b"PID|1\r", b"<b>Nguyen</b>"))
    assert "Nguyen" not in caught.value.text.vi


def test_text_that_is_not_in_its_declared_character_set_is_refused_at_its_byte() -> None:
    start = message(b"PID|1||1||", b"UNICODE UTF-8")
    with pytest.raises(Fault, match="BA-0604") as caught:
        parse_er7(start + b"\xff\xfe\r")
    assert str(len(start)) in caught.value.text.en


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\r\n", b"MSH", b"MSH|", b"hello world", b"PID|1||1\rMSH|^~\\&|A", b"FHS|^~\\&|A|B|C",
        b"MSHA^~\\&|A|B", b"MSH||||||||||", b"MSH|^^\\&|A|B|C",
        b"MSH|abcd|A|B|C|D", b"MSH|^~\\&%$#@!|A|B",
    ],
)  # fmt: skip
def test_a_broken_header_is_no_message(data: bytes) -> None:
    assert code_of(data) == "BA-0601"


@pytest.mark.parametrize("line", [b"pid|1", b"PI|1", b"1ID|1", b"PIDX|1", b"hello"])
def test_a_line_that_is_no_segment_is_refused_by_its_number(line: bytes) -> None:
    with pytest.raises(Fault, match="BA-0605") as caught:
        parse_er7(message(b"PID|1\r" + line + b"\r"))
    assert "3" in caught.value.text.vi


def test_a_wrapped_line_continues_the_observation_before_it() -> None:
    parsed = parse_er7(message(b"OBX|1|ED|X||^^^Base64^AAAA\rBBBB\rCCCC|||F\r"))
    assert parsed.segments[1].text(5, 5) == "AAAA\nBBBB\nCCCC"
    assert [each.name for each in parsed.segments] == ["MSH", "OBX"]


def test_too_many_bytes_and_too_many_segments_are_refused() -> None:
    with pytest.raises(Fault, match="BA-0602"):
        parse_er7(message(b"PID|1\r"), size_bytes_max=20)
    assert code_of(message(b"NTE|1\r" * SEGMENTS_MAX)) == "BA-0608"


def test_a_byte_order_mark_and_blank_lines_around_are_forgiven() -> None:
    assert parse_er7(b"\xef\xbb\xbf\r\n" + message(b"PID|1\r") + b"\r\n").type == "ADT^A01"
