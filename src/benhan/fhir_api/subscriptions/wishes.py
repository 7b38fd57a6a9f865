"""What subscriptions ask for, read from their sealed resources and remembered by their version."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from benhan.fhir.subscription import Wish
from benhan.fhir.subscription_topic import Topic, is_topic
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault, NotFound
from benhan.store.faults import DELETED
from benhan.store.ids import encode_rid
from benhan.store.store import Store
from benhan.store.subscription_faults import TOPIC_GONE, UNKNOWN_TOPIC
from benhan.store.subscription_topics import (
    SubscriptionTopics,
    check_filters,
    check_topic_again,
    wish_of,
    wish_with,
)
from benhan.store.subscriptions import Standing
from benhan.store.unit_of_work import Stored

SYSTEM = system("subscriptions")
REMEMBERED = 2_000
IN_USE = frozenset({"active", "retired"})
"""Of a topic in these states those who have subscribed are told; new ones are only let in where it is active."""


class Wishes:
    """Reads Subscriptions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._topics = SubscriptionTopics(store.database)
        self._known: OrderedDict[tuple[int, int, int, int], tuple[str, Wish]] = OrderedDict()

    async def of(self, standing: Standing) -> Wish:
        """What a subscription asks for, with its topic. Raises Incorrect BA-2283, BA-3923, BA-3924, NotFound."""
        return (await self._of(standing))[1]

    async def id_of(self, standing: Standing) -> str:
        """The logical id of a subscription."""
        return (await self._of(standing))[0]

    async def _of(self, standing: Standing) -> tuple[str, Wish]:
        key = (standing.rid, standing.asked_version, standing.topic, standing.topic_version)
        if key not in self._known:
            stored = await self.read(*key[:2])
            wish = wish_of(stored.read())
            if standing.topic:
                topic = await self.topic(standing.topic, standing.topic_version)
                wish = wish_with(wish, topic, self._store.search.registry)
            self._known[key] = (stored.id, wish)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[key]

    async def asked(self, subscription: dict[str, Any]) -> tuple[Wish, int, int]:
        """The wish of a Subscription that is new, and the resource and version of its topic (0 for none of one's own).

        Raises Incorrect BA-2283, BA-0220, BA-3923.
        """
        wish = wish_of(subscription)
        if not wish.is_of_own_topic:
            check_filters(wish, self._store.search.registry)
            return wish, 0, 0
        rid = await self._topics.rid_of(wish.topic)
        if rid is None:
            raise UNKNOWN_TOPIC()
        versions = await self._store.resources.history("Basic", encode_rid(rid), SYSTEM, count=1)
        topic = await self.topic(rid, versions[0].version)
        if topic.status != "active":
            raise UNKNOWN_TOPIC()
        return wish_with(wish, topic, self._store.search.registry), rid, versions[0].version

    async def topic(self, rid: int, version: int) -> Topic:
        """A version of a topic. Raises Incorrect BA-3924 where it is none that is in use."""
        try:
            stored = await self._store.resources.vread("Basic", encode_rid(rid), version, SYSTEM)
        except NotFound as cause:
            raise TOPIC_GONE() from cause
        basic = stored.read()
        topic = check_topic_again(basic, self._store.search.registry) if is_topic(basic) else None
        if topic is None or topic.status not in IN_USE:
            raise TOPIC_GONE()
        return topic

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
