"""Whose record has changed since a place in the ledger: the ground of what is sent because of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from benhan.store.database import Database
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.subscriptions import SPAN_MAX, WRITES

_HEAD = query("written_ledger_head", "select seq from ledger_head where bucket = 0")
_READ = query(
    "written_patients",
    """
    select patient, (array_agg(trace order by seq desc))[1] as trace from ledger_entry
    where seq > $1 and seq <= $2 and event = any($3::smallint[]) and type = any($4::smallint[]) and patient <> 0
    group by patient order by patient
    """,
    fan_out="what was written since is looked for in the order of the one ledger",
)


class WrittenPatients(NamedTuple):
    """The patients (rids) of a stretch of the ledger that ends at `end`, each with the trace of its last write."""

    end: int
    traces: dict[int, str]


async def written_patients(database: Database, begun: int, types: Iterable[str]) -> WrittenPatients:
    """Whose resources of `types` were written after `begun`, a stretch at a time."""
    end = min(int(await database.fetchval(_HEAD)), begun + SPAN_MAX)
    if end <= begun:
        return WrittenPatients(begun, {})
    rows = await database.fetch(_READ, begun, end, WRITES, [TYPE_NUMBERS[type_] for type_ in types])
    return WrittenPatients(end, {row["patient"]: row["trace"].hex() for row in rows})
