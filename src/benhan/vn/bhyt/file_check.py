"""Check every claim of a file as it is read, and its head when it has been read."""

from __future__ import annotations

from collections.abc import Iterable

from benhan.vn.bhyt.claim_check import Report, check_claim, check_head
from benhan.vn.bhyt.read import ClaimReader
from benhan.vn.bhyt.report import FileReport
from benhan.vn.bhyt.rules.context import NOTHING_KNOWN, Context, InFile, Signature
from benhan.vn.bhyt.rules.policy import DEFAULT_POLICY, Policy


def check_file(
    name: str,
    pieces: Iterable[bytes],
    context: Context = NOTHING_KNOWN,
    policy: Policy = DEFAULT_POLICY,
    signature: Signature | None = None,
) -> FileReport:
    """The report of a file read in pieces. Keeps findings, not claims; nothing is raised for what the file holds.

    An MA_LK that comes again is told at its second claim (F07).
    """
    reader = ClaimReader(pieces)
    seen: set[str] = set()
    reports: list[Report] = []
    for claim in reader:
        again = {claim.ma_lk} & seen - {""}
        reports.append(check_claim(claim, context, policy, InFile(repeated=again)))
        seen.add(claim.ma_lk)
    return FileReport(name, reports, check_head(reader.head, signature, policy))
