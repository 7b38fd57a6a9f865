"""Rebuilds the indexes of the largest tables without holding anybody up.

Keys come in by chance, so that a B-tree fills its pages by little more than half; rebuilt, it is a third smaller. The
inverted index of tokens gains a twentieth, and only where it is built in many small steps: built in one, from sorted
keys, each of its pages is split and left half empty.
Source: PostgreSQL manual, REINDEX CONCURRENTLY.
"""

from __future__ import annotations

from collections.abc import Callable

from benhan.store.database import Database
from benhan.store.sql_texts import query

SMALL_STEPS = "set maintenance_work_mem = '4MB'"
_INDEXES = query(
    "compact_indexes",
    """
    select c.relname as name, pg_relation_size(c.oid) as size, a.amname = 'gin' as is_inverted from pg_index i
    join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    join pg_am a on a.oid = c.relam
    where a.amname in ('btree', 'gin') and t.relnamespace = 'public'::regnamespace
          and t.relname in ('resource', 'resource_history', 'range_index', 'placement', 'ledger_entry')
    order by c.relname
    """,
    fan_out="it reads the catalogue, no patient's data",
)


async def indexes(database: Database) -> list[str]:
    """The indexes that `compact` rebuilds."""
    return [row["name"] for row in await database.fetch(_INDEXES)]


async def compact(database: Database, progress: Callable[[int], None]) -> list[tuple[str, int, int]]:
    """Rebuild each index while the store works, then let PostgreSQL take stock; gives name, bytes before and after."""
    before = await database.fetch(_INDEXES)
    async with database.connection() as connection:
        await connection.execute("set statement_timeout = 0")
        for done, row in enumerate(before, 1):
            await connection.execute(SMALL_STEPS if row["is_inverted"] else "reset maintenance_work_mem")
            await connection.execute(f'reindex index concurrently "{row["name"]}"')  # names of our own catalogue
            progress(done)
        await connection.execute("reset maintenance_work_mem")
        await connection.execute("vacuum (analyze) resource")
        await connection.execute("reset statement_timeout")
    after = {row["name"]: row["size"] for row in await database.fetch(_INDEXES)}
    return [(row["name"], row["size"], after[row["name"]]) for row in before if row["name"] in after]
