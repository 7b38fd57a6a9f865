"""Small pictures drawn on the server: sparklines as SVG paths. Large trends are uPlot's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from benhan.mapping.result_views import Analyte
from benhan.node.chart.drugs import Drug

WIDTH, HEIGHT, EDGE = 96, 24, 3
BAR_WIDTH, NARROWEST = 1000, 6
DRUGS_MAX = 40
"""Drugs beneath a trend, the newest."""
NEWEST = 30


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line through numbers: the `d` of its path, where the last point is, the top and height of the band."""

    path: str
    last_x: float
    last_y: float
    band_y: float
    band_height: float


def sparkline(numbers: Sequence[float], low: float | None = None, high: float | None = None) -> Sparkline | None:
    """A sparkline in a box of WIDTH by HEIGHT; None for fewer than two numbers."""
    if len(numbers) < 2:
        return None
    least, most = min(numbers), max(numbers)
    span = (most - least) or 1.0
    step = (WIDTH - 2 * EDGE) / (len(numbers) - 1)

    def height_of(value: float) -> float:
        return HEIGHT - EDGE - (value - least) / span * (HEIGHT - 2 * EDGE)

    def clipped(value: float) -> float:
        return min(float(HEIGHT), max(0.0, height_of(value)))

    points = [(EDGE + index * step, height_of(value)) for index, value in enumerate(numbers)]
    top = clipped(high) if high is not None else 0.0
    bottom = clipped(low) if low is not None else float(HEIGHT)
    has_band = low is not None or high is not None
    return Sparkline(
        "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points),
        round(points[-1][0], 1),
        round(points[-1][1], 1),
        round(top, 1),
        round(max(0.0, bottom - top), 1) if has_band else 0.0,
    )


def analyte_sparkline(analyte: Analyte) -> Sparkline | None:
    """The sparkline of an analyte's newest numbers."""
    values = analyte.numbers[-NEWEST:]
    latest = analyte.latest
    return sparkline([value.number for value in values if value.number is not None], latest.low, latest.high)


@dataclass(frozen=True, slots=True)
class DrugBar:
    """A drug on the axis of a list of drugs: where it begins and how wide it is, of BAR_WIDTH."""

    x: float
    width: float


def drug_bars(drugs: Sequence[Drug]) -> dict[str, DrugBar]:
    """The bars of drugs by their ids, from the first beginning to the last end; none for fewer than two instants."""
    dated = [(each, each.at) for each in drugs if each.at is not None]
    if not dated:
        return {}
    first = min(at for _, at in dated).timestamp()
    last = max(_end(each) or at.timestamp() for each, at in dated)
    span = last - first
    if span <= 0:
        return {}
    found = {}
    for each, at in dated:
        x = (at.timestamp() - first) / span * BAR_WIDTH
        width = max(((_end(each) or at.timestamp()) - at.timestamp()) / span * BAR_WIDTH, NARROWEST)
        found[each.id] = DrugBar(round(min(x, BAR_WIDTH - width), 1), round(width, 1))
    return found


def _end(drug: Drug) -> float | None:
    return drug.until.timestamp() if drug.until is not None else None


def trend_json(analyte: Analyte, lower: Sequence[float | None] = (), drugs: Sequence[Drug] = ()) -> str:
    """What the trend chart draws, as JSON that may stand within a page: times in seconds, values, band, marks.

    `lower` is a second line beneath (oldest first), `drugs` are the bars under it.
    """
    numbers, latest = analyte.numbers, analyte.latest
    data: dict[str, Any] = {
        "times": [value.at.timestamp() for value in numbers if value.at is not None],
        "values": [value.number for value in numbers],
        "flags": [2 if value.is_critical else int(value.is_abnormal) for value in numbers],
        "low": latest.low,
        "high": latest.high,
        "unit": analyte.unit,
        "ids": [value.id for value in numbers],
        "lower": list(lower),
        "drugs": [[each.name, each.at.timestamp(), _end(each)] for each in drugs[:DRUGS_MAX] if each.at is not None],
    }
    return json_within_page(data)


def json_within_page(data: Any) -> str:
    """JSON that may stand within a page."""
    return orjson.dumps(data).decode().replace("<", "\\u003c").replace("&", "\\u0026")
