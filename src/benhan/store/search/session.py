"""One search at work: rows of a type at one moment, opened and held against what is asked.

Everything a search reads (its matches, what chains and includes lead to, counts) goes through `rows` and `load` here,
so that moment and rights are applied in one place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple, Protocol

import asyncpg

from benhan.fhir.main_values import MAIN_DATES
from benhan.kernel.actors import Actor
from benhan.kernel.limits import Act
from benhan.store.access_rules import AccessRules
from benhan.store.care import told_reason
from benhan.store.database import Connection
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.resources import Opener
from benhan.store.search.compiler import Compiler
from benhan.store.search.expressions import (
    Candidate,
    Everything,
    Expression,
    Linked,
    Meeting,
    Nothing,
    OfIds,
    OfPatients,
    all_of,
    holds,
    linked_in,
    residual,
)
from benhan.store.search.limits import SearchLimits
from benhan.store.search.plan import Plan, choose
from benhan.store.search.spans import Span, by_date, by_update
from benhan.store.search.statement import (
    Asked,
    Column,
    Order,
    Path,
    Place,
    Statement,
    count,
    distinct,
    select,
)
from benhan.store.search.statistics import Counted
from benhan.store.tokens import Tokens

OF_A_PATIENT = frozenset(
    {
        "AllergyIntolerance", "CarePlan", "Claim", "ClinicalImpression", "Condition", "Coverage", "Encounter",
        "ImagingStudy", "Immunization", "MedicationAdministration", "MedicationRequest", "Patient", "Procedure",
        "ServiceRequest",
    }
)  # fmt: skip
"""Types whose resources are each of some patient. Source: FHIR R4, their subject or patient is 1..1."""
_OPENED_LEAST = 8
"""So many rows at least are opened at a time."""


class Found(NamedTuple):
    """A candidate and the row it was opened from."""

    candidate: Candidate
    row: asyncpg.Record
    order: Order

    @property
    def place(self) -> Place:
        """The place it stands at in the order."""
        return _place(self.row, self.order)


class Batch(NamedTuple):
    """What one statement gave: the rows that satisfy, how many were read, and where they end.

    `more` tells whether there may be others after the last.
    """

    found: list[Found]
    read: int
    last: Place | None
    more: bool


def _place(row: asyncpg.Record, order: Order) -> Place:
    return Place(row[order.column] if order.column else None, row["rid"])


@dataclass(frozen=True, slots=True)
class Sight:
    """What the one who asks may see: their rules stand in the SQL of every statement."""

    rules: AccessRules
    actor: Actor
    own: tuple[int, ...] | None = None
    """The few patients in the actor's reach, where that is worth seeking rows by; None where it is not."""

    def of(self, type_: str, act: Act) -> Expression:
        allowed = self.rules.allowed(self.actor, type_, act)
        if self.own is None or type_ not in OF_A_PATIENT:
            return allowed
        return all_of([OfPatients(self.own), allowed]) if self.own else Nothing()


@cache
def native_order(type_: str) -> Order:
    """The store's own order of a type: by its main date, newest first; where it has none, as the keys stand."""
    if type_ not in MAIN_DATES:
        return Order("", descending=False)
    return Order("at_from", descending=type_ != "Patient")


