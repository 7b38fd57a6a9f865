"""Judging by topics of one's own: each version that was written, alone, with the one before it.

A topic tells of transitions (`status` from anything to `finished`), so no version is passed over, however many were
written within a moment. Filters and the owner's rights are held against the same version; of a deletion, against the
one before it. Where a FHIRPath rule cannot be evaluated the version is told: better one too many than one missed.
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
        self._tests: dict[tuple[str, Pairs], Test] = {}

    async def events(self, wish: Wish, topic: Topic, owner: Actor, written: Sequence[Written]) -> list[Written]:
        """What of `written` is an event of a topic to a subscriber. Raises Incorrect BA-3925, BA-0220."""
        written = [each for each in written if each.type in topic.types]
        await self._read(written)
        return [each for each in written if self._is_event(wish, topic, owner, each)]

    def _is_event(self, wish: Wish, topic: Topic, owner: Actor, written: Written) -> bool:
        before = self._seen.get((written.type, written.rid, written.version - 1))
        now = self._seen.get((written.type, written.rid, written.version))
        is_deletion = written.event == DELETED
        judged = before if is_deletion else now
        if judged is None or not self._may_see(owner, judged.stored):
            return False
        if not self.test(written.type, tuple(wish.pairs(written.type)))(judged.candidate):
            return False
        interaction = "delete" if is_deletion else "create" if before is None else "update"

        def meets(pairs: Pairs, version: Version) -> bool:
            assert isinstance(version, Seen)
            return self.test(written.type, pairs)(version.candidate)

        try:
            return topic.is_event(written.type, interaction, before, None if is_deletion else now, meets)
        except Fault as fault:
            if fault.retryable:
                raise
            log.warning("subscriptions.not_evaluated", fault=fault.code)
            return True

    def _may_see(self, owner: Actor, stored: Stored) -> bool:
        rules = self._store.workshop.rules
        return rules.grants(owner, stored.type, Act.SEARCH) and rules.admits(owner, Act.SEARCH, stored)

    def test(self, type_: str, pairs: Pairs) -> Test:
        """Whether a version satisfies a search of its type. Raises Incorrect BA-3925 where others decide that."""
        found = self._tests.get((type_, pairs))
        if found is None:
            search = self._store.search
            found = alone(search, parse_search(type_, pairs, registry=search.registry))
            if found is None:
                raise FILTER_BEYOND_ONE()
            self._tests[type_, pairs] = found
        return found

    async def _read(self, written: Iterable[Written]) -> None:
        """Have each version and the one before it; None for what cannot be read any more, and for deletions."""
        wanted = [
            key
            for each in written
            for key in ((each.type, each.rid, each.version - 1), (each.type, each.rid, each.version))
            if key[2] > 0 and key not in self._seen
        ]
        found = await self._store.resources.versions(wanted)
        for key in wanted:
            stored = found.get(key)
            is_there = stored is not None and not stored.deleted
            self._seen[key] = (
                Seen(stored, Candidate(stored, self._store.search.registry)) if stored and is_there else None
            )
