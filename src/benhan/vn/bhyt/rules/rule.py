"""A rule: a small function of a claim's view that yields what it finds, with its row of `data/rules.csv`."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from benhan.kernel.texts import Text

if TYPE_CHECKING:
    from benhan.vn.bhyt.rules.view import View

_TABLE = Path(__file__).parent / "data" / "rules.csv"


class Level(Enum):
    """What a finding does: nothing (the rule is off), it is shown, it should be mended, it stops the sending."""

    OFF = "off"
    OBSERVE = "observe"
    WARN = "warn"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}
_LEVELS = {"block": Level.BLOCK, "error": Level.WARN, "warn": Level.OBSERVE}
"""Severity of the table → level. A row that says "block if malformed, warn if empty" blocks; its function softens."""

_TEXTS = {
    "file": "CV 1245/BHXH-CNTT (03/05/2024)",
    "card": "TT 12/2026/TT-BTC; CV 1923/BHXH (2024)",
    "entitlement": "QĐ 3276/QĐ-BYT (17/10/2025), phụ lục 1",
    "diagnosis": "QĐ 4469/QĐ-BYT, QĐ 7603/QĐ-BYT",
    "catalogue": "TT 12/2026/TT-BTC, danh mục 01–06/DM",
    "drug": "TT 37/2024/TT-BYT",
    "service": "TT 22/2023/TT-BYT",
    "bed": "TT 22/2023/TT-BYT",
    "leave": "TT 18/2022/TT-BYT",
    "check-in": "CV 1245/BHXH-CNTT (03/05/2024)",
}
"""The text behind a group, beside the tables."""

COLUMN_CODES = ("R01", "R02")
"""Rules of single columns, which have no row in the table (`columns.py`)."""

_NO_PARAMS: Mapping[str, object] = MappingProxyType({})


class Found(NamedTuple):
    """A breach: its place, what fills the rule's text, whether it is only to be observed, a text of its own."""

    place: str
    params: Mapping[str, object] = _NO_PARAMS
    soft: bool = False
    text: Text | None = None


def at(place: str, **params: object) -> Found:
    """A breach at a place. `params` fill the text: amounts, codes of lists, times; never who the patient is."""
    return Found(place, params)


def softly(place: str, text: Text | None = None) -> Found:
    """A breach that is only to be observed, whatever the rule's level."""
    return Found(place, soft=True, text=text)


Check = Callable[["View"], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the table: what it says when broken, the hint that mends it, and the knowledge it asks for.

    `needs`: without any of these it is not checked at all (`a|b`: one of them is enough). `uses`: without these a part
    of it is not checked. Both name fields of Context. `wording` is the row's English sentence.
    """

    code: str
    text: Text
    hint: Text
    check: Check
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    group: str
    level: Level
    wording: str
    tables: str
    sources: str
    confidence: str

    @property
    def clause(self) -> str:
        """The tables of the decision that it reads, and the text behind the group."""
        tables = ", ".join(dict.fromkeys(re.findall(r"XML([0-9]+)", self.tables)))
        decision = f"QĐ 3176/QĐ-BYT, bảng {tables}" if tables else "QĐ 3176/QĐ-BYT"
        return "; ".join(filter(None, (decision, _TEXTS.get(self.group))))


def rule(
    code: str, text: Text, hint: Text, *, needs: tuple[str, ...] = (), uses: tuple[str, ...] = ()
) -> Callable[[Check], Rule]:
    """Make the function below the rule `code` of the table."""

    def made(check: Check) -> Rule:
        row = rule_rows()[code]
        return Rule(
            code,
            text,
            hint,
            check,
            needs,
            uses,
            row["group"],
            _LEVELS[row["severity"].split()[0]],
            row["rule"],
            row["tables_columns"],
            row["sources"],
            row["confidence"],
        )

    return made


@cache
def rule_rows() -> dict[str, dict[str, str]]:
    """The rows of the table by code, in its order."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}
