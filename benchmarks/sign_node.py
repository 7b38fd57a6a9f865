"""200 papers of ten records signed in one batch through a node: database, sealed blobs, Provenance and ledger with it.

The key is SoftHSM2's where it is installed; every signature reaches the level of archives (B-LTA). The time-stamp
server, which would be another machine, works in this process: what it spends is told apart as `node_server_ms`.
`bare_ratio` is how much longer the whole takes than signing as many files without a node, in the same run. Then the
files are put below one tree with one time-stamp (`evidence_ms_per_file`), and the tree is renewed by one (`renew_ms`).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from benhan.kernel.ids import SystemRandom
from benhan.kernel.secrets import Secret
from benhan.node.signatures.keys import Devices, SignerPlace, Signers
from benhan.node.signatures.models import Chosen
from benhan.signing.batch import Services, sign_pdfs
from benhan.signing.pades import Place
from benhan.signing.remote import Approval
from benhan.signing.timestamps import stamping
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.roots import sign_days
from common import ROOT, arguments, report, scratch_folder

sys.path.insert(0, str(ROOT))
from tests.node.conftest import DOCTOR, admit
from tests.node.signing import COURSE, INTERNAL, House, open_house
from tests.postgres import make_template
from tests.softhsm import MODULE, PIN, new_token, put_key, softhsm_module

LIMIT_S = 10
RECORDS = 10


async def papers_of(house: House, count: int) -> list[Chosen]:
    """Papers that wait for the doctor, on `RECORDS` records."""
    chosen = []
    for _ in range(RECORDS):
        house.stay = await admit(house.store)
        record = await house.records.open(house.stay.encounter, INTERNAL, "K01", DOCTOR)
        for _ in range(count // RECORDS):
            paper = await house.done(record, COURSE, DOCTOR)
            chosen.append(Chosen(record.id, paper.number, paper.version))
    return chosen


def signers_of(house: House) -> tuple[Signers, SignerPlace | None, str]:
    """Who signs with what: a token where there is one."""
    if not MODULE.exists():
        return house.signers, None, "file"
    module = softhsm_module()
    token = new_token(module)
    put_key(module, token, "doctor", house.pki.key("doctor"), house.pki.certificate("doctor"))
    trust = type(house.pki.trust)(house.pki.trust.roots, house.pki.identity("doctor").issuers[:1])
    signers = Signers(house.store.database, house.clock, Devices(str(module), trust=trust))
    return signers, SignerPlace("token", token, "doctor"), "SoftHSM2"


async def timed(act: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    began, spent = time.perf_counter(), time.process_time()
    await act()
    return time.perf_counter() - began, time.process_time() - spent


async def measured(house: House, count: int) -> dict[str, Any]:
    server_s = 0.0

    async def post(request: bytes) -> bytes:
        nonlocal server_s
        spent = time.process_time()
        answer = await house.pki.post(request)
        server_s += time.process_time() - spent
        return answer

    services = Services(house.pki.trust, house.pki.ask, stamping(post, SystemRandom()))
    house.signatures.services = services
    await house.begin_anew()
    signers, place, where = signers_of(house)
    if place is not None:
        await signers.set(1, place)
    house.signatures.signers = signers
    failed: list[object] = []

    async def told(outcome: tuple[Chosen, object]) -> None:
        if outcome[1] is not None:
            failed.append(outcome[1])

    approval = Approval(Secret(PIN))
    warm, chosen = await papers_of(house, RECORDS), await papers_of(house, count)
    async with signers.opened(DOCTOR, approval) as signer:
        await house.signatures.sign(warm, DOCTOR, signer, told)
        server_s = 0.0
        clock_s, processor_s = await timed(lambda: house.signatures.sign(chosen, DOCTOR, signer, told))
        spent_there = server_s
        record = await house.records.read(chosen[0].record_id)
        pages = [await house.signatures.bytes_of(each) for each in await house.signatures.rows.files(record)]
        bare = [(pages[n % len(pages)], Place(f"Bare{n}", "Bác sĩ")) for n in range(count)]

        async def alone() -> None:
            assert len([each async for each in sign_pdfs(bare, signer, services, house.clock.now())]) == count

        _, bare_s = await timed(alone)
    assert not failed, failed[0]
    return {
        "node_batch_200_s": round(clock_s * 200 / count, 2),
        "node_batch_200_processor_s": round(processor_s * 200 / count, 2),
        "node_sign_per_s": round(count / clock_s, 1),
        "node_sign_per_processor_s": round(count / processor_s, 1),
        "ratio_to_limit": round(clock_s * 200 / count / LIMIT_S, 3),
        "node_server_ms": round(spent_there / count * 1000, 2),
        "bare_ratio": round(processor_s / bare_s, 2),
        **await proven(house, count + RECORDS),
        "documents": count,
        "key": where,
    }


async def proven(house: House, files: int) -> dict[str, Any]:
    """What a tree over the day's files takes, and its renewal."""
    house.clock.at += timedelta(days=1)
    await chain_all(house.store.database)
    await sign_days(house.store.database, house.store.keyring, house.clock.now())

    async def gathered() -> None:
        assert await house.evidence.gather() > files
        await house.evidence.stamp()

    _, processor_s = await timed(gathered)
    house.clock.at = house.clock.at.replace(year=2032, month=3)
    _, renewed_s = await timed(house.evidence.renew)
    return {
        "evidence_ms_per_file": round(processor_s / files * 1000, 3),
        "renew_ms": round(renewed_s * 1000, 1),
    }


async def measure(folder: Path, count: int) -> dict[str, Any]:
    server = EmbeddedPostgres(folder / "pg")
    server.start()
    try:
        await make_template(server.url("postgres"))
        (folder / "house").mkdir()
        async with open_house(server.url("postgres"), folder / "house") as house:
            return await measured(house, count)
    finally:
        server.stop()


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    with scratch_folder() as folder:
        report(asyncio.run(measure(folder, 60 if options.quick else 200)), options)
