"""Running a search: what is asked compiled, its page, what comes along, the total, and its entry in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from benhan.fhir.compartments import compartments
from benhan.fhir.main_values import MAIN_DATES
from benhan.fhir.search_criteria import Chain, Criterion, Has, Include, InList, Wanted
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_query import SearchQuery, sortable
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue
from benhan.kernel.limits import Act
from benhan.kernel.trace import current_trace
from benhan.store.access_rules import AccessRules
from benhan.store.care import own_patients, reach_of, reasons
from benhan.store.database import Database, translated
from benhan.store.gatherer import Gatherer
from benhan.store.ids import Ids
from benhan.store.ledger.events import Event
from benhan.store.ledger.views import Views, append_views
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.resources import Opener
from benhan.store.search.compiler import Compiler, Remembered
from benhan.store.search.contained import containing, insides
from benhan.store.search.custom import CustomParameters
from benhan.store.search.expanding import ValueSetExpander
from benhan.store.search.explain import explained
from benhan.store.search.expressions import (
    All,
    Asking,
    Candidate,
    Expression,
    Linked,
    OfIds,
    OfPatients,
    all_of,
    any_of,
    is_exact,
    linked_in,
)
from benhan.store.search.includes import Included
from benhan.store.search.limits import (
    NOT_IN_CONTAINED,
    TOO_LONG,
    TOO_MANY_TO_SORT,
    TOTAL_TOO_COSTLY,
    SearchLimits,
)
from benhan.store.search.links import Links
from benhan.store.search.page_link import Link, PageLinks
from benhan.store.search.plan import by_patient_pays
from benhan.store.search.readers import Readers
from benhan.store.search.reference import pointing_to
from benhan.store.search.session import OF_A_PATIENT, Batch, Found, Session, Sight, native_order
from benhan.store.search.sorting import in_order
from benhan.store.search.statement import Order, Place, conjuncts
from benhan.store.search.statistics import Statistics
from benhan.store.tokens import Tokens
from benhan.store.unit_of_work import Stored

SESSIONS = 8
"""Connections of one process that search."""
LINGER_S, LINGER_MAX_S = 0.001, 0.02
"""A commit costs as much for one search as for ten: so much later for each other one under way is cheaper for all."""


@dataclass(slots=True)
class SearchPage:
    """A page: the matches, what comes along, the link to the next page ("" at the end), the total where asked.

    `notes` tell what was cut; `explanation` is there where it was asked for.
    """

    matches: list[Stored]
    included: list[Stored]
    next: str
    total: int | None
    notes: list[Issue] = field(default_factory=list)
    explanation: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Segment:
    """One walk of a search: a type with what it is asked; `contained` where its resources stand inside others."""

    type: str
    expression: Expression
    order: Order
    contained: bool = False


class Answer(NamedTuple):
    """What a search gives; `seen` is what it shows of patients, `why` the reasons that its statements told."""

    page: SearchPage
    next: Link | None
    seen: list[Stored]
    why: Mapping[int, str]


@dataclass(slots=True)
class Walked:
    """What a walk gave: the candidates of the page, the matches they are, and where it goes on."""

    candidates: list[Candidate]
    matches: list[Stored]
    next: Link | None = None


class Search:
    """Searches one store; `start` and `stop` frame its life."""

    def __init__(
        self,
        database: Database,
        ids: Ids,
        tokens: Tokens,
        opener: Opener,
        links: PageLinks,
        clock: Clock,
        *,
        rules: AccessRules,
        parameters: CustomParameters,
        limits: SearchLimits | None = None,
        expander: ValueSetExpander | None = None,
    ) -> None:
        self._database = database
        self._ids = ids
        self.tokens = tokens
        self._opener = opener
        self._links = links
        self._clock = clock
        self._rules = rules
        self.limits = limits or SearchLimits()
        self.expander = expander
        self._parameters = parameters
        self.statistics = Statistics(database, clock)
        self._readers: Readers | None = None
        self._opening = asyncio.Lock()
        self._remembered: Remembered = {}
        self._running = 0
        self._ledger: Gatherer[Views, None] = Gatherer(self._record, workers=1, linger_s=self._linger_s)

    @property
    def registry(self) -> SearchRegistry:
        """The search parameters there are now."""
        return self._parameters.current

    def start(self) -> None:
        self._ledger.start()

    async def stop(self) -> None:
        await self._ledger.stop()
        if self._readers is not None:
            await self._readers.close()

    async def _opened(self) -> Readers:
        """Connections whose statements are planned once for all values; opened with the first search."""
        async with self._opening:
            if self._readers is None:
                sibling = await self._database.sibling(SESSIONS, plan_cache_mode="force_generic_plan")
                self._readers = Readers(sibling, sibling.pool.get_max_size())
        return self._readers

    async def search(self, query_: SearchQuery, actor: Actor, *, base_url: str = "") -> SearchPage:
        """A page of `query_`. What it shows of patients is in the ledger before it returns.

        Raises Forbidden BA-2300; BA-0320, BA-0321 for its page link; Busy BA-0422 where a statement takes too long;
        and what `limits` tells: BA-2100, BA-2101, BA-2109 where too much would have to be opened.
        """
        for type_ in query_.by_type:
            self._rules.rules_for(actor, type_, Act.SEARCH)
        asked = [pair for pair in query_.applied if pair[0] != "_page"]
        bound_to = f"{actor.id} {query_.type or sorted(query_.by_type)} {query_.compartment} {asked}"
        link = self._links.read(query_.page, bound_to) if query_.page else None
        self._running += 1
        try:
            page, next_link, seen, why = await self._within_time(query_, actor, link, base_url)
            if actor.role is not Role.SYSTEM:
                await self._note(query_, seen, actor, why)
        finally:
            self._running -= 1
        if next_link is not None:
            page.next = self._links.write(next_link, bound_to)
        return page

    async def walk(self, query_: SearchQuery, actor: Actor, *, base_url: str = "") -> AsyncIterator[list[Stored]]:
        """The matches of a search, page after page, for who tells nothing of any single one; the ledger is theirs.

        Raises as `search`.
        """
        for type_ in query_.by_type:
            self._rules.rules_for(actor, type_, Act.SEARCH)
        link: Link | None = None
        while True:
            page, link, *_ = await self._within_time(query_, actor, link, base_url)
            yield page.matches
            if link is None:
                return

    async def note_seen(self, query_: SearchQuery, seen: Sequence[Stored], actor: Actor) -> None:
        """Record what a search would have shown of patients, where its resources were found in another way."""
        if actor.role is not Role.SYSTEM:
            await self._note(query_, seen, actor, {})

    async def _note(self, query_: SearchQuery, seen: Sequence[Stored], actor: Actor, why: Mapping[int, str]) -> None:
        """Record the search: once for all patients, or once for each reason by which their data was in reach."""
        if reach_of(actor) is None:
            await self._ledger.ask(self._views(query_, seen, actor))
            return
        if untold := {each.patient for each in seen if each.patient} - why.keys():
            why = {**why, **await self._reasons(actor, untold)}
        shown: dict[str, list[Stored]] = {}
        for each in seen:
            shown.setdefault(why.get(each.patient, ""), []).append(each)
        views = [
            self._views(query_, some, actor, by, is_first=not number)
            for number, (by, some) in enumerate(sorted(shown.items() or [("", [])]))
        ]
        await asyncio.gather(*(self._ledger.ask(each) for each in views))

    async def _reasons(self, actor: Actor, patients: Iterable[int]) -> dict[int, str]:
        readers = self._readers or await self._opened()
        connection, is_sound = await readers.take(), False
        try:
            with translated():
                found = await reasons(connection, actor, patients)
            is_sound = True
            return found
        finally:
            await readers.give_back(connection, is_sound=is_sound)

    def compiler(self, base_url: str = "", now: datetime | None = None) -> Compiler:
        """What compiles a search of this store to an expression about its rows."""
        asking = Asking(now or self._clock.now(), base_url)
        return Compiler(self.registry, self._ids, asking, self._remembered)

    async def _within_time(self, query_: SearchQuery, actor: Actor, link: Link | None, base_url: str) -> Answer:
        try:
            async with asyncio.timeout(self.limits.seconds_max):
                return await self._run(query_, actor, link, base_url)
        except TimeoutError as cause:
            raise TOO_LONG(limit=round(self.limits.seconds_max)) from cause

    async def _run(self, query_: SearchQuery, actor: Actor, link: Link | None, base_url: str) -> Answer:
        """The page, from one moment: a transaction keeps it where a first statement cannot tell it to all others."""
        counted = await self.statistics.counted()
        now = link.began_at if link is not None else self._clock.now()
        compiler = self.compiler(base_url, now)
        segments = self._segments(query_, compiler)
        pins = link is not None or _pins_itself(query_, segments)
        readers = self._readers or await self._opened()
        connection, is_sound = await readers.take(), False
        try:
            with translated():
                session = Session(
                    connection,
                    self._opener,
                    compiler,
                    self.tokens,
                    self.limits,
                    counted,
                    Sight(self._rules, actor),
                    now,
                    link.moment if link is not None else "",
                    pins=pins,
                )
                own = await self._own(query_, session, segments, actor)
                if own is not None:
                    session.sight = replace(session.sight, own=own)
                if pins:
                    found = await self._page(query_, segments, session, link)
                else:
                    async with connection.transaction(isolation="repeatable_read", readonly=True):
                        found = await self._page(query_, segments, session, link)
            is_sound = True
            return Answer(*found, session.why)
        finally:
            await readers.give_back(connection, is_sound=is_sound)

    async def _own(
        self, query_: SearchQuery, session: Session, segments: Sequence[Segment], actor: Actor
    ) -> tuple[int, ...] | None:
        """The actor's own patients, where it is cheaper to seek rows there than to ask of each row whose it is."""
        reach, known, most = reach_of(actor), session.counted, self.limits.linked_max
        free = [each for each in segments if not _is_bound(each.expression)]
        if reach is None or not free:
            return None
        keys = (reach.treatment, reach.archived, int(reach.use))
        if known.reached.get(keys, 0) > most:
            return None
        limit = query_.count + 1 if query_.total == "none" and (not query_.sort or _is_native(query_)) else most
        pays = any(
            by_patient_pays(each.expression, each.type, each.order, limit, keys, known, self.tokens)
            for each in free
            if each.type in OF_A_PATIENT
        )
        if not pays and (keys in known.reached or not known.known):
            return None
        found = await own_patients(session.connection, actor, most)
        known.reached[keys] = len(found) if found is not None else most + 1
        return tuple(found) if found is not None else None

    async def _page(
        self, query_: SearchQuery, segments: list[Segment], session: Session, link: Link | None
    ) -> tuple[SearchPage, Link | None, list[Stored]]:
        links = Links(session, self.expander)
        for number, each in enumerate(segments):
            if linked_in(each.expression):
                resolved = await links.resolved(each.expression, each.type, query_.count)
                segments[number] = replace(each, expression=resolved)
        walked = await self._walked(query_, segments, session, links, link)
        total = await self._total(query_, segments, session, links)
        included = Included(session, links, walked.candidates)
        if query_.includes and walked.candidates:
            await included.gather(query_.includes, walked.candidates)
        explanation = await explained(session) if query_.explain else []
        along = [each.stored for each in included.found]
        notes = included.notes()
        page = SearchPage(walked.matches, along, "", total, notes, explanation)
        return page, walked.next, [*walked.matches, *along]

    # ── what is asked ──

    def _segments(self, query_: SearchQuery, compiler: Compiler) -> list[Segment]:
        found: list[Segment] = []
        for type_, wanted in query_.by_type.items():
            expression = compiler.all_of(wanted, type_)
            if query_.compartment is not None:
                expression = all_of([self._in_compartment(*query_.compartment, type_, compiler), expression])
            if query_.contained != "true":
                found.append(Segment(type_, expression, _order(query_, type_)))
            if query_.contained != "false":
                self._check_contained(query_, expression)
                found.append(Segment(type_, expression, Order("", descending=False), contained=True))
        return found

    def _in_compartment(self, compartment: str, id_: str, type_: str, compiler: Compiler) -> Expression:
        codes = compartments()[compartment].get(type_, ())
        parameters = compiler.registry.parameters_of(type_)
        target = [f"{compartment}/{id_}"]
        parts = [pointing_to(target, parameters[code], type_, self._ids) for code in codes if code in parameters]
        if type_ == compartment:
            parts.append(OfIds((self._ids.rid_of(type_, id_),)))
        return any_of(parts)

    @staticmethod
    def _check_contained(query_: SearchQuery, expression: Expression) -> None:
        if linked_in(expression) or query_.sort or len(query_.by_type) > 1:
            raise NOT_IN_CONTAINED()

    # ── the page ──

    async def _walked(
        self, query_: SearchQuery, segments: Sequence[Segment], session: Session, links: Links, link: Link | None
    ) -> Walked:
        if query_.count == 0:
            return Walked([], [])
        if query_.sort and not _is_native(query_):
            return await self._sorted(query_, segments, session, links, link)
        walked = Walked([], [])
        first = link.segment if link is not None else 0
        after = link.after if link is not None else None
        for number in range(first, len(segments)):
            segment = segments[number]
            walking = self._batches(segment, session, links, limit=query_.count + 1 - len(walked.matches), after=after)
            place = after
            async for batch in walking:
                last: Found | None = None
                for each in batch.found:
                    if len(walked.matches) >= query_.count:
                        place = last.place if last is not None else place
                        walked.next = Link(session.began_at, session.now, number, place)
                        return walked
                    self._take(query_, segment, each.candidate, walked)
                    last = each
                place = last.place if last is not None else place
                if session.scanned > self.limits.scanned_max and batch.found and batch.more:
                    walked.next = Link(session.began_at, session.now, number, batch.last)
                    return walked
            after = None
        return walked

    def _batches(
        self, segment: Segment, session: Session, links: Links, *, limit: int, after: Place | None = None
    ) -> AsyncIterator[Batch]:
        type_, wanted = segment.type, segment.expression
        if segment.contained:
            type_, wanted = "", containing(type_, wanted, self.registry, self._ids)
        return session.batches(type_, wanted, segment.order, limit=limit, after=after, meets=links)

    def _take(self, query_: SearchQuery, segment: Segment, candidate: Candidate, walked: Walked) -> None:
        walked.candidates.append(candidate)
        if segment.contained and query_.contained_type == "contained":
            walked.matches += insides(candidate, segment.type, segment.expression, self.registry, self._ids)
        else:
            walked.matches.append(candidate.stored)

    async def _sorted(
        self, query_: SearchQuery, segments: Sequence[Segment], session: Session, links: Links, link: Link | None
    ) -> Walked:
        """All matches opened and put in order; the page is cut out of them."""
        most = self.limits.sorted_max
        found: list[Candidate] = []
        for segment in segments:
            order = native_order(segment.type)
            async for each in session.rows(segment.type, segment.expression, order, limit=most + 1, meets=links):
                found.append(each.candidate)
                if len(found) > most or session.scanned > 2 * self.limits.scanned_max:
                    raise _too_many_to_sort(query_, most)
        ordered = in_order(found, query_.sort, self.registry)
        start = link.offset if link is not None else 0
        cut = ordered[start : start + query_.count]
        more = len(ordered) > start + query_.count
        next_ = Link(session.began_at, session.now, offset=start + query_.count) if more else None
        return Walked(cut, [each.stored for each in cut], next_)

    async def _total(
        self, query_: SearchQuery, segments: Sequence[Segment], session: Session, links: Links
    ) -> int | None:
        if query_.total == "none" and query_.count != 0:
            return None
        total = 0
        for segment in segments:
            if is_exact(segment.expression) and not segment.contained:
                total += await session.count(segment.type, segment.expression)
                continue
            before = session.scanned
            async for batch in self._batches(segment, session, links, limit=self.limits.batch_max):
                total += len(batch.found)
                if session.scanned - before > self.limits.scanned_max:
                    raise TOTAL_TOO_COSTLY(limit=self.limits.scanned_max)
        return total

    # ── the ledger ──

    def _views(
        self, query_: SearchQuery, seen: Sequence[Stored], actor: Actor, by: str = "", *, is_first: bool = True
    ) -> Views:
        """An entry of the search (with the first), and one for each patient whose data it shows; `by` is why they were
        in reach."""
        names = ",".join(sorted({name for name, _ in query_.applied}))[:200]
        counts = {0: 0} if is_first else {}
        for each in seen:
            counts[each.patient] = counts.get(each.patient, 0) + 1
        return Views(
            Event.RESOURCE_SEARCH,
            self._clock.now(),
            actor.id,
            actor.role.value,
            current_trace.get(),
            TYPE_NUMBERS[query_.type] if query_.type else 0,
            {"parameters": names, **actor.through, **({"by": by} if by else {})},
            counts,
        )

    def _linger_s(self, waiting: int) -> float:
        """How long the entries of the searches that are done wait for those of others under way; alone, not at all."""
        return min(LINGER_S * (self._running - waiting), LINGER_MAX_S)

    async def _record(self, batch: Sequence[Views]) -> list[None]:
        """The views of many searches in one transaction."""
        async with self._database.connection() as connection:
            await append_views(connection, batch)
        return [None] * len(batch)


