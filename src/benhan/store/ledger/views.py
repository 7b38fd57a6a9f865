"""What one search showed of each patient, as one entry a patient: they differ in patient and count only.

A citizen is shown, and can prove, who looked at their own data and nothing of others'; so each has an entry of their
own, and the part that all share is written once.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from benhan.store.copy_rows import Table, bytea, copy_encoded, int2, int4, int8, text, timestamptz
from benhan.store.database import Connection
from benhan.store.ids import bucket_of
from benhan.store.ledger.append import detail_text
from benhan.store.ledger.events import Event

_PENDING = Table(
    "ledger_pending",
    {
        "at": timestamptz,
        "patient": int8,
        "rid": int8,
        "version": int4,
        "bucket": int2,
        "event": int2,
        "type": int2,
        "actor": text,
        "role": text,
        "trace": bytea,
        "detail": text,
    },
)
_PATIENT = struct.Struct(">iqiqiiih").pack
"""Patient, rid 0, version 0, bucket; each with its length before it."""


@dataclass(slots=True)
class Views:
    """One act of seeing: `counts` tells how many resources of each patient (0: of none, bucket 0) it showed."""

    event: Event
    at: datetime
    actor: str
    role: str
    trace: str
    type: int
    detail: dict[str, str | int]
    counts: Mapping[int, int]

    def __post_init__(self) -> None:
        self.event.check({**self.detail, "count": 0})


async def append_views(connection: Connection, views: Sequence[Views]) -> None:
    """Record `views`; they are committed, or not, with the transaction of `connection`."""
    rows = [row for each in views for row in _rows(each)]
    await copy_encoded(connection, _PENDING, rows)


def _rows(views: Views) -> list[bytes]:
    """The rows of one act in the order of the columns."""
    head = _PENDING.row_start + timestamptz(views.at)
    same = b"".join(
        (
            int2(views.event.number),
            int2(views.type),
            text(views.actor),
            text(views.role),
            bytea(bytes.fromhex(views.trace)),
        )
    )
    details = {
        count: same + text(detail_text({**views.detail, "count": count})) for count in set(views.counts.values())
    }
    return [
        b"".join((head, _PATIENT(8, patient, 8, 0, 4, 0, 2, bucket_of(patient)), details[count]))
        for patient, count in views.counts.items()
    ]
