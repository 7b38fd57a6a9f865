"""The field table: parts with their roots and fields. Source: `data/README.md`."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"
REQUIRED_PARTS = ("XML1", "XML2", "XML3", "XML4", "XML8")
"""By one vendor of QĐ 2062; sources differ (docs/known-issues.md)."""
RESULTS_PART = "XML11"
RESULTS_LIST, RESULT = "DANH_SACH_CLS", "CHI_TIET_CLS"


class AgeGroup(Enum):
    """The three groups of QĐ 2062 by whole years on the day of the examination; the value is what TYPE says."""

    CHILD = "ChildUnder"
    MINOR = "Minor"
    ADULT = "Adult"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its kind (see `check`), its size (0: any), whether it must be there ("1", "0", "c" by age)."""

    name: str
    kind: str
    size: int
    need: str


@dataclass(slots=True)
class Part:
    """A part: its root element, its fields in order, and those known by how they begin."""

    name: str
    root: str
    fields: dict[str, Field] = field(default_factory=dict)
    prefixes: list[Field] = field(default_factory=list)

    def find(self, name: str) -> Field | None:
        """The field of a name, None where the part has none such."""
        known = self.fields.get(name)
        return known or next((each for each in self.prefixes if name.startswith(each.name)), None)


@cache
def parts() -> dict[str, Part]:
    """Every part by its name, XML1 to XML11."""
    found: dict[str, Part] = {}
    with (_DATA / "fields.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            part = found.setdefault(row["part"], Part(row["part"], row["root"]))
            one = Field(row["field"].removesuffix("*"), row["kind"], int(row["size"]), row["need"])
            if row["field"].endswith("*"):
                part.prefixes.append(one)
            else:
                part.fields[one.name] = one
    return found


@cache
def codes(name: str) -> frozenset[str]:
    """The codes of a list of `data/codes.csv`; empty where it has none such."""
    with (_DATA / "codes.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["code"] for row in csv.DictReader(file) if row["list"] == name)
