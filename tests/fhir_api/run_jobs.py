"""A process that runs the jobs of a store until it is killed, or with `once` one job, and says what memory it took.

python -m tests.fhir_api.run_jobs DATABASE_URL FOLDER slow|once
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path
from typing import Any

from tests.fhir_api.bulk import BASE

from benhan.fhir_api.bulk import export_job
from benhan.fhir_api.bulk.bulk import Bulk
from benhan.store.database import Database
from benhan.store.key_encryption import read_kek_file
from benhan.store.store import Store

PARTS = 64


async def many_parts(_connection: Any) -> list[tuple[int, int]]:
    size = 4096 // PARTS
    return [(number * size, number * size + size - 1) for number in range(PARTS)]


async def main(url: str, folder: Path, how: str) -> None:
    store = await Store.open(await Database.connect(url, pool_size=6), read_kek_file(folder / "kek.json"))
    bulk = Bulk.on(store, folder / "bulk", BASE, life_s=3600)
    if how == "slow":
        real = export_job._Export.do_part

        async def slowly(export: Any, number: int) -> None:
            await real(export, number)
            await asyncio.sleep(0.02)

        export_job.bucket_ranges = many_parts
        export_job._Export.do_part = slowly  # type: ignore[method-assign]
        await bulk.runner().run(asyncio.Event())
    assert await bulk.runner().step(asyncio.Event())
    await store.close()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
