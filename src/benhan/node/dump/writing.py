"""Writing a dump: a file after the other, each whole or not there, so that what was stopped is taken up again.

Memory does not grow with the hospital: rows come by a cursor. Each file is of one moment; files written after a stop
are of a later one, and the manifest says of which. What was destroyed is told as such. Nothing is sealed: keep it safe.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import orjson

from benhan.kernel.actors import Actor
from benhan.kernel.faults import NotFound
from benhan.node.dump.specification import fields_csv, specification
from benhan.node.dump.tables import TABLES, Table
from benhan.node.records.life import Facility
from benhan.store.blobs import Blobs
from benhan.store.bulk_export import BATCH, export_type
from benhan.store.database import Connection
from benhan.store.ids import encode_rid
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.events import Event
from benhan.store.ledger.roots import public_key
from benhan.store.resource_types import TYPE_NAMES
from benhan.store.sealing import DataKey
from benhan.store.sql_texts import query
from benhan.store.store import Store

FORMAT = "benhan hospital dump 1"
MANIFEST = "manifest.json"
_STATE = ".files.ndjson"
_HISTORY = query(
    "dump_history",
    """
    select v.* from (
        select type, rid, version, patient, updated_at, bucket, content from resource
        where type = $1 and (until is not null or content is null)
        union all
        select type, rid, version, patient, updated_at, bucket, content from resource_history where type = $1
    ) v order by v.bucket, v.rid, v.version
    """,
    fan_out="a dump of the hospital holds all compartments",
)
_BLOBS = query(
    "dump_blobs",
    "select address, patient from blob order by bucket, address",
    fan_out="a dump of the hospital holds all compartments",
)
_TYPES = query(
    "dump_types",
    "select type from resource union select type from resource_history order by type",
    fan_out="a dump of the hospital holds all compartments",
)
_LARGE = frozenset(("rid", "patient", "record", "encounter", "source", "notes"))
"""Columns of 64 random bits: JSON numbers of that size are not safe everywhere."""


class FileTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a dump: lines of an NDJSON file (0 of others), bytes, digest, when it was written."""

    path: str
    lines: int
    size: int
    sha256: str
    at: str


class DumpManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest, written last: a dump without it is not finished."""

    format: str
    facility: str
    facility_name: str
    finished_at: str
    ledger_key: str
    files: tuple[FileTold, ...]


class Dump:
    """Writes a dump of one store into a folder."""

    def __init__(self, store: Store, facility: Facility, folder: Path, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs
        self._facility = facility
        self._folder = folder
        self._done: dict[str, FileTold] = {}

    async def write(
        self, actor: Actor, progress: Callable[[str, int], None] = lambda _path, _lines: None
    ) -> DumpManifest:
        """Write what is not there yet; `progress` is told the file and its lines so far. It is in the ledger first."""
        self._begin()
        unit = self._store.begin(actor)
        unit.record(Event.HOSPITAL_DUMP, count=len(self._done))
        await self._store.commit(unit)
        await chain_all(self._store.database)
        types = [TYPE_NAMES[row["type"]] for row in await self._store.database.fetch(_TYPES)]
        for type_ in types:
            await self._lines(f"resources/{type_}.ndjson", self._resources(type_), progress)
            await self._lines(f"history/{type_}.ndjson", self._history(type_), progress)
        for table in TABLES:
            await self._lines(f"tables/{table.name}.ndjson", self._rows(table), progress)
        await self._files(progress)
        at = self._store.clock.now().isoformat(timespec="seconds")
        self._text("specification/fields.csv", fields_csv(types))
        self._text("specification/README.md", specification(self._facility.name, at, types))
        files = tuple(self._done[path] for path in sorted(self._done))
        key = public_key(self._store.keyring).hex()
        manifest = DumpManifest(FORMAT, self._facility.code, self._facility.name, at, key, files)
        part = self._folder / f"{MANIFEST}.part"
        part.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        part.replace(self._folder / MANIFEST)
        (self._folder / _STATE).unlink(missing_ok=True)
        return manifest

    def _begin(self) -> None:
        """What a former call has finished; nothing of a dump that is finished is written again."""
        for name in ("resources", "history", "tables", "blobs", "specification"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            for line in (self._folder / _STATE).read_bytes().splitlines():
                told = msgspec.json.decode(line, type=FileTold)
                if (self._folder / told.path).exists():
                    self._done[told.path] = told

    async def _lines(
        self, path: str, batches: AsyncIterator[list[bytes]], progress: Callable[[str, int], None]
    ) -> None:
        if path in self._done:
            return
        target = self._folder / path
        part, digest, lines, size = target.with_name(f"{target.name}.part"), hashlib.sha256(), 0, 0
        with part.open("wb") as file:  # a batch at a time; nobody else waits in this process
            async for batch in batches:
                text = b"".join(each + b"\n" for each in batch)
                file.write(text)
                digest.update(text)
                lines, size = lines + len(batch), size + len(text)
                progress(path, lines)
        part.replace(target)
        self._note(FileTold(path, lines, size, digest.hexdigest(), self._at()))

    async def _files(self, progress: Callable[[str, int], None]) -> None:
        """Each blob as it is; what was destroyed has a row in `tables/blob.ndjson` and no file."""
        async for rows, _ in self._batches(_BLOBS):
            for row in rows:
                path = f"blobs/{row['address'].hex()}"
                if path not in self._done:
                    await self._file(path, row["patient"])
            progress("blobs", len(self._done))

    async def _file(self, path: str, patient: int) -> None:
        target = self._folder / path
        part, digest, size = target.with_name(f"{target.name}.part"), hashlib.sha256(), 0
        try:
            with part.open("wb") as file:
                async for piece in self._blobs.read(target.name, patient):
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
        except NotFound:  # its key was destroyed
            part.unlink()
            return
        part.replace(target)
        self._note(FileTold(path, 0, size, digest.hexdigest(), self._at()))

    def _text(self, path: str, content: bytes) -> None:
        (self._folder / path).write_bytes(content)
        self._done[path] = FileTold(path, 0, len(content), hashlib.sha256(content).hexdigest(), self._at())

    def _note(self, told: FileTold) -> None:
        self._done[told.path] = told
        with (self._folder / _STATE).open("ab") as file:
            file.write(msgspec.json.encode(told) + b"\n")

    def _at(self) -> str:
        return self._store.clock.now().isoformat(timespec="seconds")

    async def _resources(self, type_: str) -> AsyncIterator[list[bytes]]:
        async for batch in export_type(self._store, type_):
            yield batch

    async def _history(self, type_: str) -> AsyncIterator[list[bytes]]:
        number = next(number for number, name in TYPE_NAMES.items() if name == type_)
        async for rows, connection in self._batches(_HISTORY, number):
            opened = await self._store.opener.open_all(rows, connection)
            yield [
                orjson.dumps(
                    {
                        "id": each.id if each is not None else encode_rid(row["rid"]),
                        "version": row["version"],
                        "at": row["updated_at"],
                        "state": "destroyed" if each is None else "deleted" if each.deleted else "superseded",
                        "resource": orjson.Fragment(each.content) if each is not None and not each.deleted else None,
                    }
                )
                for row, each in zip(rows, opened, strict=True)
            ]

    async def _rows(self, table: Table) -> AsyncIterator[list[bytes]]:
        own = self._store.keyring.derived_key(table.own_key) if table.own_key else None
        async for rows, connection in self._batches(table.rows):
            keys: dict[int, DataKey] = {}
            if table.opened:
                whose = {_whose(row) for row in rows} - {0}
                keys = await self._store.keyring.data_keys(whose, connection) if whose else {}
            if own is not None:
                keys[0] = own
            yield [orjson.dumps(_told(table, row, keys.get(_whose(row)) if table.opened else None)) for row in rows]

    async def _batches(self, statement: str, *values: Any) -> AsyncIterator[tuple[list[asyncpg.Record], Connection]]:
        async with self._store.database.connection() as connection, connection.transaction(isolation="repeatable_read"):
            await connection.execute("set local statement_timeout = 0")
            cursor = await connection.cursor(statement, *values)
            while rows := await cursor.fetch(BATCH):
                yield rows, connection


def _whose(row: Mapping[str, Any] | asyncpg.Record) -> int:
    """Whose key seals what is sealed in a row."""
    return int((row["sealed_for"] if "sealed_for" in row.keys() else row["patient"]) or 0)  # noqa: SIM118  # a Record


def _told(table: Table, row: asyncpg.Record, key: DataKey | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in table.without or name == "sealed_for":
            continue
        opened = table.opened.get(name)
        if opened is not None and value:
            content = key.open(value, opened.aad(row)) if key is not None else None
            if content is None:
                found[name] = None  # its key was destroyed
            else:
                found[name] = content.decode() if opened.is_text else b64encode(content).decode()
        elif opened is not None:
            found[name] = None
        else:
            found[name] = _plain(name, value)
    return found


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if name in _LARGE and isinstance(value, int):
        return str(value)
    if name in _LARGE and isinstance(value, list):
        return [str(each) for each in value]
    return value
