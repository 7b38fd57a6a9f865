"""NDJSON into the store: one resource a line, valid ones copied in, the others set aside with their reason.

The place reached in a file is committed with the rows, so that an interrupted import goes on where it was and doubles
nothing. Ids of the file are kept; a resource that is there already becomes its next version.
Source: FHIR R4 Bulk Data, NDJSON.
"""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO

import orjson

from benhan.fhir.resource import ParsedResource, parse_resource
from benhan.fhir.validation import check_structure
from benhan.kernel.actors import system
from benhan.kernel.faults import Busy, Conflict, Fault, FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text
from benhan.store.database import Connection
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import UnitOfWork
from benhan.store.validation.gate import Gate

BATCH = 512
LINE_BYTES_MAX = 32 * 1024 * 1024
REASONS_MAX = 10
TRIES, PAUSE_S = 5, 3.0
ACTOR = system("import")
REJECTED, WARNED = ".rejected.ndjson", ".warned.ndjson"
REFUSALS = (NotFound, Forbidden, Incorrect, Conflict)
"""By what a commit refuses single lines, whose places its issues name."""
NONE_REFUSED: Mapping[int, list[str]] = MappingProxyType({})

NO_FILES = FaultCode(
    "BA-0460",
    Incorrect,
    Text("Không có tệp .ndjson hay .ndjson.gz ở {path}.", "There is no .ndjson or .ndjson.gz file at {path}."),
)

RUNS_ALREADY = FaultCode(
    "BA-3960",
    Conflict,
    Text(
        "Tệp {name} đang được một lần nhập khác đọc. Đợi lần đó xong, hoặc dừng nó, rồi chạy lại.",
        "Another import is reading the file {name}. Wait until it has ended, or stop it, then run this again.",
    ),
)

DOUBLED = Text(
    "Một dòng sau cùng loại và mã thay cho dòng này.", "A later line of the same type and id stands for this one."
)

OTHER_TYPE = Text("Dòng này không phải {type}.", "This line is no {type}.")

_POSITION = query("import_position", "select position, rejected from bulk_import where bucket = 0 and source = $1")
_BEGUN = query("import_begun", "select source from bulk_import where bucket = 0 and starts_with(source, $1) limit 1")
_SET_ASIDE = query(
    "import_set_aside",
    "select coalesce(sum(rejected), 0)::bigint from bulk_import where bucket = 0 and source = any($1::text[])",
)
_ADVANCE = query(
    "import_advance",
    """
    insert into bulk_import (bucket, source, position, rejected) values (0, $1, $2, $3)
    on conflict (bucket, source) do update set position = excluded.position, rejected = excluded.rejected
        where bulk_import.position = $4
    """,
)
"""Goes on from where it was read to be: of two that take in the same lines, one commits."""


@dataclass(slots=True)
class Imported:
    """How an import went."""

    written: int = 0
    rejected: int = 0
    skipped: int = 0
    """Lines taken in by an earlier run."""


