"""The job of an import: lines out of files into the store, batch by batch; what is wrong is set aside and told.

A batch, the place it ends at and the state of the file of what was set aside are committed together, so that an import
that was killed goes on where it was, and takes in no line twice.
"""

from __future__ import annotations

import asyncio
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
from benhan.store.jobs import Job, Jobs
from benhan.store.store import Store
from benhan.store.unit_of_work import UnitOfWork

BATCH = 512
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

    async def run(self, job: Job) -> None:
        """Take in from `job.place` on."""
        if not job.place:
            job = await self._begun(job)
        run = _Import(self, job)
        try:
            for number in range(run.input, len(job.request["inputs"])):
                await run.take_in(number)
        finally:
            await asyncio.to_thread(run.aside.close)

    async def clean(self, job: Job) -> None:
        """Remove its files."""
        await self.folder.remove(job.id)

    async def _begun(self, job: Job) -> Job:
        plan = {"at": self.store.clock.now().isoformat(), "key": job.request["key"], "parts": job.request["inputs"]}
        place: Json = {"part": 0, "line": 0, "files": [], "counts": {"written": 0, "rejected": 0}}
        async with self.store.database.transaction() as connection:
            await self.jobs.advance(job, place, connection, plan=plan)
        return replace(job, plan=plan, place=place)


class _Import:
    """One run of a job: where it is, and its file of what was set aside."""

    def __init__(self, kind: ImportJob, job: Job) -> None:
        self._kind = kind
        self._job = job
        self._workshop = kind.store.workshop.apart()
        self.input: int = job.place["part"]
        self._line: int = job.place["line"]
        self._counts: dict[str, int] = dict(job.place["counts"])
        states = [FileState(*each) for each in job.place["files"]] or [FileState("error.1", "OperationOutcome")]
        self.aside: SealedFile = kind.folder.file(job.id, states[0], job.plan["key"])

    async def take_in(self, number: int) -> None:
        """One file, from the line it has come to."""
        told = self._job.request["inputs"][number]
        first = 1
        async with aclosing(lines_of(self._pieces(told["url"], number + 1), number + 1, BATCH)) as batches:
            async for batch in batches:
                rest = batch[max(0, self._line - first + 1) :]
                if rest:
                    await self._write(number, rest, first + len(batch) - len(rest), told["type"])
                first += len(batch)
        await self._advance_to(number + 1)

    def _pieces(self, url: str, number: int) -> AsyncGenerator[bytes, None]:
        if url != BODY:
            return self._kind.sources.pieces(url, number)
        state = FileState(*self._job.request["body"])
        return self._kind.folder.read(self._job.id, state, self._job.request["key"])

    async def _write(
        self,
        number: int,
        batch: list[bytes],
        first: int,
        type_: str,
        refused: Mapping[int, list[str]] = NONE_REFUSED,
    ) -> None:
        """One transaction for a batch and the place it ends at."""
        request = self._job.request
        actor = Actor(request["actor"], Role(request["role"]))
        unit = UnitOfWork(self._workshop, actor, self._kind.store.clock.now())
        before, last = replace(self.aside.state), first + len(batch) - 1
        lines = await asyncio.to_thread(collect, unit, batch, first, refused, type_)
        more = await held_to_policy(self._kind.store.gate, unit, lines)
        if more:
            await self._write(number, batch, first, type_, {**refused, **more})
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
            await self._write(number, batch, first, type_, {**refused, **more})
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
