"""$reindex: rebuild the search index, after a SearchParameter was written or the program was upgraded.

POST begins a job, or says that one runs; GET tells how far the newest is. Ours; R4 defines none.
"""

from __future__ import annotations

import asyncio

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.resource import instant
from benhan.fhir_api.api import FhirApi, log
from benhan.fhir_api.requests import check_accept
from benhan.fhir_api.responses import json_response
from benhan.kernel.faults import Fault
from benhan.store.reindex import last_reindex, reindex

_RUNNING: set[asyncio.Task[None]] = set()


async def reindex_operation(api: FhirApi, request: Request) -> Response:
    """202 where a job was begun, 200 with the state of the newest; Parameters with what it did so far."""
    check_accept(request)
    status = 200
    if request.method == "POST":
        task = asyncio.create_task(_run(api))
        _RUNNING.add(task)
        task.add_done_callback(_RUNNING.discard)
        await asyncio.sleep(0)
        status = 202
    job = await last_reindex(api.store)
    told: list[dict[str, object]] = [{"name": "state", "valueCode": "none"}]
    if job is not None:
        told = [
            {"name": "state", "valueCode": "running" if job.finished_at is None else "finished"},
            {"name": "started", "valueInstant": instant(job.started_at)},
            {"name": "seen", "valueInteger": job.seen},
            {"name": "changed", "valueInteger": job.changed},
        ]
        if job.finished_at is not None:
            told.append({"name": "finished", "valueInstant": instant(job.finished_at)})
    return json_response(orjson.dumps({"resourceType": "Parameters", "parameter": told}), status)


async def _run(api: FhirApi) -> None:
    """The job; where another runs already it goes on by itself."""
    try:
        done = await reindex(api.store)
        log.info("reindex.finished", count=done.changed)
    except Fault as fault:
        log.warning("reindex.stopped", fault=fault.code)
