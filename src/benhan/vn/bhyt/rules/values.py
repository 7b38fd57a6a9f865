"""Texts of the tables as numbers that compare exactly: moments in minutes, days, amounts in thousandths.

Each gives None for an empty or ill-formed text; what is ill-formed is told by F10 alone.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

MINUTES_A_DAY = 1440
_NUMBER = re.compile(r"(\d{1,15})(?:\.(\d{1,3}))?", re.ASCII)


@lru_cache(maxsize=1 << 14)
def day(text: str) -> int | None:
    """The ordinal of a day `yyyymmdd`."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).toordinal()
    except ValueError:
        return None


@lru_cache(maxsize=1 << 14)
def minute(text: str) -> int | None:
    """A moment `yyyymmddHHMM` in minutes."""
    if len(text) != 12 or not (text.isascii() and text.isdigit()):
        return None
    ordinal, hour, minutes = day(text[:8]), int(text[8:10]), int(text[10:])
    return None if ordinal is None or hour > 23 or minutes > 59 else ordinal * MINUTES_A_DAY + hour * 60 + minutes


@lru_cache(maxsize=1 << 14)
def birth(text: str) -> int | None:
    """The ordinal of a day of birth `yyyymmdd…` whose month and day may be 00: the first possible day."""
    if not (text.isascii() and text.isdigit()):
        return None
    month, of_month = text[4:6], text[6:8]
    return day(text[:4] + (month if month != "00" else "01") + (of_month if of_month != "00" else "01"))


@lru_cache(maxsize=1 << 14)
def milli(text: str) -> int | None:
    """A number with at most three decimals, in thousandths."""
    match = _NUMBER.fullmatch(text)
    return int(match[1]) * 1000 + int((match[2] or "0").ljust(3, "0")) if match else None


def whole(text: str) -> int | None:
    """A whole number of at most nine digits; `²` is none, though Python calls it a digit."""
    return int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else None


def parts(text: str) -> list[str]:
    """The values of a column joined by `;`; none for an empty text."""
    return text.split(";") if text else []


def dong(thousandths: int) -> str:
    """An amount as the tables write it: a dot, at most two decimals, no padding."""
    cents = (thousandths + 5) // 10
    whole, rest = divmod(cents, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)


def cents_of(numerator: int, denominator: int) -> int:
    """numerator/denominator thousandths, rounded half up to whole hundredths."""
    return (numerator + 5 * denominator) // (10 * denominator) * 10
