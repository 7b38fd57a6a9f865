"""Small pictures drawn on the server: sparklines as SVG paths. Large trends are uPlot's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from benhan.mapping.result_views import Analyte

WIDTH, HEIGHT, EDGE = 96, 24, 3
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


def trend_json(analyte: Analyte) -> str:
    """What the trend chart draws, as JSON that may stand within a page: times in seconds, values, band, marks."""
    numbers, latest = analyte.numbers, analyte.latest
    data: dict[str, Any] = {
        "times": [value.at.timestamp() for value in numbers if value.at is not None],
        "values": [value.number for value in numbers],
        "flags": [2 if value.is_critical else int(value.is_abnormal) for value in numbers],
        "low": latest.low,
        "high": latest.high,
        "unit": analyte.unit,
    }
    return orjson.dumps(data).decode().replace("<", "\\u003c").replace("&", "\\u0026")
