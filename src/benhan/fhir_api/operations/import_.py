"""$import: NDJSON taken in by a job, from addresses or from the body.

Source: HL7 Bulk Data Import (draft), Parameters form: inputFormat, inputSource, input (type, url). With a body of
application/fhir+ndjson its lines are taken in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from benhan.fhir.definitions import resource_types
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bulk.bulk import Bulk
from benhan.fhir_api.bulk.faults import BAD_IMPORT
from benhan.fhir_api.bulk.import_job import BODY
from benhan.fhir_api.bulk.kick_off import begin, bulk_of, check_async
from benhan.fhir_api.faults import BODY_TOO_LARGE, CLIENT_LEFT
from benhan.fhir_api.operations.parameters import Asked, asked_of
from benhan.store.bulk_files import FileState, SealedFile

INPUTS_MAX = 1_000
NDJSON = ("application/fhir+ndjson", "application/ndjson", "application/x-ndjson")
PARAMETERS = ("inputFormat", "inputSource", "input")
Json = dict[str, Any]


async def import_(api: FhirApi, request: Request) -> Response:
    """202 with Content-Location, where the job tells how far it is and in the end what it took in and set aside.

    403 for an address that the settings do not allow.
    """
    check_async(request)
    bulk = bulk_of(api)
    key, id_ = bulk.folder.new_key(), bulk.jobs.new_id()
    if request.headers.get("content-type", "").split(";")[0].strip().lower() in NDJSON:
        try:
            state = await _kept(api, bulk, request, id_, key)
            told = {"inputs": [{"type": "", "url": BODY}], "body": state.told(), "key": key}
            return await begin(api, request, "import", "system", told, [], id_=id_)
        except BaseException:
            await bulk.folder.remove(id_)
            raise
    asked = await asked_of(api, request)
    inputs = _inputs(asked)
    for each in inputs:
        bulk.sources.check(each["url"])
    return await begin(api, request, "import", "system", {"inputs": inputs, "key": key}, [], id_=id_)


def _inputs(asked: Asked) -> list[Json]:
    """Type and address of each file. Raises Incorrect BA-2351, BA-2390."""
    asked.check("$import", PARAMETERS)
    told, types = asked.all("input"), tuple(resource_types())
    named = all(
        isinstance(each, dict) and isinstance(each.get("url"), str) and each.get("type") in types for each in told
    )
    if asked.text("inputFormat", NDJSON[0]) not in NDJSON or not 0 < len(told) <= INPUTS_MAX or not named:
        raise BAD_IMPORT(limit=INPUTS_MAX)
    return [{"type": each["type"], "url": each["url"]} for each in told]


async def _kept(api: FhirApi, bulk: Bulk, request: Request, id_: str, key: str) -> FileState:
    """The body, sealed on the disk until its job takes it in. Raises Incorrect BA-0301, BA-0315."""
    file = bulk.folder.file(id_, FileState("input.1", "body"), key)
    try:
        await _fill(file, request.stream(), api.body_bytes_max)
        return file.settle()
    except ClientDisconnect as cause:
        raise CLIENT_LEFT() from cause
    finally:
        file.close()


async def _fill(file: SealedFile, pieces: AsyncIterator[bytes], limit_bytes: int) -> None:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > limit_bytes:
            raise BODY_TOO_LARGE(limit=limit_bytes)
        file.add_bytes(piece)
