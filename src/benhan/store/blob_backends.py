"""Where sealed blobs are kept: the interface, and a directory. S3 is in `s3_backend.py`."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from benhan.store.blob_faults import BLOB_LOST, BLOB_PLACE_AWAY
from benhan.store.key_encryption import sync_folder

NAME = re.compile(r"[0-9a-f]{3}/[0-9a-f]{64}\.[0-9a-f]{16}")
"""Bucket, address, and what tells two writings of the same content apart."""

_READ_BYTES = 1 << 20


class BlobBackend(Protocol):
    """Keeps sealed files under names of the form NAME. Its failures are Unavailable BA-0523."""

    @property
    def spool(self) -> Path:
        """A folder of this machine where a file grows before it is put."""
        ...

    async def put(self, name: str, file: Path) -> None:
        """Take `file` in under `name`, whole and durable when this returns; `file` may be gone then."""
        ...

    def read(self, name: str, start: int = 0) -> AsyncIterator[bytes]:
        """The bytes from `start` on, in pieces. Raises Broken BA-0521 where there is nothing of this name."""
        ...

    async def size(self, name: str) -> int | None:
        """How many bytes are kept under `name`; None for nothing."""
        ...

    async def delete(self, name: str) -> None:
        """Remove `name`; nothing happens where it is not there."""
        ...

    def names(self, before: datetime) -> AsyncIterator[str]:
        """What was put before that instant, in no order."""
        ...


class DirectoryBackend:
    """Files in a folder: `<bucket>/<address>.<writing>`; what grows is in `.new`, on the same file system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._spool = folder / ".new"

    @property
    def spool(self) -> Path:
        return self._spool

    async def put(self, name: str, file: Path) -> None:
        await asyncio.to_thread(self._put, name, file)

    async def read(self, name: str, start: int = 0) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(self._open, name, start)
        try:
            while piece := await asyncio.to_thread(_read, file):
                yield piece
        finally:
            file.close()

    async def size(self, name: str) -> int | None:
        try:
            return (await asyncio.to_thread(self._path(name).stat)).st_size
        except FileNotFoundError:
            return None

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    async def names(self, before: datetime) -> AsyncIterator[str]:
        for folder in sorted(self.folder.glob("[0-9a-f]" * 3)):
            for name in await asyncio.to_thread(_older, folder, before.timestamp()):
                yield f"{folder.name}/{name}"

    def _path(self, name: str) -> Path:
        assert NAME.fullmatch(name), name
        return self.folder / name

    def _put(self, name: str, file: Path) -> None:
        path = self._path(name)
        with disk_errors():
            new = not path.parent.is_dir()
            path.parent.mkdir(parents=True, exist_ok=True)
            file.rename(path)
            sync_folder(path.parent)
            if new:
                sync_folder(self.folder)

    def _open(self, name: str, start: int) -> BinaryIO:
        try:
            file = self._path(name).open("rb", buffering=0)
        except FileNotFoundError as cause:
            raise BLOB_LOST(name=name) from cause
        file.seek(start)
        return file


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what the operating system raises into Unavailable BA-0523."""
    try:
        yield
    except OSError as cause:
        raise BLOB_PLACE_AWAY(reason=os.strerror(cause.errno) if cause.errno else "I/O") from cause


def _read(file: BinaryIO) -> bytes:
    with disk_errors():
        return file.read(_READ_BYTES)


def _older(folder: Path, before: float) -> list[str]:
    with os.scandir(folder) as found:
        return [each.name for each in found if each.stat().st_mtime < before]