class Session:
    """A search's connection, moment, limits and statistics."""

    def __init__(
        self,
        connection: Connection,
        opener: Opener,
        compiler: Compiler,
        tokens: Tokens,
        limits: SearchLimits,
        counted: Counted,
        sight: Sight,
        now: datetime,
        moment: str = "",
        *,
        pins: bool = False,
    ) -> None:
        self.connection = connection
        self.compiler = compiler
        self.tokens = tokens
        self.limits = limits
        self.counted = counted
        self.sight = sight
        self.now = now
        self.moment = moment
        self.began_at = moment
        """The moment of the first statement that found something, for the link to the next page."""
        self.statements: list[tuple[Plan, Statement]] = []
        self.scanned = 0
        self.why: dict[int, str] = {}
        """By which relation a patient was in reach, where a statement told it."""
        self._opener = opener
        self._pins = pins
        """Whether no transaction keeps the moment: what a statement finds is dated, and the next ones look there."""

    # ── rows ──

    async def rows(
        self,
        type_: str,
        expression: Expression,
        order: Order,
        *,
        limit: int,
        after: Place | None = None,
        meets: MeetsLinked | None = None,
        act: Act = Act.SEARCH,
    ) -> AsyncIterator[Found]:
        """The rows of `type_` ("" for any) that satisfy `expression`, in order; `limit` is how many are likely wanted.

        Rows that only seemed to match are passed over and more are read; every row counts in `scanned`.
        """
        async for batch in self.batches(type_, expression, order, limit=limit, after=after, meets=meets, act=act):
            for each in batch.found:
                yield each

    def batches(
        self,
        type_: str,
        expression: Expression,
        order: Order,
        *,
        limit: int,
        after: Place | None = None,
        meets: MeetsLinked | None = None,
        act: Act = Act.SEARCH,
    ) -> AsyncIterator[Batch]:
        """The same as `rows`, as they are read."""
        return _Batches(self, type_, all_of([expression, self.sight.of(type_, act)]), order, limit, after, meets)

    async def first(
        self,
        rows: Sequence[asyncpg.Record],
        left: Expression,
        type_: str,
        order: Order,
        meets: MeetsLinked | None,
        limit: int,
    ) -> tuple[list[Found], int]:
        """What of the rows satisfies, until `limit` do, and how many rows were opened for it.

        What other resources tell is asked for all rows at once.
        """
        step = max(limit, _OPENED_LEAST)
        if step >= len(rows) or linked_in(left):
            return await self._found(rows, left, type_, order, meets), len(rows)
        found: list[Found] = []
        read = 0
        while read < len(rows) and len(found) < limit:
            some = rows[read : read + step]
            found += await self._found(some, left, type_, order, meets)
            read += len(some)
        return found, read

    async def _found(
        self, rows: Sequence[asyncpg.Record], left: Expression, type_: str, order: Order, meets: MeetsLinked | None
    ) -> list[Found]:
        """The rows, opened, that satisfy what SQL has left to be tested; those whose key was destroyed are left out."""
        opened = await self._opener.open_all(rows, self.connection)
        registry = self.compiler.registry
        found = [
            Found(Candidate(stored, registry), row, order)
            for stored, row in zip(opened, rows, strict=True)
            if stored is not None
        ]
        if isinstance(left, Everything):
            return found
        kept = await self._kept(left, [each.candidate for each in found], type_, meets=meets)
        return [each for each in found if each.candidate.key in kept]

    async def _kept(
        self,
        expression: Expression,
        candidates: Sequence[Candidate],
        type_: str,
        *,
        meets: MeetsLinked | None,
    ) -> set[tuple[str, int]]:
        meeting: Meeting = {}
        if linked := linked_in(expression):
            assert meets is not None
            meeting = {id(each): await meets(each, candidates, type_) for each in linked}
        return {each.key for each in candidates if holds(expression, each, meeting)}

    async def filtered(
        self, candidates: Iterable[Candidate], expression: Expression, type_: str, meets: MeetsLinked
    ) -> set[tuple[str, int]]:
        """The keys of the candidates that satisfy an expression."""
        return await self._kept(expression, list(candidates), type_, meets=meets)

    async def load(self, type_: str, ids: Iterable[str]) -> list[Candidate]:
        """The resources of these ids that are there and may be seen, in no order."""
        wanted = {self.compiler.ids.rid_of(type_, id_): id_ for id_ in ids}
        found: list[Candidate] = []
        rids = list(wanted)
        for start in range(0, len(rids), self.limits.batch_max):
            some = OfIds(tuple(rids[start : start + self.limits.batch_max]))
            order, limit = Order("", descending=False), len(some.rids) + 1
            async for batch in self.batches(type_, some, order, limit=limit, act=Act.READ):
                candidates = [each.candidate for each in batch.found]
                found += [each for each in candidates if wanted.get(each.stored.rid) == each.stored.id]
        return found

    async def keys(self, type_: str, expression: Expression, column: Column, *, limit: int) -> list[int]:
        """The distinct rids, or patients, of what satisfies an exact expression, at most `limit`, in no order."""
        expression = all_of([expression, self.sight.of(type_, Act.SEARCH)])
        if isinstance(expression, Nothing):
            return []
        plan = choose(expression, type_, Order("", descending=False), limit, self.counted, self.tokens)
        asked = Asked(TYPE_NUMBERS[type_], expression, plan.path, self.moment)
        rows = await self.run(plan, distinct(asked, self.tokens, column, limit=limit))
        return [row[column] for row in rows]

    async def count(self, type_: str, expression: Expression) -> int:
        """How many rows satisfy an exact expression."""
        expression = all_of([expression, self.sight.of(type_, Act.SEARCH)])
        if isinstance(expression, Nothing):
            return 0
        plan = choose(expression, type_, Order("", descending=False), 1_000_000_000, self.counted, self.tokens)
        asked = Asked(TYPE_NUMBERS[type_], expression, plan.path, self.moment)
        rows = await self.run(plan, count(asked, self.tokens))
        return int(rows[0]["count"])

    async def run(self, plan: Plan, statement: Statement) -> list[asyncpg.Record]:
        self.statements.append((plan, statement))
        if plan.path is Path.PLANNED:
            async with self.connection.transaction():
                await self.connection.execute("set local plan_cache_mode = force_custom_plan")
                rows = await self.connection.fetch(statement.sql, *statement.values)
        else:
            rows = await self.connection.fetch(statement.sql, *statement.values)
        if rows and "why" in rows[0]:
            self.why[rows[0]["patient"]] = told_reason(rows[0]["why"])
        if not self.began_at and rows and "moment" in rows[0]:
            self.began_at = rows[0]["moment"]
            if self._pins:
                self.moment = self.began_at
        return rows


