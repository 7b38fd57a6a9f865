"""The country as tiles of its 34 provinces, and the curve of deployment: pictures drawn on the server as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from benhan.vn.places.units import province

TILE, GAP = 64, 4
CURVE_WIDTH, CURVE_HEIGHT, CURVE_EDGE = 560, 180, 34
DARK_FROM = 75
"""Percent from which a tile is painted full, its words light; below it is tinted so that dark words stay readable."""

PLACES: dict[str, tuple[int, int]] = {
    "12": (0, 1), "15": (0, 2), "08": (0, 3), "04": (0, 4),
    "11": (1, 0), "14": (1, 1), "25": (1, 2), "19": (1, 3), "20": (1, 4),
    "01": (2, 2), "24": (2, 3), "31": (2, 4), "22": (2, 5),
    "37": (3, 2), "33": (3, 3),
    "38": (4, 2), "40": (5, 2), "42": (5, 3), "44": (6, 3), "46": (6, 4), "48": (7, 4), "51": (7, 5), "52": (8, 5),
    "66": (9, 4), "56": (9, 5),
    "80": (10, 2), "75": (10, 3), "68": (10, 4),
    "91": (11, 0), "82": (11, 1), "79": (11, 2),
    "92": (12, 1), "86": (12, 2), "96": (13, 1),
}  # fmt: skip
"""Row and column of each province, near where it lies."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A province: where its tile stands, how many of its hospitals have deployed."""

    code: str
    name: str
    x: int
    y: int
    done: int
    every: int

    @property
    def percent(self) -> int:
        return self.done * 100 // self.every if self.every else 0

    @property
    def fill(self) -> str:
        """How full the tile is painted."""
        return "1" if self.is_dark else f"{0.08 + 0.37 * self.percent / DARK_FROM:.2f}"

    @property
    def is_dark(self) -> bool:
        return self.percent >= DARK_FROM


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve by days: the `d` of its path, marks of years (x, year) and of counts (y, count)."""

    path: str
    years: list[tuple[float, int]]
    counts: list[tuple[float, int]]
    last: tuple[float, float]


def tiles(counts: Mapping[str, tuple[int, int]], on: date) -> list[Tile]:
    """Every province, also those without a hospital here."""
    step = TILE + GAP
    found = []
    for code, (row, column) in PLACES.items():
        place = province(code, on)
        assert place is not None, code
        found.append(Tile(code, place.name, column * step, row * step, *counts.get(code, (0, 0))))
    return found


def curve_of(points: Sequence[tuple[date, int]], today: date) -> Curve | None:
    """The curve up to today; None for fewer than two points."""
    if len(points) < 2:
        return None
    first, most = points[0][0], max(points[-1][1], 1)
    days = max((today - first).days, 1)
    width, height = CURVE_WIDTH - 2 * CURVE_EDGE, CURVE_HEIGHT - 2 * CURVE_EDGE

    def x(day: date) -> float:
        return round(CURVE_EDGE + (day - first).days / days * width, 1)

    def y(count: int) -> float:
        return round(CURVE_HEIGHT - CURVE_EDGE - count / most * height, 1)

    steps = [f"M{x(first)},{y(0)}"]
    for day, count in points:
        steps.append(f"H{x(day)} V{y(count)}")
    steps.append(f"H{x(today)}")
    years = [(x(date(year, 1, 1)), year) for year in range(first.year + 1, today.year + 1)]
    counts = [(y(count), count) for count in sorted({most, most // 2})]
    return Curve(" ".join(steps), years, counts, (x(today), y(points[-1][1])))
