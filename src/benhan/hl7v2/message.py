"""A parsed message: segments of fields, read by the standard's positions.

Fields are kept as written; a part is split and unescaped when it is asked for, so that parsing costs little.
Source: HL7 v2.5.1 chapter 2, sections 2.5 to 2.8 and 2.14.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

NULL = '""'
"""The explicit null: delete what was known. An empty field says nothing."""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


class Segment(NamedTuple):
    """One segment: `fields[0]` is its name; in MSH `fields[1]` is the field delimiter, as the standard counts."""

    fields: tuple[str, ...]
    delimiters: Delimiters

    @property
    def name(self) -> str:
        return self.fields[0]

    def raw(self, field: int) -> str:
        """Field `field` as written, "" where the segment ends before it."""
        return self.fields[field] if field < len(self.fields) else ""

    def repetitions(self, field: int) -> list[str]:
        """The repetitions of a field as written; none for an empty field."""
        raw = self.raw(field)
        return raw.split(self.delimiters.repetition) if raw else []

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A component of the first repetition, unescaped; "" where there is none or it is the explicit null."""
        first = self.raw(field)
        if not first:
            return ""
        if self.delimiters.repetition in first:
            first = first.split(self.delimiters.repetition, 1)[0]
        return self.part(first, component, subcomponent)

    def part(self, repetition: str, component: int = 1, subcomponent: int = 1) -> str:
        """A component of `repetition`, unescaped."""
        delimiters = self.delimiters
        value = _nth(_nth(repetition, delimiters.component, component), delimiters.subcomponent, subcomponent)
        if delimiters.escape in value:
            return unescape(value, delimiters)
        return "" if value == NULL else value

    def whole(self, repetition: str) -> str:
        """`repetition` as one text, its delimiters kept, unescaped."""
        return "" if repetition == NULL else unescape(repetition, self.delimiters)


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its segments, MSH first, and how its text was read."""

    segments: tuple[Segment, ...]
    charset: str
    is_guessed: bool = False
    """Whether MSH-18 was empty and the text was not UTF-8, so that the character set is a guess."""

    @property
    def msh(self) -> Segment:
        return self.segments[0]

    @property
    def type(self) -> str:
        """`ADT^A01`."""
        return f"{self.msh.text(9, 1)}^{self.msh.text(9, 2)}".rstrip("^")

    @property
    def control_id(self) -> str:
        return self.msh.text(10)

    @property
    def sender(self) -> str:
        """MSH-3 and MSH-4: the application and its facility."""
        return f"{self.msh.text(3)}@{self.msh.text(4)}"

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        return next((each for each in self.segments if each.name == name), None)

    def all(self, name: str) -> Iterator[Segment]:
        """Every segment of a name, in order."""
        return (each for each in self.segments if each.name == name)


def _nth(text: str, mark: str, number: int) -> str:
    """Part `number` of `text` between marks, "" where it has fewer. Most texts have no mark at all."""
    if mark not in text:
        return text if number == 1 else ""
    parts = text.split(mark)
    return parts[number - 1] if number <= len(parts) else ""


_SIMPLE = {"F": "field", "S": "component", "R": "repetition", "E": "escape", "T": "subcomponent"}


def unescape(text: str, delimiters: Delimiters) -> str:
    """`text` with its escape sequences resolved; an unknown sequence stays as written.

    `\\.br\\` and its kin become line ends; highlighting is dropped; `\\X…\\` is hexadecimal of UTF-8.
    """
    if delimiters.escape not in text:
        return text
    escape = re.escape(delimiters.escape)
    return re.sub(f"{escape}([^{escape}]*){escape}", lambda match: _resolved(match, delimiters), text)


def _resolved(match: re.Match[str], delimiters: Delimiters) -> str:
    sequence = match[1]
    if sequence in _SIMPLE:
        return str(getattr(delimiters, _SIMPLE[sequence]))
    if sequence in ("H", "N"):
        return ""
    if sequence.startswith("."):
        return "\n" if sequence[1:3] in ("br", "sp", "ce") else ""
    if sequence[:1] == "X":
        try:
            return bytes.fromhex(sequence[1:]).decode("utf-8", "replace")
        except ValueError:
            return match[0]
    return match[0]


def escape(text: str, delimiters: Delimiters) -> str:
    """`text` written so that no delimiter of it is taken for one of the message's."""
    if not text:
        return ""
    mark = delimiters.escape
    text = text.replace(mark, f"{mark}E{mark}")
    for letter, name in (("F", "field"), ("S", "component"), ("R", "repetition"), ("T", "subcomponent")):
        text = text.replace(getattr(delimiters, name), f"{mark}{letter}{mark}")
    return text.replace("\r\n", f"{mark}.br{mark}").replace("\n", f"{mark}.br{mark}").replace("\r", f"{mark}.br{mark}")
