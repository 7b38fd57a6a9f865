"""Who an actor of the ledger is now, and what they may still do: for work that goes on after its request."""

from __future__ import annotations

from typing import Protocol

from benhan.access.cares import Cares
from benhan.access.roles import permissions_of
from benhan.access.smart.grants import actor_of
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.permissions import Permission
from benhan.store.database import Database

_THROUGH_APP = """
select g.scopes, g.client, g.account, g.patient, a.role, a.patient as own, c.scopes as ceiling
from oauth_grant g join oauth_client c on c.id = g.client join account a on a.id = g.account
where g.account = $1 and g.client = $2 and g.revoked_at is null and g.ends_at > $3
    and c.disabled_at is null and a.disabled_at is null
order by g.id desc limit 1
"""
_APP = """
select scopes, id as client, null::bigint as account, '' as patient, null::text as role, '' as own, scopes as ceiling,
    kind = 'keys' and disabled_at is null as is_good
from oauth_client where id = $1
"""


class Owners(Protocol):
    """Finds actors."""

    async def find(self, actor_id: str, client: str = "") -> Actor | None:
        """The actor, as it acts through an app where `client` names one, with the permissions of this moment.

        None for one who may do nothing any more, or is not known.
        """
        ...


class KnownOwners:
    """People by their account, or by what they last granted an app; machines by their tokens that are still good (what
    any of them may do); apps that act for themselves by the most they are granted.
    """

    def __init__(self, database: Database, clock: Clock, cares: Cares | None = None) -> None:
        self._database = database
        self._clock = clock
        self._cares = cares

    async def find(self, actor_id: str, client: str = "") -> Actor | None:
        kind, _, name = actor_id.partition(":")
        if kind == "account" and name.isdecimal() and len(name) < 19:
            found = await (self._through_app(int(name), client) if client else self._account(int(name)))
            return await self._cares.held(found) if found is not None and self._cares is not None else found
        return await self._machine(name) if kind == "machine" and not client else None

    async def _account(self, number: int) -> Actor | None:
        row = await self._database.fetchrow(
            "select role, patient, permissions from account where id = $1 and disabled_at is null", number
        )
        if row is None:
            return None
        role = Role(row["role"])
        return Actor(f"account:{number}", role, permissions_of(role, row["permissions"]), patient=row["patient"])

    async def _through_app(self, number: int, client: str) -> Actor | None:
        row = await self._database.fetchrow(_THROUGH_APP, number, client, self._clock.now())
        return actor_of(row) if row is not None else None

    async def _machine(self, name: str) -> Actor | None:
        app = await self._database.fetchrow(_APP, name)
        if app is not None:  # the name of an app is never taken for that of a machine with a token
            return actor_of(app) if app["is_good"] else None
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
