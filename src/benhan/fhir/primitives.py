"""The written forms of FHIR's primitive types. Source: FHIR R4 datatypes.html."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

Check = Callable[[Any], bool]

STRING_CHARACTERS_MAX = 1024 * 1024
_URI = re.compile(r"\S+")
_CODE = re.compile(r"[^\s]+(\s[^\s]+)*")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_DATE = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?)?")
_TIME_TEXT = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE_TEXT = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE_TIME = re.compile(_DATE.pattern + f"(?:T{_TIME_TEXT}{_ZONE_TEXT})?")
_INSTANT = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" + f"T{_TIME_TEXT}{_ZONE_TEXT}")
_TIME = re.compile(_TIME_TEXT)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _string(value: Any) -> bool:
    if type(value) is not str or not value or len(value) > STRING_CHARACTERS_MAX:
        return False
    return value.isprintable() or (_CONTROL.search(value) is None and not value.isspace())


def _of(pattern: re.Pattern[str]) -> Check:
    matches = pattern.fullmatch
    return lambda value: type(value) is str and matches(value) is not None


def _real_day(year: str, month: str | None, day: str | None) -> bool:
    if year == "0000":
        return False
    if day is None or month is None or int(day) <= 28:
        return True
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _dated(pattern: re.Pattern[str]) -> Check:
    def check(value: Any) -> bool:
        if type(value) is not str:
            return False
        match = pattern.fullmatch(value)
        if match is None or (len(value) > 10 and match[3] is None):
            return False
        return _real_day(match[1], match[2], match[3])

    return check


def _integer_from(low: int) -> Check:
    return lambda value: type(value) is int and low <= value <= 2**31 - 1


CHECKS: dict[str, Check] = {
    "boolean": lambda value: type(value) is bool,
    "integer": _integer_from(-(2**31)),
    "positiveInt": _integer_from(1),
    "unsignedInt": _integer_from(0),
    "decimal": lambda value: type(value) is float or type(value) is int,
    "string": _string,
    "markdown": _string,
    "xhtml": lambda value: type(value) is str and value.startswith("<div"),
    "uri": _of(_URI),
    "url": _of(_URI),
    "canonical": _of(_URI),
    "oid": _of(_OID),
    "uuid": _of(_UUID),
    "code": _of(_CODE),
    "id": _of(_ID),
    "base64Binary": lambda value: type(value) is str and _BASE64.fullmatch("".join(value.split())) is not None,
    "date": _dated(_DATE),
    "dateTime": _dated(_DATE_TIME),
    "instant": _dated(_INSTANT),
    "time": _of(_TIME),
}


def shown_name(name: str) -> str:
    """The name of an element as it may be told again; `?` for what is none, which may be anything a sender wrote."""
    return name if name.isidentifier() and name.isascii() and len(name) <= 64 else "?"
