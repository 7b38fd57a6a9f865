"""Writing entries in the transaction of the act they record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benhan.store.database import Connection
from benhan.store.ids import SHARED, bucket_of
from benhan.store.ledger.events import Event

_APPEND = """
insert into ledger_pending (bucket, at, event, actor, role, patient, type, rid, version, trace, detail)
select * from unnest($1::smallint[], $2::timestamptz[], $3::smallint[], $4::text[], $5::text[], $6::bigint[],
                     $7::smallint[], $8::bigint[], $9::int[], $10::bytea[], $11::text[])
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act or view: what, when, by whom, about which patient and resource, on which trace."""

    event: Event
    at: datetime
    actor: str
    role: str
    trace: str
    patient: int = 0
    type: int = 0
    rid: int = 0
    version: int = 0
    detail: dict[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.detail:
            self.event.check(self.detail)


def detail_text(detail: dict[str, str | int]) -> str:
    """The one written form of a detail, or "" for none; the chain's hash covers it."""
    return json.dumps(detail, sort_keys=True, ensure_ascii=True, separators=(",", ":")) if detail else ""


async def append_many(connection: Connection, entries: Sequence[Entry]) -> None:
    """Record `entries`; they are committed, or not, with the transaction of `connection`."""
    if not entries:
        return
    await connection.execute(
        _APPEND,
        [bucket_of(entry.patient) if entry.patient else SHARED for entry in entries],
        [entry.at for entry in entries],
        [entry.event.number for entry in entries],
        [entry.actor for entry in entries],
        [entry.role for entry in entries],
        [entry.patient for entry in entries],
        [entry.type for entry in entries],
        [entry.rid for entry in entries],
        [entry.version for entry in entries],
        [bytes.fromhex(entry.trace) for entry in entries],
        [detail_text(entry.detail) for entry in entries],
    )
