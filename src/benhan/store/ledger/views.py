"""What one search showed of each patient, as one entry a patient: they differ in patient and count only.

A citizen is shown, and can prove, who looked at their own data and nothing of others'; so each has an entry of their
own. Until the chain takes them apart they wait in one row: the view ledger_waiting shows them one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from benhan.store.copy_rows import Table, bytea, copy_rows, int2, int4, int8, int8_array, text, timestamptz
from benhan.store.database import Connection
from benhan.store.ids import SHARED
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
        "patients": int8_array,
        "counts": int8_array,
    },
)


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
    await copy_rows(connection, _PENDING, map(_row, views))


def _row(views: Views) -> tuple[object, ...]:
    """The values of one act in the order of the columns; the 0 in its detail stands for each of its counts."""
    return (
        views.at,
        0,
        0,
        0,
        SHARED,
        views.event.number,
        views.type,
        views.actor,
        views.role,
        bytes.fromhex(views.trace),
        detail_text({**views.detail, "count": 0}),
        list(views.counts),
        list(views.counts.values()),
    )
