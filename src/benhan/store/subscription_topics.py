"""SubscriptionTopics of a store, and the check of Subscriptions that are written: done in the commit of their resource.

A topic's url leads to one resource. Who writes a Basic that is a topic, or was one, needs the permission for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_query import parse_search
from benhan.fhir.subscription import Wish, bound, read_wish
from benhan.fhir.subscription_topic import CLAUSE, Topic, is_topic
from benhan.fhir.subscription_topic_reading import NOT_ALONE, read_topic
from benhan.kernel.actors import Actor
from benhan.kernel.faults import FaultCode
from benhan.kernel.issues import Issue, error
from benhan.kernel.permissions import Permission
from benhan.store.database import Connection, Database
from benhan.store.ids import Ids, encode_rid
from benhan.store.search.compiler import Compiler
from benhan.store.search.expressions import Asking, linked_in
from benhan.store.sql_texts import query
from benhan.store.subscription_faults import (
    NOT_YOUR_TOPIC,
    UNKNOWN_TOPIC,
    URL_TAKEN,
    WRONG_SUBSCRIPTION,
    WRONG_TOPIC,
    mistakes,
)
from benhan.store.unit_of_work import Hook

Json = dict[str, Any]
ASKING = frozenset({"requested", "active"})
"""In these states a Subscription asks for something, and must be one that can be; in others it is only kept."""

_FIND = query("subscription_topic_find", "select rid, status, record from subscription_topic where url = $1")
_PUT = query(
    "subscription_topic_put",
    """
    insert into subscription_topic (rid, url, status, record) values ($1, $2, $3, $4)
    on conflict (rid) do update set url = excluded.url, status = excluded.status, record = excluded.record
    """,
)
_FORGET = query("subscription_topic_forget", "delete from subscription_topic where rid = $1 returning url")
_URLS = query("subscription_topic_urls", "select url from subscription_topic where status = 'active' order by url")


def check_topic(basic: Json, registry: SearchRegistry, ids: Ids, at: datetime) -> Topic:
    """The topic of a Basic. Raises Incorrect BA-3920 with every issue."""
    topic, issues = read_topic(basic, registry)
    if topic is not None:
        compiler = Compiler(registry, ids, Asking(at))
        for place, type_, pairs in topic.searches():
            wanted = parse_search(type_, pairs, registry=registry).criteria
            if linked_in(compiler.all_of(wanted, type_)):
                issues.append(error("not-supported", place, NOT_ALONE, CLAUSE))
    if topic is None or issues:
        raise mistakes(WRONG_TOPIC, issues)
    return topic


def basic_written(
    rid: int, id_: str, basic: Json, registry: SearchRegistry, ids: Ids, actor: Actor, at: datetime
) -> Hook:
    """What is done in the commit of a Basic, `at`. Raises Incorrect BA-3920, Forbidden BA-3921 at once."""
    if not is_topic(basic):
        return basic_deleted(rid, id_, actor)
    if not actor.may(Permission.SUBSCRIPTION_TOPIC):
        raise NOT_YOUR_TOPIC()
    topic = check_topic(basic, registry, ids, at)

    async def put(connection: Connection) -> None:
        found = await connection.fetchrow(_FIND, topic.url)
        if found is not None and found["rid"] != rid:
            raise URL_TAKEN(_at("Basic", id_, URL_TAKEN), id=encode_rid(found["rid"]))
        await connection.execute(_PUT, rid, topic.url, topic.status, orjson.dumps(basic).decode())

    return put


def basic_deleted(rid: int, id_: str, actor: Actor) -> Hook:
    """What is done in the commit that deletes a Basic, or makes another thing of it."""

    async def forget(connection: Connection) -> None:
        was = await connection.fetchval(_FORGET, rid)
        if was is not None and not actor.may(Permission.SUBSCRIPTION_TOPIC):
            raise NOT_YOUR_TOPIC(_at("Basic", id_, NOT_YOUR_TOPIC))

    return forget


def subscription_written(id_: str, subscription: Json, registry: SearchRegistry) -> Hook:
    """What is checked in the commit of a Subscription that asks for something. Raises BA-2283, BA-0220 at once."""
    wish = wish_of(subscription) if subscription.get("status") in ASKING else None
    if wish is not None and not wish.is_of_own_topic:
        check_filters(wish, registry)

    async def check(connection: Connection) -> None:
        if wish is None or not wish.is_of_own_topic:
            return
        found = await connection.fetchrow(_FIND, wish.topic.partition("|")[0])
        if found is None or found["status"] != "active":
            raise UNKNOWN_TOPIC(_at("Subscription", id_, UNKNOWN_TOPIC))
        wish_with(wish, check_topic_again(orjson.loads(found["record"]), registry), registry)

    return check


def check_topic_again(basic: Json, registry: SearchRegistry) -> Topic:
    """A topic that was checked when it was written. Raises BA-3920 where the search parameters changed since."""
    topic, issues = read_topic(basic, registry)
    if topic is None:
        raise mistakes(WRONG_TOPIC, issues)
    return topic


def wish_of(subscription: Json) -> Wish:
    """The wish of a Subscription, not yet held against a topic of its own. Raises Incorrect BA-2283."""
    wish, issues = read_wish(subscription)
    if wish is None:
        raise mistakes(WRONG_SUBSCRIPTION, issues)
    return wish


def wish_with(wish: Wish, topic: Topic, registry: SearchRegistry) -> Wish:
    """The wish with its topic. Raises Incorrect BA-3923 for a topic of another version, BA-2283, BA-0220."""
    if not topic.is_named(wish.topic):
        raise UNKNOWN_TOPIC()
    found, issues = bound(wish, topic, registry)
    if issues:
        raise mistakes(WRONG_SUBSCRIPTION, issues)
    check_filters(found, registry)
    return found


def check_filters(wish: Wish, registry: SearchRegistry) -> None:
    """Raises Incorrect BA-0220 for a filter that is no search of its type."""
    for type_ in wish.types:
        parse_search(type_, wish.pairs(type_), registry=registry)


def _at(type_: str, id_: str, code: FaultCode) -> Issue:
    return error("business-rule", f"{type_}/{id_}", code.text)


class SubscriptionTopics:
    """The topics of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rid_of(self, canonical: str) -> int | None:
        """The resource that a canonical leads to, whatever its version and status; None for none."""
        row = await self._database.fetchrow(_FIND, canonical.partition("|")[0])
        return row["rid"] if row is not None else None

    async def urls(self) -> list[str]:
        """The urls of those that are active."""
        return [row["url"] for row in await self._database.fetch(_URLS)]
