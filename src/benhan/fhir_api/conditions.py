"""Conditions: what a write by query finds, decided so that two at once cannot both find nothing.

Whoever writes under a condition holds a claim on each of its criteria: inside this process a lock from the search to
the commit, in the database a lock of the transaction, under which the search is made again. A write that finds
something else there is undone and decided anew.
Source: FHIR R4 http.html#ccreate, #cond-update, #cdelete, #patch.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

from benhan.access.faults import NOT_ALLOWED
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_query import RESULT_PARAMETERS, SearchQuery, parse_search
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.faults import CONDITION_MOVED, EMPTY_CONDITION, MANY_MATCHES, TOO_CONTESTED
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.store.faults import STALE_VERSION
from benhan.store.unit_of_work import Stored, UnitOfWork

TRIES = 10
ABOUT_THE_ANSWER = frozenset({"_format", "_pretty", "_summary", "_elements"})
"""Parameters that shape the answer to the write, and are no part of its condition."""
_BEFORE_QUERY = re.compile(r"^(?:[A-Z][A-Za-z]*)?\?")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Condition:
    """The search that a write depends on; `pairs` is it as it was asked, of the parameters of `registry`."""

    type: str
    pairs: tuple[tuple[str, str], ...]
    registry: SearchRegistry

    def query(self, count: int) -> SearchQuery:
        """The search, for `count` matches at most."""
        query = parse_search(self.type, self.pairs, registry=self.registry)
        query.count = count
        return query

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What two conditions that ask the same have in common."""
        return self.type, tuple(sorted(self.pairs))


def parse_condition(type_: str, text: str, registry: SearchRegistry) -> Condition:
    """The condition that a query string asks. Raises BA-0220 for what it does not understand, BA-2151."""
    asked = parse_qsl(_BEFORE_QUERY.sub("", text), keep_blank_values=True)
    pairs = tuple(pair for pair in asked if pair[0] not in ABOUT_THE_ANSWER)
    for name, _ in pairs:
        if name.partition(":")[0] in RESULT_PARAMETERS:
            raise EMPTY_CONDITION(name=name.partition(":")[0])
    if not pairs:
        raise EMPTY_CONDITION(name="_count")
    condition = Condition(type_, pairs, registry)
    condition.query(1)
    return condition


async def matches(api: FhirApi, condition: Condition, actor: Actor, most: int = 2) -> list[Stored]:
    """What `condition` finds now, at most `most`. Raises Forbidden BA-0902 where `actor` may not search."""
    if not actor.may(Permission.FHIR_SEARCH):
        raise NOT_ALLOWED()
    query, found = condition.query(most), list[Stored]()
    while True:
        page = await api.store.search.search(query, actor, base_url=api.base_url)
        found += page.matches
        if len(found) >= most or not page.next:
            return found[:most]
        query.page = page.next  # a page ends early where much had to be opened for it


async def the_one(api: FhirApi, condition: Condition, actor: Actor) -> Stored | None:
    """The one match, or None for none. Raises PreconditionFailed BA-2152 where there are more."""
    found = await matches(api, condition, actor)
    if len(found) > 1:
        raise MANY_MATCHES(type=condition.type)
    return found[0] if found else None


def guard(
    api: FhirApi, unit: UnitOfWork, condition: Condition, expected: Iterable[Stored], actor: Actor, most: int = 2
) -> None:
    """Let `unit` be written only where `condition` still finds `expected`. Raises BA-2154 in its commit."""
    wanted = sorted(each.id for each in expected)

    async def check() -> None:
        found = await matches(api, condition, actor, most)
        if sorted(each.id for each in found) != wanted:
            raise CONDITION_MOVED()

    unit.only_if(claims_of(api, [condition]), check)


def claims_of(api: FhirApi, conditions: Iterable[Condition]) -> set[int]:
    """The claims of `conditions`: one for each criterion, so that those that share one go one after the other."""
    token = api.store.workshop.tokens.of
    return {
        token(f"claim\x1f{condition.type}\x1f{name}\x1f{value}")
        for condition in conditions
        for name, value in condition.pairs
    }


def claimed(
    api: FhirApi, conditions: Iterable[Condition], *, ids: Iterable[str] = ()
) -> AbstractAsyncContextManager[None]:
    """Hold, in this process, the claims of `conditions` and of resources (`Patient/1`) that are read to be written."""
    keys = [*claims_of(api, conditions), *ids]
    return api.locks.holding(keys) if keys else nullcontext()


async def until_settled(act: Callable[[], Awaitable[Answer]], *, pinned: bool = True) -> Answer:
    """What `act` gives; done anew where others wrote between its look and its write, unless it named its version.

    Raises Busy BA-2154 or BA-2160 after TRIES.
    """
    contested = None
    for _ in range(TRIES):
        try:
            return await act()
        except Fault as fault:
            if fault.code == STALE_VERSION.code and pinned:
                contested = TOO_CONTESTED()
            elif fault.code == CONDITION_MOVED.code:
                contested = fault
            else:
                raise
    assert contested is not None
    raise contested
