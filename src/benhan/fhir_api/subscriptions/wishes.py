"""What subscriptions ask for, read from their sealed resources and remembered by their version."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from benhan.fhir.subscription import Wish, read_wish
from benhan.fhir_api.subscriptions.faults import WRONG_SUBSCRIPTION
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.store.faults import DELETED
from benhan.store.ids import encode_rid
from benhan.store.store import Store
from benhan.store.subscriptions import Standing
from benhan.store.unit_of_work import Stored

SYSTEM = system("subscriptions")
REMEMBERED = 2_000


class Wishes:
    """Reads Subscriptions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[tuple[int, int], tuple[str, Wish]] = OrderedDict()

    async def of(self, standing: Standing) -> Wish:
        """What a subscription asks for. Raises Incorrect BA-2283, NotFound."""
        return (await self._of(standing))[1]

    async def id_of(self, standing: Standing) -> str:
        """The logical id of a subscription."""
        return (await self._of(standing))[0]

    async def _of(self, standing: Standing) -> tuple[str, Wish]:
        key = (standing.rid, standing.asked_version)
        if key not in self._known:
            stored = await self.read(*key)
            self._known[key] = (stored.id, self.wish_of(stored.read()))
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[key]

    async def read(self, rid: int, version: int) -> Stored:
        """A version of a Subscription. Raises NotFound."""
        return await self._store.resources.vread("Subscription", encode_rid(rid), version, SYSTEM)

    async def current(self, rid: int) -> Stored:
        """The current version of a Subscription. Raises NotFound."""
        [stored] = await self._store.resources.history("Subscription", encode_rid(rid), SYSTEM, count=1)
        if stored.deleted:
            raise DELETED(type="Subscription", id=stored.id)
        return stored

    async def version_before(self, type_: str, rid: int, version: int) -> Stored | None:
        """The newest version of a resource below `version`; None where there is none, or it cannot be read any more."""
        try:
            versions = await self._store.resources.history(
                type_, encode_rid(rid), SYSTEM, count=1, before_version=version
            )
        except Fault as fault:
            if fault.retryable:
                raise
            return None
        return versions[0] if versions else None

    def wish_of(self, resource: dict[str, Any]) -> Wish:
        """The wish of a Subscription. Raises Incorrect BA-2283 with every issue."""
        wish, issues = read_wish(resource)
        if wish is None:
            first = issues[0]
            raise WRONG_SUBSCRIPTION(*issues, count=len(issues), first=f"{first.place}: {first.text.en}")
        return wish
