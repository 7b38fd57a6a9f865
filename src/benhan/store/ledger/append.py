"""Writing entries in the transaction of the act they record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from benhan.store.copy_rows import Columns, bytea, copy_rows, int2, int4, int8, text, timestamptz
from benhan.store.database import Connection
from benhan.store.ids import SHARED, bucket_of
from benhan.store.ledger.events import Event

_CODE = re.compile(r"[A-Za-z0-9_.:/,^+@=?&-]{0,200}")
TABLE = "ledger_pending"
COLUMNS: Columns = {
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
}


@dataclass(slots=True)
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
    """The one written form of a detail, or "" for none; the chain's hash covers it.

    A text that is not of the form of a code (a foreign system put words where its code belongs) is written as "?".
    """
    if not detail:
        return ""
    told = {name: value if isinstance(value, int) or _CODE.fullmatch(value) else "?" for name, value in detail.items()}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()


async def append_many(connection: Connection, entries: Sequence[Entry]) -> None:
    """Record `entries`; they are committed, or not, with the transaction of `connection`."""
    if not entries:
        return
    records = [
        (
            entry.at,
            entry.patient,
            entry.rid,
            entry.version,
            bucket_of(entry.patient) if entry.patient else SHARED,
            entry.event.number,
            entry.type,
            entry.actor,
            entry.role,
            bytes.fromhex(entry.trace),
            detail_text(entry.detail),
        )
        for entry in entries
    ]
    await copy_rows(connection, TABLE, COLUMNS, records)
