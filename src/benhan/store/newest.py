"""The newest of one patient's resources, a type at a time: a page reads what it shows, and counts without reading.

The index by patient, type and main date is walked from its new end, so that what a page costs follows what it shows and
not how long the patient's life is. Whose date is not told has no place in that order and comes after the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benhan.kernel.actors import Actor
from benhan.store.care import reached, unveiled
from benhan.store.compartment import ALWAYS
from benhan.store.ids import bucket_of
from benhan.store.resource_types import TYPE_NAMES, TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
COUNTED_MAX = 1_000

# `is true` keeps the planner from the index of tokens, whose entries are those of every patient.
_KEPT = f"""
    r.patient = $2 and r.bucket = $1 and r.type = wanted.type and r.until is null and r.content is not null
    and ($6::bigint[] is null or (r.tokens && $6) is true) and not r.tokens && $7
    and {unveiled("r", 10)} and {reached("r", 10)}
"""
_NEWEST = query(
    "newest_of_patient",
    f"""
    select wanted.type, found.* from unnest($3::smallint[]) as wanted(type) cross join lateral (
        (select r.rid, r.version, r.patient, r.updated_at, r.content, r.at_from from resource r
         where {_KEPT} and r.at_from >= $4 and r.at_from < $5 order by r.at_from desc limit $8)
        union all
        (select r.rid, r.version, r.patient, r.updated_at, r.content, r.at_from from resource r
         where {_KEPT} and r.at_from is null and $9 order by r.updated_at desc limit $8)
    ) as found
    """,  # noqa: S608  # constants of this module
)
_COUNTS = query(
    "count_of_patient",
    f"""
    select wanted.type, (
        select count(*) from (
            select from resource r
            where r.patient = $2 and r.bucket = $1 and r.type = wanted.type and r.until is null
                  and r.content is not null and not r.tokens && $4 and {unveiled("r", 6)} and {reached("r", 6)} limit $5
        ) as counted
    ) as count from unnest($3::smallint[]) as wanted(type)
    """,  # noqa: S608  # constants
)
_HAS = query(
    "patient_has_any",
    """
    select exists (select from resource r where r.patient = $2 and r.bucket = $1 and r.until is null
                   and r.content is not null and (r.tokens && $3) is true) as found
    """,
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A resource and the beginning of its main date; None where that is not told."""

    stored: Stored
    at: datetime | None


async def newest(
    store: Store,
    actor: Actor,
    patient: int,
    types: Sequence[str],
    count: int,
    *,
    any_of: Sequence[str] = (),
    none_of: Sequence[str] = (),
    since: datetime = ALWAYS,
    before: datetime | None = None,
) -> list[Dated]:
    """Of each of `types` the `count` newest current resources of `patient` (a rid) that `actor` may see, newest first.

    `any_of`: index terms of which each has one; `none_of`: of which it has none. Main dates are at or after `since` and
    before `before`; the undated are there where neither is named. Records no view: the caller does.
    """
    is_all = before is None and since is ALWAYS
    wanted = store.workshop.tokens.of_all(any_of) if any_of else None
    async with store.database.connection() as connection:
        rows = await connection.fetch(
            _NEWEST, bucket_of(patient), patient, [TYPE_NUMBERS[each] for each in types], since, before or NEVER,
            wanted, store.workshop.tokens.of_all(none_of), count, is_all, *store.workshop.rules.veil(actor).values,
        )  # fmt: skip
        opened = await store.opener.open_all(rows, connection)
    return [Dated(each, row["at_from"]) for row, each in zip(rows, opened, strict=True) if each is not None]


async def counted(
    store: Store, actor: Actor, patient: int, types: Sequence[str], none_of: Sequence[str] = ()
) -> dict[str, int]:
    """How many current resources of each type `actor` may see, up to COUNTED_MAX; nothing is opened."""
    numbers = [TYPE_NUMBERS[each] for each in types]
    rows = await store.database.fetch(
        _COUNTS, bucket_of(patient), patient, numbers, store.workshop.tokens.of_all(none_of), COUNTED_MAX,
        *store.workshop.rules.veil(actor).values,
    )  # fmt: skip
    return {TYPE_NAMES[row["type"]]: row["count"] for row in rows}


async def has_any(store: Store, patient: int, terms: Sequence[str]) -> bool:
    """Whether anything current of `patient` has one of these index terms."""
    row = await store.database.fetchrow(_HAS, bucket_of(patient), patient, store.workshop.tokens.of_all(terms))
    return row is not None and bool(row["found"])
