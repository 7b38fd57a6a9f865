"""What a big record still lacks, found out of the store: 40 papers on forms and 2,000 results, orders and diagnoses.

`pure_ms` is the check alone, without reading; `close_ms` is what somebody waits for who opens the record's page.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import date
from pathlib import Path
from typing import Any

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.kernel.ids import SystemRandom
from benhan.node.records.closing import check_record
from benhan.node.records.life import WHOLE, Facility, Records
from benhan.node.records.order import usual_order
from benhan.node.records.papers import Papers
from benhan.store.database import Database, ensure_database
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store
from benhan.vn.forms.catalogue import Catalogue
from common import arguments, report, scratch_folder

LIMIT_MS = 200
PAPERS = 40
RESULTS = 2_000
ACTOR = system("benchmark")


async def big_record(store: Store, records: Records, papers_count: int, results: int) -> str:
    """A record of a long stay; gives its id."""
    unit = store.begin(ACTOR)
    patient = unit.create(
        resource_of({"resourceType": "Patient", "name": [{"text": "Người bệnh Thử"}], "birthDate": "1960-01-01"})
    )
    about = {"subject": {"reference": f"Patient/{patient}"}}
    stay = unit.create(
        resource_of(
            {"resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP"}, **about,
             "period": {"start": "2026-10-01T08:00:00+07:00"}}
        )
    )  # fmt: skip
    await store.commit(unit)
    episode = {**about, "encounter": {"reference": f"Encounter/{stay}"}}
    for start in range(0, results, 200):
        unit = store.begin(ACTOR)
        for number in range(start, min(start + 200, results)):
            unit.create(resource_of(resource(number, episode)))
        await store.commit(unit)
    record = await records.open(stay, "01/BV-01", "K01", ACTOR)
    papers = Papers(records)
    form = Catalogue().on("36/BV-02", date(2026, 11, 26))
    for number in range(papers_count):
        paper = await papers.add(record.id, "01/BV-01" if not number else form.number, ACTOR)
        await papers.save(record.id, paper.number, {}, 1, ACTOR, is_done=bool(number % 5))
    return record.id


def resource(number: int, episode: dict[str, Any]) -> dict[str, Any]:
    """Mostly values, some orders and diagnoses."""
    code = {"text": f"Chỉ số {number % 50}"}
    if number % 20 == 0:
        return {"resourceType": "Condition", "code": {"text": f"Chẩn đoán {number}"}, **episode}
    if number % 10 == 0:
        return {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": code, **episode}
    value = {"valueQuantity": {"value": number % 100, "unit": "G/L"}}
    at = f"2026-10-{number % 28 + 1:02d}T08:00:00+07:00"
    return {"resourceType": "Observation", "status": "final", "code": code, "effectiveDateTime": at, **value, **episode}


async def measure(folder: Path, rounds: int, results: int) -> dict[str, Any]:
    server = EmbeddedPostgres(folder / "pg")
    server.start()
    try:
        database = await Database.connect(await ensure_database(server.url("postgres"), "bench"), pool_size=6)
        store = await Store.open(database, make_kek_file(folder / "kek.json", SystemRandom()))
        records = Records(store, Facility("01001", "Bệnh viện Thử"), Catalogue(), usual_order())
        record_id = await big_record(store, records, PAPERS, results)
        record = await records.read(record_id)
        found, processor, pure = [], [], []
        count = 0
        for _ in range(rounds + 2):
            began, spent = time.perf_counter(), time.process_time()
            opened = await records.opened(record, WHOLE)
            count = len(await records.findings(opened))
            found.append((time.perf_counter() - began) * 1000)
            processor.append((time.process_time() - spent) * 1000)
            resources = (await records.episode(opened, WHOLE)).resources
            filled = records.filled(opened)
            spent = time.process_time()
            check_record(record.form_number, opened.papers, filled, resources, records.order, {})
            pure.append((time.process_time() - spent) * 1000)
        await store.close()
    finally:
        server.stop()
    close_ms = statistics.median(found[2:])
    return {
        "close_ms": round(close_ms, 1),
        "close_processor_ms": round(statistics.median(processor[2:]), 1),
        "pure_ms": round(statistics.median(pure[2:]), 1),
        "ratio_to_limit": round(close_ms / LIMIT_MS, 3),
        "papers": PAPERS,
        "resources": results,
        "findings": count,
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    with scratch_folder() as folder:
        report(asyncio.run(measure(folder, 9 if options.quick else 25, RESULTS)), options)
