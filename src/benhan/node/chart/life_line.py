"""A life in episodes: a line a facility, a bar an episode. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from benhan.node.chart.moments import Moment

WIDTH = 1000
NARROWEST = 4
INPATIENT = frozenset({"IMP", "ACUTE", "NONAC", "EMER", "SS"})
"""Classes of encounters in which a patient lies in a bed."""
LINES_MAX = 6
"""Facilities that have a line of their own; the rest share one."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An episode: where it begins and how wide it is, of WIDTH."""

    x: float
    width: float
    is_inpatient: bool


@dataclass(frozen=True, slots=True)
class FacilityLine:
    """A facility ("" for the reader's own, None for the others together): its episodes, the newest of them."""

    facility: str | None
    bars: tuple[Bar, ...]
    newest: datetime


@dataclass(frozen=True, slots=True)
class LifeLine:
    """All lines between two instants; `years` are where years begin, of WIDTH."""

    begins_at: datetime
    ends_at: datetime
    lines: tuple[FacilityLine, ...]
    years: tuple[float, ...]


def life_line(stays: list[Moment], now: datetime) -> LifeLine | None:
    """The stays (newest first) as lines, the facility that was seen last on top; None for no stay with a time."""
    dated = [(each.at, each) for each in stays if each.at is not None and each.at <= now]
    if not dated:
        return None
    first = min(at for at, _ in dated)
    begins_at = min(first, now - timedelta(days=30))
    span = (now - begins_at).total_seconds()

    def x_of(at: datetime) -> float:
        return round(min(max((at - begins_at).total_seconds() / span, 0.0), 1.0) * WIDTH, 1)

    by_place: dict[str, list[tuple[datetime, Moment]]] = defaultdict(list)
    for at, stay in dated:
        by_place[stay.facility].append((at, stay))
    names: list[str | None] = [*by_place]
    shown, others = names[:LINES_MAX], names[LINES_MAX:]
    lines = [_line(name, by_place[name or ""], x_of, now) for name in shown]
    if others:
        lines.append(_line(None, [one for name in others for one in by_place[name or ""]], x_of, now))
    years = [x_of(begins_at.replace(year=year, month=1, day=1, hour=0)) for year in range(first.year + 1, now.year + 1)]
    return LifeLine(begins_at, now, tuple(lines), tuple(years))


def _line(
    name: str | None, stays: list[tuple[datetime, Moment]], x_of: Callable[[datetime], float], now: datetime
) -> FacilityLine:
    bars = []
    for at, stay in stays:
        end = stay.until or (now if stay.is_open else at)
        width = max(x_of(end) - x_of(at), NARROWEST)
        bars.append(Bar(min(x_of(at), WIDTH - width), width, stay.title in INPATIENT))
    return FacilityLine(name, tuple(bars), max(at for at, _ in stays))
