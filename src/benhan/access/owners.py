"""Who an actor of the ledger is now, and what they may still do: for work that goes on after its request."""

from __future__ import annotations

from typing import Protocol

from benhan.access.roles import PERMISSIONS
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.permissions import Permission
from benhan.store.database import Database


class Owners(Protocol):
    """Finds actors."""

    async def find(self, actor_id: str) -> Actor | None:
        """The actor with the permissions of this moment; None for one who may do nothing any more."""
        ...


class KnownOwners:
    """People by their account, machines by the tokens that are still good (what any of them may do).

    Anyone else is not known here, so that nothing is done for them.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, actor_id: str) -> Actor | None:
        kind, _, name = actor_id.partition(":")
        if kind == "account" and name.isdigit() and len(name) < 19:
            return await self._account(int(name))
        return await self._machine(name) if kind == "machine" else None

    async def _account(self, number: int) -> Actor | None:
        row = await self._database.fetchrow(
            "select role, patient from account where id = $1 and disabled_at is null", number
        )
        if row is None:
            return None
        role = Role(row["role"])
        return Actor(f"account:{number}", role, PERMISSIONS[role], patient=row["patient"])

    async def _machine(self, name: str) -> Actor | None:
        rows = await self._database.fetch(
            "select facility, permissions from machine_token"
            " where name = $1 and revoked_at is null and (ends_at is null or ends_at > $2)",
            name,
            self._clock.now(),
        )
        if not rows:
            return None
        names = {each for row in rows for each in row["permissions"]}
        may = frozenset(permission for permission in Permission if permission.value in names)
        return Actor(f"machine:{name}", Role.MACHINE, may, facility=rows[0]["facility"])
