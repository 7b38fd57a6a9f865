"""The first useful paint of pages in Chromium with its processor throttled four times, on localhost.

Told by the browser itself: first contentful paint and the weight of what came. Other work on the same cores makes it
slower; what it is held against is an almost empty page of the same server in the same run.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
from typing import Any

from chart_open import PASSWORD, account, lines
from common import arguments, benhan, report, scratch_folder, serving

THROTTLED = 4
PAGES = {
    "paint_chart_ms": "/patients/{patient}",
    "paint_results_ms": "/patients/{patient}?tab=results",
    "paint_patients_ms": "/patients",
    "paint_records_ms": "/records",
    "paint_phrases_ms": "/phrases",
}
LEAST = "/account"
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
WEIGHT = """() => [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
    .reduce((sum, each) => sum + (each.encodedBodySize || 0), 0)"""


async def paint_ms(context: Any, address: str, rounds: int) -> tuple[float, int]:
    """The median of the first contentful paints of an address, in a fresh page each, and the bytes of the heaviest."""
    found, weight = [], 0
    for _ in range(rounds):
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLED})
        await page.goto(address, wait_until="load")
        await page.wait_for_function(PAINT)
        found.append(float(await page.evaluate(PAINT)))
        weight = max(weight, int(await page.evaluate(WEIGHT)))
        await page.close()
    return statistics.median(found), weight


async def measure(quick: bool) -> dict[str, Any]:
    from playwright.async_api import async_playwright

    chromium = shutil.which("chromium")
    assert chromium is not None, "Chromium is not installed (Debian: chromium)"
    rounds = 3 if quick else 15
    results: dict[str, Any] = {}
    with scratch_folder() as data:
        await account(data)
        patient, resources = lines("Nguyễn Thị Mười Năm", 2_000 if quick else 20_000, 80)
        file = data / "lives.ndjson"
        file.write_bytes(b"\n".join(resources))
        benhan("import", str(file), "--data", str(data))
        with serving(data) as server:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                context = await browser.new_context(base_url=server.url, viewport={"width": 1366, "height": 768})
                page = await context.new_page()
                await page.goto("/sign-in")
                await page.fill("#login", "doctor")
                await page.fill("#password", PASSWORD)
                await page.click("form button.main")
                await page.wait_for_url(f"{server.url}/")
                least, _ = await paint_ms(context, LEAST, rounds)
                weights = []
                for name, address in random.sample(sorted(PAGES.items()), len(PAGES)):
                    results[name], weight = await paint_ms(context, address.format(patient=patient), rounds)
                    results[name] = round(results[name])
                    weights.append(weight)
                await browser.close()
    slowest = max(results.values())
    return {
        **dict(sorted(results.items())),
        "paint_slowest_ms": slowest,
        "paint_least_ms": round(least),
        "paint_ratio_to_limit": round(least / slowest, 3),
        "page_weight_max_bytes": max(weights),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(asyncio.run(measure(options.quick)), options)
