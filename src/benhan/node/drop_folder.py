"""A folder into which a hospital's system drops files: each is taken once it has stopped growing.

What went whole into the record is moved to `done`, what did not, even in part, to `rejected`, each with a report beside
it (`.report.txt`, `.report.json`); what is good in it is taken either way. A file that was taken and not yet
moved when the node stopped is taken again, which changes nothing. One process of a node watches (an advisory lock).
Links and hidden files are left alone.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.store.database import Database
from benhan.store.session_lock import session_lock

log = Log("folder")

PIECE = 256 * 1024
DONE, REJECTED = "done", "rejected"

Seen = dict[Path, tuple[int, int]]
"""Size and time of change of each file at the last look."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file: whether all of it is in the record or on its way there, in words, for machines."""

    is_whole: bool
    text: str
    json: bytes


Take = Callable[[str, Iterator[bytes]], Awaitable[Report]]
"""Takes a file of this name; raises a retryable Fault where the store is away."""


class DropFolder:
    """The task that empties a folder of files that end in one of `suffixes`; `lock` is the folder's own."""

    def __init__(
        self, database: Database, take: Take, folder: Path, look_s: float, *, suffixes: tuple[str, ...], lock: int
    ) -> None:
        self._database = database
        self._take = take
        self._suffixes = suffixes
        self._lock = lock
        self._folder = folder
        self._look_s = look_s
        self._seen: Seen = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Take what comes until `stop`, as the only process of the node that does; makes the folder if need be."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        while not stop.is_set():
            async with session_lock(self._database, self._lock) as lock:
                while lock is not None and not stop.is_set():
                    await lock.fetchval("select 1")  # who has lost the connection has lost the lock
                    await self.look(stop)
                    await stopped_within(stop, self._look_s)
            await stopped_within(stop, self._look_s)

    async def look(self, stop: asyncio.Event | None = None) -> int:
        """Take the files that are as they were at the last look; gives how many were moved.

        A file whose taking fails because the store is away stays, and is tried at the next look.
        """
        now = await asyncio.to_thread(_files, self._folder, self._suffixes)
        ready = [path for path, state in now.items() if self._seen.get(path) == state]
        self._seen = now
        moved = 0
        for path in ready:
            if stop is not None and stop.is_set():
                break
            try:
                found = await self._take(path.name, _pieces(path))
            except (Fault, OSError) as failed:
                if isinstance(failed, Fault) and not failed.retryable:
                    raise
                log.warning("folder.file_waits", fault=getattr(failed, "code", type(failed).__name__))
                continue
            await asyncio.to_thread(_put_aside, self._folder, path, found)
            self._seen.pop(path, None)
            moved += 1
        return moved


def _files(folder: Path, suffixes: tuple[str, ...]) -> Seen:
    """The files of a folder by the order of their names."""
    found: Seen = {}
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        is_wanted = entry.name.lower().endswith(suffixes) and not entry.name.startswith(".")
        if is_wanted and entry.is_file(follow_symlinks=False):
            state = entry.stat(follow_symlinks=False)
            found[Path(entry.path)] = (state.st_size, state.st_mtime_ns)
    return found


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _put_aside(folder: Path, path: Path, found: Report) -> None:
    """Write the report, then move the file beside it in one step."""
    target = folder / (DONE if found.is_whole else REJECTED)
    target.mkdir(exist_ok=True)
    name = _free_name(target, path.name)
    (target / f"{name}.report.txt").write_text(found.text, encoding="utf-8")
    (target / f"{name}.report.json").write_bytes(found.json)
    path.replace(target / name)
    log.info("folder.file", state=target.name)


def _free_name(target: Path, name: str) -> str:
    """`name`, with a number where a file of this name is there already."""
    stem, dot, suffix = name.rpartition(".")
    number = 1
    found = name
    while (target / found).exists():
        number += 1
        found = f"{stem}-{number}{dot}{suffix}"
    return found
