"""Signing for somebody else: given with a title, until a day, taken back at any time.

Source: NĐ 23/2025/NĐ-CP Đ13–14 (signing in another's place goes with the title in which one signs).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from benhan.access.accounts import Accounts
from benhan.kernel.actors import Actor
from benhan.kernel.permissions import Permission
from benhan.node.records.life import require
from benhan.node.signatures.faults import BAD_DELEGATION, NO_SUCH_DELEGATION, NO_SUCH_DEPUTY
from benhan.node.signatures.keys import Signers, account_of
from benhan.node.signatures.models import Delegation
from benhan.store.ledger.events import Event
from benhan.store.store import Store

DAYS_MAX = 366
TITLE_CHARACTERS_MAX = 200


class Delegations:
    """Who signs for whom in one store."""

    def __init__(self, store: Store, signers: Signers) -> None:
        self._store = store
        self._signers = signers
        self._accounts = Accounts(store.database, store.clock)

    async def give(self, actor: Actor, login: str, title: str, ends_at: datetime) -> None:
        """Let the account `login` sign in one's place, as `title`. Raises Incorrect BA-5115, BA-5116."""
        require(actor, Permission.RECORD_SIGN)
        now = self._store.clock.now()
        title = " ".join(title.split())
        if not title or len(title) > TITLE_CHARACTERS_MAX or not now < ends_at <= now + timedelta(days=DAYS_MAX):
            raise BAD_DELEGATION(days=DAYS_MAX)
        deputy = await self._accounts.find(login)
        if deputy is None or deputy.id == account_of(actor.id) or not await self._signers.has(deputy.id):
            raise NO_SUCH_DEPUTY(login=login[:60])
        unit = self._store.begin(actor)
        unit.record(Event.DELEGATION_CHANGE, deputy=deputy.id, given=1)
        await self._store.commit(unit)
        await self._store.database.execute(
            "insert into signing_delegation (account, deputy, starts_at, ends_at, title) values ($1, $2, $3, $4, $5)",
            account_of(actor.id), deputy.id, now, ends_at, title,
        )  # fmt: skip

    async def take_back(self, actor: Actor, number: int) -> None:
        """End a delegation of one's own now. Raises NotFound BA-5117."""
        found = await self._store.database.fetchval(
            "update signing_delegation set revoked_at = $3 where id = $1 and account = $2 and revoked_at is null"
            " returning deputy",
            number, account_of(actor.id), self._store.clock.now(),
        )  # fmt: skip
        if found is None:
            raise NO_SUCH_DELEGATION()
        unit = self._store.begin(actor)
        unit.record(Event.DELEGATION_CHANGE, deputy=found, given=0)
        await self._store.commit(unit)

    async def given(self, actor: Actor) -> list[Delegation]:
        """What somebody delegated and holds now, the next to end first."""
        rows = await self._store.database.fetch(
            "select id, account, deputy, title, starts_at, ends_at from signing_delegation where account = $1"
            " and revoked_at is null and ends_at > $2 order by ends_at",
            account_of(actor.id), self._store.clock.now(),
        )  # fmt: skip
        return [Delegation(*row) for row in rows]
