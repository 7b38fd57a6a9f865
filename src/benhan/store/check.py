"""Whether every row of the store still opens: sealed content, its type and id, versions without a gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg
import orjson

from benhan.kernel.faults import Fault
from benhan.store.database import Connection
from benhan.store.ids import encode_rid
from benhan.store.resource_types import TYPE_NAMES
from benhan.store.resources import Opener
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored

BATCH = 500

_COUNT = query(
    "check_count",
    "select (select count(*) from resource) + (select count(*) from resource_history)",
    fan_out="a check of the whole store goes over all compartments",
)
_ROWS = query(
    "check_rows",
    """
    select bucket, type, rid, version, patient, updated_at, content from resource
    union all
    select bucket, type, rid, version, patient, updated_at, content from resource_history
    """,
    fan_out="a check of the whole store goes over all compartments, in batches",
)
_GAPS = query(
    "check_gaps",
    """
    select type, rid, count(*) as held, max(version) as newest from (
        select type, rid, version from resource union all select type, rid, version from resource_history
    ) as every group by type, rid having count(*) <> max(version) or count(distinct version) <> count(*)
    """,
    fan_out="a check of the whole store goes over all compartments",
)


@dataclass(slots=True)
class Checked:
    """How many versions were opened, how many were shredded, and what is damaged: place and reason (fault code)."""

    opened: int = 0
    shredded: int = 0
    damaged: list[tuple[str, str]] = field(default_factory=list)


async def check_store(store: Store, progress: Callable[[int], None]) -> Checked:
    """Open every version of every resource as of one moment; damage is listed, not raised."""
    done, seen = Checked(), 0
    async with store.database.connection() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute("set local statement_timeout = 0")
        cursor = await connection.cursor(_ROWS)
        while rows := await cursor.fetch(BATCH):
            await _check_batch(store.opener, rows, connection, done)
            seen += len(rows)
            progress(seen)
        for row in await connection.fetch(_GAPS):
            done.damaged.append((_place(row, row["newest"]), "versions"))
    return done


async def count_versions(store: Store) -> int:
    """How many rows `check_store` will open."""
    return int(await store.database.fetchval(_COUNT))


async def _check_batch(opener: Opener, rows: list[asyncpg.Record], connection: Connection, done: Checked) -> None:
    try:
        opened = await opener.open_all(rows, connection)
    except Fault:
        opened = []
        for row in rows:
            try:
                opened += await opener.open_all([row], connection)
            except Fault as fault:
                done.damaged.append((_place(row, row["version"]), fault.code))
    for each in opened:
        if each is None:
            done.shredded += 1
        elif each.deleted or _is_json(each):
            done.opened += 1
        else:
            done.damaged.append((f"{each.type}/{each.id}/_history/{each.version}", "content"))


def _is_json(stored: Stored) -> bool:
    try:
        content = orjson.loads(stored.content)
    except orjson.JSONDecodeError:
        return False
    return bool(content.get("resourceType") == stored.type and content.get("id") == stored.id)


def _place(row: asyncpg.Record, version: int) -> str:
    return f"{TYPE_NAMES[row['type']]}/{encode_rid(row['rid'])}/_history/{version}"
