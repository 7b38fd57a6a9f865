"""The provinces that identifiers name by two digits: the 63 of before 07/2025, which numbers keep for ever."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benhan.kernel.texts import Text

_TABLE = Path(__file__).parent / "data" / "provinces.csv"


class Province(NamedTuple):
    """A province by its name of then, and the name of the one its place belongs to now."""

    code: str
    name: str
    name_now: str

    @property
    def told(self) -> Text:
        if self.name == self.name_now:
            return Text(self.name, self.name)
        return Text(f"{self.name} (nay thuộc {self.name_now})", f"{self.name} (now in {self.name_now})")


@cache
def provinces() -> dict[str, Province]:
    """Each province by its two digits."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: Province(**row) for row in csv.DictReader(file)}
