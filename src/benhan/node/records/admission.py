"""Whether somebody may use a record: decided in the statement that reads it, by relation and state of the record.

Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69 k3, k4: the boundary is the archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from benhan.kernel.actors import Actor
from benhan.kernel.care import Care, Reach, Use
from benhan.store.care import KIND_ORDER, reason
from benhan.store.database import Database
from benhan.store.ids import bucket_of
from benhan.store.sql_texts import query

_ARCHIVED = "m.state in ('archived', 'destroyed')"
_WHY = f"""
    left join lateral (
        select c.key, c.source from care_relation c
        where c.bucket = m.bucket and c.patient = m.patient and c.record in (0, m.rid)
            and c.key = any(case when case when c.record = 0 then c.archived else {_ARCHIVED} end
                            then $4::text[] else $3::text[] end)
            and c.uses & $5::smallint = $5::smallint and c.from_at <= $6 and c.until_at > $6
        order by {KIND_ORDER} limit 1
    ) why on not case when {_ARCHIVED} then $2::boolean else $1::boolean end
"""  # noqa: S608  # constants
"""By which relation somebody reaches the record `m`, where they need one; the first six values are those of `reach`."""
_REACHED = f"(case when {_ARCHIVED} then $2::boolean else $1::boolean end or why.key is not null)"

_READ = query(
    "record_admitted",
    f"""
    select m.*, why.key as why_key, why.source as why_source from medical_record m {_WHY}
    where m.bucket = $7 and m.rid = $8 and {_REACHED}
    """,  # noqa: S608  # constants
)
_OF_PATIENT = query(
    "records_of_patient_admitted",
    f"""
    select m.* from medical_record m {_WHY}
    where m.bucket = $7 and m.patient = $8 and {_REACHED} order by m.opened_at desc
    """,  # noqa: S608  # constants
)
_WORK = query(
    "records_by_state_admitted",
    f"""
    select m.* from medical_record m {_WHY}
    where m.state = any($7::text[]) and ($8 = '' or m.department = $8) and m.cancelled_at is null
          and (m.opened_at, m.rid) < ($9, $10) and {_REACHED}
    order by m.opened_at desc, m.rid desc limit $11
    """,  # noqa: S608  # constants
    fan_out="a list of work names no patient: a department's records lie in all compartments",
)


def reach(actor: Actor, use: Use) -> Sequence[Any]:
    """The first six values of a statement of this module. Whoever may use a record so must be let read it as well."""
    if actor.care is None:
        return (True, True, [], [], 0, None)
    reading, using = actor.care.of(Use.READ), actor.care.of(use)
    return (
        reading.any_treatment and using.any_treatment,
        reading.any_archived and using.any_archived,
        _both(reading.treatment, using.treatment, is_free=reading.any_treatment, is_freely_used=using.any_treatment),
        _both(reading.archived, using.archived, is_free=reading.any_archived, is_freely_used=using.any_archived),
        int(Use.READ | use),
        actor.care.at,
    )


def _both(reading: tuple[str, ...], using: tuple[str, ...], *, is_free: bool, is_freely_used: bool) -> list[str]:
    if is_free:
        return list(using)
    return list(reading) if is_freely_used else [each for each in using if each in reading]


async def read_admitted(database: Database, rid: int, actor: Actor, use: Use) -> asyncpg.Record | None:
    """The row of a record where the actor may use it so, None where there is none that they may."""
    return await database.fetchrow(_READ, *reach(actor, use), bucket_of(rid), rid)


async def admitted_of_patient(database: Database, patient: int, actor: Actor) -> list[asyncpg.Record]:
    """The rows of a patient's records that the actor may read, newest first."""
    return await database.fetch(_OF_PATIENT, *reach(actor, Use.READ), bucket_of(patient), patient)


async def admitted_work(
    database: Database, states: Sequence[str], department: str, before: tuple[datetime, int], count: int, actor: Actor
) -> list[asyncpg.Record]:
    """The rows of records in these states that the actor may read, of a department ("": all), newest first, opened
    before a place in the list."""
    return await database.fetch(_WORK, *reach(actor, Use.READ), list(states), department, *before, count)


def why_of(row: asyncpg.Record) -> str:
    """By which relation it was reached, "" where none was needed."""
    return reason(row["why_key"], row["why_source"]) if row["why_key"] is not None else ""


def relaxed(actor: Actor, by: str = "") -> Actor:
    """The actor, once a record was found to be in their reach: what is of it is too. `by` goes into the ledger."""
    if actor.care is None:
        return actor
    free = tuple(Reach(use, any_treatment=True, any_archived=True) for use in Use)
    return replace(actor, care=Care(actor.care.at, free, actor.care.treats, by))
