"""A claim made ready for the rules: rows with every column, numbers and times read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from typing import NamedTuple

from benhan.kernel.issues import Issue
from benhan.vn.bhyt.claim import Claim, Row, episode_day, place
from benhan.vn.bhyt.rules.column_faults import ColumnFault, column_issues
from benhan.vn.bhyt.rules.context import NAMES, NO_FILE, CardAnswer, Context, InFile
from benhan.vn.bhyt.rules.lines import Line
from benhan.vn.bhyt.rules.policy import Policy
from benhan.vn.bhyt.rules.values import birth, day, minute, parts
from benhan.vn.bhyt.tables import Column, Generation, generations, latest, tables_on

STAY = ("03", "04", "09")
"""Kinds of care with an admission: inpatient, by day, inpatient under four hours."""
OUTPATIENT = ("01", "02", "05", "07", "08")
UNSEARCHED_CARDS = ("QN", "HC", "LS", "XK", "CY", "CA")
"""First letters of cards whose last day may be left empty when they are not found."""
ARMED_CARDS = ("CA", "QN", "CY")


_OF_WORLD = tuple(name for name in NAMES if name not in ("file", "signature", "repeated"))


class _Filled(dict[str, str]):
    """A row of other columns than the table's, read as if what it lacks were empty; F04 tells of it."""

    def __missing__(self, column: str) -> str:
        return ""


class Placed(NamedTuple):
    """A row and its place in the file."""

    at: str
    row: Row


class Card(NamedTuple):
    """A card of XML1 by its place in the joined columns; days as ordinals."""

    number: str
    facility: str
    begin: int | None
    end: int | None


class View:
    """A claim as the rules see it. `one` is the row of XML1; all of its columns read as empty where there is none."""

    def __init__(self, claim: Claim, context: Context, policy: Policy, file: InFile = NO_FILE) -> None:
        self.claim = claim
        self.context = context
        self.policy = policy
        self.file = file
        self.ended_on: date | None = episode_day(claim)
        self.generation: Generation = tables_on(self.ended_on) if self.ended_on else latest()
        self._tables: dict[str, list[Placed]] = {
            name: [self._placed(name, number, row) for number, row in enumerate(rows, 1)]
            for name, rows in claim.tables.items()
        }
        summary = self.rows("XML1")
        self.one: Row = summary[0].row if summary else _Filled()
        self.lacks_summary = not summary
        """There is no XML1: a check-in, or F02; the rules of XML1 are silent."""
        self.kind = self.one["MA_LOAI_KCB"]
        self.route = self.one["MA_DOITUONG_KCB"]
        self.came = minute(self.one["NGAY_VAO"])
        self.admitted = minute(self.one["NGAY_VAO_NOI_TRU"])
        self.left = minute(self.one["NGAY_RA"])
        self.now = minute(context.now) if context.now else None
        self.drugs = [Line("XML2", number, each.row) for number, each in enumerate(self.rows("XML2"), 1)]
        self.services = [Line("XML3", number, each.row) for number, each in enumerate(self.rows("XML3"), 1)]
        self.lines = self.drugs + self.services
        self.of_group: dict[str, list[Line]] = defaultdict(list)
        for line in self.services:
            self.of_group[line.group].append(line)

    def _placed(self, table: str, number: int, row: Row) -> Placed:
        known = self.generation.tables.get(table)
        if known is None:
            return Placed(place(table, number), _Filled(row))
        at = place(table, number) if known.repeats or len(self.claim.tables[table]) > 1 else table
        if tuple(row) == _names(self.generation.name, table):
            return Placed(at, row)
        return Placed(at, _Filled(row))

    def rows(self, table: str) -> Sequence[Placed]:
        """The rows of a table with their places."""
        return self._tables.get(table, ())

    @property
    def tables(self) -> Iterator[tuple[str, list[Placed]]]:
        return iter(self._tables.items())

    @cached_property
    def column_issues(self) -> Mapping[ColumnFault, list[Issue]]:
        """What is wrong with single columns, by kind."""
        return column_issues(self.claim, self.ended_on or self.generation.effective_from)

    @cached_property
    def cards(self) -> list[Card]:
        """The cards; none when the four joined columns do not have the same number of values (K01 tells)."""
        numbers = parts(self.one["MA_THE_BHYT"])
        facilities, begins, ends = (parts(self.one[name]) for name in ("MA_DKBD", "GT_THE_TU", "GT_THE_DEN"))
        ends = ends or [""] * len(numbers)
        if not len(numbers) == len(facilities) == len(begins) == len(ends):
            return []
        return [
            Card(number, facility, day(begin), day(end))
            for number, facility, begin, end in zip(numbers, facilities, begins, ends, strict=True)
        ]

    @cached_property
    def answers(self) -> dict[str, CardAnswer]:
        """What the look-up said of the cards that were looked up."""
        known = self.context.cards or {}
        return {card.number: known[card.number] for card in self.cards if card.number in known}

    @cached_property
    def is_armed(self) -> bool:
        """Whether a card is one of the army, the police or the cipher branch."""
        return self.one["MA_THE_BHYT"][:2] in ARMED_CARDS

    @cached_property
    def born(self) -> int | None:
        return birth(self.one["NGAY_SINH"][:8])

    @cached_property
    def age_days(self) -> int | None:
        """Age on arrival in days."""
        return None if self.born is None or self.came is None else self.came // 1440 - self.born

    @cached_property
    def diagnoses(self) -> list[tuple[str, str]]:
        """Codes of ICD-10, the main one first, each with its column."""
        found = [("MA_BENH_CHINH", code) for code in parts(self.one["MA_BENH_CHINH"])]
        return found + [("MA_BENH_KT", code) for code in parts(self.one["MA_BENH_KT"])]

    def has_diagnosis(self, *beginnings: str) -> bool:
        return any(code.startswith(beginnings) for _, code in self.diagnoses)

    @cached_property
    def check_ins(self) -> Sequence[Placed] | None:
        """The XML0 rows of this episode; None where it is not known what was sent."""
        own = self.rows("XML0")
        if own or not self.context.check_ins:
            return own or None
        sent = self.context.check_ins.get(self.claim.ma_lk, ())
        return [Placed(place("XML0", number), _Filled(row)) for number, row in enumerate(sent, 1)]

    @cached_property
    def known(self) -> frozenset[str]:
        """Names of the knowledge that is there for this claim; an empty list or catalogue is not knowledge."""
        found = {name for name in _OF_WORLD if getattr(self.context, name)}
        if "cards" in found and not self.answers:
            found.discard("cards")
        if self.check_ins is not None:
            found.add("check_ins")
        if self.now is None:
            found.discard("now")
        if self.file.head is not None:
            found.add("file")
        if self.file.signature is not None:
            found.add("signature")
        if self.file.repeated is not None:
            found.add("repeated")
        return frozenset(found)


@cache
def columns_of(decision: str, table: str) -> tuple[Column, ...]:
    """The columns of a table under a decision ("3176"); none where it has no such table."""
    known = next(each for each in generations() if each.name == decision).tables.get(table)
    return known.columns if known else ()


@cache
def _names(decision: str, table: str) -> tuple[str, ...]:
    return tuple(column.name for column in columns_of(decision, table))
