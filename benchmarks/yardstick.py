"""How fast this machine is just now, by things that are not ours: what numbers of two days are compared by.

The plan's figures were seen where one core signed 29,200 times a second with Ed25519; `machine_ratio` tells how much of
that this machine gives. A machine shared with others gives less at one hour than at another.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common import arguments, report
from resources import resources

SEEN_SIGN_PER_S = 29_200


def per_s(act: Callable[[], object], seconds: float) -> float:
    """How often `act` is done a second, the median of five rounds."""
    rates = []
    for _ in range(5):
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds / 5:
            act()
            count += 1
        rates.append(count / (time.perf_counter() - began))
    return statistics.median(rates)


def measure(quick: bool) -> dict[str, Any]:
    seconds = 1.0 if quick else 3.0
    key = Ed25519PrivateKey.generate()
    source = resources()
    bundle = b"[" + b",".join(next(source) for _ in range(2_000)) + b"]"
    with tempfile.TemporaryFile() as file:

        def synced() -> None:
            file.write(b"x" * 8192)
            file.flush()
            os.fdatasync(file.fileno())

        sync_per_s = per_s(synced, seconds)
    sign_per_s = per_s(lambda: key.sign(b"x" * 32), seconds)
    return {
        "ed25519_sign_per_s": round(sign_per_s),
        "machine_ratio": round(sign_per_s / SEEN_SIGN_PER_S, 2),
        "orjson_mb_per_s": round(per_s(lambda: orjson.loads(bundle), seconds) * len(bundle) / 1e6),
        "python_loops_per_s": round(per_s(lambda: sum(range(100_000)), seconds)),
        "fdatasync_8k_per_s": round(sync_per_s),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
