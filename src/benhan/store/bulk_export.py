"""NDJSON out of the store: the current version of every resource of a type, as of one moment.

Source: FHIR R4 Bulk Data, NDJSON.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NAMES, TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store

BATCH = 500

_TYPES = query(
    "export_types",
    "select type, count(*) as n from resource where until is null and content is not null group by type order by type",
    fan_out="an export of the whole store counts all compartments",
)
_ROWS = query(
    "export_rows",
    """
    select type, rid, version, patient, updated_at, content from resource
    where type = $1 and until is null and content is not null order by bucket, rid
    """,
    fan_out="an export of the whole store reads all compartments, in batches",
)


async def types_held(store: Store) -> list[tuple[str, int]]:
    """The types that have resources, each with how many."""
    return [(TYPE_NAMES[row["type"]], row["n"]) for row in await store.database.fetch(_TYPES)]


async def export_type(store: Store, type_: str) -> AsyncIterator[list[bytes]]:
    """The current contents of a type as JSON, in batches, all as of the moment it began.

    What was crypto-shredded is left out. The export is in the ledger before its first line is given.
    """
    entry = Entry(Event.BULK_EXPORT, store.clock.now(), "system:export", "system", "", detail={"type": type_})
    async with store.database.transaction() as connection:
        await append_many(connection, [entry])
    async with store.database.connection() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute("set local statement_timeout = 0")
        cursor = await connection.cursor(_ROWS, TYPE_NUMBERS[type_])
        while rows := await cursor.fetch(BATCH):
            opened = await store.opener.open_all(rows, connection)
            yield [each.content for each in opened if each is not None]
