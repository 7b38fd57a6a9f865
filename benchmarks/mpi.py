"""Identities: one person held against 10 million, and a million records deduplicated beside Splink on the same records.

The records are those of the synthetic country, with its mistakes and its truth. The index of 10 million is made of the
faces of that country with their names, births, homes and numbers drawn apart from each other, which keeps how frequent
each is. Asked are records that the index does not hold: half of people whom it knows by another record, half of
strangers. Times are the processor's, since others work on the machine too; both sides of a ratio are measured in one
run. Splink is given what a user of its documentation would give it: folded names, comparisons of its library with
levels for one key apart and frequencies of names, seven blocking rules, weights by EM, the threshold at which its own
precision is 0.999 where there is one. It comes with `uv sync --group linkage`; without it its keys are left out.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from benhan.fhir.folding import fold
from benhan.hub.identities.matching.bulk import deduplicated
from benhan.hub.identities.matching.faces import Faces, faces_of
from benhan.hub.identities.matching.index import Index
from benhan.hub.identities.matching.traits import Traits
from benhan.synth.registered import registered, told
from common import arguments, report

PEOPLE, QUICK_PEOPLE = 550_000, 12_000
IDENTITIES, QUICK_IDENTITIES = 10_000_000, 200_000
ASKED = 4_000
BATCH = 32
CHUNK = 1_000_000
SEED = 4
PRECISION_MIN = 0.999


def main() -> None:
    options = arguments(__doc__ or "")
    people = QUICK_PEOPLE if options.quick else PEOPLE
    every = list(registered(SEED, range(people)))
    records, truth = [Traits(**told(each)) for each in every], [each.person.key for each in every]
    del every
    results: dict[str, Any] = {"records": len(records)}
    results |= _bulk(records, truth)
    results |= _beside_splink(records, truth, results["bulk_records_per_cpu_s"])
    results |= _single(records, truth, QUICK_IDENTITIES if options.quick else IDENTITIES)
    report(results, options)


def _bulk(records: list[Traits], truth: list[str]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = deduplicated(records)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    recall, precision = _quality(truth, found.person.tolist())
    return {
        "bulk_records_per_cpu_s": round(len(records) / cpu),
        "bulk_records_per_s": round(len(records) / wall),
        "recall": round(recall, 5),
        "precision": round(precision, 6),
    }


def _quality(truth: Sequence[object], found: Sequence[object]) -> tuple[float, float]:
    """Recall and precision over pairs of records of one person."""
    both = _pairs(list(zip(truth, found, strict=True)))
    return both / _pairs(truth), both / max(_pairs(found), 1)


def _pairs(groups: Sequence[object]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(groups).values())


def _beside_splink(records: list[Traits], truth: list[str], ours_per_s: int) -> dict[str, Any]:
    try:
        import pyarrow as pa
        import splink.comparison_library as cl
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    except ImportError:
        return {}
    rows = [each._asdict() for each in records]
    for each in rows:
        for part in ("family", "middle", "given"):
            each[part] = fold(each[part])
        whole = fold(each["text"]).split()
        if not each["family"]:
            each["family"], each["middle"], each["given"] = whole[0], " ".join(whole[1:-1]), whole[-1]
        each["birth"] = each["birth"] if len(each["birth"]) == 10 else f"{each['birth'][:4]}-01-01"
    columns = {name: [each[name] or None for each in rows] for name in Traits._fields}
    table = pa.table({"unique_id": list(range(len(rows))), **columns})
    del rows, columns
    rules = [
        block_on("citizen_number"),
        block_on("card"),
        block_on("phone", "given"),
        block_on("given", "birth"),
        block_on("family", "middle", "given", "commune"),
        block_on("birth", "commune"),
        block_on("family", "middle", "given", "substr(birth, 1, 4)"),
    ]
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=rules,
        comparisons=[
            cl.JaroWinklerAtThresholds("given", [0.9]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("middle", [0.9]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("family", [0.9]).configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("birth", input_is_string=True),
            cl.ExactMatch("sex"),
            cl.DamerauLevenshteinAtThresholds("citizen_number", 1),
            cl.ExactMatch("card"),
            cl.ExactMatch("phone"),
            cl.ExactMatch("commune"),
            cl.ExactMatch("line"),
        ],
        retain_matching_columns=False,
    )
    wall, cpu = time.perf_counter(), time.process_time()
    api = DuckDBAPI()
    linker = Linker(api.register(table), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match([block_on("citizen_number")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=3e7, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("citizen_number"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("given", "birth"))
    predicted = linker.inference.predict(threshold_match_probability=0.5)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    recall, precision = _best(predicted.as_pyarrow_table(), truth)
    per_s = len(records) / cpu
    return {
        "splink_records_per_cpu_s": round(per_s),
        "splink_records_per_s": round(len(records) / wall),
        "splink_recall": round(recall, 5),
        "splink_precision": round(precision, 6),
        "bulk_ratio_splink": round(ours_per_s / per_s, 2),
    }


def _best(predicted: Any, truth: list[str]) -> tuple[float, float]:
    """The recall of pairs at the lowest weight that keeps the precision, else at the surest."""
    numbers: dict[str, int] = {}
    person = np.array([numbers.setdefault(each, len(numbers)) for each in truth])
    left, right, weight = (predicted.column(name).to_numpy() for name in ("unique_id_l", "unique_id_r", "match_weight"))
    order = np.argsort(-weight, kind="stable")
    right_so_far = np.cumsum(person[left[order]] == person[right[order]])
    precision = right_so_far / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= PRECISION_MIN)
    last = good[-1] if len(good) else 0
    return float(right_so_far[last]) / _pairs(truth), float(precision[last])


def _single(records: list[Traits], truth: list[str], identities: int) -> dict[str, Any]:
    chance = np.random.default_rng(SEED)
    index = Index()
    by_person: dict[str, list[int]] = {}
    for place, key in enumerate(truth):
        by_person.setdefault(key, []).append(place)
    several = random.Random(SEED).sample([each for each in by_person.values() if len(each) > 1], ASKED // 4)
    known = [records[each[0]] for each in several]
    asked = [records[each[1]] for each in several]
    start = time.process_time()
    index.add(range(1, len(known) + 1), range(1, len(known) + 1), known)
    base = faces_of(records[: min(len(records), 200_000)], index.parts)
    strangers = random.Random(SEED + 1).sample(records, ASKED // 4)
    while len(index) < identities:
        count = min(CHUNK, identities - len(index))
        first = len(index) + 1
        numbers = np.arange(first, first + count)
        index.add_faces(numbers, numbers, _others(base, count, chance))
    load_s = time.process_time() - start
    questions = [each for pair in zip(asked, strangers, strict=True) for each in pair]
    index.find(questions[: ASKED // 8])
    times, hits = [], 0
    for place, each in enumerate(questions):
        start = time.process_time()
        found = index.find([each])[0]
        times.append(time.process_time() - start)
        hits += place % 2 == 0 and any(one.record == place // 2 + 1 for one in found)
    start = time.process_time()
    for place in range(0, len(questions), BATCH):
        index.find(questions[place : place + BATCH])
    per_s = len(questions) / (time.process_time() - start)
    return {
        "identities": len(index),
        "index_load_cpu_s": round(load_s, 1),
        "match_p50_ms": round(statistics.median(times) * 1000, 3),
        "match_p99_ms": round(statistics.quantiles(times, n=100)[98] * 1000, 3),
        "match_per_s": round(per_s),
        "match_found": round(hits / len(asked), 4),
    }


def _others(base: Faces, count: int, chance: np.random.Generator) -> Faces:
    """Faces with the frequencies of `base` and nobody's combination; numbers that nobody else has."""
    found = base[chance.integers(0, len(base), count)]
    names, births, homes = (base[chance.integers(0, len(base), count)] for _ in range(3))
    for field in ("family", "middle", "given", "family_sound", "given_sound", "bag", "mothers"):
        found[field] = names[field]
    found["birth"] = births["birth"]
    for field in ("commune", "line"):
        found[field] = homes[field]
    for field, top in (("citizen", 96 * 10**10), ("card", 10**10), ("phone", 10**9), ("old_card", 10**9)):
        told_ones = found[field] != 0
        found[field][told_ones] = chance.integers(1, top, int(told_ones.sum()))
    return found


if __name__ == "__main__":
    main()