def _pins_itself(query_: SearchQuery, segments: Sequence[Segment]) -> bool:
    """Whether the first statement that finds something gives the moment of all, and one that finds nothing ends it."""
    if len(segments) > 1 or query_.total != "none" or query_.count == 0:
        return False
    expression = segments[0].expression
    parts = expression.parts if isinstance(expression, All) else (expression,)
    linked = [part for part in parts if linked_in(part)]
    return not linked or (len(linked) == 1 and isinstance(linked[0], Linked) and _asks_once(linked[0].wanted))


def _asks_once(wanted: Wanted) -> bool:
    """Whether what is linked is found step by step, so that where one step finds nothing there is none after it."""
    match wanted:
        case Criterion(parameter, modifier):
            return parameter.type == "token" or modifier not in ("above", "below")
        case Chain(_, ((_, inner),)) | Has(_, _, inner):
            return _asks_once(inner)
        case InList():
            return True
    return False


def _is_bound(expression: Expression) -> bool:
    return any(isinstance(each, OfIds | OfPatients) for each in conjuncts(expression))


def _is_native(query_: SearchQuery) -> bool:
    [(name, _), *more] = query_.sort
    if more or not query_.type:
        return False
    return name in ("_lastUpdated", MAIN_DATES.get(query_.type))


def _order(query_: SearchQuery, type_: str) -> Order:
    """As asked where an index has it, else the store's own order."""
    if query_.sort and _is_native(query_):
        [(name, descending)] = query_.sort
        return Order("updated_at" if name == "_lastUpdated" else "at_from", descending)
    return native_order(type_)


def _too_many_to_sort(query_: SearchQuery, most: int) -> Fault:
    type_ = query_.type or next(iter(query_.by_type))
    main = [name for name in sortable(type_)[:2] if name in ("_lastUpdated", MAIN_DATES.get(type_))]
    name = ",".join(name for name, _ in query_.sort)
    return TOO_MANY_TO_SORT(limit=most, name=name, offered=", ".join(main) if query_.type else "–")


__all__ = ["Include", "Search", "SearchPage", "Segment"]
