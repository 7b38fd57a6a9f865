"""Small pictures drawn on the server: sparklines as SVG paths. Large trends are uPlot's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benhan.mapping.result_views import Analyte

WIDTH, HEIGHT, EDGE = 96, 24, 3


def sparkline(numbers: Sequence[float]) -> str:
    """The `d` of a path through `numbers` in a box of WIDTH by HEIGHT; "" for fewer than two."""
    if len(numbers) < 2:
        return ""
    low, high = min(numbers), max(numbers)
    span = (high - low) or 1.0
    step = (WIDTH - 2 * EDGE) / (len(numbers) - 1)
    points = (
        f"{EDGE + index * step:.1f},{HEIGHT - EDGE - (value - low) / span * (HEIGHT - 2 * EDGE):.1f}"
        for index, value in enumerate(numbers)
    )
    return "M" + " L".join(points)


def analyte_sparkline(analyte: Analyte) -> str:
    """The sparkline of an analyte's newest 30 numbers."""
    return sparkline([value.number for value in analyte.numbers[-30:] if value.number is not None])


def trend_data(analyte: Analyte) -> dict[str, Any]:
    """What the trend chart draws: times in seconds, values, the band, the unit."""
    numbers = analyte.numbers
    latest = analyte.latest
    return {
        "name": analyte.name,
        "unit": analyte.unit,
        "times": [value.at.timestamp() for value in numbers if value.at is not None],
        "values": [value.number for value in numbers],
        "low": latest.low,
        "high": latest.high,
    }
