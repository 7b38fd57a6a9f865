"""The rows of an export that a search lets in, as of its moment: the search's conditions, without pages or order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, cast

import asyncpg

from benhan.fhir.search_query import SearchQuery
from benhan.store.bulk_rows import BATCH, LARGE_BYTES, Narrowing
from benhan.store.contents import Opened
from benhan.store.database import Connection
from benhan.store.export_faults import CHAIN_IN_FILTER
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.expressions import Candidate, Nothing, all_of, holds, is_exact, linked_in
from benhan.store.search.search import Search
from benhan.store.search.statement import Asked, Parameters, Path, Statement, every
from benhan.store.secrecy import bears_none

if TYPE_CHECKING:
    from benhan.store.unit_of_work import Stored

_COLUMNS = (
    "r.type, r.rid, r.version, r.patient, r.bucket, r.updated_at, octet_length(r.content) as size,"
    f" case when octet_length(r.content) <= {LARGE_BYTES} then r.content end as content"
)

Filtered = tuple[Statement, Callable[[Opened], bool]]
"""The statement, and what a row that it gives must still pass once it is opened."""


def filtered(
    search: Search, query_: SearchQuery, what: Narrowing, patients: Sequence[int] | None, base_url: str
) -> Filtered | None:
    """The rows of `query_` within an export; None where there can be none.

    Raises Unsupported BA-2378 for what only other resources can tell (chains, `_has`, `_list`, value sets).
    """
    compiler = search.compiler(base_url)
    expression = all_of([compiler.all_of(query_.by_type[query_.type], query_.type)])
    if linked_in(expression):
        raise CHAIN_IN_FILTER(type=query_.type)
    if isinstance(expression, Nothing):
        return None

    def narrowed(parameters: Parameters) -> list[str]:
        texts = [f"r.updated_at > {parameters.add(what.since)}::timestamptz"] if what.since is not None else []
        if what.hidden is not None:
            texts.append(bears_none("r", f"{parameters.add(list(what.hidden))}::bigint[]"))
        assert what.veil is None, "a person's view has no filter"
        if patients is not None:
            texts.append(f"r.patient = any({parameters.add(list(patients))}::bigint[])")
        elif what.of_patients_only:
            texts.append("r.patient <> 0")
        return texts

    def passes(opened: Opened) -> bool:
        # it has all of a Stored that an expression looks at
        return exact or holds(expression, Candidate(cast("Stored", opened), search.registry), {})

    exact = is_exact(expression)
    asked = Asked(TYPE_NUMBERS[query_.type], expression, Path.PLANNED, what.moment)
    return every(asked, search.tokens, _COLUMNS, narrowed), passes


async def rows_of_filter(connection: Connection, statement: Statement) -> AsyncIterator[list[asyncpg.Record]]:
    """The rows of a statement of `filtered`, in batches."""
    await connection.execute("set local plan_cache_mode = force_custom_plan")
    cursor = await connection.cursor(statement.sql, *statement.values)
    while rows := await cursor.fetch(BATCH):
        yield rows
