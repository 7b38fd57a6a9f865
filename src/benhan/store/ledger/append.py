"""Writing entries in the transaction of the act they record."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from benhan.store.copy_rows import Table, bytea, copy_encoded, int2, int4, int8, text, timestamptz
from benhan.store.database import Connection
from benhan.store.ids import SHARED, bucket_of
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query

_CODE = re.compile(r"[A-Za-z0-9_.:/,^+@=?&-]{0,200}")
APPEND = """
    insert into ledger_pending (at, patient, rid, version, bucket, event, type, actor, role, trace, detail)
    select * from unnest(
        $1::timestamptz[], $2::bigint[], $3::bigint[], $4::int[], $5::smallint[], $6::smallint[], $7::smallint[],
        $8::text[], $9::text[], $10::bytea[], $11::text[]
    )
"""
"""Takes what `columns_of` gives; a statement that does more in the same round trip ends with it."""
_APPEND = query("append_to_ledger", APPEND)
MANY = 64
"""From so many on COPY takes less than arrays do, on both sides; it is a round trip of its own."""
_PENDING = Table(
    "ledger_pending",
    {
        "patient": int8,
        "rid": int8,
        "version": int4,
        "bucket": int2,
        "event": int2,
        "type": int2,
        "at": timestamptz,
        "actor": text,
        "role": text,
        "trace": bytea,
        "detail": text,
    },
)
_ABOUT = struct.Struct(">iqiqiiihihih").pack
"""Its whole numbers, each after its size."""


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


def columns_of(entries: Sequence[Entry]) -> list[list[Any]]:
    """The values of `entries` by column, in the order of APPEND."""
    return [
        [entry.at for entry in entries],
        [entry.patient for entry in entries],
        [entry.rid for entry in entries],
        [entry.version for entry in entries],
        [bucket_of(entry.patient) if entry.patient else SHARED for entry in entries],
        [entry.event.number for entry in entries],
        [entry.type for entry in entries],
        [entry.actor for entry in entries],
        [entry.role for entry in entries],
        [bytes.fromhex(entry.trace) for entry in entries],
        [detail_text(entry.detail) for entry in entries],
    ]


async def append_many(connection: Connection, entries: Sequence[Entry]) -> None:
    """Record `entries`; they are committed, or not, with the transaction of `connection`."""
    if len(entries) >= MANY:
        await copy_encoded(connection, _PENDING, _encoded(entries))
    elif entries:
        await connection.execute(_APPEND, *columns_of(entries))


def _encoded(entries: Sequence[Entry]) -> Iterator[bytes]:
    """`entries` as rows of _PENDING. What a batch has in common (who, when, on which trace) is written once."""
    start, known = _PENDING.row_start, dict[tuple[datetime, str, str, str, str], bytes]()
    for entry in entries:
        bucket = bucket_of(entry.patient) if entry.patient else SHARED
        about = 8, entry.patient, 8, entry.rid, 4, entry.version, 2, bucket, 2, entry.event.number, 2, entry.type
        common = entry.at, entry.actor, entry.role, entry.trace, detail_text(entry.detail)
        told = known.get(common)
        if told is None:
            at, actor, role, trace, detail = common
            told = known[common] = b"".join(
                (timestamptz(at), text(actor), text(role), bytea(bytes.fromhex(trace)), text(detail))
            )
        yield start + _ABOUT(*about) + told
