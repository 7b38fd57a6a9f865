"""Every benchmark, one after another, each as its own process; what each says, and one object of all at the end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from common import arguments, report

NAMES = (
    "yardstick",
    "footprint",
    "crud",
    "crud_mix",
    "bundles",
    "mllp",
    "bulk_import",
    "bulk_export",
    "everything",
    "ward_load",
    "chart_open",
    "ward_board",
    "first_paint",
    "search_mix",
    "care_cost",
    "disk",
    "ledger",
    "terminology",
    "fhirpath",
    "synth",
    "validate_profiles",
    "validate_aside",
    "formats",
    "print_forms",
    "sign_batch",
    "sign_node",
    "verify_record",
    "close_check",
    "bhyt_read",
    "bhyt_rules",
    "names",
    "mpi",
    "hub_exchange",
    "ask_to_delivered",
    "hoso_benh_an",
    "crash",
)


def measure(quick: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in NAMES:
        print(f"== {name}", flush=True)
        command = [
            sys.executable,
            str(Path(__file__).with_name(f"{name}.py")),
            "--json",
            *(["--quick"] if quick else []),
        ]
        process = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        *table, last = process.stdout.strip().splitlines()
        print("\n".join(table), flush=True)
        found |= {f"{name}_{key}" if key in found else key: value for key, value in json.loads(last).items()}
    return found


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
