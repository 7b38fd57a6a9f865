"""What has happened since a message was parked: a mended one must not undo what came after it."""

from __future__ import annotations

from collections.abc import Collection

from benhan.store.database import Database
from benhan.store.ids import bucket_of
from benhan.store.inbox import Inbox, InboxMessage
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import Stored

ResourceKey = tuple[str, int]
"""Resource type and rid."""

_WRITERS = query(
    "writers_of_versions",
    """
    select w.type, w.rid, e.trace
    from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::int[])
         as w (bucket, patient, type, rid, version)
    join lateral (
        select trace from ledger_pending p
        where p.bucket = w.bucket and p.patient = w.patient and p.type = w.type and p.rid = w.rid
              and p.version = w.version and p.event = any($6::smallint[])
        union all
        select trace from ledger_entry e
        where e.bucket = w.bucket and e.patient = w.patient and e.patient <> 0 and e.type = w.type and e.rid = w.rid
              and e.version = w.version and e.event = any($6::smallint[])
    ) e on true
    """,
)
_WRITES = [Event.RESOURCE_CREATE.number, Event.RESOURCE_UPDATE.number]


async def written_later(
    database: Database, inbox: Inbox, message: InboxMessage, known: Collection[Stored]
) -> frozenset[ResourceKey]:
    """Those of `known` whose current version was written by a message received after `message`.

    The ledger names the trace that wrote a version, and the inbox the message that began the trace.
    """
    ordered = [each for each in known if each.patient]
    rows = await database.fetch(
        _WRITERS,
        [bucket_of(each.patient) for each in ordered],
        [each.patient for each in ordered],
        [TYPE_NUMBERS[each.type] for each in ordered],
        [each.rid for each in ordered],
        [each.version for each in ordered],
        _WRITES,
    )
    later = await inbox.later_than(message, {row["trace"].hex() for row in rows})
    names = {TYPE_NUMBERS[each.type]: each.type for each in ordered}
    return frozenset((names[row["type"]], row["rid"]) for row in rows if row["trace"].hex() in later)
