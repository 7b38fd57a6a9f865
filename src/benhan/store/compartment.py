"""Everything of one patient: what a record is exported from, and what a book is read from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from benhan.kernel.actors import Actor
from benhan.store.care import reached, unveiled
from benhan.store.ids import bucket_of
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored

MOST = 100_000
ALWAYS = datetime(1, 1, 1, tzinfo=UTC)

_READ = query(
    "read_compartment",
    f"""
    select type, rid, version, patient, updated_at, content from resource r
    where r.bucket = $1 and r.patient = $2 and r.type = any($3::smallint[]) and r.until is null
          and r.content is not null and {unveiled("r", 7)} and {reached("r", 7)}
          and (r.at_from is null or r.at_from >= $4 or r.type <> all($5::smallint[]))
    order by r.type, r.at_from, r.rid limit $6
    """,  # noqa: S608  # constants
)


async def read_compartment(
    store: Store,
    actor: Actor,
    patient: int,
    types: Sequence[str] = (),
    *,
    since: datetime = ALWAYS,
    dated: Sequence[str] = (),
) -> list[Stored]:
    """The current resources of `patient` (a rid), of `types` or of all, but for what is kept from `actor`; of `dated`
    types those from `since` on, and those without a date. Records no view: the caller does."""
    numbers = [TYPE_NUMBERS[type_] for type_ in types or TYPE_NUMBERS]
    dated_numbers = [TYPE_NUMBERS[type_] for type_ in dated]
    veil = store.workshop.rules.veil(actor).values
    async with store.database.connection() as connection:
        rows = await connection.fetch(_READ, bucket_of(patient), patient, numbers, since, dated_numbers, MOST, *veil)
        opened = await store.opener.open_all(rows, connection)
    return [each for each in opened if each is not None]
