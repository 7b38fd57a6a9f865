"""The files a job makes: sealed while they wait, written in chunks, gone on with after a kill.

A file is a row of chunks, each its length in four bytes and then nonce, ciphertext and tag, bound to its file and
number. Nonces are random: what was written after the last settled place is cut off and written anew under the same key.
The key stands in the job's sealed row; when that is removed nothing opens the files.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from benhan.kernel.ids import RandomSource
from benhan.store.blob_backends import disk_errors
from benhan.store.key_faults import DAMAGED
from benhan.store.sealing import OVERHEAD_BYTES, DataKey

CHUNK_BYTES = 1 << 20
_LENGTH_BYTES = 4


@dataclass(slots=True)
class FileState:
    """How far a file is settled: bytes and chunks on the disk, lines in it."""

    name: str
    type: str
    size: int = 0
    chunks: int = 0
    lines: int = 0

    def told(self) -> list[Any]:
        return [self.name, self.type, self.size, self.chunks, self.lines]


class SealedFile:
    """A growing file. Its methods block: they run in threads, one after another."""

    def __init__(self, path: Path, state: FileState, key: DataKey) -> None:
        self.state = state
        self._path = path
        self._key = key
        self._buffer = bytearray()
        self._file: BinaryIO | None = None

    def add(self, lines: list[bytes]) -> None:
        """Append lines, each without its end."""
        if not lines:
            return
        self.state.lines += len(lines)
        if len(lines) > 1:
            self.add_bytes(b"\n".join(lines))
        else:  # perhaps a large one: no copy of it
            self.add_bytes(lines[0])
        self.add_bytes(b"\n")

    def add_bytes(self, piece: bytes) -> None:
        """Append bytes as they are."""
        for start in range(0, len(piece), CHUNK_BYTES):
            self._buffer += memoryview(piece)[start : start + CHUNK_BYTES]
            while len(self._buffer) >= CHUNK_BYTES:
                self._write()

    def settle(self) -> FileState:
        """All of it on the disk; gives the state to be remembered."""
        if self._buffer:
            self._write()
        if self._file is not None:
            with disk_errors():
                os.fsync(self._file.fileno())
        return self.state

    def back_to(self, state: FileState) -> None:
        """Forget what was added after `state` was settled."""
        self.close()
        self._buffer.clear()
        self.state = replace(state)

    def close(self) -> None:
        """Give the handle back; what was not settled is lost."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self) -> None:
        plain = bytes(memoryview(self._buffer)[:CHUNK_BYTES])
        del self._buffer[:CHUNK_BYTES]
        sealed = self._key.seal(plain, _aad(self.state.name, self.state.chunks))
        with disk_errors():
            if self._file is None:
                self._file = self._opened()
            self._file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)
        self.state.chunks += 1
        self.state.size += _LENGTH_BYTES + len(sealed)

    def _opened(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        file.truncate(self.state.size)
        file.seek(self.state.size)
        return file


@dataclass(frozen=True, slots=True)
class BulkFolder:
    """Where the files of jobs are: a folder of this machine, a folder in it for each job."""

    folder: Path
    random: RandomSource

    def new_key(self) -> str:
        """A fresh key for the files of a job, as text."""
        return self.random.bytes(32).hex()

    def file(self, job: str, state: FileState, key: str) -> SealedFile:
        """The file of a state, to be gone on with."""
        return SealedFile(self._path(job, state.name), state, self._data_key(key))

    async def read(self, job: str, state: FileState, key: str) -> AsyncGenerator[bytes, None]:
        """The bytes of a settled file, in pieces; each is checked before it is given. Raises Broken BA-0501."""
        with disk_errors():
            file = await asyncio.to_thread(_open, self._path(job, state.name), state.size)
        data_key = self._data_key(key)
        try:
            for number in range(state.chunks):
                yield await asyncio.to_thread(_chunk, file, data_key, state.name, number)
        finally:
            file.close()

    async def remove(self, job: str) -> None:
        """Remove the files of a job."""
        await asyncio.to_thread(shutil.rmtree, self.folder / job, ignore_errors=True)

    def _data_key(self, key: str) -> DataKey:
        return DataKey(bytes.fromhex(key), self.random)

    def _path(self, job: str, name: str) -> Path:
        assert job.isalnum(), job
        assert name.replace("-", "").replace(".", "").isalnum(), name
        return self.folder / job / name


def _open(path: Path, size: int) -> BinaryIO:
    return (path if size else Path(os.devnull)).open("rb")


def _chunk(file: BinaryIO, key: DataKey, name: str, number: int) -> bytes:
    with disk_errors():
        length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
        if length < OVERHEAD_BYTES:
            raise DAMAGED()
        sealed = file.read(length)
    return key.open(sealed, _aad(name, number))


def _aad(name: str, number: int) -> bytes:
    return f"{name} {number}".encode()
