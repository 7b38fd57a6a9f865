"""Who looked, as people read it: the same person doing the same within an hour is one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

TOGETHER = timedelta(hours=1)
OWN = "own"


@dataclass(frozen=True, slots=True)
class LookLine:
    """A line: from when until when, who in which role, doing what, how often, why."""

    since: datetime
    at: datetime
    who: str
    role: str
    event: str
    times: int = 1
    by: str = ""
    """Why: the relation by which they might look, "" where that is not told."""


def look_lines(entries: Iterable[tuple[datetime, str, str, str, str]], own: str = "") -> list[LookLine]:
    """Entries (when, who, role, event, why; newest first) put together. Who is `own` becomes OWN."""
    lines: list[LookLine] = []
    open_lines: dict[tuple[str, str, str], int] = {}
    for at, who, role, event, by in entries:
        place = open_lines.get((who, event, by))
        if place is not None and lines[place].since - at < TOGETHER:
            lines[place] = replace(lines[place], since=at, times=lines[place].times + 1)
            continue
        open_lines[(who, event, by)] = len(lines)
        lines.append(LookLine(at, at, who, role, event, by=by))
    return [replace(each, who=shown(each.who, own)) for each in lines]


def shown(who: str, own: str = "") -> str:
    """An actor as it is shown: OWN, a machine or task by its name, a person as they are called."""
    if who and who == own:
        return OWN
    kind, _, name = who.partition(":")
    return name if kind in ("machine", "system") else who
