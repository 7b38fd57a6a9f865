"""Estimate `hub/identities/matching/data/weights.json` on the synthetic country: `--people 200000` takes a minute.

.venv/bin/python tools/estimate_identity_weights.py
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src/benhan/hub/identities/matching/data/weights.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    from benhan.hub.identities.matching.bulk import deduplicated
    from benhan.hub.identities.matching.traits import Traits
    from benhan.synth.registered import registered, told

    records = [Traits(**told(each)) for each in registered(options.seed, range(options.people))]
    weights = deduplicated(records).weights.as_json()
    for side in ("m", "u"):
        weights[side] = {name: [float(f"{share:.4g}") for share in shares] for name, shares in weights[side].items()}
    weights["prior"] = float(f"{weights['prior']:.4g}")
    TARGET.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
