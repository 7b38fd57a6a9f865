"""Reading ER7, the `|^~\\&` encoding. Source: HL7 v2.5.1 chapter 2, sections 2.5 to 2.8, 2.15.9.18 (MSH-18)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from benhan.hl7v2.faults import (
    BAD_SEGMENT,
    FRAME_TOO_LONG,
    NOT_A_MESSAGE,
    TOO_MANY_SEGMENTS,
    UNKNOWN_CHARSET,
    WRONG_CHARSET,
)
from benhan.hl7v2.message import Delimiters, Message, Segment
from benhan.kernel.faults import Fault

SIZE_BYTES_MAX = 16 * 1024 * 1024
SEGMENTS_MAX = 20_000

CHARACTER_SETS = {
    "": "utf-8",
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "8859/1": "iso-8859-1",
    "8859/2": "iso-8859-2",
    "8859/5": "iso-8859-5",
    "8859/9": "iso-8859-9",
    "8859/15": "iso-8859-15",
    "ISO IR6": "ascii",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    "CP1258": "cp1258",
    "WINDOWS-1258": "cp1258",
    "CP1252": "cp1252",
    "WINDOWS-1252": "cp1252",
}
"""HL7 table 0211, and the Vietnamese Windows code page that old systems send."""

Guess = Callable[[bytes], tuple[str, str]]
"""Reads bytes that nobody says how to read: their text, and the character set that was taken for theirs."""

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_LINE_END = re.compile(r"\r\n|\r|\n")
_HEADER_END = re.compile(rb"[\r\n]")


def windows_1258(data: bytes) -> tuple[str, str]:
    """The plainest guess: the Windows code page of Vietnam, with U+FFFD for what it leaves undefined."""
    return unicodedata.normalize("NFC", data.decode("cp1258", "replace")), "cp1258"


def parse_er7(
    data: bytes,
    *,
    size_bytes_max: int = SIZE_BYTES_MAX,
    default_charset: str = "utf-8",
    is_utf8: bool = False,
    guess: Guess = windows_1258,
) -> Message:
    """The message written in `data`, without its MLLP frame.

    Segments may end in CR, LF or both. Where MSH-18 is empty the text is read as `default_charset`, and by
    `guess` where it is not that, which the message remembers. What a person has typed is UTF-8
    (`is_utf8`), whatever its MSH-18 names. Empty fields are "", the explicit null is `""` with its quotes: the two
    differ on update.
    Raises Incorrect BA-0601, BA-0602, BA-0604, BA-0605, BA-0608; Unsupported BA-0603. Nothing else.
    """
    if len(data) > size_bytes_max:
        raise FRAME_TOO_LONG(limit=size_bytes_max)
    data = data.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n\x00 ")
    if not data.startswith(b"MSH") or len(data) < 9:
        raise NOT_A_MESSAGE()
    text, charset, guessed = _decoded(data, default_charset, guess, is_utf8=is_utf8)
    delimiters = _delimiters(text)
    lines = [line for line in (_LINE_END.split(text) if "\n" in text else text.split("\r")) if line]
    if len(lines) > SEGMENTS_MAX:
        raise TOO_MANY_SEGMENTS(limit=SEGMENTS_MAX)
    return Message(_segments(lines, delimiters), charset, guessed)


def readable(data: bytes, default_charset: str = "utf-8", guess: Guess = windows_1258) -> str:
    """`data` as a person reads it: in its character set, or as UTF-8 with a mark for each character that is none."""
    data = data.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n\x00 ")
    try:
        return _decoded(data, default_charset, guess)[0] if data.startswith(b"MSH") and len(data) > 8 else data.decode()
    except (Fault, UnicodeDecodeError):
        return data.decode("utf-8", "replace")


def _decoded(data: bytes, default_charset: str, guess: Guess, *, is_utf8: bool = False) -> tuple[str, str, bool]:
    header = _HEADER_END.split(data, maxsplit=1)[0]
    fields = header.split(data[3:4])
    named = (
        fields[17].split(data[4:5])[0].split(data[5:6])[0].decode("ascii", "replace").strip()
        if len(fields) > 17
        else ""
    )
    charset = CHARACTER_SETS.get(named.upper())
    if charset is None:
        raise UNKNOWN_CHARSET(charset=_safe(named))
    if not named:
        charset = default_charset
    if is_utf8:
        charset = "utf-8"
    try:
        return _composed(data.decode(charset), charset), charset, False
    except UnicodeDecodeError as cause:
        if not named or charset == "ascii":
            return *guess(data), True
        raise WRONG_CHARSET(charset=_safe(named), position=cause.start) from cause


def _composed(text: str, charset: str) -> str:
    """`text` as everybody else writes it: Windows-1258 writes a tone mark as a character after its letter."""
    return unicodedata.normalize("NFC", text) if charset == "cp1258" else text


def _delimiters(text: str) -> Delimiters:
    field = text[3]
    marks = text[4 : text.find(field, 4)] if field in text[4:] else text[4:8]
    if field.isalnum() or not 1 <= len(marks) <= 5 or any(mark.isalnum() for mark in marks):
        raise NOT_A_MESSAGE()
    padded = marks + "^~\\&"[len(marks) :] if len(marks) < 4 else marks
    if len({field, *padded[:4]}) != 5:
        raise NOT_A_MESSAGE()
    return Delimiters(field, padded[0], padded[1], padded[2], padded[3])


def _segments(lines: list[str], delimiters: Delimiters) -> tuple[Segment, ...]:
    """The segments; a line that is none continues the text of an OBX or NTE before it, as wrapped Base64 does."""
    segments: list[Segment] = []
    mark = delimiters.field
    for number, line in enumerate(lines, 1):
        fields = line.split(mark)
        if _NAME.fullmatch(fields[0]):
            if fields[0] == "MSH":
                fields.insert(1, delimiters.field)
            segments.append(Segment(tuple(fields), delimiters))
        elif segments and segments[-1].name in ("OBX", "NTE"):
            before = segments.pop().fields
            segments.append(Segment((*before[:-1], f"{before[-1]}\n{fields[0]}", *fields[1:]), delimiters))
        else:
            raise BAD_SEGMENT(number=number)
    return tuple(segments)


def _safe(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9 /_.-]{1,32}", name) else "?"
