"""The job of an export: reads the store as of one moment, part by part, into sealed files; goes on where it was.

A part is a range of compartments, some patients, or the filters of a type. Its lines, its place and its entries in the
ledger are settled together: what a kill leaves half done is cut off and done anew, so that no line is lost or doubled.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

import orjson

from benhan.fhir.outcome import outcome_of_issues
from benhan.fhir.resource import parse_json, to_bytes
from benhan.fhir.summary import Part, part_of
from benhan.fhir_api.bulk.export_request import ExportRequest, filter_query
from benhan.fhir_api.bulk.faults import TOO_MANY_FILTERED
from benhan.kernel.issues import Issue, Severity
from benhan.kernel.texts import Text
from benhan.store.access_rules import bears_hidden
from benhan.store.bulk_files import BulkFolder, FileState, SealedFile
from benhan.store.bulk_filter import filtered, rows_of_filter
from benhan.store.bulk_rows import (
    PATIENTS_AT_ONCE,
    Narrowing,
    before_deletion,
    bucket_ranges,
    large_content,
    moment_now,
    rows_of_buckets,
    rows_of_patients,
)
from benhan.store.contents import Opened, open_contents
from benhan.store.database import Connection
from benhan.store.jobs import Job, Jobs
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.secrecy import MARK, Hides
from benhan.store.store import Store

FILE_BYTES = 256 * 1024 * 1024
FILTERED_MAX = 2_000_000
SETTLED_AFTER = timedelta(seconds=5)
"""A write that began before a moment may be committed a little after it: what is this much older is surely in."""
HELD_BEFORE = timedelta(seconds=60)
LEFT_OUT = Text(
    "{count} tài nguyên không có trong tệp xuất vì khoá của bệnh nhân đã bị huỷ.",
    "{count} resources are left out: the keys of their patients have been destroyed.",
)
DELETIONS_A_BUNDLE = 100

Json = dict[str, Any]
Batch = TypeVar("Batch")


@dataclass(slots=True)
class ExportJob:
    """The kind `export` of jobs."""

    store: Store
    jobs: Jobs
    folder: BulkFolder
    base_url: str

    async def run(self, job: Job) -> None:
        """Export from `job.place` on."""
        if not job.plan:
            job = await self._begun(job)
        export = _Export(self, job)
        try:
            for number in range(job.place["part"], len(job.plan["parts"])):
                await export.do_part(number)
            await export.end()
        finally:
            await asyncio.to_thread(export.close)

    async def clean(self, job: Job) -> None:
        """Remove its files."""
        await self.folder.remove(job.id)

    async def _begun(self, job: Job) -> Job:
        """The job with its moment and its parts settled."""
        request = ExportRequest(**job.request["export"])
        patients = self._patients(request)
        async with self.store.database.transaction() as connection:
            moment, now = await moment_now(connection), self.store.clock.now()
            parts: list[list[Any]] = []
            if patients is None:
                parts = [["buckets", *each] for each in await bucket_ranges(connection)]
            else:
                parts = [["patients", start] for start in range(0, len(patients), PATIENTS_AT_ONCE)]
            parts += [["filter", type_] for type_ in request.filters]
            plan = {
                "moment": moment,
                "at": (now - SETTLED_AFTER).isoformat(),
                "key": self.folder.new_key(),
                "parts": parts,
                "patients": patients,
            }
            place = {"part": 0, "files": [], "left_out": 0}
            await self.jobs.advance(job, place, connection, plan=plan, moment_at=now - HELD_BEFORE)
        return replace(job, plan=plan, place=place)

    def _patients(self, request: ExportRequest) -> list[int] | None:
        if request.patients is None:
            return None
        ids = self.store.workshop.ids
        return sorted({ids.rid_of("Patient", each) for each in request.patients})


@dataclass(slots=True)
class _Part:
    """What a part has shown of each patient."""

    seen: Counter[int] = field(default_factory=Counter)


class _Export:
    """One run of a job: its open files, its place."""

    def __init__(self, kind: ExportJob, job: Job) -> None:
        self._kind = kind
        self._job = job
        self._store = kind.store
        self._request = ExportRequest(**job.request["export"])
        self._patients: list[int] | None = job.plan["patients"]
        self._full: list[FileState] = []
        self._open: dict[str, SealedFile] = {}
        self._codec = kind.store.workshop.codec.apart()
        self._left_out: int = job.place["left_out"]
        elements = tuple(self._request.elements)
        self._part_of_each = Part(elements=elements) if elements else None
        self._hides = Hides(job.request.get("hides", Hides.SECRETS))
        self._what = self._narrowing()
        self._go_on([FileState(*each) for each in job.place["files"]])

    def _go_on(self, states: list[FileState]) -> None:
        newest = {state.name.partition(".")[0]: state for state in states}
        for state in states:
            stem = state.name.partition(".")[0]
            if newest[stem] is state:
                self._open[stem] = self._kind.folder.file(self._job.id, state, self._job.plan["key"])
            else:
                self._full.append(state)

    def _narrowing(self) -> Narrowing:
        """What parts take that have no filter; the types that have one come in parts of their own."""
        types = self._request.types
        if self._request.filters:
            types = [each for each in types or TYPE_NUMBERS if each not in self._request.filters]
        return Narrowing(
            self._job.plan["moment"],
            self._request.since_at,
            [TYPE_NUMBERS[each] for each in types] if types is not None else None,
            [TYPE_NUMBERS[each] for each in self._request.types] if self._request.types is not None else None,
            self._request.level != "system",
            self._store.workshop.rules.hidden_at(self._hides),
        )

    async def do_part(self, number: int) -> None:
        """One part, settled with its place and its entries in the ledger."""
        kind, *bounds = self._job.plan["parts"][number]
        part = _Part()
        async with self._store.database.connection() as reading, reading.transaction(readonly=True):
            await reading.execute("set local statement_timeout = 0")
            if kind == "filter":
                await self._do_filters(reading, bounds[0], part)
            else:
                rows = self._rows(reading, kind, bounds)
                async with aclosing(one_ahead(rows)) as batches:
                    async for batch in batches:
                        await self._take(batch, part)
        await self._settle(number + 1, part)

    def _rows(self, reading: Connection, kind: str, bounds: list[int]) -> AsyncIterator[list[Any]]:
        if kind == "buckets":
            return rows_of_buckets(reading, self._what, bounds[0], bounds[1])
        assert self._patients is not None
        return rows_of_patients(reading, self._what, self._patients[bounds[0] : bounds[0] + PATIENTS_AT_ONCE])

    async def _do_filters(self, reading: Connection, type_: str, part: _Part) -> None:
        """The resources of a type that any of its filters lets in, each once."""
        texts = self._request.filters[type_]
        given: set[int] = set()
        for text in texts:
            query_ = filter_query(type_, text, self._store.search.registry)
            made = filtered(self._store.search, query_, self._what, self._patients, self._kind.base_url)
            if made is None:
                continue
            statement, passes = made
            async for batch in rows_of_filter(reading, statement):
                rows = [row for row in batch if row["rid"] not in given]
                taken = await self._take(rows, part, passes)
                if len(texts) > 1:
                    given.update(taken)
                if len(given) > FILTERED_MAX:
                    raise TOO_MANY_FILTERED(type=type_, limit=FILTERED_MAX)

    async def _take(self, rows: Sequence[Any], part: _Part, passes: Any = None) -> list[int]:
        """Write the lines of rows; gives the rids of those that were taken."""
        async with self._store.database.connection() as connection:
            patients = {row["patient"] for row in rows}
            keys = await self._store.keyring.data_keys(patients, connection) if patients else {}
            small = [row for row in rows if row["content"] is not None]
            taken = await asyncio.to_thread(self._write, small, keys, part, passes)
            for row in rows:
                if row["content"] is None and row["size"] is not None:
                    taken += await self._take_large(connection, row, keys, part, passes)
            deleted = [row for row in rows if row["size"] is None]
            if deleted:
                await self._tell_deleted(connection, deleted)
        return taken

    async def _take_large(self, connection: Connection, row: Any, keys: Any, part: _Part, passes: Any) -> list[int]:
        """One row by itself; nothing of it is left in memory when this returns."""
        whole = {**row, "content": await large_content(connection, row)}
        return await asyncio.to_thread(self._write, [whole], keys, part, passes)

    def _write(self, rows: Sequence[Any], keys: dict[int, Any], part: _Part, passes: Any) -> list[int]:
        readable = [row for row in rows if row["patient"] in keys]
        self._left_out += len(rows) - len(readable)
        opened = open_contents(readable, keys, self._codec)
        lines: dict[str, list[bytes]] = {}
        taken = []
        for row, each in zip(readable, opened, strict=True):
            if passes is not None and not passes(each):
                continue
            taken.append(row["rid"])
            if each.patient:
                part.seen[each.patient] += 1
            lines.setdefault(each.type, []).append(self._line(each))
        for type_, written in lines.items():
            self._file(type_, type_).add(written)
        return taken

    def _line(self, opened: Opened) -> bytes:
        if self._part_of_each is None:
            return opened.content
        body, _ = parse_json(opened.content, size_bytes_max=len(opened.content))
        return to_bytes(part_of(body, self._part_of_each))

    async def _tell_deleted(self, connection: Connection, rows: Sequence[Any]) -> None:
        """Bundles of what was deleted. Source: Bulk Data Access 2.0, manifest, deleted."""
        before = await before_deletion(connection, rows)
        keys = await self._store.keyring.data_keys({row["patient"] for row in before}, connection) if before else {}
        opened = [each for each in open_contents(before, keys, self._store.workshop.codec) if not self._is_kept(each)]
        entries = [{"request": {"method": "DELETE", "url": f"{each.type}/{each.id}"}} for each in opened]
        bundles = [
            orjson.dumps(
                {
                    "resourceType": "Bundle",
                    "type": "transaction",
                    "entry": entries[start : start + DELETIONS_A_BUNDLE],
                }
            )
            for start in range(0, len(entries), DELETIONS_A_BUNDLE)
        ]
        await asyncio.to_thread(self._file("deleted", "Bundle").add, bundles)

    def _is_kept(self, opened: Opened) -> bool:
        """Whether what was deleted had been kept from who asked, so that its deletion is not told either."""
        return MARK in opened.content and bears_hidden(self._hides, orjson.loads(opened.content))

    def _file(self, stem: str, type_: str) -> SealedFile:
        file = self._open.get(stem)
        if file is not None and file.state.size < FILE_BYTES:
            return file
        number = 1
        if file is not None:
            number = int(file.state.name.rpartition(".")[2]) + 1
            self._full.append(file.settle())
            file.close()
        state = FileState(f"{stem}.{number}", type_)
        file = self._open[stem] = self._kind.folder.file(self._job.id, state, self._job.plan["key"])
        return file

    async def _settle(self, next_part: int, part: _Part) -> None:
        states = await asyncio.to_thread(lambda: [*self._full, *(file.settle() for file in self._open.values())])
        place = {"part": next_part, "files": [each.told() for each in states], "left_out": self._left_out}
        async with self._store.database.transaction() as connection:
            await append_many(connection, self._entries(part.seen.items()))
            await self._kind.jobs.advance(self._job, place, connection)

    def _entries(self, seen: Iterable[tuple[int, int]]) -> list[Entry]:
        """That a patient's data went out, for each patient."""
        asker, now = self._job.request, self._store.clock.now()
        return [
            Entry(
                Event.BULK_VIEW,
                now,
                asker["actor"],
                asker["role"],
                self._job.trace,
                patient,
                detail={"job": self._job.id, "count": count},
            )
            for patient, count in seen
        ]

    async def end(self) -> None:
        """Tell what was left out."""
        if self._left_out and "error" not in self._open:
            issue = Issue(Severity.INFORMATION, "suppressed", LEFT_OUT.filled(count=self._left_out))
            line = orjson.dumps(outcome_of_issues([issue]))
            await asyncio.to_thread(self._file("error", "OperationOutcome").add, [line])
            await self._settle(len(self._job.plan["parts"]), _Part())

    def close(self) -> None:
        """Give the files back."""
        for file in self._open.values():
            file.close()


async def one_ahead(source: AsyncIterator[Batch]) -> AsyncGenerator[Batch, None]:
    """What `source` gives, each asked for while the one before is being worked on."""
    step: asyncio.Future[Batch | None] = asyncio.ensure_future(_next(source))
    try:
        while (batch := await step) is not None:
            step = asyncio.ensure_future(_next(source))
            yield batch
    finally:
        step.cancel()
        await asyncio.wait({step})


async def _next(source: AsyncIterator[Batch]) -> Batch | None:
    return await anext(source, None)
