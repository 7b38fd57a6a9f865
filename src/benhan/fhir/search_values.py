"""The values of a search, parsed: tokens, dates, numbers, quantities, parts of composites, places.

Source: FHIR R4 search.html#prefix, #number, #date, #token, #quantity, #composite, location.html#positional.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from benhan.fhir.dates import Range, range_of


class Prefix(Enum):
    """How a date, number or quantity is compared. Source: search.html#prefix."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


@dataclass(frozen=True, slots=True)
class TokenValue:
    """`code`, `system|code` (system "" for `|code`), or `system|` (code None)."""

    code: str | None
    system: str | None


@dataclass(frozen=True, slots=True)
class OfType:
    """`:of-type`: the type of an identifier and its value."""

    system: str
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class DateValue:
    """A range and how to compare with it."""

    prefix: Prefix
    range: Range


@dataclass(frozen=True, slots=True)
class NumberValue:
    """A number, the range its digits stand for (low in, high out), and how to compare with it."""

    prefix: Prefix
    number: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """A number with a unit: `system` "" where only a unit was given, both None where any unit will do."""

    number: NumberValue
    system: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class NearValue:
    """A place and the distance around it in metres."""

    latitude: float
    longitude: float
    metres: float


@dataclass(frozen=True, slots=True)
class CompositeValue:
    """One value for each component."""

    parts: tuple[Simple, ...]


Simple = TokenValue | OfType | DateValue | NumberValue | QuantityValue | NearValue | str
Value = Simple | CompositeValue

_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_METRES = {
    "km": 1000.0,
    "m": 1.0,
    "[mi_us]": 1609.347,
    "[mi_i]": 1609.344,
    "mi": 1609.344,
    "cm": 0.01,
    "[ft_i]": 0.3048,
}
NEAR_DEFAULT_M = 10_000.0
"""How far is near where no distance is given."""


def value_of(kind: str, modifier: str, text: str) -> Simple | None:
    """One value of a parameter of a kind, or None where it is not of that form."""
    if not text or "\x00" in text:
        return None
    if modifier == "missing":
        return text if text in ("true", "false") else None
    if modifier == "of-type":
        return _of_type(text)
    if kind == "token" and modifier in ("text", "in", "not-in"):
        return unescape(text)
    if kind == "token" or modifier == "identifier":
        return token_of(text)
    readers = {"date": date_of, "number": number_of, "quantity": quantity_of, "special": near_of}
    reader = readers.get(kind)
    return reader(text) if reader is not None else unescape(text)


def token_of(text: str) -> TokenValue | None:
    """`code`, `system|code`, `|code` or `system|`."""
    parts = split_at(text, "|")
    if len(parts) == 1:
        return TokenValue(unescape(parts[0]), None)
    if len(parts) != 2 or not any(parts):
        return None
    return TokenValue(unescape(parts[1]) or None, unescape(parts[0]))


def _of_type(text: str) -> OfType | None:
    parts = [unescape(each) for each in split_at(text, "|")]
    return OfType(*parts) if len(parts) == 3 and all(parts) else None


def date_of(text: str) -> DateValue | None:
    """A date with its prefix; a space stands for the + of a zone that was not encoded."""
    prefix, rest = _prefix(text)
    range_ = range_of(rest.replace(" ", "+")) if prefix is not None else None
    return DateValue(prefix, range_) if prefix is not None and range_ is not None else None


def number_of(text: str) -> NumberValue | None:
    """A number with its prefix; `eq` and `ne` mean the range that its digits stand for."""
    prefix, rest = _prefix(text)
    if prefix is None or _NUMBER.fullmatch(rest) is None:
        return None
    number = Decimal(rest)
    exponent = int(number.as_tuple().exponent)
    if exponent > 0:
        exponent -= 1  # 1e2 is 95 to 105, as R4's example says
    half = Decimal(5).scaleb(exponent - 1)
    return NumberValue(prefix, number, number - half, number + half)


def quantity_of(text: str) -> QuantityValue | None:
    """`number`, `number|system|code` or `number||unit`."""
    parts = split_at(text, "|")
    number = number_of(parts[0])
    if number is None or len(parts) not in (1, 3):
        return None
    if len(parts) == 1:
        return QuantityValue(number, None, None)
    system, unit = (unescape(each) for each in parts[1:])
    return QuantityValue(number, system, unit) if unit else None


def near_of(text: str) -> NearValue | None:
    """`latitude|longitude[|distance[|unit]]`; kilometres where no unit is given."""
    parts = split_at(text, "|")
    if not 2 <= len(parts) <= 4 or any(_NUMBER.fullmatch(each) is None for each in parts[:3] if each):
        return None
    if not parts[0] or not parts[1]:
        return None
    latitude, longitude = float(parts[0]), float(parts[1])
    metres = _METRES.get(parts[3] if len(parts) == 4 and parts[3] else "km")
    distance = float(parts[2]) * metres if len(parts) > 2 and parts[2] and metres else NEAR_DEFAULT_M
    if metres is None or abs(latitude) > 90 or abs(longitude) > 180 or not 0 <= distance <= 2.1e7:
        return None
    return NearValue(latitude, longitude, distance)


def _prefix(text: str) -> tuple[Prefix | None, str]:
    if not text[:2].isalpha():
        return Prefix.EQ, text
    try:
        return Prefix(text[:2]), text[2:]
    except ValueError:
        return None, text


def split_values(text: str) -> list[str]:
    """The values of an OR, parted by commas that are not escaped."""
    return split_at(text, ",")


def split_at(text: str, mark: str) -> list[str]:
    """`text` parted at each `mark` that is not escaped; the parts keep their escapes."""
    if "\\" not in text:
        return text.split(mark)
    parts, start, position = [], 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == mark:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def unescape(text: str) -> str:
    r"""`text` without the escapes `\,`, `\|`, `\$`, `\\`. Source: search.html#escaping."""
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text
