"""The verdict on a file of any kind that is signed. Source: ETSI EN 319 102-1."""

from __future__ import annotations

import hashlib
from datetime import datetime

from benhan.signing.faults import NO_CONTENT, UNKNOWN_KIND
from benhan.signing.status import Status
from benhan.signing.trust import Trust
from benhan.signing.verdicts import FileVerdict
from benhan.signing.verify_cms import judge_cms
from benhan.signing.verify_pdf import judge_pdf
from benhan.signing.verify_xml import judge_xml


async def judge_file(
    file: bytes, trust: Trust, at: datetime, content: bytes | None = None, status: Status | None = None
) -> FileVerdict:
    """The verdict on a PDF, an XML, or a detached signature over `content`.

    Raises Unsupported BA-5022, NotFound BA-5023 where a detached signature comes without content, and as the judges of
    each kind.
    """
    kind = kind_of(file)
    if kind == "PDF":
        judged = await judge_pdf(file, trust, at, status)
    elif kind == "XML":
        judged = await judge_xml(file, trust, at, status)
    elif kind == "CMS":
        if content is None:
            raise NO_CONTENT()
        judged = [await judge_cms(file, content, trust, at, status)]
    else:
        raise UNKNOWN_KIND()
    return FileVerdict(kind, hashlib.sha256(file).hexdigest(), at, tuple(judged))


def kind_of(file: bytes) -> str:
    """`PDF`, `XML`, `CMS` (DER), or "" by what a file begins with."""
    head = file[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in head:
        return "PDF"
    if head.startswith(b"<"):
        return "XML"
    return "CMS" if file[:1] == b"\x30" and b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" in file[:32] else ""