class Aside:
    """A file of lines with reasons; what an interrupted run has told there already is not told again.

    The workers of an import append to the same file: what one settles is written at once, so that none breaks another's
    lines.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told = set(path.read_bytes().splitlines()) if path.exists() else set()
        self._new: list[bytes] = []

    def put(self, number: int, text: bytes, reason: list[str]) -> None:
        """Keep line `number`, counted without empty ones, with its reason."""
        entry = orjson.dumps({"number": number, "reason": reason, "line": text.decode("utf-8", "replace")})
        if entry not in self._told:
            self._told.add(entry)
            self._new.append(entry + b"\n")

    def settle(self) -> None:
        """Bring it to the disk: the place after these lines is about to be committed."""
        if self._new:
            with self._path.open("ab", buffering=0) as file:
                file.write(b"".join(self._new))
                os.fsync(file.fileno())
            self._new.clear()


def files_at(path: Path) -> list[tuple[Path, int]]:
    """The NDJSON files at `path`, a file or a folder, each with its size. Raises Incorrect BA-0460."""
    found = sorted(path.glob("*.ndjson*")) if path.is_dir() else [path] if path.is_file() else []
    found = [each for each in found if not each.name.endswith((REJECTED, WARNED))]
    if not found:
        raise NO_FILES(path=path)
    return [(each, each.stat().st_size) for each in found]


@dataclass(frozen=True, slots=True)
class Stripe:
    """Which batches of a file a worker takes: those whose number leaves `number` when divided by `of`."""

    number: int = 0
    of: int = 1


async def workers_begun(store: Store, files: Iterable[tuple[Path, int]]) -> int | None:
    """With how many workers an earlier run of these files shared its lines; None where there was none.

    Who goes on must share them in the same way, else lines would be taken in twice.
    """
    for path, size_bytes in files:
        source = await store.database.fetchval(_BEGUN, f"{path.name}:{size_bytes}:0/")
        if source is not None:
            return int(source.rpartition("/")[2])
    return None


async def set_aside(store: Store, files: Iterable[tuple[Path, int]], workers: int) -> int:
    """How many lines of these files all workers together have set aside."""
    stripes = [Stripe(number, workers) for number in range(workers)]
    sources = [_source(path, size_bytes, stripe) for path, size_bytes in files for stripe in stripes]
    return int(await store.database.fetchval(_SET_ASIDE, sources))


async def import_file(
    store: Store, path: Path, size_bytes: int, progress: Callable[[int], None], stripe: Stripe | None = None
) -> Imported:
    """Take in one file, or one worker's stripe of it; `progress` is told the lines passed.

    Lines set aside go to `<name>.rejected.ndjson` beside it, what the policy of writes warns of to
    `<name>.warned.ndjson`. Raises Conflict BA-3960 where another takes in the same lines meanwhile.
    """
    stripe = stripe or Stripe()
    source = _source(path, size_bytes, stripe)
    row = await store.database.fetchrow(_POSITION, source)
    done = Imported(
        skipped=row["position"] if row is not None else 0, rejected=row["rejected"] if row is not None else 0
    )
    asides = Aside(path.with_suffix(REJECTED)), Aside(path.with_suffix(WARNED))
    running = _FileImport(store, source, done, *asides, line=done.skipped)
    line = 0
    with opened_lines(path) as file:
        for number, batch in enumerate(_batches(file)):
            line += len(batch)
            if number % stripe.of == stripe.number and line > done.skipped:
                await running.take(line, batch)
                progress(line)
    return done


def _source(path: Path, size_bytes: int, stripe: Stripe) -> str:
    """What the place reached in a worker's share of a file is kept under."""
    return f"{path.name}:{size_bytes}:{stripe.number}/{stripe.of}"


@dataclass(slots=True)
class Lines:
    """A batch understood: which line each write came from, what is set aside or warned of and why."""

    numbers: list[int] = field(default_factory=list)
    """In the order of the writes."""
    aside: list[tuple[int, bytes, list[str]]] = field(default_factory=list)
    warned: list[tuple[int, list[str]]] = field(default_factory=list)

    def take(
        self, number: int, text: bytes, resource: ParsedResource, write: Callable[[ParsedResource], object]
    ) -> None:
        """Let `write` have the resource of a line; what it refuses (a definition that is none) goes aside."""
        try:
            write(resource)
        except Fault as fault:
            self.aside.append((number, text, [f"{fault.code} {fault.text.vi}", *_told(fault.issues)]))
        else:
            self.numbers.append(number)


