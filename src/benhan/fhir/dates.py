"""Dates of FHIR as half-open ranges of instants. Source: FHIR R4 search.html#date, datatypes.html#dateTime."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from benhan.kernel.clock import VIETNAM

Range = tuple[datetime, datetime]

FIRST = datetime(1, 1, 2, tzinfo=UTC)
LAST = datetime(9999, 12, 30, tzinfo=UTC)

_SECOND = timedelta(seconds=1)
_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


@lru_cache(maxsize=8_192)
def range_of(text: str, zone: timezone = VIETNAM) -> Range | None:
    """The range that a date, dateTime or instant covers by its precision, or None where it is not one.

    `2026` is the whole year, `2026-01-05T10:00:00Z` one second, with milliseconds one millisecond. What is written
    without a zone is in `zone`. Remembered, since the results of one sample share their times.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    try:
        return _range(match, zone)
    except (ValueError, OverflowError):
        return None


def _range(match: re.Match[str], zone: timezone) -> Range:
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if offset and second and not fraction and second != "60":  # the usual form of an instant, read by the library
        start = _clamped(datetime.fromisoformat(match.string))
        return start, start + _SECOND
    tz = _zone(offset) if offset else zone
    start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=tz)
    if month is None:
        end = datetime(int(year) + 1, 1, 1, tzinfo=tz) if int(year) < 9999 else LAST
    elif start > LAST - timedelta(days=40) and hour is None:
        end = LAST
    elif day is None:
        end = (start + timedelta(days=32)).replace(day=1)
    elif hour is None:
        end = start + timedelta(days=1)
    else:
        leap = second == "60"
        start = start.replace(
            hour=int(hour),
            minute=int(minute),
            second=59 if leap else int(second or 0),
            microsecond=int((fraction or "0").ljust(6, "0")[:6]),
        )
        end = start + _precision(second, fraction)
    return _clamped(start), _clamped(end)


def _precision(second: str | None, fraction: str | None) -> timedelta:
    if second is None:
        return timedelta(minutes=1)
    if fraction is None:
        return timedelta(seconds=1)
    return timedelta(microseconds=max(1, 10 ** (6 - min(len(fraction), 6))))


def _zone(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    sign = -1 if offset[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6])))


def _clamped(at: datetime) -> datetime:
    if 1 < at.year < 9999:
        return at.astimezone(UTC)
    return min(max(at.astimezone(UTC) if FIRST < at < LAST else at, FIRST), LAST)


def period_range(start: str | None, end: str | None) -> Range | None:
    """The range of a Period; an open end reaches to the end of time."""
    first = range_of(start) if start else (FIRST, FIRST)
    last = range_of(end) if end else (LAST, LAST)
    if first is None or last is None:
        return None
    return first[0], max(last[1], first[0])
