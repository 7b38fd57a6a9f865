"""A catalogue: a list of codes of which each row holds from a day to a day.

A row is never changed: what a later decision says otherwise is a new row, and the old one ends the day before. So a
record of last year is read with the names of last year. Source: TT 12/2026/TT-BTC (a change is two rows);
requirements of the Ministry's shared catalogues (CV 365/TTYQG-GPQLCL III.1.1 h).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from benhan.fhir.folding import fold
from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text

EDITIONS_KEPT = 32
"""Days for which the rows that hold are remembered."""
NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


class Content(Enum):
    """How much of a list is here."""

    WHOLE = "whole"
    """Every code: what is not here is no code."""
    PART = "part"
    """Some: of a code that is not here nothing can be said."""
    EXAMPLE = "example"
    """Some, for a synthetic country: the codes are the list's, the names ours."""
    NONE = "none"
    """Nothing yet: the hospital loads it."""


class Entry(NamedTuple):
    """A code with its name, from the day `since` (None: always) to the day before `until` (None: until further notice).

    `properties` are further columns: `en` (the English name), `note`, `ministry` (the Ministry's code that it means).
    """

    code: str
    display: str
    since: date | None = None
    until: date | None = None
    properties: Mapping[str, str] = NO_PROPERTIES

    def is_on(self, day: date) -> bool:
        """Whether the row holds on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    def says_the_same(self, other: Entry) -> bool:
        """Whether both give the code the same name and properties, whatever their days."""
        return (self.code, self.display, dict(self.properties)) == (other.code, other.display, dict(other.properties))


@dataclass(frozen=True, slots=True)
class Head:
    """What is told of a catalogue besides its rows. `maps_to`: the Ministry's list that a local one is mapped to."""

    name: str
    url: str
    title: Text
    source: str
    content: Content
    maps_to: str = ""


@dataclass(frozen=True)
class Catalogue:
    """A list with all rows it ever had."""

    head: Head
    entries: tuple[Entry, ...] = ()
    _on: dict[date, Mapping[str, Entry]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is no row at all: nothing may be judged by it."""
        return not self.entries

    def on(self, day: date) -> Mapping[str, Entry]:
        """The rows that hold on a day, by code in the order of the list."""
        edition = self.edition(day)
        if edition not in self._on:
            if len(self._on) >= EDITIONS_KEPT:
                self._on.clear()
            self._on[edition] = MappingProxyType({each.code: each for each in self.entries if each.is_on(day)})
        return self._on[edition]

    def edition(self, day: date) -> date:
        """The last day up to `day` on which the list changed; date.min before any change."""
        at = bisect_right(self.changes, day)
        return self.changes[at - 1] if at else date.min

    @cached_property
    def changes(self) -> tuple[date, ...]:
        """Every day on which a row begins or has ended, in order."""
        days = {day for each in self.entries for day in (each.since, each.until) if day is not None}
        return tuple(sorted(days))

    def find(self, code: str, on: date) -> Entry | None:
        """The row of a code on a day."""
        return self.on(on).get(code)

    def display(self, code: str, on: date) -> str:
        """The name of a code on a day; "" where it has none then."""
        found = self.find(code, on)
        return found.display if found is not None else ""

    def check(self, code: str, on: date, place: str = "") -> Issue | None:
        """None for a code that holds on the day, else what is wrong: see `check_code`."""
        from benhan.vn.catalogues.check import check_code

        return check_code(self, code, on, place)

    def rows_of(self, code: str) -> list[Entry]:
        """Every row a code ever had, the earliest first."""
        return sorted(self.by_code.get(code, ()), key=lambda each: each.since or date.min)

    @cached_property
    def by_code(self) -> Mapping[str, tuple[Entry, ...]]:
        """All rows by code, the codes in the order of the list."""
        found: dict[str, tuple[Entry, ...]] = {}
        for each in self.entries:
            found[each.code] = (*found.get(each.code, ()), each)
        return MappingProxyType(found)

    @cached_property
    def by_reading(self) -> Mapping[str, tuple[str, ...]]:
        """Codes by how they may be written, and by their folded names: see `readings`."""
        found: dict[str, dict[str, None]] = {}
        for each in self.entries:
            for reading in (*readings(each.code), fold(each.display)):
                found.setdefault(reading, {})[each.code] = None
        return MappingProxyType({reading: tuple(codes) for reading, codes in found.items()})


def readings(code: str) -> tuple[str, ...]:
    """A code without spaces and case; without dots too; without zeros before it too."""
    bare = "".join(code.split()).upper()
    plain = bare.replace(".", "")
    return tuple(dict.fromkeys((bare, plain, plain.lstrip("0") or plain[-1:])))
