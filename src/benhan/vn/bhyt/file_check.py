"""Check every claim of a file as it is read, and its head when it has been read."""

from __future__ import annotations

from collections.abc import Iterable

from benhan.vn.bhyt.claim_check import Report, check_claim, check_head
from benhan.vn.bhyt.read import ClaimReader
from benhan.vn.bhyt.report import FileReport, Unlisted
from benhan.vn.bhyt.rules.context import NOTHING_KNOWN, Context, InFile, Signature
from benhan.vn.bhyt.rules.policy import DEFAULT_POLICY, Policy

LISTED_MAX = 10_000
"""Claims and findings of a file that are kept one by one; those beyond are counted, so that memory has a bound."""


def check_file(
    name: str,
    pieces: Iterable[bytes],
    context: Context = NOTHING_KNOWN,
    policy: Policy = DEFAULT_POLICY,
    signature: Signature | None = None,
) -> FileReport:
    """The report of a file read in pieces. Keeps findings, not claims, and of a file with very many only how often
    each rule found something; nothing is raised for what the file holds.

    An MA_LK that comes again is told at its second claim (F07).
    """
    reader = ClaimReader(pieces)
    seen: set[str] = set()
    reports: list[Report] = []
    unlisted = Unlisted()
    listed = 0
    for claim in reader:
        again = {claim.ma_lk} & seen - {""}
        report = check_claim(claim, context, policy, InFile(repeated=again))
        listed += 1 + len(report.findings)
        if listed <= LISTED_MAX:
            reports.append(report)
        else:
            unlisted.add(report)
        seen.add(claim.ma_lk)
    return FileReport(name, reports, check_head(reader.head, signature, policy), unlisted)
