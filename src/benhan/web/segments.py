"""An HL7 v2 message as people mend it: segment by segment, the fields that a reason names marked.

Source: HL7 v2.5.1 2.5 (segments and fields); the places of reasons: `PID-3.1`, `OBX[2]-5`, `PV1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[([0-9]+)\])?(?:-([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its place (`OBX[2]-5`), its text, whether a reason names it."""

    place: str
    text: str
    is_faulty: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its name, whether a reason names it as a whole, its fields."""

    name: str
    is_faulty: bool
    fields: tuple[Field, ...]


def segments_of(text: str, places: Iterable[str]) -> list[Segment]:
    """The segments of a message, one a line; `places` are those the reasons name."""
    named = [match.groups() for match in (_PLACE.match(place) for place in places) if match is not None]
    lines = [line for line in re.split(r"\r\n?|\n", text) if line.strip()]
    separator = lines[0][3] if lines and lines[0].startswith("MSH") and len(lines[0]) > 3 else "|"
    seen: dict[str, int] = {}
    segments = []
    for line in lines:
        name, *fields = line.split(separator)
        seen[name] = seen.get(name, 0) + 1
        told = {field for segment, index, field in named if segment == name and int(index or seen[name]) == seen[name]}
        segments.append(_segment(name, seen[name], fields, told))
    return segments


def _segment(name: str, index: int, fields: list[str], told: set[str | None]) -> Segment:
    first = 2 if name == "MSH" else 1
    label = f"{name}[{index}]" if index > 1 or name == "OBX" else name
    made = tuple(Field(f"{label}-{number}", text, str(number) in told) for number, text in enumerate(fields, first))
    missing = {each for each in told if each is not None and int(each) >= first + len(fields)}
    return Segment(name, None in told or bool(missing), made)
