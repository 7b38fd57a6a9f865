"""The time of the processor that a piece of work took, told apart by who spent it.

On a shared machine the same work takes half as long at one hour as at another; the time its processes spend on a core
moves less, so that a change of a tenth is seen in one run.
"""

from __future__ import annotations

import os
import resource
from collections import Counter
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class CpuTime:
    """Between `CpuTime(…)` and `spent_us(count)`: what process `pid`, its descendants, the database whose files are
    below `data`, and this process spent."""

    def __init__(self, pid: int, data: Path) -> None:
        self._of = (pid, str(data.resolve()))
        self._own_s = _own_s()
        self._others = _by_kind(*self._of)

    def spent_us(self, count: int) -> dict[str, float]:
        """Microseconds for each of `count` pieces of work: of the `node`, of `postgres`, of this process (`client`)."""
        spent = _by_kind(*self._of) - self._others
        found = {kind: spent[kind] * _TICK_S for kind in ("node", "postgres")} | {"client": _own_s() - self._own_s}
        return {kind: round(seconds / max(count, 1) * 1e6, 1) for kind, seconds in found.items()}


def _own_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _by_kind(top: int, data: str) -> Counter[str]:
    """Ticks by kind; those of processes that ended count with the parent that waited for them."""
    stats = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                rest = (folder / "stat").read_text().rpartition(") ")[2].split()
                where = str((folder / "cwd").readlink())
            except OSError:
                continue  # ended while we looked
            stats[int(folder.name)] = (where, rest)
    found: Counter[str] = Counter()
    for pid, (where, fields) in stats.items():
        is_database = where.startswith(data)  # PostgreSQL's working folder is its data's
        if is_database or _is_below(pid, top, stats):
            found["postgres" if is_database else "node"] += sum(int(field) for field in fields[11:15])
    return found


def _is_below(pid: int, top: int, stats: dict[int, tuple[str, list[str]]]) -> bool:
    while pid in stats:
        if pid == top:
            return True
        pid = int(stats[pid][1][1])
    return False
