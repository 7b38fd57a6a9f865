"""Dates, times and dateTimes as precise as they were written.

Two of them are compared part by part as far as both go; what only one of them tells is not guessed, and then there is
no answer. Source: FHIRPath 2.0.0, "Date, DateTime, Time", "Equality", "Comparison", "Date/Time Arithmetic".
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

_ZONE = r"(Z|[+-][0-9]{2}:[0-9]{2})?"
_CLOCK = r"([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?)?"
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_DATE_TIME = re.compile(rf"([0-9]{{4}})(?:-([0-9]{{2}})(?:-([0-9]{{2}}))?)?(?:T(?:{_CLOCK}{_ZONE})?)?")
_TIME = re.compile(_CLOCK)
_BOUNDS = ((1, 9999), (1, 12), (1, 31), (0, 23), (0, 59), (0, 60))
_DAY_MINUTES = 1440
_ZONES_APART_MINUTES = 26 * 60
"""Zones reach from -12 to +14: two moments further apart than this are in order whatever the missing zone is."""


class Temporal:
    """A date (`kind` Date), a moment (DateTime) or a time of day (Time).

    `parts` are year, month, day, hour, minute, second as far as told (a Time begins with the hour; seconds are a
    Decimal with their fraction); `zone` is minutes east of UTC, None where none was told.
    """

    __slots__ = ("kind", "parts", "zone")

    def __init__(self, kind: str, parts: tuple[Any, ...], zone: int | None = None) -> None:
        self.kind = kind
        self.parts = parts
        self.zone = zone

    def __str__(self) -> str:
        if self.kind == "Time":
            return _clock_text(self.parts)
        day = "-".join((f"{self.parts[0]:04d}", *(f"{part:02d}" for part in self.parts[1:3])))
        clock = _clock_text(self.parts[3:])
        return f"{day}T{clock}{_zone_text(self.zone)}" if clock else day

    def __repr__(self) -> str:
        return f"Temporal({self.kind} {self})"

    def key(self) -> tuple[Any, ...]:
        """Equal for two that are equal for certain."""
        parts, has_zone = in_utc(self)
        return ("Time" if self.kind == "Time" else "Date", has_zone, *parts)


@lru_cache(maxsize=4096)
def parse_date(text: str) -> Temporal | None:
    """A Date of the form `2026`, `2026-01`, `2026-01-31`, or None."""
    match = _DATE.fullmatch(text)
    parts = match and _parts(match.groups(), 0)
    return Temporal("Date", parts) if parts else None


@lru_cache(maxsize=4096)
def parse_date_time(text: str) -> Temporal | None:
    """A DateTime (`2026T`, `2026-01-31T10:00`, `2026-01-31T10:00:00.000+07:00`; the T may lack), or None."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    *groups, zone = match.groups()
    if groups[3] is not None and groups[2] is None:
        return None
    parts = _parts(groups, 0)
    return Temporal("DateTime", parts, _zone(zone)) if parts else None


def parse_time(text: str) -> Temporal | None:
    """A Time of the form `10`, `10:30`, `10:30:00.000`, or None."""
    match = _TIME.fullmatch(text)
    parts = match and _parts(match.groups(), 3)
    return Temporal("Time", parts) if parts else None


