"""Trains the compression dictionaries that the package ships, on synthetic records only.

    python tools/train_dictionaries.py [folder with Synthea bundles]

Half of what each dictionary learns from is this project's own synthetic hospitals, half the Synthea bundles, where a
folder of them is given: both as the store has them, with ids of its own and the mark for the row's patient. A
dictionary that rows were packed with is never replaced once a version is released: raise VERSION instead.
"""

from __future__ import annotations

import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from itertools import islice
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from benhan.fhir.indexing import patient_of  # noqa: E402
from benhan.fhir.resource import parse_resource, tail_bytes  # noqa: E402
from benhan.store.content import FOLDER, train_dictionary, without_patient  # noqa: E402
from benhan.store.ids import BUCKETS, decode_id, encode_rid  # noqa: E402
from resources import resources  # noqa: E402

VERSION = 2
FIRST_SEED = 5_000  # other people than those of the benchmarks
OWN = 60_000
SAMPLES_MAX = 8_000
SAMPLES_MIN = 30
LARGE, LARGE_BYTES, SMALL_BYTES = 400_000, 40 * 1024, 8 * 1024
_TEMPORARY = re.compile(rb"urn:uuid:[0-9a-f-]{36}")


def tails(lines: Iterable[bytes]) -> dict[str, list[bytes]]:
    """What the store compresses of each resource, by type."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for line in lines:
        resource = parse_resource(line)
        named = patient_of(resource.plain)
        patient = decode_id(named.removeprefix("Patient/")) if named is not None else 0
        found[resource.type].append(without_patient(tail_bytes(resource.body), patient or 0))
    return found


def bundled(folder: Path, chance: random.Random) -> Iterable[bytes]:
    """The resources of bundles, with ids such as a server gives where they name each other."""
    for path in sorted(folder.glob("*.json")):
        entries = orjson.loads(path.read_bytes())["entry"]
        bucket = chance.randrange(1, BUCKETS) << 51
        names = {
            each["fullUrl"].encode(): f"{each['resource']['resourceType']}/{_fresh_id(bucket, chance)}".encode()
            for each in entries
        }
        for entry in entries:
            yield _TEMPORARY.sub(partial(_named, names), orjson.dumps(entry["resource"]))


def _named(names: dict[bytes, bytes], found: re.Match[bytes]) -> bytes:
    return names.get(found[0], found[0])


def _fresh_id(bucket: int, chance: random.Random) -> str:
    return encode_rid(bucket | chance.getrandbits(51))


def main() -> None:
    chance = random.Random(1)  # the same dictionaries every time
    own = tails(islice(resources(foreign=False, seed=FIRST_SEED), OWN))
    other = tails(bundled(Path(sys.argv[1]), chance)) if len(sys.argv) > 1 else {}
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
