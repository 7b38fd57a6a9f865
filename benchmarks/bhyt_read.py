"""A month's BHYT file read and its columns checked, one core, beside what lxml takes to parse the same inner XML.

The peer does less: bare trees, no wrapper, no Base64, no rows, no checks.
"""

from __future__ import annotations

import itertools
import resource
import statistics
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from benhan.vn.bhyt.claim import Claim, episode_day
from benhan.vn.bhyt.columns_check import check_columns
from benhan.vn.bhyt.read import ClaimReader
from benhan.vn.bhyt.tables import latest
from benhan.vn.bhyt.write import claims_to_bytes, write_claims
from common import arguments, report

SAMPLES = Path(__file__).resolve().parent.parent / "tests/bhyt_samples"
PIECE = 256 * 1024


def stays() -> list[Claim]:
    """Episodes of the sizes of life: visits with ten lines, stays with a hundred or more."""
    found = []
    for name, times in (("A_outpatient", 2), ("B_inpatient", 30), ("C_delivery", 20), ("D_chronic_hiv_tb", 3)):
        claim = next(iter(ClaimReader([(SAMPLES / f"{name}.GIAMDINHHS.xml").read_bytes()])))
        for table in ("XML2", "XML3", "XML4", "XML5"):
            claim.tables[table] = [dict(row) for row in claim.rows(table) for _ in range(times)]
        found.append(Claim(claim.ma_lk, {name: rows for name, rows in claim.tables.items() if rows}))
    return found


def read_and_check(pieces: Iterator[bytes]) -> int:
    """How many claims a file holds, each read and checked."""
    count = 0
    reader = ClaimReader(pieces)
    for claim in reader:
        day = episode_day(claim)
        assert day is not None
        assert not claim.faults
        assert not check_columns(claim, day)
        count += 1
    assert not reader.head.faults
    return count


def pieces_of(data: bytes) -> Iterator[bytes]:
    return (data[at : at + PIECE] for at in range(0, len(data), PIECE))


def inner_files(data: bytes) -> list[bytes]:
    return [b64decode(each.text or "") for each in etree.fromstring(data).iter("NOIDUNGFILE")]


def measure(quick: bool) -> dict[str, Any]:
    claims = stays()
    many = 400 if quick else 4000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read_and_check(write_claims("99001", _day(), itertools.islice(itertools.cycle(claims), many), many, latest()))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    claims *= 6 if quick else 20
    data = claims_to_bytes("99001", _day(), claims, latest())
    inner = inner_files(data)
    size = sum(map(len, inner))
    ours, peers = [], []
    for _ in range(5 if quick else 9):
        began = time.process_time()
        assert read_and_check(pieces_of(data)) == len(claims)
        ours.append(size / (time.process_time() - began))
        began = time.process_time()
        for each in inner:
            etree.fromstring(each)
        peers.append(size / (time.process_time() - began))
    return {
        "inner_mb": round(size / 1e6, 1),
        "inner_mb_per_s": round(statistics.median(ours) / 1e6, 1),
        "lxml_mb_per_s": round(statistics.median(peers) / 1e6, 1),
        "ratio_to_limit": round(statistics.median(ours) / statistics.median(peers), 3),
        "streamed_mb": round(size / len(claims) * many / 1e6),
        "memory_grown_mb": round(grown / 1024, 1),
    }


def _day() -> Any:
    from datetime import date

    return date(2026, 11, 30)


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
