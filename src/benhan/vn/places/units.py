"""Administrative units by code and day: 63 provinces with districts and communes, and 34 provinces with communes.

On 01/07/2025 the districts ended, 63 provinces became 34 and some 10,000 communes 3,321. Codes went on being used for
other units and names: 15 was Yên Bái and is Lào Cai, 00004 was phường Trúc Bạch and is phường Ba Đình. A code means
nothing without a day. Source: QĐ 19/2025/QĐ-TTg, NQ 202/2025/QH15, NQ 30/2026/QH16; `data/README.md`.

Not supported: changes of communes before June 2024, and of the ten communes of Đồng Nai that became phường on
30/04/2026, which carry their kind of today from 01/07/2025 on.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

CUT_OVER = date(2025, 7, 1)
"""The first day of two levels."""

_DATA = Path(__file__).parent / "data"


class Level(Enum):
    """Tỉnh, huyện (to 30/06/2025), xã."""

    PROVINCE = "province"
    DISTRICT = "district"
    WARD = "ward"


class Place(NamedTuple):
    """A unit under one name: from the day `since` (None: before our lists begin) to the day before `until`.

    `parent` is the code of the unit above on those days, "" for a province. Codes are of 2, 3 and 5 digits.
    """

    code: str
    level: Level
    kind: str
    name: str
    parent: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def full_name(self) -> str:
        """As it is written: "Phường Trúc Bạch", "Quận 3"."""
        return f"{self.kind} {self.name}" if self.kind else self.name

    @property
    def is_former(self) -> bool:
        """Whether the name ended by 01/07/2025."""
        return self.until is not None and self.until <= CUT_OVER

    def is_on(self, day: date) -> bool:
        """Whether the unit has this name on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


def province(code: str, on: date) -> Place | None:
    """The province of a two-digit code on a day."""
    return _on(provinces_ever().get(code, ()), on)


def district(code: str, on: date) -> Place | None:
    """The district of a three-digit code on a day; none from 01/07/2025 on."""
    return _on(districts_ever().get(code, ()), on)


def ward(code: str, on: date) -> Place | None:
    """The commune of a five-digit code on a day."""
    return _on(wards_ever().get(code, ()), on)


def provinces(on: date) -> list[Place]:
    """Every province of a day, by code: 63, or 34 from 01/07/2025 on."""
    return _every(provinces_ever(), on)


def districts(province_code: str, on: date) -> list[Place]:
    """Every district of a province on a day, by code."""
    return [each for each in _every(districts_ever(), on) if each.parent == province_code]


def wards(parent_code: str, on: date) -> list[Place]:
    """Every commune of a district (to 30/06/2025) or of a province (since) on a day, by code."""
    return [each for each in _every(wards_ever(), on) if each.parent == parent_code]


def above(place: Place) -> Place | None:
    """The unit that `place` belonged to when it had this name; None above a province.

    A province that changed its name meanwhile is given with its last name of those days.
    """
    if place.level is Level.PROVINCE:
        return None
    found = districts_ever().get(place.parent) or provinces_ever().get(place.parent, ())
    same_days = [each for each in found if _meet(each, place)]
    return same_days[-1] if same_days else None


def path(place: Place) -> list[Place]:
    """`place` and every unit above it, the smallest first."""
    found = [place]
    while (upper := above(found[-1])) is not None:
        found.append(upper)
    return found


@lru_cache(maxsize=20_000)
def province_of(place: Place) -> Place:
    """The province that `place` is or lies in."""
    return path(place)[-1]


@cache
def provinces_ever() -> dict[str, tuple[Place, ...]]:
    """Every name of every province code, the earliest first."""
    return _by_code(
        Place(code, Level.PROVINCE, kind, name, "", _day(since), _day(until))
        for code, kind, name, since, until, _into in rows("provinces")
    )


@cache
def districts_ever() -> dict[str, tuple[Place, ...]]:
    """Every district by code."""
    return _by_code(
        Place(code, Level.DISTRICT, kind, name, parent, None, CUT_OVER)
        for code, parent, kind, name in rows("districts")
    )


@cache
def wards_ever() -> dict[str, tuple[Place, ...]]:
    """Every commune of every code, the former first."""
    return _by_code((*former_wards(), *wards_now()))


@cache
def former_wards() -> tuple[Place, ...]:
    """Every commune of June 2024."""
    return tuple(
        Place(code, Level.WARD, sys.intern(kind), name, sys.intern(parent), None, CUT_OVER)
        for code, parent, kind, name, _into in rows("former_wards")
    )


@cache
def wards_now() -> tuple[Place, ...]:
    """Every commune since 01/07/2025."""
    return tuple(
        Place(code, Level.WARD, sys.intern(kind), name, sys.intern(parent), CUT_OVER, None)
        for code, parent, kind, name in rows("wards")
    )


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a table of `data`, without its heading."""
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        yield from reader


def _by_code(places: Iterable[Place]) -> dict[str, tuple[Place, ...]]:
    found: dict[str, tuple[Place, ...]] = {}
    for each in places:
        found[each.code] = (*found.get(each.code, ()), each)
    return found


def _on(names: tuple[Place, ...], day: date) -> Place | None:
    return next((each for each in names if each.is_on(day)), None)


def _every(by_code: dict[str, tuple[Place, ...]], day: date) -> list[Place]:
    return [each for code in sorted(by_code) for each in by_code[code] if each.is_on(day)]


def _meet(one: Place, other: Place) -> bool:
    """Whether both were there on some day."""
    return not (
        (one.until is not None and other.since is not None and one.until <= other.since)
        or (other.until is not None and one.since is not None and other.until <= one.since)
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
