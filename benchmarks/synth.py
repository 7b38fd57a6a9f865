"""The synthetic country: resources a second of one core's time, lives drawn and FHIR written.

The limit is orjson serialising the same resources when they are already there, in the same run. The second line is the
whole folder: FHIR, HL7 v2, ASTM, pictures and `HoSoBenhAn`, counted in FHIR resources.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import orjson

from benhan.synth.as_fhir import life_resources
from benhan.synth.country import Country, country_of
from benhan.synth.folder import write_country
from common import arguments, median, report, scratch_folder

FIRST, LAST = date(2025, 7, 1), date(2026, 6, 30)
ROUNDS = 5


def cpu_s(country: Country) -> tuple[float, float, int]:
    """Seconds of making and serialising all resources, seconds of serialising alone, how many there are."""
    began = time.process_time()
    size = count = 0
    for life in country.lives():
        for resource in life_resources(life, country.names):
            size += len(orjson.dumps(resource))
            count += 1
    made = time.process_time() - began
    resources = [each for life in country.lives() for each in life_resources(life, country.names)]
    began = time.process_time()
    again = sum(len(orjson.dumps(each)) for each in resources)
    limit = time.process_time() - began
    assert again == size
    return made, limit, count


def folder_s(country: Country) -> tuple[float, int]:
    """Seconds of writing every format into a folder, and how many FHIR resources are in it."""
    with scratch_folder() as scratch:
        began = time.process_time()
        counts = write_country(country, scratch / "country")
        return time.process_time() - began, counts["resources"]


def measure(quick: bool) -> dict[str, Any]:
    people = 250 if quick else 2000
    cpu_s(country_of(1, 10, 50, FIRST, LAST))  # tables are read once
    rounds = [cpu_s(country_of(seed, 10, people, FIRST, LAST)) for seed in range(2, 2 + ROUNDS)]
    whole = [folder_s(country_of(seed, 10, people // 4, FIRST, LAST)) for seed in range(2, 5)]
    rates = iter([count / made for made, _, count in rounds])
    ratios = iter([limit / made for made, limit, _ in rounds])
    folders = iter([count / seconds for seconds, count in whole])
    return {
        "people": people,
        "resources": sum(count for *_, count in rounds),
        "resources_per_s": round(median(lambda: next(rates), ROUNDS)),
        "ratio_to_limit": round(median(lambda: next(ratios), ROUNDS), 4),
        "all_formats_resources_per_s": round(median(lambda: next(folders), 3)),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
