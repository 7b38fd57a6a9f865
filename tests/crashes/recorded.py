"""What clients did and were told, and whether any order of things explains it.

Each version of a resource bears a mark that no other has, so that what is seen tells which write it was. The histories
at the end say in which order the versions came. That order is one that could have been lived through (linearizable) if
no version comes before one whose write had ended before its own began, and everybody saw a version that was there
while they looked: at least as new as what anybody had been told before, at most as new as what had been begun.

A write without an answer, or with 5xx, is unknown: it may stand in the history, at any later time, or never.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["ok", "refused", "unknown"]
Kind = Literal["write", "delete", "see", "history"]
Versions = Sequence[str | None]
"""The marks of a resource's versions, oldest first; None for a deletion."""
ABSENT = 0
"""As the version seen: there is none, or the current one is a deletion."""


@dataclass(slots=True)
class Op:
    """One request. `version` is what the answer told; `about` is the resource, "" while it is not known.

    `expected` is the version that If-Match named. A `see` with a `mark` was a search for that mark; `marks` is what a
    history showed, oldest first. Ops of one `group` were entries of one transaction.
    """

    kind: Kind
    about: str
    began: float
    ended: float = math.inf
    outcome: Outcome = "unknown"
    mark: str = ""
    version: int | None = None
    expected: int | None = None
    marks: tuple[str | None, ...] = ()
    group: int = 0


@dataclass(slots=True)
class Checked:
    """What is wrong, each in a sentence; nothing where all can be explained."""

    wrong: list[str] = field(default_factory=list)

    def __call__(self, holds: object, sentence: str) -> None:
        if not holds:
            self.wrong.append(sentence)


def check(ops: Sequence[Op], final: dict[str, Versions]) -> list[str]:
    """What no order explains: ops against the histories (`Type/id` to marks) read when all had come to rest."""
    told = Checked()
    places = _places(final, told)
    for op in ops:
        if op.kind == "write" and not op.about and op.mark in places:
            op.about = places[op.mark][0]
    _check_writes(ops, places, told)
    _check_groups(ops, places, told)
    for about in sorted({op.about for op in ops if op.about}):
        _Resource(about, final.get(about, ()), [op for op in ops if op.about == about], told).check()
    return told.wrong


def _places(final: dict[str, Versions], told: Checked) -> dict[str, tuple[str, int]]:
    """Where each mark stands; one that stands twice is a write that was done twice."""
    found = [(mark, about, at + 1) for about, marks in final.items() for at, mark in enumerate(marks) if mark]
    for mark, count in Counter(mark for mark, _, _ in found).items():
        told(count == 1, f"{mark} was written {count} times")
    return {mark: (about, version) for mark, about, version in found}


def _check_writes(ops: Iterable[Op], places: dict[str, tuple[str, int]], told: Checked) -> None:
    known = {op.mark for op in ops if op.kind == "write"}
    for mark in places:
        told(mark in known, f"{mark} is there and nobody wrote it")
    for op in ops:
        if op.kind != "write":
            continue
        place = places.get(op.mark)
        if op.outcome == "refused":
            told(place is None, f"{op.mark} was refused and is there: {place}")
        if op.outcome == "ok":
            told(place == (op.about, op.version), f"{op.mark} was acknowledged as {op.about} {op.version}: {place}")
            if op.expected is not None:
                told(op.version == op.expected + 1, f"{op.mark} was to follow {op.expected} and is {op.version}")


def _check_groups(ops: Iterable[Op], places: dict[str, tuple[str, int]], told: Checked) -> None:
    groups: dict[int, list[Op]] = {}
    for op in ops:
        if op.group:
            groups.setdefault(op.group, []).append(op)
    for group, members in groups.items():
        there = [op.mark in places for op in members]
        told(all(there) or not any(there), f"transaction {group} is there in part: {there}")


