"""Large content beside the tables: PDF, DICOM, images. Streamed in and out, sealed, found by what it contains.

The address is a keyed hash of the patient and the content: the same content of the same patient is kept once, the
address tells nothing, and destroying a patient's key destroys their blobs and nobody else's. Files are put before their
row is committed; a file without a row is an orphan, which `sweep` removes when it is old.
"""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import asyncpg

from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.store.blob_backends import BlobBackend, disk_errors
from benhan.store.blob_faults import BLOB_TOO_LARGE, NO_SUCH_BLOB
from benhan.store.blob_sealing import (
    CHUNK_BYTES,
    SEALED_CHUNK_BYTES,
    ChunkCipher,
    chunk_count,
    chunk_start,
    in_chunks,
    sealed_size,
)
from benhan.store.database import Connection, Database
from benhan.store.ids import SHARED, bucket_of
from benhan.store.key_faults import DAMAGED
from benhan.store.keyring import Keyring
from benhan.store.sql_texts import query

SIZE_MAX = 5_000_000_000
"""What S3 takes in one request, a little rounded."""

ORPHAN_AGE = timedelta(days=1)
_NAMES_MAX = 1_000

_FIND = query(
    "find_blob",
    "select * from blob where bucket = $1 and address = $2 and patient = $3",
)
_FIND_TO_KEEP = query(
    "find_blob_to_keep",
    "select * from blob where bucket = $1 and address = $2 and patient = $3 for share",
)
_KEEP = query(
    "keep_blob",
    """
    insert into blob (bucket, address, patient, size, sealed_size, stored_at, object, wrapped_key)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (bucket, address) do update set
        stored_at = excluded.stored_at, object = excluded.object, wrapped_key = excluded.wrapped_key
    """,
)
_DROP = query("drop_blob", "delete from blob where bucket = $1 and address = $2 and patient = $3 returning object")
_KNOWN = query(
    "known_blobs",
    """
    select b.bucket, b.address, b.object from unnest($1::smallint[], $2::bytea[]) as w (bucket, address)
    join blob b on b.bucket = w.bucket and b.address = w.address
    """,
)


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob on record. `address` is its name for whoever refers to it, together with its patient."""

    address: str
    patient: int
    size: int
    sealed_size: int
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Staged:
    """A blob whose file is put and whose row is not yet written."""

    address: bytes
    patient: int
    size: int
    writing: bytes
    key: bytes

    @property
    def bucket(self) -> int:
        return _bucket(self.patient)

    @property
    def name(self) -> str:
        return _name(self.bucket, self.address, self.writing)


class Blobs:
    """Stores and gives blobs."""

    def __init__(
        self, database: Database, keyring: Keyring, backend: BlobBackend, clock: Clock, source: RandomSource
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._backend = backend
        self._clock = clock
        self._source = source
        self._address_key = keyring.derived("blob-address")

    async def put(self, pieces: AsyncIterable[bytes], patient: int, *, size_max: int = SIZE_MAX) -> Blob:
        """Store what `pieces` give, for `patient` (a rid, 0 for nobody's). On disk and committed when this returns.

        Raises Incorrect BA-0522 beyond `size_max`, Unavailable BA-0523, NotFound BA-0503 where the patient's key was
        destroyed; what was put of it is an orphan then.
        """
        staged = await self.stage(pieces, patient, size_max=size_max)
        async with self._database.transaction() as connection:
            return await self.keep(staged, connection)

    async def stage(self, pieces: AsyncIterable[bytes], patient: int, *, size_max: int = SIZE_MAX) -> Staged:
        """Put the file of a blob; `keep` makes it one, in the transaction that refers to it. Raises as `put`."""
        writer = await asyncio.to_thread(_Writer.begin, self._backend.spool, self._source, self._address_key, patient)
        try:
            async for chunk, last in in_chunks(pieces, CHUNK_BYTES):
                if writer.size + len(chunk) > size_max:
                    raise BLOB_TOO_LARGE(size_max=size_max)
                await asyncio.to_thread(writer.add, chunk, last=last)
            address = await asyncio.to_thread(writer.end)
            staged = Staged(address, patient, writer.size, self._source.bytes(8), writer.key)
            await self._backend.put(staged.name, writer.path)
        finally:
            await asyncio.to_thread(writer.discard)
        return staged

    async def keep(self, staged: Staged, connection: Connection) -> Blob:
        """Write the row of `staged`; where the same content of the patient is there already, that is kept."""
        found = await connection.fetchrow(_FIND_TO_KEEP, staged.bucket, staged.address, staged.patient)
        if found is not None and await self._backend.size(_name_of(found)) == found["sealed_size"]:
            await self._backend.delete(staged.name)
            return _blob(found)
        key = await self._keyring.data_key(staged.patient, connection, create=True)
        at, sealed = self._clock.now(), sealed_size(staged.size)
        await connection.execute(
            _KEEP,
            staged.bucket,
            staged.address,
            staged.patient,
            staged.size,
            sealed,
            at,
            staged.writing,
            key.seal(staged.key, staged.address),
        )
        return Blob(staged.address.hex(), staged.patient, staged.size, sealed, at)

    async def find(self, address: str, patient: int) -> Blob:
        """What is on record of a blob. Raises NotFound BA-0520."""
        return _blob(await self._row(address, patient))

    async def read(
        self, address: str, patient: int, *, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` to before `end` (None: to the last), in pieces; each is checked before it is given.

        Raises NotFound BA-0520 or BA-0503 before the first piece; Broken BA-0501 (altered) or BA-0521 (lost), perhaps
        after some pieces.
        """
        row = await self._row(address, patient)
        async with self._database.connection() as connection:
            data_key = await self._keyring.data_key(patient, connection)
        cipher = ChunkCipher(data_key.open(row["wrapped_key"], row["address"]))
        end = row["size"] if end is None else min(end, row["size"])
        number, count = start // CHUNK_BYTES, chunk_count(row["size"])
        if start >= end and row["size"]:
            return
        async with aclosing(self._sealed_chunks(row, number)) as chunks:
            async for sealed in chunks:
                if number >= count:
                    raise DAMAGED()
                plain = await asyncio.to_thread(cipher.open, number, sealed, last=number == count - 1)
                place = number * CHUNK_BYTES
                if piece := plain[max(0, start - place) : end - place]:
                    yield piece
                number += 1
                if number * CHUNK_BYTES >= end and number < count:
                    return
        if number != count:
            raise DAMAGED()

    async def delete(self, address: str, patient: int) -> None:
        """Remove a blob, its row first. Raises NotFound BA-0520."""
        raw, bucket = _address(address), _bucket(patient)
        row = await self._database.fetchrow(_DROP, bucket, raw, patient)
        if row is None:
            raise NO_SUCH_BLOB()
        await self._backend.delete(_name(bucket, raw, row["object"]))

    async def sweep(self, age: timedelta = ORPHAN_AGE) -> int:
        """Remove files without a row that are older than `age` (longer than any writing takes); gives how many."""
        before = self._clock.now() - age
        removed = await asyncio.to_thread(_sweep_spool, self._backend.spool, before.timestamp())
        batch: list[str] = []
        async for name in self._backend.names(before):
            batch.append(name)
            if len(batch) == _NAMES_MAX:
                removed += await self._sweep(batch)
                batch = []
        return removed + await self._sweep(batch)

    async def _sweep(self, names: Sequence[str]) -> int:
        parts = [(int(name[:3], 16), bytes.fromhex(name[4:68])) for name in names]
        rows = await self._database.fetch(_KNOWN, [bucket for bucket, _ in parts], [address for _, address in parts])
        orphans = set(names) - {_name_of(row) for row in rows}
        for name in orphans:
            await self._backend.delete(name)
        return len(orphans)

    async def _row(self, address: str, patient: int) -> asyncpg.Record:
        row = await self._database.fetchrow(_FIND, _bucket(patient), _address(address), patient)
        if row is None:
            raise NO_SUCH_BLOB()
        return row

    async def _sealed_chunks(self, row: asyncpg.Record, number: int) -> AsyncGenerator[bytes, None]:
        pieces = self._backend.read(_name_of(row), chunk_start(number))
        async for chunk, _ in in_chunks(pieces, SEALED_CHUNK_BYTES):
            yield chunk


class _Writer:
    """The growing file of one blob. Its methods block: they run in threads, one after another."""

    def __init__(self, path: Path, file: BinaryIO, key: bytes, address_key: bytes, patient: int) -> None:
        self.path = path
        self.key = key
        self.size = 0
        self._file = file
        self._cipher = ChunkCipher(key)
        self._number = 0
        self._mac = hmac.new(address_key, patient.to_bytes(8, "big"), "sha256")

    @classmethod
    def begin(cls, spool: Path, source: RandomSource, address_key: bytes, patient: int) -> _Writer:
        path = spool / source.bytes(12).hex()
        with disk_errors():
            spool.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)
        return cls(path, file, source.bytes(32), address_key, patient)

    def add(self, chunk: bytes, *, last: bool) -> None:
        self._mac.update(chunk)
        sealed = memoryview(self._cipher.seal(self._number, chunk, last=last))
        with disk_errors():
            while sealed:
                sealed = sealed[self._file.write(sealed) :]
        self._number += 1
        self.size += len(chunk)

    def end(self) -> bytes:
        """Make the file durable; gives the blob's address."""
        with disk_errors():
            os.fsync(self._file.fileno())
        return self._mac.digest()

    def discard(self) -> None:
        """Close the file, and remove it where nobody has taken it."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _sweep_spool(spool: Path, before: float) -> int:
    left = [path for path in spool.glob("*") if path.stat().st_mtime < before] if spool.is_dir() else []
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _bucket(patient: int) -> int:
    return bucket_of(patient) if patient else SHARED


def _name(bucket: int, address: bytes, writing: bytes) -> str:
    return f"{bucket:03x}/{address.hex()}.{writing.hex()}"


def _name_of(row: asyncpg.Record) -> str:
    return _name(row["bucket"], row["address"], row["object"])


def _address(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as cause:
        raise NO_SUCH_BLOB() from cause


def _blob(row: asyncpg.Record) -> Blob:
    return Blob(row["address"].hex(), row["patient"], row["size"], row["sealed_size"], row["stored_at"])


async def pieces_of(file: Path) -> AsyncIterator[bytes]:
    """The bytes of a local file, to be put."""
    with disk_errors():
        opened = await asyncio.to_thread(file.open, "rb")
    with opened:
        while piece := await asyncio.to_thread(opened.read, CHUNK_BYTES):
            yield piece
