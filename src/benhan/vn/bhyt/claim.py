"""A claim in memory: the rows of one episode (MA_LK), each value exactly as read; and the head of its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from benhan.kernel.issues import Issue

Row = dict[str, str]
"""Column → text exactly as read; "" for an empty one. A column that the file did not have is not there."""


@dataclass(slots=True)
class Claim:
    """One episode: `tables` keyed "XML0".."XML15", rows in file order; `faults` of its reading.

    An issue's place is `XML3[2].NGAY_YL` (the row counted from 1), `XML3[2]`, `XML3`, or "" for the whole.
    """

    ma_lk: str
    tables: dict[str, list[Row]] = field(default_factory=dict)
    faults: list[Issue] = field(default_factory=list)

    def rows(self, table: str) -> list[Row]:
        """The rows of a table, none where it is not there."""
        return self.tables.get(table, [])

    @property
    def summary(self) -> Row:
        """The row of XML1 (of XML0 in a check-in); empty where there is none."""
        rows = self.rows("XML1") or self.rows("XML0")
        return rows[0] if rows else {}


@dataclass(slots=True)
class ClaimFile:
    """The head of a file, as read: MACSKCB, NGAYLAP (yyyyMMdd), SOLUONGHOSO; whether CHUKYDONVI holds a signature.

    `claims_seen` counts the HOSO met so far; `faults` are those of the wrapper.
    """

    facility: str = ""
    made_on: str = ""
    count: str = ""
    signed: bool = False
    claims_seen: int = 0
    faults: list[Issue] = field(default_factory=list)


def place(table: str, row: int = 0, column: str = "") -> str:
    """`XML3[2].NGAY_YL`: the table, the row counted from 1 (0: the whole table), the column."""
    return table + (f"[{row}]" if row else "") + (f".{column}" if column else "")


def episode_day(claim: Claim) -> date | None:
    """The day that decides which tables, lists and rules hold: NGAY_RA, else NGAY_VAO; None if unreadable."""
    for column in ("NGAY_RA", "NGAY_VAO"):
        text = claim.summary.get(column, "")
        if len(text) >= 8 and text[:8].isdigit() and text.isascii():
            try:
                return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
            except ValueError:
                continue
    return None
