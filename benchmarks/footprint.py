"""Memory of an idle node with its embedded database, and the time from start to ready: first and again.

Memory is proportional set size (what is shared is counted once), of the node and of every process of the database.
The limit start is compared with: the embedded database alone, first and again.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import Any

from benhan.store.embedded import EmbeddedPostgres
from common import Server, arguments, report, scratch_folder, start

IDLE_S = 3.0


def pss_mb(pids: list[int]) -> float:
    """The proportional set size of processes, MB."""
    kilobytes = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def family_of(roots: list[int]) -> list[int]:
    """Processes and all that descends from them."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue  # it has ended meanwhile
    found = list(roots)
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid and child not in found]
    return found


def database_pid(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])


def database_start_s(folder: Path) -> float:
    server = EmbeddedPostgres(folder)
    began = time.perf_counter()
    server.start()
    seconds = time.perf_counter() - began
    server.stop()
    return seconds


def stopped(server: Server) -> None:
    server.stop()
    EmbeddedPostgres(server.data / "postgres").stop()


def measure(quick: bool) -> dict[str, Any]:
    rounds = 1 if quick else 5
    first, again, memory, limit_first, limit_again = [], [], [], [], []
    for _ in range(rounds):
        with scratch_folder() as folder:
            limit_first.append(database_start_s(folder / "pg"))
            limit_again.append(database_start_s(folder / "pg"))
        with scratch_folder() as folder:
            server = start(folder)
            first.append(server.start_s)
            stopped(server)
            server = start(folder)
            again.append(server.start_s)
            time.sleep(IDLE_S)
            memory.append(pss_mb(family_of([server.process.pid, database_pid(folder)])))
            stopped(server)
    return {
        "idle_mb": round(statistics.median(memory)),
        "first_start_s": round(statistics.median(first), 2),
        "next_start_s": round(statistics.median(again), 2),
        "database_first_start_s": round(statistics.median(limit_first), 2),
        "database_next_start_s": round(statistics.median(limit_again), 2),
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
