"""The menu at the side: at most seven heads for anybody, the pages of the head that one is in beneath it.

Pure: from what somebody may do and where they are to what stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

HEADS_MAX = 7
"""What is more than a glance takes in is put together."""
COUNTS = {"signing": ("/signing/count", "load"), "emergencies": ("/emergencies/waiting", "load, every 60s")}
"""What waits at a page, by its name: where the number is asked for, and when."""

_GROUPS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "home": (("TRACE_VIEW", "/", "home"),),
    "people": (("PATIENT_LIST", "/patients", "patients"), ("EMERGENCY", "/emergency", "emergency")),
    "ward": (("RECORD_VIEW", "/ward", "ward"),),
    "of_records": (
        ("RECORD_VIEW", "/records", "records"),
        ("RECORD_VIEW", "/loans", "loans"),
        ("RECORD_REQUEST", "/requests", "requests"),
        ("RECORD_IMPORT", "/packages", "packages"),
        ("RECORD_DESTROY", "/destruction", "destruction"),
    ),
    "signing": (("RECORD_SIGN", "/signing", "signing"),),
    "exchange": (
        ("TRACE_VIEW", "/trace", "trace"),
        ("BHYT_UPLOAD", "/bhyt", "bhyt"),
        ("MESSAGE_VIEW", "/letters", "dead_letters"),
        ("DELIVERY_VIEW", "/sends", "sends"),
        ("DELIVERY_VIEW", "/deliveries", "deliveries"),
        ("DEPLOYMENT_VIEW", "/deployment", "deployment"),
    ),
    "who_sees": (
        ("ACCESS_REVIEW", "/emergencies", "emergencies"),
        ("ACCESS_GRANT", "/grants", "grants"),
        ("ACCESS_MATRIX", "/rights", "rights"),
        ("ACCOUNT_MANAGE", "/accounts", "accounts"),
    ),
}
"""By head: the permission that opens each page, its address, its name."""
NAMES = frozenset({*_GROUPS, *(name for pages in _GROUPS.values() for _, _, name in pages)})
"""Every name that the menu shows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page: its name, its address, whether it is the one that is open."""

    name: str
    address: str
    is_here: bool

    @property
    def count(self) -> tuple[str, str] | None:
        """Where the number of what waits there is asked for, and when."""
        return COUNTS.get(self.name)


@dataclass(frozen=True, slots=True)
class Head:
    """A head with its pages. One with a single page is that page."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def address(self) -> str:
        return self.entries[0].address

    @property
    def is_here(self) -> bool:
        return any(each.is_here for each in self.entries)

    @property
    def beneath(self) -> tuple[Entry, ...]:
        """The pages that are shown beneath it: those of the head that one is in."""
        return self.entries if self.is_here and len(self.entries) > 1 else ()

    @property
    def counts(self) -> list[tuple[str, str]]:
        """What waits in it, where its pages are not shown themselves."""
        return [] if self.beneath else [each.count for each in self.entries if each.count is not None]


def menu(may: Callable[[str], bool], path: str) -> list[Head]:
    """The heads for somebody who is at `path`: each page a head of its own where those are few."""
    groups = {
        name: tuple(
            Entry(page, address, _is_at(path, address)) for permission, address, page in pages if may(permission)
        )
        for name, pages in _GROUPS.items()
    }
    if sum(map(len, groups.values())) <= HEADS_MAX:
        return [Head(each.name, (each,)) for entries in groups.values() for each in entries]
    return [Head(name if len(entries) > 1 else entries[0].name, entries) for name, entries in groups.items() if entries]


def _is_at(path: str, address: str) -> bool:
    return path == address or (address != "/" and path.startswith(f"{address}/"))
