"""200 documents signed in one batch by one key, SoftHSM2's where it is installed, up to the level of archives (B-LTA).

Each document is a record on its form with its data inside. The time-stamp server, which would be another machine, works
in this process: what it spends is in `sign_per_s` and told apart as `server_ms`. `bare_ms` is what the key alone needs
for as many signatures in the same run.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benhan.kernel.ids import SystemRandom
from benhan.kernel.secrets import Secret
from benhan.node.printing import Attachment, papers_to_pdf
from benhan.signing.batch import Level, Services, sign_pdfs
from benhan.signing.pades import Place
from benhan.signing.signers import Signer
from benhan.signing.timestamps import stamping
from benhan.testing.pki import TestPki
from benhan.transports.pkcs11_signer import Pkcs11Device, Pkcs11Signer
from benhan.vn.forms.catalogue import Catalogue
from common import ROOT, arguments, report, scratch_folder

sys.path.insert(0, str(ROOT))
from tests.clocks import StoppedClock
from tests.softhsm import MODULE, PIN, new_token, put_key, softhsm_module

LIMIT_S = 10
AT = datetime(2026, 11, 26, 8, tzinfo=UTC)


def papers(count: int) -> list[bytes]:
    form = Catalogue().on("01/BV-01", date(2026, 11, 26))
    data = Attachment("to.fhir.json", b'{"resourceType":"Bundle"}' * 40, "application/fhir+json", "FHIR")
    return [papers_to_pdf([(form, {"ho_ten": f"Người bệnh {n}"})], AT, attachments=[data]) for n in range(count)]


@contextmanager
def signing(pki: TestPki) -> Iterator[tuple[Signer, str]]:
    """A doctor's key on a token, or in memory where there is none, and which of them."""
    if not MODULE.exists():
        yield pki.signer("doctor"), "memory"
        return
    module = softhsm_module()
    token = new_token(module)
    put_key(module, token, "doctor", pki.key("doctor"), pki.certificate("doctor"))
    device = Pkcs11Device(str(module), token, Secret(PIN))
    device.open()
    identity = replace(pki.identity("doctor"), certificate=device.certificates()["doctor"])
    yield Pkcs11Signer(device, "doctor", identity), "SoftHSM2"
    device.close()


async def timed(files: list[bytes], signer: Signer, services: Services) -> tuple[float, float, list[bytes]]:
    """Seconds by the clock and of the processor, and the signed files."""
    began, spent = time.perf_counter(), time.process_time()
    signed = [
        each async for each in sign_pdfs([(file, Place("BacSi", "Bác sĩ")) for file in files], signer, services, AT)
    ]
    took = time.perf_counter() - began, time.process_time() - spent
    assert {each.level for each in signed} == {Level.LTA}
    return *took, [each.pdf for each in signed]


async def measure(folder: Path, count: int) -> dict[str, Any]:
    pki = TestPki(folder, StoppedClock(AT))
    server_s = 0.0

    async def post(request: bytes) -> bytes:
        nonlocal server_s
        spent = time.process_time()
        answer = await pki.post(request)
        server_s += time.process_time() - spent
        return answer

    services = Services(pki.trust, pki.ask, stamping(post, SystemRandom()))
    files = papers(count)
    with signing(pki) as (signer, where):
        await timed(files[:5], signer, services)
        server_s = 0.0
        clock_s, processor_s, signed = await timed(files, signer, services)
        spent = time.process_time()
        await signer.sign([b"x" * 300] * count)
        bare_s = time.process_time() - spent
    return {
        "batch_200_s": round(clock_s * 200 / count, 2),
        "batch_200_processor_s": round(processor_s * 200 / count, 2),
        "sign_per_s": round(count / clock_s, 1),
        "sign_per_processor_s": round(count / processor_s, 1),
        "ratio_to_limit": round(clock_s * 200 / count / LIMIT_S, 3),
        "server_ms": round(server_s / count * 1000, 2),
        "own_per_processor_s": round(count / (processor_s - server_s), 1),
        "bare_ms": round(bare_s / count * 1000, 2),
        "signed_kb": round(sum(map(len, signed)) / count / 1000, 1),
        "added_kb": round((sum(map(len, signed)) - sum(map(len, files))) / count / 1000, 1),
        "documents": count,
        "key": where,
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    with scratch_folder() as folder:
        report(asyncio.run(measure(folder, 200 if not options.quick else 60)), options)
