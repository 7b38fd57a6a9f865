"""HL7 v2 datatypes that mappings ask for. Source: HL7 v2.5.1 chapter 2A."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from benhan.hl7v2.message import Segment
from benhan.kernel.clock import OFFSET

_TS = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)(?:(?P<second>\d\d)"
    r"(?:\.(?P<fraction>\d{1,4}))?)?)?)?)?)?(?P<zone>[+-](?:0\d|1[0-4])[0-5]\d)?",
    re.ASCII,
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?|[+-]?\.\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Coded:
    """CE or CWE: a code with its text and system, and the alternate ones."""

    code: str
    text: str
    system: str
    alternate_code: str = ""
    alternate_text: str = ""
    alternate_system: str = ""


_NOTHING = Coded("", "", "")


@dataclass(frozen=True, slots=True)
class Identifier:
    """CX or EI: an identifier, who assigns it, its kind."""

    value: str
    authority: str
    kind: str


@dataclass(frozen=True, slots=True)
class PersonName:
    """XPN or XCN: a name in its parts."""

    family: str
    given: str
    middle: str
    suffix: str
    prefix: str
    id: str = ""


@lru_cache(maxsize=1024)
def date_time(text: str, zone: str = OFFSET) -> str | None:
    """A TS or DTM as a FHIR dateTime of the same precision, or None where it is not one.

    A time without a zone is in `zone`; hours without minutes are given as a day, since FHIR has no such precision.
    """
    match = _TS.fullmatch(text.strip())
    if match is None or not _is_day(match["year"], match["month"] or "01", match["day"] or "01"):
        return None
    parts = match.groupdict()
    written: str = parts["year"]
    for name in ("month", "day"):
        if parts[name] is None:
            return written
        written += f"-{parts[name]}"
    if not _is_time(parts):
        return None
    if parts["minute"] is None:
        return written
    fraction = f".{parts['fraction']}" if parts["fraction"] else ""
    offset = f"{parts['zone'][:3]}:{parts['zone'][3:]}" if parts["zone"] else zone
    return f"{written}T{parts['hour']}:{parts['minute']}:{parts['second'] or '00'}{fraction}{offset}"


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _is_time(parts: dict[str, str | None]) -> bool:
    return int(parts["hour"] or 0) < 24 and int(parts["minute"] or 0) < 60 and int(parts["second"] or 0) < 61


def number(text: str) -> str | None:
    """An NM as the JSON number of the same digits, or None where it is not one. `+5` is `5`, `.5` is `0.5`."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    sign = "-" if text.startswith("-") else ""
    digits = text.lstrip("+-")
    whole, dot, rest = digits.partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{dot}{rest}"


def coded(segment: Segment, repetition: str) -> Coded:
    """The CE or CWE in a repetition of a field."""
    if not repetition:
        return _NOTHING
    part = segment.part
    return Coded(*(part(repetition, index) for index in range(1, 7)))


def first_coded(segment: Segment, field: int) -> Coded:
    """The CE or CWE in the first repetition of a field."""
    repetitions = segment.repetitions(field)
    return coded(segment, repetitions[0] if repetitions else "")


def identifier(segment: Segment, repetition: str) -> Identifier:
    """The CX in a repetition of a field."""
    part = segment.part
    return Identifier(part(repetition, 1), part(repetition, 4), part(repetition, 5))


def entity(segment: Segment, field: int) -> Identifier:
    """The EI in a field."""
    return Identifier(segment.text(field, 1), segment.text(field, 2), "")


def person_name(segment: Segment, repetition: str) -> PersonName:
    """The XPN in a repetition of a field."""
    part = segment.part
    return PersonName(*(part(repetition, index) for index in range(1, 6)))


def person(segment: Segment, repetition: str) -> PersonName:
    """The XCN in a repetition of a field: an id, then a name."""
    part = segment.part
    family, given, middle, suffix, prefix = (part(repetition, index) for index in range(2, 7))
    return PersonName(family, given, middle, suffix, prefix, part(repetition, 1))
