"""What is known of a record and of the papers in it, besides their content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from benhan.node.records.lifecycle import State
from benhan.store.ids import bucket_of, encode_rid


def number_of(key: str) -> str:
    """The number in the key of a form: `01/BV-01@2024-01-01` → `01/BV-01`."""
    return key.partition("@")[0]


class Medium(Enum):
    """What a record is kept on. Source: TT 13/2025/TT-BYT Đ4, Đ5 (hospitals that still keep some papers)."""

    ELECTRONIC = "electronic"
    PAPER = "paper"
    HYBRID = "hybrid"


class PaperState(Enum):
    """Where a paper stands. Whether it is cancelled is a mark beside it."""

    WRITING = "writing"
    DONE = "done"
    SIGNED = "signed"
    HELD = "held"
    """A result, an image, a scan: kept as it came, nobody here writes on it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record: `form` is the key of its bệnh án; times are instants; `version` counts its changes."""

    rid: int
    patient: int
    encounter: int
    state: State
    medium: Medium
    form: str
    department: str
    opened_at: datetime
    closed_at: datetime | None
    submitted_at: datetime | None
    archived_at: datetime | None
    cancelled_at: datetime | None
    keep_until: date | None
    retention: str
    storage_number: str
    version: int
    papers: int

    @property
    def id(self) -> str:
        """The logical id of its Composition."""
        return encode_rid(self.rid)

    @property
    def form_number(self) -> str:
        """The number of its bệnh án: `01/BV-01`."""
        return number_of(self.form)

    @property
    def bucket(self) -> int:
        return bucket_of(self.rid)

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper in a record: its number there, its resource, the key of its form ("" for none), where it stands."""

    number: int
    type: str
    rid: int
    version: int
    state: PaperState
    form: str
    section: str
    author: str
    added_at: datetime
    changed_at: datetime
    cancelled_at: datetime | None

    @property
    def id(self) -> str:
        """The logical id of its resource."""
        return encode_rid(self.rid)

    @property
    def form_number(self) -> str:
        """The number of its form, "" where it is on none."""
        return number_of(self.form)

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None
