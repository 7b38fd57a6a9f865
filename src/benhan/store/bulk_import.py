"""NDJSON into the store: one resource a line, valid ones copied in, the others set aside with their reason.

The place reached in a file is committed with the rows, so that an interrupted import goes on where it was and doubles
nothing. Ids of the file are kept; a resource that is there already becomes its next version.
Source: FHIR R4 Bulk Data, NDJSON.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO

import orjson

from benhan.fhir.resource import ParsedResource, parse_resource, to_bytes
from benhan.fhir.validation import check_structure
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text
from benhan.store.database import Connection
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import UnitOfWork

BATCH = 512
LINE_BYTES_MAX = 32 * 1024 * 1024
ACTOR = system("import")

NO_FILES = FaultCode(
    "BA-0460",
    Incorrect,
    Text("Không có tệp .ndjson hay .ndjson.gz ở {path}.", "There is no .ndjson or .ndjson.gz file at {path}."),
)

DOUBLED = Text(
    "Một dòng sau cùng loại và mã thay cho dòng này.", "A later line of the same type and id stands for this one."
)

OTHER_TYPE = Text("Dòng này không phải {type}.", "This line is no {type}.")

_POSITION = query("import_position", "select position, rejected from bulk_import where bucket = 0 and source = $1")
_BEGUN = query("import_begun", "select source from bulk_import where bucket = 0 and starts_with(source, $1) limit 1")
_ADVANCE = query(
    "import_advance",
    """
    insert into bulk_import (bucket, source, position, rejected) values (0, $1, $2, $3)
    on conflict (bucket, source) do update set position = excluded.position, rejected = excluded.rejected
    """,
)


@dataclass(slots=True)
class Imported:
    """How an import went."""

    written: int = 0
    rejected: int = 0
    skipped: int = 0
    """Lines taken in by an earlier run."""


@dataclass(slots=True)
class Aside:
    """The file of lines set aside; what an interrupted run has told there already is not told again."""

    file: IO[bytes]
    told: set[bytes]

    def put(self, number: int, text: bytes, reason: list[str]) -> None:
        """Keep line `number`, counted without empty ones, with its reason."""
        entry = orjson.dumps({"number": number, "reason": reason, "line": text.decode("utf-8", "replace")})
        if entry not in self.told:
            self.told.add(entry)
            self.file.write(entry + b"\n")

    def settle(self) -> None:
        """Bring it to the disk: the place after these lines is about to be committed."""
        self.file.flush()
        os.fsync(self.file.fileno())


def files_at(path: Path) -> list[tuple[Path, int]]:
    """The NDJSON files at `path`, a file or a folder, each with its size. Raises Incorrect BA-0460."""
    found = sorted(path.glob("*.ndjson*")) if path.is_dir() else [path] if path.is_file() else []
    found = [each for each in found if not each.name.endswith(".rejected.ndjson")]
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


async def import_file(
    store: Store, path: Path, size_bytes: int, progress: Callable[[int], None], stripe: Stripe | None = None
) -> Imported:
    """Take in one file, or one worker's stripe of it; `progress` is told the lines passed.

    Lines set aside go to `<name>.rejected.ndjson` beside it.
    """
    stripe = stripe or Stripe()
    source = f"{path.name}:{size_bytes}:{stripe.number}/{stripe.of}"
    row = await store.database.fetchrow(_POSITION, source)
    done = Imported(
        skipped=row["position"] if row is not None else 0, rejected=row["rejected"] if row is not None else 0
    )
    line = 0
    rejected = path.with_suffix(".rejected.ndjson")
    told = set(rejected.read_bytes().splitlines()) if rejected.exists() else set()
    with opened_lines(path) as file, rejected.open("ab") as set_aside:
        aside = Aside(set_aside, told)
        for number, batch in enumerate(_batches(file)):
            line += len(batch)
            if number % stripe.of == stripe.number and line > done.skipped:
                await _import_batch(store, source, line, batch, done, aside)
                progress(line)
    return done


@dataclass(slots=True)
class Lines:
    """A batch understood: where each resource stood, and what is set aside with its reason."""

    named: dict[str, int] = field(default_factory=dict)
    aside: list[tuple[int, bytes, list[str]]] = field(default_factory=list)


async def _import_batch(
    store: Store,
    source: str,
    line: int,
    batch: list[bytes],
    done: Imported,
    aside: Aside,
    refused: Mapping[int, list[str]] = MappingProxyType({}),
) -> None:
    """One transaction for a batch and the place it ends at.

    `refused` are the numbers of lines that the store has refused already, each with its reason.
    """
    unit, before = store.begin(ACTOR), done.rejected
    lines = collect(unit, batch, line - len(batch) + 1, refused)
    for each in lines.aside:
        aside.put(*each)
    done.rejected += len(lines.aside)
    if lines.aside:
        aside.settle()
    rejected, written = done.rejected, len(unit.writes)

    async def advance(connection: Connection) -> None:
        await connection.execute(_ADVANCE, source, line, rejected)

    unit.also(advance)
    try:
        await store.commit(unit)
    except NotFound as fault:  # of patients whose record was destroyed: set aside, the others are taken in
        more = refused_lines(fault, lines)
        done.rejected = before
        await _import_batch(store, source, line, batch, done, aside, {**refused, **more})
        return
    done.written += written


def collect(
    unit: UnitOfWork, batch: list[bytes], first: int, refused: Mapping[int, list[str]], type_: str = ""
) -> Lines:
    """Put the resources of a batch of lines into `unit`. Of lines with one id the last counts, others go aside.

    `first` is the number of the first line; `refused` are lines to be set aside, each with its reason; `type_` is the
    type they must all be of, "" for any.
    """
    resources: dict[tuple[str, str], tuple[int, ParsedResource]] = {}
    lines = Lines()
    for number, text in enumerate(batch, first):
        resource, reason = (None, refused[number]) if number in refused else _read(text, type_)
        if resource is None:
            lines.aside.append((number, text, reason))
        elif resource.id is None:
            lines.named[f"{resource.type}/{unit.create(resource)}"] = number
        else:
            earlier = resources.get((resource.type, resource.id))
            if earlier is not None:
                lines.aside.append((earlier[0], to_bytes(earlier[1].body), [DOUBLED.vi]))
            resources[resource.type, resource.id] = number, resource
    for number, resource in resources.values():
        unit.update(resource)
        lines.named[f"{resource.type}/{resource.id}"] = number
    unit.record(Event.BULK_IMPORT, count=len(unit.writes))
    return lines


def refused_lines(fault: NotFound, lines: Lines) -> dict[int, list[str]]:
    """The lines that the store has refused, each with its reason; raises `fault` where it names none."""
    found = {lines.named[issue.place]: [f"{fault.code} {fault.text.vi}"] for issue in fault.issues}
    if not found:
        raise fault
    return found


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
        return None, [f"{issue.place}: {issue.text.vi}" for issue in issues[:10]]
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
