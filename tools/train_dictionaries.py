"""Trains the compression dictionaries that the package ships, on synthetic records only.

    python tools/train_dictionaries.py [folder with Synthea bundles]

Half of what each dictionary learns from is this project's own synthetic hospitals, half the Synthea bundles, where a
folder of them is given. A dictionary that rows were packed with is never replaced once a version is released: raise
VERSION instead.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from benhan.fhir.resource import parse_resource, tail_bytes  # noqa: E402
from benhan.store.content import FOLDER, train_dictionary  # noqa: E402
from resources import resources  # noqa: E402

VERSION = 1
FIRST_SEED = 5_000  # other people than those of the benchmarks
OWN = 60_000
SAMPLES_MAX = 8_000
SAMPLES_MIN = 30
LARGE, LARGE_BYTES, SMALL_BYTES = 400_000, 32 * 1024, 8 * 1024


def tails(lines: Iterable[bytes]) -> dict[str, list[bytes]]:
    """What the store compresses of each resource, by type."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for line in lines:
        resource = parse_resource(line)
        found[resource.type].append(tail_bytes(resource.body))
    return found


def bundled(folder: Path) -> Iterable[bytes]:
    for path in sorted(folder.glob("*.json")):
        for entry in orjson.loads(path.read_bytes())["entry"]:
            yield orjson.dumps(entry["resource"])


def main() -> None:
    chance = random.Random(1)  # the same dictionaries every time
    own = tails(islice(resources(foreign=False, seed=FIRST_SEED), OWN))
    other = tails(bundled(Path(sys.argv[1]))) if len(sys.argv) > 1 else {}
    for type_ in sorted(own.keys() | other.keys()):
        chosen = []
        for source in (own, other):
            samples = source.get(type_, [])
            chance.shuffle(samples)
            chosen += samples[:SAMPLES_MAX]
        if len(chosen) < SAMPLES_MIN:
            continue
        size = LARGE_BYTES if sum(map(len, chosen)) > LARGE else SMALL_BYTES
        dictionary = train_dictionary(chosen, size)
        (FOLDER / f"{type_}.{VERSION}.dict").write_bytes(dictionary)
        print(type_, len(chosen), len(dictionary))


if __name__ == "__main__":
    main()
