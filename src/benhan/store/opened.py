"""What was opened lately: lists and wards show the same resources again and again.

A resource is found by its sealed bytes, so that nothing is shown but what the row holds now, and by the place they were
sealed for. All of it is dropped when a key is: what a key had opened must not outlive it.
"""

from __future__ import annotations

from benhan.store.unit_of_work import Stored

COUNT_MAX = 2_048
BYTES_MAX = 4_096
"""No larger resource is kept: at most 16 MB in two generations, 2 to 4 as resources are."""


class OpenedLately:
    """Resources by their sealed bytes, in two generations: what is asked for again passes to the younger one."""

    def __init__(self) -> None:
        self._young: dict[bytes, Stored] = {}
        self._old: dict[bytes, Stored] = {}

    def get(self, sealed: bytes, type_: str, rid: int, version: int, patient: int) -> Stored | None:
        """The resource that was opened from these bytes in this place; None where it is not kept."""
        found = self._young.get(sealed)
        if found is None:
            found = self._old.get(sealed)
            if found is None:
                return None
            self._add(sealed, found)
        is_there = (found.rid, found.version, found.patient, found.type) == (rid, version, patient, type_)
        return found if is_there else None

    def keep(self, sealed: bytes, opened: Stored) -> None:
        """Keep what was opened from these bytes, where it is not large."""
        if len(opened.tail) <= BYTES_MAX:
            self._add(sealed, opened)

    def forget(self) -> None:
        """Drop everything."""
        self._young, self._old = {}, {}

    def _add(self, sealed: bytes, opened: Stored) -> None:
        if len(self._young) >= COUNT_MAX:
            self._old, self._young = self._young, {}
        self._young[sealed] = opened
