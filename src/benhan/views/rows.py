"""The rows of a view over a store, as of one moment, in bounded memory; whose data it shows is in the ledger."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from benhan.fhir.resource import parse_json
from benhan.fhir.view_definition import Row, View
from benhan.kernel.actors import Actor
from benhan.kernel.trace import current_trace
from benhan.store.bulk_rows import (
    PATIENTS_AT_ONCE,
    Narrowing,
    bucket_ranges,
    large_content,
    moment_now,
    rows_of_buckets,
    rows_of_patients,
)
from benhan.store.content import ContentCodec
from benhan.store.contents import open_contents
from benhan.store.database import Connection
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sealing import DataKey
from benhan.store.store import Store


@dataclass(frozen=True, slots=True)
class Scope:
    """What of the store a view is run on: changed after `since`, of `patients` (logical ids; None: all)."""

    since: datetime | None = None
    patients: tuple[str, ...] | None = None


def rows_of_resources(view: View, resources: Iterable[Any]) -> list[Row]:
    """The rows of resources at hand."""
    return [row for each in resources if isinstance(each, dict) for row in view.rows(each)]


async def rows_of_store(store: Store, view: View, scope: Scope, actor: Actor) -> AsyncGenerator[list[Row], None]:
    """The rows of the store in batches, none of them empty. Raises what `View.rows` raises."""
    codec = store.workshop.codec.apart()
    async with (
        store.database.connection() as reading,
        reading.transaction(isolation="repeatable_read", readonly=True),
        store.database.connection() as connection,
    ):
        await reading.execute("set local statement_timeout = 0")
        what = Narrowing(await moment_now(reading), scope.since, [TYPE_NUMBERS[view.resource]], [])
        what = replace(what, veil=store.workshop.rules.veil(actor))
        async for part in _parts(store, reading, what, scope):
            seen: Counter[int] = Counter()
            async with aclosing(part) as batches:
                async for batch in batches:
                    found = [row for row in batch if row["size"] is not None]
                    keys = await store.keyring.data_keys({row["patient"] for row in found}, connection) if found else {}
                    seen.update(row["patient"] for row in found if row["patient"])
                    small = [row for row in found if row["content"] is not None]
                    if rows := await asyncio.to_thread(_rows, view, small, keys, codec):
                        yield rows
                    for row in found:
                        if row["content"] is None:
                            rows = await _rows_of_large(connection, view, row, keys, codec)
                            if rows:
                                yield rows
            async with connection.transaction():
                await append_many(connection, _entries(store, actor, seen))


async def _parts(
    store: Store, reading: Connection, what: Narrowing, scope: Scope
) -> AsyncIterator[AsyncGenerator[list[Any], None]]:
    if scope.patients is None:
        for first, last in await bucket_ranges(reading):
            yield rows_of_buckets(reading, what, first, last)
        return
    rids = sorted({store.workshop.ids.rid_of("Patient", each) for each in scope.patients})
    for start in range(0, len(rids), PATIENTS_AT_ONCE):
        yield rows_of_patients(reading, what, rids[start : start + PATIENTS_AT_ONCE])


async def _rows_of_large(
    connection: Connection, view: View, row: Any, keys: Mapping[int, DataKey], codec: ContentCodec
) -> list[Row]:
    """The rows of one large resource; nothing of it is left in memory when this returns."""
    whole = {**row, "content": await large_content(connection, row)}
    return await asyncio.to_thread(_rows, view, [whole], keys, codec)


def _rows(view: View, rows: Sequence[Any], keys: Mapping[int, DataKey], codec: ContentCodec) -> list[Row]:
    found: list[Row] = []
    for opened in open_contents(rows, keys, codec):
        body, _ = parse_json(opened.content, size_bytes_max=len(opened.content))
        found += view.rows(body)
    return found


def _entries(store: Store, actor: Actor, seen: Mapping[int, int]) -> list[Entry]:
    """That a patient's data went into a table, for each patient."""
    now, trace = store.clock.now(), current_trace.get()
    return [
        Entry(Event.BULK_VIEW, now, actor.id, actor.role.value, trace, patient, detail={"job": "view", "count": count})
        for patient, count in seen.items()
    ]
