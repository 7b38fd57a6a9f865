"""How searches fare as the store grows: the thirty shapes of `search_mix` at 1,000, 4,000, 16,000 and 64,000 patients.

Writes the numbers to `docs/search_curve.json` and draws `docs/search_curve.svg` from them; `--draw` draws only. Stores
are kept and used again where BENHAN_BENCH_STORES names a folder for them; BENHAN_BENCH_SIZES names other sizes.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import ROOT, arguments, benhan, report
from search_mix import at, fill, measured, people_of

NUMBERS, PICTURE = ROOT / "docs/search_curve.json", ROOT / "docs/search_curve.svg"
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 360, 260, 52, 40, 220
COLOURS = ("#1f5fa8", "#c2571a", "#2f7d3b")
Size = dict[str, Any]


async def of_size(patients: int, seconds: float) -> Size:
    """The numbers at a size, from a store that is there or made anew."""
    kept = os.environ.get("BENHAN_BENCH_STORES")
    if not kept:
        return {"patients": patients} | await at(patients, seconds)
    data = Path(kept) / str(patients)
    if data.is_dir():
        benhan("db", "migrate", "--data", str(data))
        people, lines = people_of(patients)
    else:
        data.mkdir(mode=0o755, parents=True)
        people, lines = fill(data, patients)
    return {"patients": patients, "resources": lines} | await measured(data, people, seconds)


async def measure(quick: bool) -> list[Size]:
    named = os.environ.get("BENHAN_BENCH_SIZES", "1000,4000" if quick else "1000,4000,16000,64000")
    return [await of_size(int(each), 4.0 if quick else 12.0) for each in named.split(",")]


# ── the picture ──


def panel(title: str, sizes: Sequence[Size], lines: dict[str, str], floor: float | None) -> str:
    """One set of axes: the values of each line's key by the number of patients, both on logarithmic scales."""
    values = [float(size[key]) for size in sizes for key in lines] + ([floor] if floor else [])
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    first, last = math.log(sizes[0]["patients"]), math.log(sizes[-1]["patients"])

    def across(patients: float) -> float:
        share = (math.log(patients) - first) / (last - first) if last > first else 0.5
        return LEFT + 10 + share * (WIDTH - LEFT - 30)

    def up(value: float) -> float:
        return BOTTOM - (math.log10(value) - low) / (high - low) * (BOTTOM - TOP - 20)

    drawn = [f'<text x="{LEFT}" y="20" font-weight="bold">{title}</text>']
    for power in range(low, high + 1):
        height = up(10**power)
        drawn.append(f'<path d="M{LEFT} {height:.1f}H{WIDTH - 10}" stroke="#ddd"/>')
        drawn.append(f'<text x="{LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    for size in sizes:
        place = f'x="{across(size["patients"]):.1f}" y="{BOTTOM + 18}" text-anchor="middle"'
        drawn.append(f"<text {place}>{size['patients']:,}</text>")
    if floor:
        drawn.append(f'<path d="M{LEFT} {up(floor):.1f}H{WIDTH - 10}" stroke="#888" stroke-dasharray="4 3"/>')
    for number, (key, name) in enumerate(lines.items()):
        colour, points = COLOURS[number], [(across(size["patients"]), up(size[key])) for size in sizes]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        drawn.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        drawn.append(f'<text x="{LEFT + 8 + number * 104}" y="{TOP}" fill="{colour}">{name}</text>')
    return "".join(drawn)


def draw(sizes: Sequence[Size]) -> str:
    """The curves as SVG."""
    panels = [
        panel("64 clients, ms", sizes, {"p50": "p50", "p95": "p95"}, 25.0),
        panel("one at a time, ms", sizes, {"alone_p50": "p50", "alone_p95": "p95"}, 4.0),
        panel("processor, µs a search", sizes, {"node_cpu_us": "node", "postgres_cpu_us": "PostgreSQL"}, None),
    ]
    placed = "".join(f'<g transform="translate({number * WIDTH} 0)">{each}</g>' for number, each in enumerate(panels))
    box = f'viewBox="0 0 {WIDTH * len(panels)} {HEIGHT}" font-family="sans-serif" font-size="12"'
    title = "<title>Searches by the number of patients; dashed: the floor for p50</title>"
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{title}{ground}{placed}</svg>\n'


if __name__ == "__main__":
    draws_only = "--draw" in sys.argv
    if draws_only:
        sys.argv.remove("--draw")
    options = arguments(__doc__ or "")
    if not draws_only:
        import uvloop

        found = uvloop.run(measure(options.quick))
        NUMBERS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    told = json.loads(NUMBERS.read_text(encoding="utf-8"))
    PICTURE.write_text(draw(told), encoding="utf-8")
    report({f"{key}_at_{size['patients']}": value for size in told for key, value in size.items()}, options)