@dataclass(slots=True)
class _FileImport:
    """The import of a file by one worker."""

    store: Store
    source: str
    done: Imported
    aside: Aside
    warned: Aside
    line: int
    """The last one that is committed."""

    async def take(self, line: int, batch: list[bytes], refused: Mapping[int, list[str]] = NONE_REFUSED) -> None:
        """One transaction for a batch and the place it ends at.

        `refused` are the numbers of lines that the store has refused already, each with its reason.
        """
        first = line - len(batch) + 1
        unit = self.store.begin(ACTOR)
        lines = collect(unit, batch, first, refused)
        more = await held_to_policy(self.store.gate, unit, lines)
        if more:
            await self.take(line, batch, {**refused, **more})
            return
        for each in lines.aside:
            self.aside.put(*each)
        for number, reasons in lines.warned:
            self.warned.put(number, batch[number - first], reasons)
        self.aside.settle()
        self.warned.settle()
        rejected, written = self.done.rejected + len(lines.aside), len(unit.writes)

        async def advance(connection: Connection) -> None:
            if await connection.execute(_ADVANCE, self.source, line, rejected, self.line) != "INSERT 0 1":
                raise RUNS_ALREADY(name=self.source.partition(":")[0])

        unit.also(advance)
        try:
            await self._commit(unit)
        except REFUSALS as fault:  # of patients whose record was destroyed, …: set aside, the others are taken in
            await self.take(line, batch, {**refused, **refused_lines(fault, unit, lines)})
            return
        self.line = line
        self.done.rejected = rejected
        self.done.written += written

    async def _commit(self, unit: UnitOfWork) -> None:
        """Commit, and where the database has no time for it, again: an import of hours meets such a moment."""
        for attempt in range(1, TRIES):
            try:
                await self.store.committer.commit(unit)
            except Busy:
                await asyncio.sleep(PAUSE_S * attempt)
            else:
                return
        await self.store.committer.commit(unit)


def collect(
    unit: UnitOfWork, batch: list[bytes], first: int, refused: Mapping[int, list[str]], type_: str = ""
) -> Lines:
    """Put the resources of a batch of lines into `unit`. Of lines with one id the last counts, others go aside.

    `first` is the number of the first line; `refused` are lines to be set aside, each with its reason; `type_` is the
    type they must all be of, "" for any.
    """
    resources: dict[tuple[str, str], tuple[int, bytes, ParsedResource]] = {}
    lines = Lines()
    for number, text in enumerate(batch, first):
        resource, reason = (None, refused[number]) if number in refused else _read(text, type_)
        if resource is None:
            lines.aside.append((number, text, reason))
        elif resource.id is None:
            lines.take(number, text, resource, unit.create)
        else:
            earlier = resources.get((resource.type, resource.id))
            if earlier is not None:
                lines.aside.append((earlier[0], earlier[1], [DOUBLED.vi]))
            resources[resource.type, resource.id] = number, text, resource
    for number, text, resource in resources.values():
        lines.take(number, text, resource, unit.update)
    unit.record(Event.BULK_IMPORT, count=len(unit.writes))
    return lines


async def held_to_policy(gate: Gate, unit: UnitOfWork, lines: Lines) -> dict[int, list[str]]:
    """The lines that the policy of writes refuses, each with its reasons; what it warns of goes to `lines.warned`."""
    told, faults = await gate.check_each(unit)
    lines.warned = [(lines.numbers[place], _told(issues)) for place, issues in told.items()]
    return {
        lines.numbers[place]: [f"{fault.code} {fault.text.vi}", *_told(fault.issues)] for place, fault in faults.items()
    }


def refused_lines(fault: Fault, unit: UnitOfWork, lines: Lines) -> dict[int, list[str]]:
    """The lines that the store has refused, each with its reason; raises `fault` where it names none."""
    named = {f"{write.type}/{write.id}": number for write, number in zip(unit.writes, lines.numbers, strict=True)}
    found = {named[issue.place]: [f"{fault.code} {fault.text.vi}"] for issue in fault.issues}
    if not found:
        raise fault
    return found


def _told(issues: Sequence[Issue]) -> list[str]:
    return [f"{issue.place}: {issue.text.vi}" for issue in issues[:REASONS_MAX]]


def _read(text: bytes, type_: str) -> tuple[ParsedResource | None, list[str]]:
    """The resource of a line, or None and why it is none."""
    try:
        resource = parse_resource(text, size_bytes_max=LINE_BYTES_MAX)
    except Fault as fault:
        return None, [f"{fault.code} {fault.text.vi}"]
    if type_ and resource.type != type_:
        return None, [OTHER_TYPE.filled(type=type_).vi]
    issues = check_structure(resource.plain)
    if issues:
        return None, _told(issues)
    return resource, []


def opened_lines(path: Path) -> IO[bytes]:
    """A file of lines, unpacked where its name ends in `.gz`."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _batches(file: IO[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for line in file:
        text = line.strip()
        if text:
            batch.append(text)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
