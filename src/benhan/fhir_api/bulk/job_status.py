"""The state of a job, its end, its files: GET and DELETE [base]/$job/[id], GET [base]/$job/[id]/[file].

Source: FHIR R4 async.html#3.1.6.4; Bulk Data Access 2.0, Bulk Data Status Request, Delete Request, Output File Request.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from benhan.fhir.resource import instant
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bulk.faults import NO_SUCH_FILE
from benhan.fhir_api.bulk.kick_off import bulk_of
from benhan.fhir_api.requests import actor_of
from benhan.kernel.actors import Actor
from benhan.kernel.trace import current_trace
from benhan.store.bulk_files import FileState
from benhan.store.job_faults import JOB_FAILED
from benhan.store.jobs import Job
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event

RETRY_AFTER_S = 2
NDJSON = "application/fhir+ndjson"
Json = dict[str, Any]


async def job_status(api: FhirApi, request: Request) -> Response:
    """202 with X-Progress while it goes on; 200 with the manifest; 500 where it failed; 404 as for none."""
    job = await _job(api, request)
    if job.state == "failed":
        raise JOB_FAILED(code=job.fault)
    if job.state != "done":
        return Response(b"", 202, {"x-progress": _progress(job), "retry-after": str(RETRY_AFTER_S)})
    headers = {"expires": format_datetime(job.ends_at, usegmt=True)}
    return Response(orjson.dumps(_manifest(api, job)), 200, headers, "application/json")


async def job_cancel(api: FhirApi, request: Request) -> Response:
    """202: the job ends and its files go, whether it was at work or done; 404 for another's or an old one."""
    bulk, actor = bulk_of(api), actor_of(request)
    id_ = str(request.path_params["job"])
    await bulk.jobs.cancel(id_, owner_of(actor))
    await _record(api, request, Event.BULK_CANCEL, job=id_)
    bulk.wake.set()
    return Response(b"", 202)


async def job_file(api: FhirApi, request: Request) -> Response:
    """200 with the lines of a file, as fast as the client reads; 404 where the job has no such file (any more)."""
    job = await _job(api, request)
    name = request.path_params["file"]
    state = next((each for each in _files(job) if each.name == name), None)
    if state is None or job.state != "done":
        raise NO_SUCH_FILE()
    await _record(api, request, Event.BULK_FILE, job=job.id, file=name)
    pieces = bulk_of(api).folder.read(job.id, state, job.plan["key"])
    if "gzip" in request.headers.get("accept-encoding", ""):
        return StreamingResponse(_zipped(pieces), 200, {"content-encoding": "gzip", "vary": "Accept-Encoding"}, NDJSON)
    return StreamingResponse(pieces, 200, {"vary": "Accept-Encoding"}, NDJSON)


async def _job(api: FhirApi, request: Request) -> Job:
    return await bulk_of(api).jobs.find(str(request.path_params["job"]), owner_of(actor_of(request)))


def owner_of(actor: Actor) -> str:
    """Whose jobs an actor sees: its own; an app sees none of those of the person for whom it acts."""
    return actor.id if not actor.client else ""


def _files(job: Job) -> list[FileState]:
    return [FileState(*each) for each in job.place.get("files", [])]


def _progress(job: Job) -> str:
    lines = sum(each.lines for each in _files(job))
    parts = len(job.plan.get("parts", [])) or 1
    return f"{job.state}: part {job.place.get('part', 0)} of {parts}, {lines} lines"


def _manifest(api: FhirApi, job: Job) -> Json:
    """The manifest of an export, or what an import tells at its end."""
    groups: dict[str, list[Json]] = {"output": [], "deleted": [], "error": []}
    for each in _files(job):
        if each.lines:
            stem = each.name.partition(".")[0]
            url = f"{api.base_url}/$job/{job.id}/{each.name}"
            group = stem if stem in groups else "output"
            groups[group].append({"type": each.type, "url": url, "count": each.lines})
    if job.kind == "import":
        return _import_end(job, groups["error"])
    told: Json = {
        "transactionTime": instant(datetime.fromisoformat(job.plan["at"])),
        "request": job.request["url"],
        "requiresAccessToken": True,
        "output": groups["output"],
        "error": groups["error"],
    }
    if groups["deleted"]:
        told["deleted"] = groups["deleted"]
    return told


def _import_end(job: Job, errors: list[Json]) -> Json:
    """What an import has done: how many it took in, how many it set aside, where these are told."""
    counts = job.place["counts"]
    return {
        "transactionTime": instant(datetime.fromisoformat(job.plan["at"])),
        "request": job.request["url"],
        "requiresAccessToken": True,
        "output": [{"inputUrl": each["url"], "type": each["type"]} for each in job.request["inputs"] if each["type"]],
        "error": errors,
        "count": counts["written"],
        "rejected": counts["rejected"],
    }


async def _record(api: FhirApi, request: Request, event: Event, **detail: str | int) -> None:
    actor = actor_of(request)
    entry = Entry(event, api.store.clock.now(), actor.id, actor.role.value, current_trace.get(), detail=detail)
    async with api.store.database.transaction() as connection:
        await append_many(connection, [entry])


async def _zipped(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces as one gzip member (some clients read no second one), each sent on as it is. Source: RFC 1952."""
    packing = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    async for piece in pieces:
        yield await asyncio.to_thread(packing.compress, piece) + packing.flush(zlib.Z_SYNC_FLUSH)
    yield packing.flush()
