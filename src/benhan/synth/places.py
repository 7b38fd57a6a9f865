"""Where people live: provinces and communes as they are since 07/2025, weighed by how many live there.

Source: QĐ 19/2025/QĐ-TTg (provinces and communes); populations and ethnic groups are rounded (data/README.md).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from benhan.synth.chance import Weighted
from benhan.vn.places import units

KINH = "01"


@dataclass(frozen=True, slots=True)
class Commune:
    """A phường, xã or đặc khu with its code."""

    code: str
    name: str

    @property
    def is_urban(self) -> bool:
        return self.name.startswith("Phường")


@dataclass(frozen=True, slots=True)
class Province:
    """A province: its people in thousands, its part of the country, who lives there and what births were numbered."""

    code: str
    name: str
    thousands: int
    region: str
    """north, centre or south."""
    ethnic_groups: Weighted[str]
    birth_codes: tuple[str, ...]
    """The 3-digit codes in citizen numbers of the former provinces that it was made of."""
    communes: Weighted[Commune]


@cache
def provinces() -> tuple[Province, ...]:
    """The provinces in the order of their codes."""
    communes: dict[str, list[Commune]] = defaultdict(list)
    for place in units.wards_now():
        communes[place.parent].append(Commune(place.code, place.full_name))
    return tuple(_province(row, communes[row["code"]]) for row in rows("provinces.csv"))


@cache
def by_population() -> Weighted[Province]:
    """The provinces, each as likely as somebody lives there."""
    return Weighted((each, each.thousands) for each in provinces())


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table of the package's data."""
    with (resources.files("benhan.synth") / "data" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _province(row: dict[str, str], communes: list[Commune]) -> Province:
    shares = [(code, float(share)) for code, share in (pair.split(":") for pair in row["ethnic_groups"].split())]
    groups = Weighted([(KINH, 100 - sum(share for _, share in shares)), *shares])
    lived_in = Weighted((each, 2.5 if each.is_urban else 1.0) for each in communes)
    name = next(each.name for each in units.provinces(units.CUT_OVER) if each.code == row["code"])
    codes = tuple(row["birth_codes"].split())
    return Province(row["code"], name, int(row["thousands"]), row["region"], groups, codes, lived_in)
