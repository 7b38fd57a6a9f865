"""The verdict on a file of any kind that is signed. Source: ETSI EN 319 102-1."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from benhan.signing.faults import NO_CONTENT, UNKNOWN_KIND
from benhan.signing.status import Status
from benhan.signing.trust import Trust
from benhan.signing.verdicts import EvidenceVerdict, FileVerdict
from benhan.signing.verify_cms import judge_cms
from benhan.signing.verify_evidence import Evidence, judge_evidence
from benhan.signing.verify_pdf import judge_pdf
from benhan.signing.verify_xml import judge_xml


async def judge_file(
    file: bytes,
    trust: Trust,
    at: datetime,
    content: bytes | None = None,
    status: Status | None = None,
    records: Sequence[bytes] = (),
) -> FileVerdict:
    """The verdict on a PDF, an XML, or a detached signature over `content`, with the evidence `records` of either.

    Raises Unsupported BA-5022, NotFound BA-5023 where a detached signature comes without content, Incorrect BA-5024,
    and as the judges of each kind.
    """
    kind = kind_of(file)
    of_file, of_content, told = await _proven(file, content, records, trust, at, status)
    if kind == "PDF":
        judged = await judge_pdf(file, trust, at, status, of_file)
    elif kind == "XML":
        judged = await judge_xml(file, trust, at, status, of_file)
    elif kind == "CMS":
        if content is None:
            raise NO_CONTENT()
        content_at = of_content.proven_at if of_content is not None else None
        judged = [await judge_cms(file, content, trust, at, status, of_file, content_at)]
    else:
        raise UNKNOWN_KIND()
    return FileVerdict(kind, hashlib.sha256(file).hexdigest(), at, tuple(judged), told)


async def _proven(
    file: bytes, content: bytes | None, records: Sequence[bytes], trust: Trust, at: datetime, status: Status | None
) -> tuple[Evidence | None, Evidence | None, tuple[EvidenceVerdict, ...]]:
    """What records prove of the file, of the content, and what is said of each record."""
    best: dict[str, Evidence] = {}
    told = []
    for record in records:
        of, found = "file", await judge_evidence(record, file, trust, at, status)
        if content is not None and found.finding.sub_indication == "HASH_FAILURE":
            other = await judge_evidence(record, content, trust, at, status)
            if other.finding.sub_indication != "HASH_FAILURE":
                of, found = "content", other
        told.append(EvidenceVerdict(of, found.finding, found.proven_at, found.stamps))
        known = best.get(of)
        if found.proven_at is not None and (
            known is None or known.proven_at is None or found.proven_at < known.proven_at
        ):
            best[of] = found
    return best.get("file"), best.get("content"), tuple(told)


def kind_of(file: bytes) -> str:
    """`PDF`, `XML`, `CMS` (DER), or "" by what a file begins with."""
    head = file[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in head:
        return "PDF"
    if head.startswith(b"<"):
        return "XML"
    return "CMS" if file[:1] == b"\x30" and b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" in file[:32] else ""
