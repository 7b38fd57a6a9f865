"""What somebody types and has not saved yet, sealed with the patient's key: one a person and paper, written over.

No part of the record and not in the ledger. The orders of a stay are typed as paper 0 of its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from benhan.node.records.models import Record
from benhan.node.records.rows import RecordRows
from benhan.store.store import Store

ORDERS = 0
_AAD = b"paper-draft"


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed and did not save: names of inputs to what stands in them, the version it began from."""

    base: int
    saved_at: datetime
    inputs: dict[str, Any]


class Drafts:
    """The drafts of the records of one store. Whoever calls has checked that the actor may write there."""

    def __init__(self, store: Store, rows: RecordRows) -> None:
        self._store = store
        self._rows = rows

    async def keep(self, record: Record, number: int, actor: str, base: int, inputs: Mapping[str, Any]) -> datetime:
        """Keep what is typed over what was kept before; gives when."""
        now, content = self._store.clock.now(), orjson.dumps(dict(inputs))
        async with self._store.database.connection() as connection:
            key = await self._store.keyring.data_key(record.patient, connection)
        await self._rows.keep_draft(record, number, actor, base, now, key.seal(content, _AAD))
        return now

    async def read(self, record: Record, number: int, actor: str) -> Typed | None:
        """What the actor typed and did not save, if there is anything."""
        draft = await self._rows.draft(record, number, actor)
        if draft is None:
            return None
        async with self._store.database.connection() as connection:
            key = await self._store.keyring.data_key(record.patient, connection)
        return Typed(draft.base, draft.saved_at, orjson.loads(key.open(draft.content, _AAD)))
