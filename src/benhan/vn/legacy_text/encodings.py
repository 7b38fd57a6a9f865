"""The ways in which Vietnamese text is written as bytes, each with its reader and writer."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text
from benhan.vn.legacy_text import tcvn3, viqr, vni, windows_1258

NOT_IN_ENCODING = FaultCode(
    "BA-3280",
    Incorrect,
    Text(
        "Văn bản có ký tự mà bảng mã {encoding} không có. Dùng UTF-8.",
        "The text has a character that {encoding} does not. Use UTF-8.",
    ),
)


class Encoding(Enum):
    """By the name under which people know it."""

    UTF_8 = "UTF-8"
    TCVN3 = "TCVN3"
    VNI = "VNI"
    VIQR = "VIQR"
    WINDOWS_1258 = "WINDOWS-1258"


class Decoded(NamedTuple):
    """A text in NFC, and how many bytes or marks of it the table cannot account for: with 0 nothing was lost."""

    text: str
    doubtful: int


def decode(data: bytes, encoding: Encoding) -> Decoded:
    """The text of bytes in an encoding. Nothing is refused: what has no letter is counted, mostly as U+FFFD."""
    text, doubtful = _READERS[encoding](data)
    return Decoded(unicodedata.normalize("NFC", text), doubtful)


def encode(text: str, encoding: Encoding) -> bytes:
    """The bytes of a text in an encoding. Raises Incorrect BA-3280."""
    try:
        return _WRITERS[encoding](unicodedata.normalize("NFC", text))
    except ValueError as cause:
        raise NOT_IN_ENCODING(encoding=encoding.value) from cause


def _utf_8(data: bytes) -> tuple[str, int]:
    text = data.decode("utf-8", "replace")
    return text, text.count("\ufffd")


_READERS: dict[Encoding, Callable[[bytes], tuple[str, int]]] = {
    Encoding.UTF_8: _utf_8,
    Encoding.TCVN3: tcvn3.decode,
    Encoding.VNI: vni.decode,
    Encoding.VIQR: viqr.decode,
    Encoding.WINDOWS_1258: windows_1258.decode,
}
_WRITERS: dict[Encoding, Callable[[str], bytes]] = {
    Encoding.UTF_8: str.encode,
    Encoding.TCVN3: tcvn3.encode,
    Encoding.VNI: vni.encode,
    Encoding.VIQR: viqr.encode,
    Encoding.WINDOWS_1258: windows_1258.encode,
}
