"""The BHYT reader, both ways of reading a part, checks and mapping; what was read is written and read the same."""

from __future__ import annotations

import contextlib
from datetime import date

from tests.fuzz.targets import run
from tests.unit.vn.bhyt.samples import FOLDER

from benhan.kernel.faults import Fault
from benhan.mapping.bhyt_to_fhir import bhyt_to_fhir
from benhan.mapping.mapped import Context
from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.messages import MessageReader, claim_in, readable
from benhan.vn.bhyt.tables import latest
from benhan.vn.bhyt.write import claims_to_bytes


def target(data: bytes) -> None:
    for message in MessageReader([data]):
        claim = message.claim
        check_claim(claim)
        claim_in(readable(message.content).encode("utf-8", "surrogatepass"))
        with contextlib.suppress(Fault):
            bhyt_to_fhir(claim, Context("99001"))
        if not claim.faults and "XML1" in claim.tables:
            written = claims_to_bytes("99001", date(2026, 1, 1), [claim], latest())
            assert claim_in(written).ma_lk == claim.ma_lk


if __name__ == "__main__":
    names = ["split", "read", "plain_rows", "columns_check", "vital_signs", "dose"]
    seeds = [path.read_bytes() for path in sorted(FOLDER.glob("*.xml"))]
    run([f"benhan.vn.bhyt.{name}" for name in names], target, seeds)
