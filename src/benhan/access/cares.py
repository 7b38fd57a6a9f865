"""From an account to what it may do with whose records now, and whether it may come in at this hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import asyncpg

from benhan.access.matrix import Matrix, Person
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import VIETNAM, Clock
from benhan.store.database import Database

WHO = """
    a.kind as account_kind, a.licence, a.fhir_user, a.valid_from, a.valid_until, a.hours_from, a.hours_until,
    array(select d.department from account_department d
          where d.account = a.id and d.from_at <= {now} and d.until_at > {now}) as departments
"""
"""What a statement asks of the account `a` for `is_open` and `Cares.of`."""
_FIND = f"select {WHO.format(now='$2')} from account a where a.id = $1 and a.disabled_at is null"  # noqa: S608


class Cares:
    """Holds the matrix of a hospital against its accounts."""

    def __init__(self, database: Database, clock: Clock, matrix: Matrix) -> None:
        self._database = database
        self._clock = clock
        self.matrix = matrix

    def of(self, actor: Actor, row: asyncpg.Record, now: datetime) -> Actor:
        """The actor with what it may do; `row` has what WHO asks. An app sees of special secrecy nothing."""
        care = self.matrix.care_of(person_of(actor, row), now)
        return replace(actor, care=replace(care, treats=()) if actor.client else care)

    async def held(self, actor: Actor) -> Actor | None:
        """An actor that is known already: a person with what they may do, None where they may not come in now; others
        as they are."""
        if actor.role is Role.CITIZEN or not actor.id.startswith("account:"):
            return actor
        now = self._clock.now()
        row = await self._database.fetchrow(_FIND, int(actor.id.removeprefix("account:")), now)
        return self.of(actor, row, now) if row is not None and is_open(row, now) else None


def person_of(actor: Actor, row: asyncpg.Record) -> Person:
    """Who an account is to the matrix."""
    names = tuple(name for name in (row["licence"], row["fhir_user"]) if name)
    number = int(actor.id.removeprefix("account:"))
    return Person(number, actor.role, row["account_kind"], tuple(sorted(row["departments"])), names)


def is_open(row: asyncpg.Record, now: datetime) -> bool:
    """Whether an account may come in now: within its days and its hours in Vietnam, which may go over midnight.

    Source: CV 365/TTYQG-GPQLCL III.1.1 g (time window of the account).
    """
    if row["valid_from"] is not None and now < row["valid_from"]:
        return False
    if row["valid_until"] is not None and now >= row["valid_until"]:
        return False
    start: int | None = row["hours_from"]
    end: int | None = row["hours_until"]
    if start is None or end is None:
        return True
    local = now.astimezone(VIETNAM)
    minute = local.hour * 60 + local.minute
    return start <= minute < end if start <= end else minute >= start or minute < end