class _Batches:
    """The batches of one walk. No generator: the event loop keeps account of each of those, at some microseconds."""

    def __init__(
        self,
        session: Session,
        type_: str,
        expression: Expression,
        order: Order,
        limit: int,
        after: Place | None,
        meets: MeetsLinked | None,
    ) -> None:
        self._session, self._type, self._order, self._limit, self._meets = session, type_, order, limit, meets
        self._place = after
        self._spans: list[Span | None] = []
        if isinstance(expression, Nothing):
            return
        self._left = residual(expression)
        batch_max = session.limits.batch_max
        self._size = limit if isinstance(self._left, Everything) else min(max(2 * limit, 24), batch_max)
        self._plan = choose(expression, type_, order, limit, session.counted, session.tokens)
        self._asked = Asked(TYPE_NUMBERS.get(type_, 0), expression, self._plan.path)
        self._spans = [*_spans(self._plan, order, after, session.now)]

    def __aiter__(self) -> _Batches:
        return self

    async def __anext__(self) -> Batch:
        session = self._session
        while self._spans:
            asked, size = self._asked, self._size
            asked.span, asked.moment = self._spans[0], session.moment
            if asked.span is None and self._plan.path is Path.SPANS:
                asked.path = Path.TOKENS
            statement = select(asked, session.tokens, self._order, limit=size, after=self._place)
            rows = await session.run(self._plan, statement)
            if len(rows) < size and len(self._spans) > 1:
                del self._spans[0]  # a wider span, from the same place on
                continue
            found, read = await session.first(rows, self._left, self._type, self._order, self._meets, self._limit)
            if rows:
                self._place = _place(rows[read - 1], self._order)
            session.scanned += read
            more = len(rows) >= size or read < len(rows)
            if not more:
                self._spans = []
            self._size = min(size * 2, session.limits.batch_max)
            return Batch(found, read, self._place, more)
        raise StopAsyncIteration


def _spans(plan: Plan, order: Order, after: Place | None, now: datetime) -> Sequence[Span | None]:
    """What is read one after another, until a page is full; None is everything at once."""
    at = after.at if after is not None else None
    if plan.path is Path.UPDATED and order.column == "updated_at":
        return by_update(at, now, descending=order.descending)
    if plan.path is Path.SPANS and (after is None or at is not None or order.descending):
        return by_date(plan.bounds, at, descending=order.descending)
    return [None]


class MeetsLinked(Protocol):
    """Says which candidates meet what only other resources can tell; see `links.Links`."""

    async def __call__(self, linked: Linked, candidates: Sequence[Candidate], type_: str) -> set[tuple[str, int]]:
        """The keys of those that meet it."""
