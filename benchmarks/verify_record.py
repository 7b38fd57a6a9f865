"""A record of 40 pages with all its signatures judged offline: nurse, doctor, head of department and hospital signed it
to the level of archives (B-LTA), and it is judged a year later, when only its time-stamps still prove it.

`hash_ms` is what reading every byte of the file once takes in the same run.
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2

from benhan.kernel.ids import SystemRandom
from benhan.node.printing import Attachment, papers_to_pdf
from benhan.signing.batch import Services, sign_pdfs
from benhan.signing.pades import Place
from benhan.signing.timestamps import stamping
from benhan.signing.verdicts import Indication
from benhan.signing.verify_pdf import judge_pdf
from benhan.testing.pki import TestPki
from benhan.vn.forms.catalogue import Catalogue
from common import arguments, report, scratch_folder

LIMIT_S = 1
AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
PAGES = 40


class Clock:
    def now(self) -> datetime:
        return AT

    def monotonic_s(self) -> float:
        return 0.0


def record() -> bytes:
    form = Catalogue().on("01/BV-01", date(2026, 11, 26))
    answers = {"ho_ten": "Người bệnh Thử nghiệm"}
    pages = len(pypdfium2.PdfDocument(papers_to_pdf([(form, answers)], AT)))
    data = Attachment("ho-so.fhir.json", b'{"resourceType":"Bundle"}' * 2000, "application/fhir+json", "FHIR")
    return papers_to_pdf([(form, answers)] * -(-PAGES // pages), AT, attachments=[data])


async def measure(folder: Path, rounds: int) -> dict[str, Any]:
    pki = TestPki(folder, Clock())
    services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))
    pdf = record()
    for who in ("nurse", "doctor", "head", "hospital"):
        (signed,) = [each async for each in sign_pdfs([(pdf, Place(who, who))], pki.signer(who), services, AT)]
        pdf = signed.pdf
    clock_s, processor_s, hash_s = [], [], []
    for _ in range(rounds):
        began, spent = time.perf_counter(), time.process_time()
        verdicts = await judge_pdf(pdf, pki.trust, AT + timedelta(days=365))
        clock_s.append(time.perf_counter() - began)
        processor_s.append(time.process_time() - spent)
        assert [each.finding.indication for each in verdicts] == [Indication.PASSED] * 8
        spent = time.process_time()
        hashlib.sha256(pdf).digest()
        hash_s.append(time.process_time() - spent)
    return {
        "verify_s": round(statistics.median(clock_s), 3),
        "verify_processor_s": round(statistics.median(processor_s), 3),
        "ratio_to_limit": round(statistics.median(clock_s) / LIMIT_S, 3),
        "hash_ms": round(statistics.median(hash_s) * 1000, 2),
        "pages": len(pypdfium2.PdfDocument(pdf)),
        "file_kb": len(pdf) // 1000,
        "signatures_and_stamps": len(verdicts),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    with scratch_folder() as folder:
        report(asyncio.run(measure(folder, 3 if options.quick else 9)), options)
