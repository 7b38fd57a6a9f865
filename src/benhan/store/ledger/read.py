"""Reading the ledger: who looked at a patient, what happened on a trace; newest first, a page at a time.

Entries that wait to be chained are shown too: they come first, with seq 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from benhan.store.database import Database
from benhan.store.ids import SHARED, bucket_of
from benhan.store.ledger.canonical import Recorded
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query

PAGE = 50
PENDING_MAX = 1_000
_END = 2**63 - 1

_FIELDS = "at, patient, rid, version, bucket, event, type, actor, role, trace, detail"

_OF_PATIENT = query(
    "ledger_of_patient",
    f"""
    (select 0::bigint as seq, {_FIELDS}, ''::bytea as hash from ledger_waiting
     where $3 = {_END} and bucket = $1 and patient = $2 order by id desc, place desc limit {PENDING_MAX})
    union all
    (select seq, {_FIELDS}, hash from ledger_entry
     where bucket = $1 and patient = $2 and patient <> 0 and seq < $3 order by seq desc limit $4)
    """,  # noqa: S608  # constants of this module
)
_OF_TRACE = query(
    "ledger_of_trace",
    f"""
    (select 0::bigint as seq, {_FIELDS}, ''::bytea as hash from ledger_waiting
     where $2 = {_END} and trace = $1 order by id desc, place desc limit {PENDING_MAX})
    union all
    (select seq, {_FIELDS}, hash from ledger_entry
     where trace = $1 and trace <> '\\x00000000000000000000000000000000' and seq < $2 order by seq desc limit $3)
    """,  # noqa: S608  # constants of this module
    fan_out="a trace crosses compartments; it names few entries",
)
_OF_RESOURCE = query(
    "ledger_writes_of_resource",
    f"""
    (select 0::bigint as seq, {_FIELDS}, ''::bytea as hash from ledger_waiting
     where bucket = $1 and patient = $2 and type = $3 and rid = $4 and event = any($5::smallint[]) limit {PENDING_MAX})
    union all
    (select seq, {_FIELDS}, hash from ledger_entry
     where bucket = $1 and patient = $2 and patient <> 0 and type = $3 and rid = $4 and event = any($5::smallint[])
     order by seq desc limit {PENDING_MAX})
    """,  # noqa: S608  # constants of this module
)
_RECENT = query(
    "ledger_recent",
    f"""
    (select 0::bigint as seq, {_FIELDS}, ''::bytea as hash from ledger_waiting
     where $1 = {_END} order by id desc, place desc limit {PENDING_MAX})
    union all
    (select seq, {_FIELDS}, hash from ledger_entry where seq < $1 order by seq desc limit $2)
    """,  # noqa: S608  # constants of this module
    fan_out="the latest acts of the whole store, for its keepers",
)
_AT = query(
    "ledger_entry_at",
    f"select seq, {_FIELDS}, hash from ledger_entry where seq = $1",  # noqa: S608  # constants of this module
    fan_out="an entry is found by its number in the one chain",
)


@dataclass(frozen=True, slots=True)
class Page:
    """Entries newest first, and what to give as `before` for the next page (None: there is no more)."""

    entries: tuple[Recorded, ...]
    next: int | None


async def entries_of_patient(database: Database, patient: int, *, count: int = PAGE, before: int | None = None) -> Page:
    """What was done with the data of `patient` (a rid); 0 has no page of its own."""
    bucket = bucket_of(patient) if patient else SHARED
    return _page(await database.fetch(_OF_PATIENT, bucket, patient, before or _END, count + 1), count)


async def writes_of_resource(database: Database, patient: int, type_: int, rid: int) -> list[Recorded]:
    """Who wrote the versions of one resource of `patient` (a rid): creations, changes, deletions; in no order."""
    events = [each.number for each in (Event.RESOURCE_CREATE, Event.RESOURCE_UPDATE, Event.RESOURCE_DELETE)]
    rows = await database.fetch(_OF_RESOURCE, bucket_of(patient), patient, type_, rid, events)
    return [recorded(row) for row in rows]


async def entries_of_trace(database: Database, trace: str, *, count: int = PAGE, before: int | None = None) -> Page:
    """What was done on a trace (32 hexadecimal digits)."""
    return _page(await database.fetch(_OF_TRACE, bytes.fromhex(trace), before or _END, count + 1), count)


async def recent_entries(database: Database, *, count: int = PAGE, before: int | None = None) -> Page:
    """The latest entries of the store."""
    return _page(await database.fetch(_RECENT, before or _END, count + 1), count)


async def chain_length(database: Database) -> int:
    """How many entries are chained."""
    return int(await database.fetchval("select seq from ledger_head where bucket = 0") or 0)


async def entry_at(database: Database, seq: int) -> Recorded | None:
    """The chained entry with this number, or None."""
    row = await database.fetchrow(_AT, seq)
    return recorded(row) if row is not None else None


def _page(rows: Sequence[asyncpg.Record], count: int) -> Page:
    chained = [row for row in rows if row["seq"]]
    more = len(chained) > count
    kept = [row for row in rows if not row["seq"]] + chained[:count]
    return Page(tuple(recorded(row) for row in kept), chained[count - 1]["seq"] if more else None)


def recorded(row: asyncpg.Record) -> Recorded:
    """The entry of a row."""
    return Recorded(
        row["seq"],
        row["at"],
        row["patient"],
        row["rid"],
        row["version"],
        row["bucket"],
        row["event"],
        row["type"],
        row["actor"],
        row["role"],
        row["trace"].hex(),
        row["detail"],
        row["hash"],
    )
