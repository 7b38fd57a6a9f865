"""$viewdefinition-run: a view of the store, or of resources sent with it, as JSON, NDJSON, CSV or Parquet.

Source: SQL on FHIR 2.0, OperationDefinition ViewDefinitionRun.
"""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from benhan.fhir.resource import to_bytes
from benhan.fhir.view_definition import Row, View, compile_view
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bulk.export_request import patient_ids
from benhan.fhir_api.operations.export import check_whole
from benhan.fhir_api.operations.faults import BAD_PARAMETER
from benhan.fhir_api.operations.parameters import Asked, asked_of
from benhan.fhir_api.requests import actor_of
from benhan.views.faults import UNKNOWN_FORMAT
from benhan.views.rows import Scope, rows_of_resources, rows_of_store
from benhan.views.table_file import TableFile

PARAMETERS = ("viewResource", "resource", "_format", "header", "_limit", "_since", "patient")
MEDIA_TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
LIMIT_MAX = 1_000_000_000
PARQUET_BYTES_MAX = 128 * 1024 * 1024
Batches = AsyncGenerator[list[Row], None]


async def run_view(api: FhirApi, request: Request) -> Response:
    """200 with the table, row by row as it is made. What is wrong with the view is told before the first row."""
    asked = await asked_of(api, request)
    asked.check("$viewdefinition-run", PARAMETERS)
    format_ = asked.text("_format", "ndjson")
    if format_ not in MEDIA_TYPES:
        raise UNKNOWN_FORMAT(format="?", valid=", ".join(MEDIA_TYPES))
    view = compile_view(asked.resource("viewResource"))
    with_header, limit = asked.flag("header", default=True), asked.number("_limit", LIMIT_MAX, LIMIT_MAX)
    batches = _limited(_batches(api, request, asked, view), limit)
    if format_ == "parquet":
        return Response(await _parquet(view, batches), 200, media_type=MEDIA_TYPES[format_])
    nothing: list[Row] = []
    first = await anext(batches, nothing)
    pieces = {"json": _json, "ndjson": _ndjson, "csv": _csv}[format_]
    names = [column.name for column in view.columns]
    body = pieces(names, _with_first(first, batches), with_header)
    return StreamingResponse(body, 200, media_type=MEDIA_TYPES[format_])


async def _batches(api: FhirApi, request: Request, asked: Asked, view: View) -> Batches:
    """The rows, of the resources that were sent or else of the store."""
    sent = [value for name, value in asked.exact if name == "resource"]
    if sent:
        yield rows_of_resources(view, sent)
        return
    actor = actor_of(request)
    check_whole(api, actor, [view.resource])
    patients = tuple(patient_ids(asked.all("patient"))) if asked.all("patient") else None
    async with aclosing(rows_of_store(api.store, view, Scope(asked.moment("_since"), patients), actor)) as found:
        async for rows in found:
            yield rows


async def _limited(batches: Batches, limit: int) -> Batches:
    async with aclosing(batches) as each:
        async for rows in each:
            yield rows[:limit]
            limit -= len(rows)
            if limit <= 0:
                return


async def _with_first(first: list[Row], batches: Batches) -> Batches:
    async with aclosing(batches) as others:
        yield first
        async for rows in others:
            yield rows


async def _ndjson(names: Sequence[str], batches: Batches, _header: bool) -> AsyncIterator[bytes]:  # noqa: FBT001
    async with aclosing(batches) as each:
        async for rows in each:
            yield b"".join(to_bytes(dict(zip(names, row, strict=True))) + b"\n" for row in rows)


async def _json(names: Sequence[str], batches: Batches, _header: bool) -> AsyncIterator[bytes]:  # noqa: FBT001
    mark = b"["
    async with aclosing(batches) as each:
        async for rows in each:
            for row in rows:
                yield mark + to_bytes(dict(zip(names, row, strict=True)))
                mark = b","
    yield b"[]" if mark == b"[" else b"]"


async def _csv(names: Sequence[str], batches: Batches, header: bool) -> AsyncIterator[bytes]:  # noqa: FBT001
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if header:
        writer.writerow(names)
    async with aclosing(batches) as each:
        async for rows in each:
            writer.writerows([[_text(cell) for cell in row] for row in rows])
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


async def _parquet(view: View, batches: Batches) -> bytes:
    """A Parquet file, which has its index at its end. Raises Incorrect BA-2352 where it grows beyond a bound."""
    with tempfile.TemporaryDirectory(prefix="benhan-view-") as folder:
        path = Path(folder) / "table.parquet"
        table = TableFile(path, "parquet", view.columns)
        try:
            async with aclosing(batches) as each:
                async for rows in each:
                    await table.add(rows)
            await table.finish()
        finally:
            await table.close()
        if path.stat().st_size > PARQUET_BYTES_MAX:
            raise BAD_PARAMETER(name="_limit", wanted="smaller; `benhan views run` writes larger files")
        return await asyncio.to_thread(path.read_bytes)


def _text(cell: Any) -> str:
    """A cell as text: a list as JSON, nothing as nothing."""
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else to_bytes(cell).decode()
