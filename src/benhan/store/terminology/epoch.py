"""The number that grows with every change of terminology, read by every process to know what it may still remember."""

from __future__ import annotations

from benhan.store.database import Connection, Database
from benhan.store.sql_texts import query

_READ = query("terminology_epoch", "select epoch from terminology_state")
_GROW = query("terminology_changed", "update terminology_state set epoch = epoch + 1")


async def read_epoch(database: Database) -> int:
    """The epoch that is committed now."""
    return int(await database.fetchval(_READ))


async def note_change(connection: Connection) -> None:
    """Let every process forget what it knows, once the transaction of `connection` is committed.

    Writes of CodeSystem, ValueSet and ConceptMap do this by themselves.
    """
    await connection.execute(_GROW)