class _Resource:
    """One resource's versions, and what was seen of them."""

    def __init__(self, about: str, marks: Versions, ops: list[Op], told: Checked) -> None:
        self.about, self.marks, self.ops, self.told = about, marks, ops, told
        writes = {op.mark: op for op in ops if op.kind == "write"}
        deletes = {op.version: op for op in ops if op.kind == "delete" and op.outcome == "ok" and op.version}
        earliest = min((op.began for op in ops if op.kind == "delete" and op.outcome != "refused"), default=math.inf)
        nobody = Op("delete", about, earliest)
        self.makers = [
            writes.get(mark, nobody) if mark else deletes.get(at + 1, nobody) for at, mark in enumerate(marks)
        ]
        self.proofs: list[tuple[float, int]] = []
        """When a version was surely there, the highest until then; in the order of time."""

    def check(self) -> None:
        self._check_order()
        self._note([(op.ended, op.version) for op in self.ops if op.outcome == "ok" and op.version])
        for op in self.ops:
            if op.kind == "history":
                self._check_history(op)
            elif op.kind == "see" and op.outcome == "ok":
                self._check_seen(op)
            elif op.kind == "delete" and op.outcome == "ok":
                self._check_deleted(op)
            elif op.kind == "write" and op.outcome == "refused" and op.expected is not None:
                least, most = self._window(op)
                self.told(
                    (least, most) != (op.expected, op.expected), f"{self._name(op)}: {op.expected} was refused wrongly"
                )

    def _check_order(self) -> None:
        """No version comes after one that was begun when it had ended."""
        latest_begin = -math.inf
        for at, maker in enumerate(self.makers):
            self.told(maker.began < math.inf, f"{self.about} {at + 1} is a deletion that nobody asked for")
            latest_begin = max(latest_begin, maker.began)
            self.told(
                maker.ended >= latest_begin or maker.began == latest_begin,
                f"{self.about} {at + 1} ended before one below it began",
            )

    def _note(self, seen: list[tuple[float, int | None]]) -> None:
        highest = 0
        for ended, version in sorted((ended, version or 0) for ended, version in seen):
            highest = max(highest, version)
            self.proofs.append((ended, highest))

    def _window(self, op: Op) -> tuple[int, int]:
        """The versions that can have been the current one at a moment of `op`: the lowest and the highest."""
        at = bisect_left(self.proofs, (op.began, 0))
        least = self.proofs[at - 1][1] if at else 0
        begun = [version for version, maker in enumerate(self.makers, 1) if maker.began <= op.ended]
        return least, max(begun, default=0)

    def _check_seen(self, op: Op) -> None:
        least, most = self._window(op)
        name = f"{self._name(op)} saw {op.version} between {least} and {most}"
        if op.version:
            self.told(least <= op.version <= most, name)
            shown = op.marks[0] if op.marks else op.mark
            self.told(op.version <= len(self.marks) and self.marks[op.version - 1] == shown, f"{name}: not {shown}")
        else:
            self.told(any(self._answers_absent(op, version) for version in range(least, most + 1)), name)

    def _answers_absent(self, op: Op, version: int) -> bool:
        """Whether, while `version` is the current one, `op` finds nothing."""
        mark = self.marks[version - 1] if version else None
        return mark is None or bool(op.mark and mark != op.mark)

    def _check_deleted(self, op: Op) -> None:
        least, most = self._window(op)
        if op.version:
            is_there = op.version <= len(self.marks) and self.marks[op.version - 1] is None
            self.told(is_there, f"{self._name(op)}: {op.version} is no deletion")
        else:
            gone = any(version == 0 or self.marks[version - 1] is None for version in range(least, most + 1))
            self.told(gone, f"{self._name(op)}: it was never gone between {least} and {most}")

    def _check_history(self, op: Op) -> None:
        if op.outcome != "ok":
            return
        least, most = self._window(op)
        count = len(op.marks)
        self.told(least <= count <= most, f"{self._name(op)} showed {count} versions, not {least} to {most}")
        self.told(tuple(self.marks[:count]) == op.marks, f"{self._name(op)} showed other versions: {op.marks}")

    def _name(self, op: Op) -> str:
        return f"{op.kind} of {self.about} at {op.began:.3f}"
