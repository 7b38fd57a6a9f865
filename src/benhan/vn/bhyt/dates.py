"""The times of the BHYT XML: yyyymmdd and yyyymmddHHMM, local. Source: QĐ 130/QĐ-BYT, phụ lục, quy ước chung."""

from __future__ import annotations

import re

_DAY = (
    r"(?!0000)(?:\d{4}(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)"
    r"|02(?:0[1-9]|1\d|2[0-8]))"
    r"|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)0229)"
)
DAY = _DAY.replace(r"\d", "[0-9]")
"""A real day, yyyymmdd, as a regular expression."""
MINUTE = DAY + "(?:[01][0-9]|2[0-3])[0-5][0-9]"
"""A real minute, yyyymmddHHMM."""
BIRTH = f"(?:{MINUTE}|(?!0000)[0-9]{{4}}00000000|(?!0000)[0-9]{{4}}(?:0[1-9]|1[0-2])000000)"
"""A birth: unknown parts are zeros."""
_is_day = re.compile(DAY).fullmatch
_is_minute = re.compile(MINUTE).fullmatch


def is_day(text: str) -> bool:
    """Whether `text` is a real day, yyyymmdd."""
    return _is_day(text) is not None


def is_minute(text: str) -> bool:
    """Whether `text` is a real minute, yyyymmddHHMM."""
    return _is_minute(text) is not None