def from_datetime(at: datetime, kind: str) -> Temporal:
    """A Date, DateTime (to the millisecond) or Time of an aware datetime."""
    day, clock = (at.year, at.month, at.day), (at.hour, at.minute, _seconds(at))
    if kind == "Date":
        return Temporal(kind, day)
    if kind == "Time":
        return Temporal(kind, clock)
    offset = at.utcoffset()
    return Temporal(kind, day + clock, int(offset.total_seconds()) // 60 if offset is not None else None)


def compare(one: Temporal, other: Temporal) -> int | None:
    """-1, 0 or 1 as `one` is before, at or after `other`; None where the precision or a missing zone leaves it open.

    Both are Times or neither is.
    """
    first, second = one.parts, other.parts
    if one.zone is not None or other.zone is not None:
        if one.zone is not None and other.zone is not None:
            first, second = in_utc(one)[0], in_utc(other)[0]
        elif len(first) > 3 and len(second) > 3:
            return _order_without_zone(one, other)
    for mine, theirs in zip(first, second, strict=False):
        if mine != theirs:
            return -1 if mine < theirs else 1
    return 0 if len(first) == len(second) else None


def in_utc(one: Temporal) -> tuple[tuple[Any, ...], bool]:
    """The parts moved to UTC where a zone was told, and whether it was."""
    if not one.zone:
        return one.parts, one.zone is not None
    moved = _from_minutes(_to_minutes(one.parts) - one.zone)
    if moved is None:
        return one.parts, True
    return moved[: len(one.parts)] if len(one.parts) < 6 else (*moved, one.parts[5]), True


def shifted(one: Temporal, amount: int, unit: str) -> Temporal | None:
    """`one` moved by whole units (`year` … `millisecond`); None beyond the years 1 to 9999.

    A unit finer than the precision counts as far as it fills the finest part told.
    Source: FHIRPath 2.0.0, "Date/Time Arithmetic".
    """
    if one.kind == "Time":
        return _shifted_time(one, amount, unit)
    amount, unit = _coarsened(amount, unit, _FINEST[len(one.parts)])
    if unit in ("year", "month"):
        months = amount * 12 if unit == "year" else amount
        parts = _shifted_months(one.parts, months)
    else:
        parts = _shifted_seconds(one.parts, amount * _SECONDS[unit])
    return None if parts is None else Temporal(one.kind, parts, one.zone)


_FINEST = {1: "year", 2: "month", 3: "day", 4: "hour", 5: "minute", 6: "millisecond"}
_SECONDS = {
    "week": Decimal(604800),
    "day": Decimal(86400),
    "hour": Decimal(3600),
    "minute": Decimal(60),
    "second": Decimal(1),
    "millisecond": Decimal("0.001"),
}
_ROUGH_DAYS = {"year": 365, "month": 30}
_ORDER = ("millisecond", "second", "minute", "hour", "day", "week", "month", "year")


def _coarsened(amount: int, unit: str, finest: str) -> tuple[int, str]:
    if _ORDER.index(unit) >= _ORDER.index(finest) or finest == "millisecond":
        return amount, unit
    if finest == "year" and unit == "month":
        return _towards_zero(Decimal(amount) / 12), "year"
    seconds = amount * _SECONDS[unit]
    whole = _SECONDS["day"] * _ROUGH_DAYS[finest] if finest in _ROUGH_DAYS else _SECONDS[finest]
    return _towards_zero(seconds / whole), finest


def _towards_zero(value: Decimal) -> int:
    return int(value)


def _shifted_months(parts: tuple[Any, ...], months: int) -> tuple[Any, ...] | None:
    if len(parts) == 1:
        year = parts[0] + months // 12
        return (year,) if 1 <= year <= 9999 else None
    year, month = divmod(parts[0] * 12 + parts[1] - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    if len(parts) == 2:
        return year, month + 1
    return (year, month + 1, min(parts[2], days_in_month(year, month + 1)), *parts[3:])


def _shifted_seconds(parts: tuple[Any, ...], seconds: Decimal) -> tuple[Any, ...] | None:
    told = parts[5] if len(parts) > 5 else Decimal(0)
    minutes, rest = divmod(told + seconds, 60)
    if rest < 0:
        minutes, rest = minutes - 1, rest + 60
    moved = _from_minutes(_to_minutes(parts) + int(minutes))
    return None if moved is None else (*moved, rest)[: len(parts)]


def _shifted_time(one: Temporal, amount: int, unit: str) -> Temporal | None:
    if unit not in _SECONDS:
        return None
    finest = _FINEST[len(one.parts) + 3]
    amount, unit = _coarsened(amount, unit, finest)
    hour, minute, second = (*one.parts, 0, Decimal(0))[:3] if len(one.parts) < 3 else one.parts
    total = (hour * 3600 + minute * 60 + second + amount * _SECONDS[unit]) % 86400
    total = total + 86400 if total < 0 else total
    minutes, rest = divmod(Decimal(total), 60)
    return Temporal("Time", (int(minutes) // 60, int(minutes) % 60, rest)[: len(one.parts)])


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 12:
        return 31
    return date(year, month + 1, 1).toordinal() - date(year, month, 1).toordinal()


def _to_minutes(parts: tuple[Any, ...]) -> int:
    year, month, day, hour, minute = (*parts, *(1, 1, 1, 0, 0)[len(parts) :])[:5]
    return date(year, month, day).toordinal() * _DAY_MINUTES + int(hour * 60 + minute)


def _from_minutes(minutes: int) -> tuple[int, int, int, int, int] | None:
    days, rest = divmod(minutes, _DAY_MINUTES)
    if not 1 <= days <= date.max.toordinal():
        return None
    day = date.fromordinal(days)
    return day.year, day.month, day.day, rest // 60, rest % 60


def _order_without_zone(one: Temporal, other: Temporal) -> int | None:
    apart = _to_minutes(one.parts) - _to_minutes(other.parts)
    if abs(apart) <= _ZONES_APART_MINUTES:
        return None
    return 1 if apart > 0 else -1


def _parts(groups: Any, offset: int) -> tuple[Any, ...] | None:
    """The parts told, or None where one is beyond its bounds."""
    parts = list[Any]()
    for group, (low, high) in zip(groups, _BOUNDS[offset:], strict=False):
        if group is None:
            break
        part = Decimal(group) if offset + len(parts) == 5 else int(group)
        if not low <= part <= high or (high == 60 and part >= 61):
            return None
        parts.append(part)
    if offset == 0 and len(parts) > 2 and parts[2] > days_in_month(parts[0], parts[1]):
        return None
    return tuple(parts)


def _zone(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "Z":
        return 0
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


def _zone_text(zone: int | None) -> str:
    if zone is None:
        return ""
    if zone == 0:
        return "Z"
    return f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}"


def _clock_text(parts: tuple[Any, ...]) -> str:
    words = [f"{part:02d}" for part in parts[:2]]
    if len(parts) > 2:
        whole, _, fraction = f"{parts[2]:f}".partition(".")
        words.append(whole.zfill(2) + ("." + fraction if fraction else ""))
    return ":".join(words)


def _seconds(at: datetime) -> Decimal:
    return (Decimal(at.second) + Decimal(at.microsecond // 1000) / 1000).quantize(Decimal("0.001"))
