"""Judging what was written: each version alone, with the one before it, as its subscription's owner may see it.

By a topic of one's own no version is passed over, however many were written within a moment: it tells of transitions
(`status` from anything to `finished`). Filters and the owner's rights are held against the same version; of a deletion,
against the one before it. Where a FHIRPath rule cannot be evaluated the version is told: better one too many than one
missed. What is found is in the ledger as if the owner had searched for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from benhan.fhir.search_query import parse_search
from benhan.fhir.subscription import Wish
from benhan.fhir.subscription_topic import Pairs, Topic, Version
from benhan.fhir_api.subscriptions.faults import FILTER_BEYOND_ONE
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.limits import Act
from benhan.kernel.logs import Log
from benhan.store.care import reach_of
from benhan.store.ledger.events import Event
from benhan.store.search.alone import Test, alone
from benhan.store.search.expressions import Candidate
from benhan.store.store import Store
from benhan.store.subscriptions import Written
from benhan.store.unit_of_work import Stored

log = Log("subscriptions")

Key = tuple[str, int, int]
"""Type, rid, version."""
DELETED = Event.RESOURCE_DELETE.number


class Seen:
    """A version as it is judged."""

    def __init__(self, stored: Stored, candidate: Candidate) -> None:
        self.stored = stored
        self.candidate = candidate

    @cached_property
    def resource(self) -> dict[str, Any]:
        """As it is evaluated, its decimals exact."""
        return self.stored.read()


class Judge:
    """Judges what one look through the ledger found; what it reads and compiles serves all its subscriptions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[Key, Seen | None] = {}
        self._tests: dict[tuple[str, Pairs], Test | None] = {}

    async def events(self, wish: Wish, topic: Topic, owner: Actor, written: Sequence[Written]) -> list[Written]:
        """What of `written` is an event of a topic to a subscriber. Raises Incorrect BA-3925, BA-0220."""
        granted = [type_ for type_ in topic.types if self._store.workshop.rules.grants(owner, type_, Act.SEARCH)]
        written = [each for each in written if each.type in granted]
        await self._read([key for each in written for key in (_before(each), _now(each))])
        found = [each for each in written if self._admits(wish, owner, each) and self._is_event(topic, each)]
        await self._note(wish, owner, found)
        return found

    async def admitted(self, wish: Wish, owner: Actor, written: Sequence[Written]) -> list[Written]:
        """What of `written`, all of one type, the owner would find by the filters: a deletion, before it happened.

        Raises Incorrect BA-3925, Forbidden BA-2300.
        """
        for type_ in wish.types:
            self._store.workshop.rules.rules_for(owner, type_, Act.SEARCH)
        await self._read([_judged(each) for each in written])
        found = [each for each in written if self._admits(wish, owner, each)]
        await self._note(wish, owner, found)
        return found

    def _admits(self, wish: Wish, owner: Actor, written: Written) -> bool:
        """Whether the owner may see the version, and the filters let it through."""
        judged = self._seen.get(_judged(written))
        if judged is None or not self._is_for(owner, judged.stored):
            return False
        pairs = tuple(wish.pairs(written.type))
        return not pairs or self.test(written.type, pairs)(judged.candidate)

    def _is_for(self, owner: Actor, stored: Stored | None) -> bool:
        """Whether a version is for its owner's eyes; who is limited to some patients is told of none in this way, since
        relations end between the event and its message."""
        if stored is not None and stored.patient and reach_of(owner) is not None:
            return False
        return self._store.workshop.rules.admits(owner, Act.SEARCH, stored)

    def _is_event(self, topic: Topic, written: Written) -> bool:
        is_deletion = written.event == DELETED
        before, now = self._seen.get(_before(written)), None if is_deletion else self._seen.get(_now(written))
        interaction = "delete" if is_deletion else "create" if before is None else "update"

        def meets(pairs: Pairs, version: Version) -> bool:
            assert isinstance(version, Seen)
            return self.test(written.type, pairs)(version.candidate)

        try:
            return topic.is_event(written.type, interaction, before, now, meets)
        except Fault as fault:
            if fault.retryable:
                raise
            log.warning("subscriptions.not_evaluated", fault=fault.code)
            return True

    async def _note(self, wish: Wish, owner: Actor, found: Sequence[Written]) -> None:
        for type_ in dict.fromkeys(each.type for each in found):
            seen = [one.stored for each in found if each.type == type_ and (one := self._seen.get(_judged(each)))]
            query = parse_search(type_, wish.pairs(type_), registry=self._store.search.registry)
            await self._store.search.note_seen(query, seen, owner)

    def can_test(self, wish: Wish) -> bool:
        """Whether the filters can be held against a version alone."""
        return all(self._test_of(type_, tuple(wish.pairs(type_))) is not None for type_ in wish.types)

    def test(self, type_: str, pairs: Pairs) -> Test:
        """Whether a version satisfies a search of its type. Raises Incorrect BA-3925 where others decide that."""
        found = self._test_of(type_, pairs)
        if found is None:
            raise FILTER_BEYOND_ONE()
        return found

    def _test_of(self, type_: str, pairs: Pairs) -> Test | None:
        if (type_, pairs) not in self._tests:
            search = self._store.search
            self._tests[type_, pairs] = alone(search, parse_search(type_, pairs, registry=search.registry))
        return self._tests[type_, pairs]

    async def _read(self, keys: Iterable[Key]) -> None:
        """Have these versions; None for what cannot be read any more, and for deletions."""
        wanted = [key for key in keys if key[2] > 0 and key not in self._seen]
        found = await self._store.resources.versions(wanted)
        for key in wanted:
            stored = found.get(key)
            is_there = stored is not None and not stored.deleted
            self._seen[key] = (
                Seen(stored, Candidate(stored, self._store.search.registry)) if stored and is_there else None
            )


def _now(written: Written) -> Key:
    return written.type, written.rid, written.version


def _before(written: Written) -> Key:
    return written.type, written.rid, written.version - 1


def _judged(written: Written) -> Key:
    """The version that filters and rights are held against."""
    return _before(written) if written.event == DELETED else _now(written)
