"""Entries of the ledger for what is done at the portal."""

from __future__ import annotations

from datetime import datetime

from benhan.kernel.actors import Actor
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event


async def record(connection: Connection, event: Event, at: datetime, actor: Actor, **detail: str | int) -> None:
    """Write an entry in the transaction of the act."""
    entry = Entry(event, at, actor.id, actor.role.value, current_trace.get(), detail=detail)
    await append_many(connection, [entry])
