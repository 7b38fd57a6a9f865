"""The job of an import: lines out of files into the store, batch by batch; what is wrong is set aside and told.

A batch, the place it ends at and the state of the file of what was set aside are committed together, so that an import
that was killed goes on where it was, and takes in no line twice. A long one lets other processes read the lines of the
next batches meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import orjson

from benhan.fhir_api.bulk.import_sources import ImportSources, lines_of
from benhan.kernel.actors import Actor, Role
from benhan.store.bulk_files import BulkFolder, FileState, SealedFile
from benhan.store.bulk_import import NONE_REFUSED, REFUSALS, Lines, collect, held_to_policy, refused_lines
from benhan.store.database import Connection
from benhan.store.import_workers import AHEAD, ImportWorkers, Prepared
from benhan.store.jobs import Job, Jobs
from benhan.store.store import Store
from benhan.store.unit_of_work import UnitOfWork

BATCH = 512
ALONE = 8
"""Batches that are taken in before it pays to start processes for the next ones."""
AHEAD_BYTES_MAX = 64 * 1024 * 1024
LINE_TOLD_CHARACTERS = 100_000
BODY = "body:"
"""The address of what came with the request itself."""

Json = dict[str, Any]


@dataclass(slots=True)
class ImportJob:
    """The kind `import` of jobs."""

    store: Store
    jobs: Jobs
    folder: BulkFolder
    sources: ImportSources
    workers: int = 0
    """Processes that read lines beside this one."""

    async def run(self, job: Job) -> None:
        """Take in from `job.place` on."""
        if not job.place:
            job = await self._begun(job)
        run = _Import(self, job)
        try:
            for number in range(run.input, len(job.request["inputs"])):
                await run.take_in(number)
        finally:
            await run.close()

    async def clean(self, job: Job) -> None:
        """Remove its files."""
        await self.folder.remove(job.id)

    async def _begun(self, job: Job) -> Job:
        plan = {"at": self.store.clock.now().isoformat(), "key": job.request["key"], "parts": job.request["inputs"]}
        place: Json = {"part": 0, "line": 0, "files": [], "counts": {"written": 0, "rejected": 0}}
        async with self.store.database.transaction() as connection:
            await self.jobs.advance(job, place, connection, plan=plan)
        return replace(job, plan=plan, place=place)


@dataclass(slots=True)
class _Batch:
    """Lines of a file that stand one after another, from `first` on."""

    lines: list[bytes]
    first: int
    prepared: asyncio.Task[Prepared | None]

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.lines))


class _Import:
    """One run of a job: where it is, and its file of what was set aside."""

    def __init__(self, kind: ImportJob, job: Job) -> None:
        self._kind = kind
        self._job = job
        self._workshop = kind.store.workshop.apart()
        self._workers = ImportWorkers(kind.store, kind.workers)
        self._batches = 0
        self._actor = Actor(job.request["actor"], Role(job.request["role"]))
        self.input: int = job.place["part"]
        self._line: int = job.place["line"]
        self._counts: dict[str, int] = dict(job.place["counts"])
        states = [FileState(*each) for each in job.place["files"]] or [FileState("error.1", "OperationOutcome")]
        self.aside: SealedFile = kind.folder.file(job.id, states[0], job.plan["key"])

    async def take_in(self, number: int) -> None:
        """One file, from the line it has come to."""
        told = self._job.request["inputs"][number]
        first = 1
        waiting: deque[_Batch] = deque()
        try:
            async with aclosing(lines_of(self._pieces(told["url"], number + 1), number + 1, BATCH)) as batches:
                async for batch in batches:
                    rest = batch[max(0, self._line_ahead(waiting) - first + 1) :]
                    if rest:
                        waiting.append(self._given(rest, first + len(batch) - len(rest), told["type"]))
                    first += len(batch)
                    while self._is_far_ahead(waiting):
                        await self._settle(number, waiting, told["type"])
            while waiting:
                await self._settle(number, waiting, told["type"])
        finally:
            for each in waiting:
                each.prepared.cancel()
            await asyncio.gather(*(each.prepared for each in waiting), return_exceptions=True)
        await self._advance_to(number + 1)

    async def close(self) -> None:
        """End what it has started."""
        await self._workers.close()
        await asyncio.to_thread(self.aside.close)

    def _given(self, batch: list[bytes], first: int, type_: str) -> _Batch:
        """A batch that other processes begin to read, or that is left to this one."""
        self._batches += 1
        work = _nobody() if self._batches <= ALONE else self._workers.prepare(batch, first, type_, self._actor)
        return _Batch(batch, first, asyncio.create_task(work))

    def _line_ahead(self, waiting: deque[_Batch]) -> int:
        """The last line that was given to somebody."""
        return waiting[-1].last if waiting else self._line

    def _is_far_ahead(self, waiting: deque[_Batch]) -> bool:
        most = AHEAD * self._workers.count if self._batches >= ALONE else 0
        return len(waiting) > most or (len(waiting) > 1 and sum(each.size_bytes for each in waiting) > AHEAD_BYTES_MAX)

    async def _settle(self, number: int, waiting: deque[_Batch], type_: str) -> None:
        """Commit the batch that waits longest."""
        await self._write(number, waiting[0], type_, await waiting[0].prepared)
        waiting.popleft()

    def _pieces(self, url: str, number: int) -> AsyncGenerator[bytes, None]:
        if url != BODY:
            return self._kind.sources.pieces(url, number)
        state = FileState(*self._job.request["body"])
        return self._kind.folder.read(self._job.id, state, self._job.request["key"])

    async def _write(
        self,
        number: int,
        batch: _Batch,
        type_: str,
        prepared: Prepared | None = None,
        refused: Mapping[int, list[str]] = NONE_REFUSED,
    ) -> None:
        """One transaction for a batch and the place it ends at."""
        unit = UnitOfWork(self._workshop, self._actor, self._kind.store.clock.now())
        before, last = replace(self.aside.state), batch.last
        if prepared is not None:
            lines = prepared.into(unit)
        else:
            lines = await asyncio.to_thread(collect, unit, batch.lines, batch.first, refused, type_)
        more = await held_to_policy(self._kind.store.gate, unit, lines)
        if more:
            await self._write(number, batch, type_, refused={**refused, **more})
            return
        await asyncio.to_thread(self._tell, number, lines)
        counts = {
            "written": self._counts["written"] + len(unit.writes),
            "rejected": self._counts["rejected"] + len(lines.aside),
        }
        place = self._place(number, last, counts)

        async def advance(connection: Connection) -> None:
            await self._kind.jobs.advance(self._job, place, connection)

        unit.also(advance)
        try:
            await self._kind.store.committer.commit(unit)
        except REFUSALS as fault:  # of patients whose record was destroyed, …: set aside, the others are taken in
            more = refused_lines(fault, unit, lines)
            self.aside.back_to(before)
            await self._write(number, batch, type_, refused={**refused, **more})
            return
        self._line, self._counts = last, counts

    def _tell(self, number: int, lines: Lines) -> None:
        told = [_outcome("error", number, line, reasons, text) for line, text, reasons in lines.aside]
        told += [_outcome("warning", number, line, reasons) for line, reasons in lines.warned]
        if told:
            self.aside.add(told)
            self.aside.settle()

    async def _advance_to(self, number: int) -> None:
        place = self._place(number, 0, self._counts)
        async with self._kind.store.database.transaction() as connection:
            await self._kind.jobs.advance(self._job, place, connection)
        self._line = 0

    def _place(self, number: int, line: int, counts: dict[str, int]) -> Json:
        return {"part": number, "line": line, "files": [self.aside.state.told()], "counts": counts}


async def _nobody() -> None:
    """What nobody else has read."""


def _outcome(severity: str, number: int, line: int, reasons: list[str], text: bytes = b"") -> bytes:
    """An OperationOutcome of a line; `text` is the line where it was set aside.

    Source: FHIR R4 operationoutcome.html.
    """
    place = f"input[{number}].line[{line}]"
    issues = [
        {"severity": severity, "code": "invalid", "details": {"text": reason}, "expression": [place]}
        for reason in reasons
    ]
    if text:
        issues[0]["diagnostics"] = text[:LINE_TOLD_CHARACTERS].decode("utf-8", "replace")
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": issues})
