"""Following the ledger: what was written becomes events of the subscriptions that watch for it.

One process at a time follows. A resource is an event where its subscription's owner, searching, would find the version
that was written; of several versions written within a moment the last one is told. Versions are judged alone (see
`judging`); where filters ask for other resources (chains) a search is run. A deletion is an event where the version
before it satisfied the filters and may be seen by the owner; it takes no filters of the latter kind. What an import
writes is in the ledger like any other write, and an event like it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import orjson

from benhan.access.owners import Owners
from benhan.fhir.resource import instant, resource_of
from benhan.fhir.search_query import parse_search
from benhan.fhir.subscription import Wish
from benhan.fhir_api.subscriptions.faults import FILTER_BEYOND_ONE, FILTER_OF_DELETIONS, OWNER_MAY_NOT
from benhan.fhir_api.subscriptions.judging import Judge
from benhan.fhir_api.subscriptions.wishes import SYSTEM, Wishes
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Conflict, Fault
from benhan.kernel.logs import Log
from benhan.kernel.permissions import Permission
from benhan.kernel.stopping import stopped_within
from benhan.store.ids import encode_rid
from benhan.store.ledger.events import Event
from benhan.store.session_lock import session_lock
from benhan.store.store import Store
from benhan.store.subscriptions import Advance, Rebinding, Registration, Standing, Subscriptions, Written

log = Log("subscriptions")

LOCK = 0x62656E68_73756273  # "benh" "subs"
PAUSE_S, BETWEEN_S, BREATH_S = 0.5, 0.1, 0.005
"""Where nothing came, where something did, where more is there already: an import is followed as fast as may be."""
PASSED_MAX = 100_000
"""Ledger entries after which the place is committed though there was nothing."""
OTHER_FOLLOWS_S = 5.0
IDS_AT_ONCE = 100
DELETED = Event.RESOURCE_DELETE.number


class Follower:
    """The task that follows the ledger; `arrived` is set when there may be something to tell."""

    def __init__(self, store: Store, subscriptions: Subscriptions, wishes: Wishes, owners: Owners) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._wishes = wishes
        self._owners = owners
        self._passed = 0
        """How far there was nothing for anybody: not committed each time, as looking there again does no harm."""
        self._has_more = False
        self.arrived = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`; where another process follows, wait for it to end."""
        while not stop.is_set():
            try:
                async with session_lock(self._store.database, LOCK) as held:
                    if held is not None:
                        await self._follow(stop)
            except Fault as fault:
                log.warning("subscriptions.delayed", fault=fault.code)
            await stopped_within(stop, OTHER_FOLLOWS_S)

    async def _follow(self, stop: asyncio.Event) -> None:
        self._passed = 0
        while not stop.is_set():
            moved = await self.step()
            if moved:
                self.arrived.set()
            await stopped_within(stop, BREATH_S if self._has_more else BETWEEN_S if moved else PAUSE_S)

    async def step(self) -> bool:
        """Look through one more stretch of the ledger; whether there was any."""
        standing = {each.rid: each for each in await self._subscriptions.watching()}
        topics = _oldest_versions(standing.values())
        types = {"Subscription"}.union(*(each.types for each in standing.values()))
        stretch = await self._subscriptions.written(types | {"Basic"} if topics else types, self._passed)
        self._has_more = stretch.more
        end = stretch.end
        if end == stretch.begun:
            return False
        turn = next((each for each in stretch.written if _is_turn(each, topics)), None)
        if turn is not None:  # what comes after it is looked at in the next step, when it has taken effect
            end, self._has_more = turn.seq, True
        written, judge = [each for each in stretch.written if each.seq <= end], Judge(self._store)
        events = {
            rid: found
            for rid, each in standing.items()
            if (found := await self._events(each, [one for one in written if one.type in each.types], judge))
        }
        advance = Advance(events)
        if turn is not None and turn.type == "Subscription":
            advance = Advance(events, *await self._registered(turn))
        elif turn is not None:
            behind = [
                each for each in standing.values() if each.topic == turn.rid and each.topic_version < turn.version
            ]
            advance = Advance(events, rebound=[await self._rebound(each, turn) for each in behind])
        if advance.is_nothing and end - stretch.committed < PASSED_MAX:
            self._passed = end
            return True
        return await self._subscriptions.advance(stretch.committed, end, advance)

    async def _events(self, standing: Standing, written: Sequence[Written], judge: Judge) -> list[Written]:
        """What of `written` is an event of a subscription."""
        written = [each for each in written if each.seq > standing.began_seq]
        if not written:
            return []
        try:
            owner = await self.owner(standing.owner)
            wish = await self._wishes.of(standing)
            if wish.own is not None:
                return await judge.events(wish, wish.own, owner, written)
            return await self._events_of_type(wish, owner, written, judge)
        except Fault as fault:
            if fault.retryable:
                raise
            await self.give_up(standing, fault)
            return []

    async def _events_of_type(
        self, wish: Wish, owner: Actor, written: Sequence[Written], judge: Judge
    ) -> list[Written]:
        """Of each resource the last version, and its deletion, where the owner finds it by the filters."""
        written = [each for each in written if _interaction(each) in wish.interactions]
        latest = {each.rid: each for each in written if each.event != DELETED}
        told = [each for each in written if each.event == DELETED or each is latest[each.rid]]
        if judge.can_test(wish):
            return await judge.admitted(wish, owner, told)
        found = await self._found(wish, owner, latest)
        return [each for each in told if each.rid in found]

    async def _rebound(self, standing: Standing, changed: Written) -> Rebinding:
        """A subscription whose topic was written anew: it goes on by the new version, or is in error."""
        try:
            wish = await self._wishes.of(replace(standing, topic_version=changed.version))
        except Fault as fault:
            if fault.retryable:
                raise
            await self.give_up(standing, fault)
            return Rebinding(standing, (), changed.version)
        return Rebinding(standing, wish.types, changed.version)

    async def _found(self, wish: Wish, owner: Actor, latest: dict[int, Written]) -> set[int]:
        """The resources that the owner finds by the filters, in the version that was written."""
        rids = list(latest)
        found: set[int] = set()
        registry, [type_] = self._store.search.registry, wish.types
        at_once = min(IDS_AT_ONCE, registry.limits.values_max)
        for start in range(0, len(rids), at_once):
            ids = ",".join(encode_rid(rid) for rid in rids[start : start + at_once])
            query = parse_search(type_, [("_id", ids), *wish.pairs(type_)], registry=registry)
            query.count = at_once
            page = await self._store.search.search(query, owner)
            found |= {each.rid for each in page.matches if each.version == latest[each.rid].version}
        return found

    async def owner(self, told: str) -> Actor:
        """The owner (actor, and the app it acts through) with what they may do now. Raises Forbidden BA-2284."""
        actor_id, _, client = told.partition(" ")
        owner = await self._owners.find(actor_id, client)
        if owner is None or not (owner.may(Permission.FHIR_READ) and owner.may(Permission.FHIR_SEARCH)):
            raise OWNER_MAY_NOT()
        return owner

    async def _registered(self, asked: Written) -> tuple[list[Registration], list[int]]:
        """The registration of a Subscription that was written, or that it is no more."""
        if asked.event == DELETED:
            return [], [asked.rid]
        try:
            stored = await self._wishes.read(asked.rid, asked.version)
        except Fault as fault:
            if fault.retryable:
                raise
            return [], [asked.rid]
        resource = stored.read()
        make = (asked.rid, asked.version, asked.seq)
        if resource.get("status") == "off":
            return [Registration(*make, "", "off", asked.actor)], []
        try:
            await self.owner(owner := _owner_of(asked))
            wish, topic, topic_version = await self._wishes.asked(resource)
            self._check_alone(wish)
        except Fault as fault:
            if fault.retryable:
                raise
            await self.tell_state(asked.rid, "error", fault)
            return [Registration(*make, "", "error", asked.actor, fault=fault.code)], []
        state = "active" if wish.channel == "websocket" else "requested"
        await self.tell_state(asked.rid, state)
        registration = Registration(
            *make,
            wish.channel,
            state,
            owner,
            wish.types,
            topic,
            topic_version,
            heartbeat_s=wish.heartbeat_s,
            ends_at=wish.ends_at,
        )
        return [registration], []

    def _check_alone(self, wish: Wish) -> None:
        """Raises Incorrect BA-3112, BA-3925 for filters that cannot be held against one version."""
        if not Judge(self._store).can_test(wish):
            if wish.own is not None:
                raise FILTER_BEYOND_ONE()
            if wish.watches_deletions:
                raise FILTER_OF_DELETIONS()

    async def give_up(self, standing: Standing, fault: Fault) -> None:
        """Let a subscription be in error, and say why in it."""
        if await self._subscriptions.end(standing, "error", fault.code):
            await self.tell_state(standing.rid, "error", fault)

    async def tell_state(self, rid: int, state: str, fault: Fault | None = None) -> None:
        """Write the state into the Subscription, where its owner has not written it meanwhile."""
        try:
            stored = await self._wishes.current(rid)
            resource = {name: value for name, value in stored.read().items() if name != "error"}
            if resource.get("status") == state and fault is None:
                return
            told = (
                f"{fault.code} {fault.text.vi} / {fault.text.en} ({instant(self._store.clock.now())})" if fault else ""
            )
            unit = self._store.begin(SYSTEM)
            unit.update(
                resource_of({**resource, "status": state, **({"error": told} if told else {})}),
                if_match=stored.version,
            )
            await self._store.commit(unit)
        except Conflict:
            log.info("subscriptions.changed_meanwhile")
        except Fault as found:
            log.warning("subscriptions.state_not_told", fault=found.code)


def _owner_of(written: Written) -> str:
    """Who wrote it, and through which app where it was one."""
    detail = orjson.loads(written.detail) if written.detail else {}
    return f"{written.actor} {detail.get('client', '')}".strip()


def _interaction(written: Written) -> str:
    if written.event == DELETED:
        return "delete"
    return "create" if written.version == 1 else "update"


def _oldest_versions(standing: Iterable[Standing]) -> dict[int, int]:
    """Of each topic of one's own that is used, the oldest version that somebody goes by."""
    found: dict[int, int] = {}
    for each in standing:
        if each.topic:
            found[each.topic] = min(each.topic_version, found.get(each.topic, each.topic_version))
    return found


def _is_turn(written: Written, topics: Mapping[int, int]) -> bool:
    """Whether a write changes how subscriptions stand: a Subscription (not by ourselves), a topic in use."""
    if written.type == "Basic":
        return written.version > topics.get(written.rid, written.version)
    return written.type == "Subscription" and _is_asked(written)


def _is_asked(written: Written) -> bool:
    """Whether somebody else than we wrote it."""
    return written.actor != SYSTEM.id or written.role != Role.SYSTEM.value
