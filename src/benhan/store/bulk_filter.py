"""The rows of an export that a search lets in, as of its moment: the search's conditions, without pages or order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, cast

import asyncpg

from benhan.fhir.search_query import SearchQuery
from benhan.store.bulk_rows import BATCH, LARGE_BYTES, Narrowing
from benhan.store.contents import Opened
from benhan.store.database import Connection
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.conditions import Conditions
from benhan.store.search.search import Search, _verified
from benhan.store.search.statement import Statement, _where
from benhan.store.unit_of_work import Stored

_COLUMNS = (
    "r.type, r.rid, r.version, r.patient, r.bucket, r.updated_at, octet_length(r.content) as size,"
    f" case when octet_length(r.content) <= {LARGE_BYTES} then r.content end as content"
)

Filtered = tuple[Statement, Callable[[Opened], bool]]
"""The statement, and what a row that it gives must still pass once it is opened."""


async def filtered(
    search: Search,
    query_: SearchQuery,
    what: Narrowing,
    patients: Sequence[int] | None,
    base_url: str,
    connection: Connection,
) -> Filtered | None:
    """The rows of `query_` within an export; None where there can be none."""
    conditions = search._conditions(query_, base_url)
    if conditions.impossible:
        return None
    placed = await search._placed(connection, query_, conditions)
    texts, fan_out = _where(TYPE_NUMBERS[query_.type], conditions, what.moment, placed)
    texts += _narrowed(conditions, what.since, patients, of_patients_only=what.of_patients_only)
    sql = f"select {_COLUMNS} from resource r where " + " and ".join(texts)  # noqa: S608  # no value stands in the text

    def passes(opened: Opened) -> bool:
        return _verified(cast(Stored, opened), conditions)  # it reads the tail alone

    return Statement(sql, conditions.parameters.values, fan_out), passes


async def rows_of_filter(connection: Connection, statement: Statement) -> AsyncIterator[list[asyncpg.Record]]:
    """The rows of a statement of `filtered`, in batches."""
    await connection.execute("set local plan_cache_mode = force_custom_plan")
    cursor = await connection.cursor(statement.sql, *statement.values)
    while rows := await cursor.fetch(BATCH):
        yield rows


def _narrowed(
    conditions: Conditions, since: datetime | None, patients: Sequence[int] | None, *, of_patients_only: bool
) -> list[str]:
    def add(value: Any) -> str:
        return conditions.parameters.add(value)

    texts = [f"r.updated_at > {add(since)}::timestamptz"] if since is not None else []
    if patients is not None:
        texts.append(f"r.patient = any({add(list(patients))}::bigint[])")
    elif of_patients_only:
        texts.append("r.patient <> 0")
    return texts
