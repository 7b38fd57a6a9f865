"""A folder into which a hospital's system drops BHYT files: each is taken once it has stopped growing.

What went whole into the record is moved to `done`, what did not, even in part, to `rejected`, each with a report beside
it (`.report.txt`, `.report.json`); the episodes that are good are taken either way. A file that was taken and not yet
moved when the node stopped is taken again, which changes nothing. One process of a node watches (an advisory lock).
Links and hidden files are left alone.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.node.bhyt_intake import BhytIntake, Reception
from benhan.node.bhyt_report import report_json, report_text
from benhan.store.database import Database
from benhan.store.session_lock import session_lock

log = Log("bhyt")

LOCK = 0x62656E68_62687974  # "benh" "bhyt"
PIECE = 256 * 1024
SUFFIX = ".xml"
DONE, REJECTED = "done", "rejected"
ACTOR = system("bhyt-folder")

Seen = dict[Path, tuple[int, int]]
"""Size and time of change of each file at the last look."""


class BhytFolder:
    """The task that empties the folder."""

    def __init__(self, database: Database, intake: BhytIntake, folder: Path, look_s: float) -> None:
        self._database = database
        self._intake = intake
        self._folder = folder
        self._look_s = look_s
        self._seen: Seen = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Take what comes until `stop`, as the only process of the node that does; makes the folder if need be."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        while not stop.is_set():
            async with session_lock(self._database, LOCK) as lock:
                while lock is not None and not stop.is_set():
                    await lock.fetchval("select 1")  # who has lost the connection has lost the lock
                    await self.look(stop)
                    await stopped_within(stop, self._look_s)
            await stopped_within(stop, self._look_s)

    async def look(self, stop: asyncio.Event | None = None) -> int:
        """Take the files that are as they were at the last look; gives how many were moved.

        A file whose taking fails because the store is away stays, and is tried at the next look.
        """
        now = await asyncio.to_thread(_files, self._folder)
        ready = [path for path, state in now.items() if self._seen.get(path) == state]
        self._seen = now
        moved = 0
        for path in ready:
            if stop is not None and stop.is_set():
                break
            try:
                found = await self._intake.receive(_pieces(path), ACTOR)
            except (Fault, OSError) as failed:
                if isinstance(failed, Fault) and not failed.retryable:
                    raise
                log.warning("bhyt.file_waits", fault=getattr(failed, "code", type(failed).__name__))
                continue
            await asyncio.to_thread(_put_aside, self._folder, path, found)
            self._seen.pop(path, None)
            moved += 1
        return moved


def _files(folder: Path) -> Seen:
    """The files of a folder by the order of their names."""
    found: Seen = {}
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        is_wanted = entry.name.lower().endswith(SUFFIX) and not entry.name.startswith(".")
        if is_wanted and entry.is_file(follow_symlinks=False):
            state = entry.stat(follow_symlinks=False)
            found[Path(entry.path)] = (state.st_size, state.st_mtime_ns)
    return found


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _put_aside(folder: Path, path: Path, found: Reception) -> None:
    """Write the report, then move the file beside it in one step."""
    target = folder / (DONE if found.is_whole else REJECTED)
    target.mkdir(exist_ok=True)
    name = _free_name(target, path.name)
    (target / f"{name}.report.txt").write_text(report_text(path.name, found), encoding="utf-8")
    (target / f"{name}.report.json").write_bytes(report_json(path.name, found))
    path.replace(target / name)
    log.info("bhyt.file", state=target.name, count=found.total, pending=found.parked)


def _free_name(target: Path, name: str) -> str:
    """`name`, with a number where a file of this name is there already."""
    stem, suffix = name[: -len(SUFFIX)], name[-len(SUFFIX) :]
    number = 1
    found = name
    while (target / found).exists():
        number += 1
        found = f"{stem}-{number}{suffix}"
    return found
