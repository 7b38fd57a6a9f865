"""Running a search: conditions, page, what it includes, and its entry in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import orjson

from benhan.fhir.folding import fold
from benhan.fhir.indexing import values_at
from benhan.fhir.main_values import MAIN_DATES
from benhan.fhir.search_query import Criterion, Include, SearchQuery
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.trace import current_trace
from benhan.store.access_rules import AccessRules
from benhan.store.database import Connection, Database
from benhan.store.ids import Ids, bucket_of
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.resources import Opener, Resources
from benhan.store.search.conditions import Conditions
from benhan.store.search.date import date
from benhan.store.search.id import by_id
from benhan.store.search.page_link import Link, PageLinks
from benhan.store.search.reference import reference
from benhan.store.search.statement import Order, Place, count, select
from benhan.store.search.string import string
from benhan.store.search.token import token
from benhan.store.search.uri import uri
from benhan.store.sql_texts import query
from benhan.store.tokens import Tokens
from benhan.store.unit_of_work import Stored

INCLUDED_MAX = 1_000

_PLACED = query(
    "search_placed",
    "select at_bucket from placement where bucket = any($1::smallint[]) and type = $2 and rid = any($3::bigint[])",
)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page: the matches, what they include, the link to the next page ("" at the end), the total where asked."""

    matches: list[Stored]
    included: list[Stored]
    next: str
    total: int | None


class Search:
    """Searches one store."""

    def __init__(
        self,
        database: Database,
        ids: Ids,
        tokens: Tokens,
        opener: Opener,
        resources: Resources,
        links: PageLinks,
        clock: Clock,
        rules: AccessRules,
    ) -> None:
        self._database = database
        self._ids = ids
        self._tokens = tokens
        self._opener = opener
        self._resources = resources
        self._links = links
        self._clock = clock
        self._rules = rules

    async def search(self, query_: SearchQuery, actor: Actor, *, base_url: str = "") -> SearchPage:
        """A page of `query_`. What it shows of patients is in the ledger before it returns.

        The limits of `actor` stand in the SQL. Raises Forbidden BA-2300 for a type they grant nothing of, BA-0320,
        BA-0321 for its page link, Busy BA-0422 where it takes too long.
        """
        bound_to = f"{actor.id} {query_.type} {[pair for pair in query_.applied if pair[0] != '_page']}"
        link = self._links.read(query_.page, bound_to) if query_.page else None
        order = _order(query_)
        async with self._database.transaction() as connection:
            await connection.execute("set local plan_cache_mode = force_custom_plan")
            matches, next_link = await self._matches(connection, query_, order, link, base_url, actor)
            total = await self._total(connection, query_, link, base_url, actor)
            await append_many(connection, self._entries(query_, matches, actor))
        included = await self._included(query_, matches, actor)
        return SearchPage(matches, included, self._links.write(next_link, bound_to) if next_link else "", total)

    async def _matches(
        self,
        connection: Connection,
        query_: SearchQuery,
        order: Order,
        link: Link | None,
        base_url: str,
        actor: Actor,
    ) -> tuple[list[Stored], Link | None]:
        """The matches of a page; rows that only seemed to match are passed over and more are read."""
        found: list[Stored] = []
        moment, after = (link.moment, link.after) if link is not None else ("", None)
        more = query_.count > 0
        while more:
            conditions = self._conditions(query_, base_url, actor)
            if conditions.impossible:
                break
            placed = await self._placed(connection, query_, conditions)
            limit = query_.count + 1 - len(found)
            number = TYPE_NUMBERS[query_.type]
            statement = select(number, conditions, order, limit=limit, moment=moment, after=after, placed=placed)
            rows = await connection.fetch(statement.sql, *statement.values)
            moment = moment or (rows[0]["moment"] if rows else "")
            opened = await self._opener.open_all(rows, connection)
            for row, stored in zip(rows, opened, strict=True):
                if len(found) == query_.count and after is not None:
                    return found, Link(moment, after)
                after = _place(row, order)
                if stored is not None and _verified(stored, conditions):
                    found.append(stored)
            more = len(rows) == limit
        return found, None

    async def _total(
        self, connection: Connection, query_: SearchQuery, link: Link | None, base_url: str, actor: Actor
    ) -> int | None:
        if query_.total == "none" and query_.count != 0:
            return None
        conditions = self._conditions(query_, base_url, actor)
        if conditions.impossible:
            return 0
        placed = await self._placed(connection, query_, conditions)
        statement = count(
            TYPE_NUMBERS[query_.type], conditions, moment=link.moment if link is not None else "", placed=placed
        )
        return int(await connection.fetchval(statement.sql, *statement.values))

    def _conditions(self, query_: SearchQuery, base_url: str, actor: Actor) -> Conditions:
        conditions = Conditions()
        self._rules.narrow(conditions, actor, query_.type)
        for criterion in query_.criteria:
            self._add(criterion, query_.type, base_url, conditions)
        return conditions

    def _add(self, criterion: Criterion, type_: str, base_url: str, conditions: Conditions) -> None:
        if criterion.code == "_id":
            by_id(criterion, type_, self._ids, conditions)
        elif criterion.code == "_lastUpdated" or criterion.parameter.type == "date":
            date(criterion, type_, self._tokens, conditions)
        elif criterion.parameter.type == "token":
            token(criterion, self._tokens, conditions)
        elif criterion.parameter.type == "reference":
            reference(criterion, type_, self._tokens, self._ids, base_url, conditions)
        elif criterion.parameter.type == "string":
            string(criterion, self._tokens, conditions)
        else:
            uri(criterion, self._tokens, conditions)

    async def _placed(self, connection: Connection, query_: SearchQuery, conditions: Conditions) -> Sequence[int]:
        if not conditions.rids:
            return ()
        buckets = [bucket_of(rid) for rid in conditions.rids]
        rows = await connection.fetch(_PLACED, buckets, TYPE_NUMBERS[query_.type], conditions.rids)
        return [row["at_bucket"] for row in rows]

    async def _included(self, query_: SearchQuery, matches: list[Stored], actor: Actor) -> list[Stored]:
        if not query_.includes:
            return []
        wanted: dict[tuple[str, str], None] = {}
        for match in matches:
            plain = orjson.loads(match.content)
            for include in query_.includes:
                wanted.update(dict.fromkeys(_references(plain, include)))
        known = {(match.type, match.id) for match in matches}
        chosen = [each for each in wanted if each not in known][:INCLUDED_MAX]
        return [each for each in await self._resources.read_many(chosen, actor) if each is not None]

    def _entries(self, query_: SearchQuery, matches: list[Stored], actor: Actor) -> list[Entry]:
        """One entry of the search, and one for each patient whose data it shows."""
        if actor.role is Role.SYSTEM:
            return []
        names = ",".join(sorted({name for name, _ in query_.applied}))[:200]
        number = TYPE_NUMBERS[query_.type]
        seen = Counter(match.patient for match in matches)
        return [
            Entry(
                Event.RESOURCE_SEARCH,
                self._clock.now(),
                actor.id,
                actor.role.value,
                current_trace.get(),
                patient,
                number,
                detail={"parameters": names, "count": shown, **actor.through},
            )
            for patient, shown in ({0: 0} | dict(seen)).items()
        ]


def _order(query_: SearchQuery) -> Order:
    """As asked; else by the main date, newest first; else, where the type has none, as the keys stand."""
    if query_.sort is not None:
        name, descending = query_.sort
        return Order("updated_at" if name == "_lastUpdated" else "at_from", descending)
    if query_.type not in MAIN_DATES:
        return Order("", descending=False)
    return Order("at_from", descending=query_.type != "Patient")


def _place(row: asyncpg.Record, order: Order) -> Place:
    return Place(row[order.column] if order.column else None, row["rid"])


def _verified(stored: Stored, conditions: Conditions) -> bool:
    """Whether the opened content really holds what only seemed to match."""
    if not conditions.verify:
        return True
    content = fold(stored.tail.decode())
    return all(any(text in content for text in texts) for texts, _paths in conditions.verify)


def _references(plain: dict[str, object], include: Include) -> list[tuple[str, str]]:
    found = []
    for value in values_at(plain, include.parameter.leaves):
        reference_ = value.get("reference") if isinstance(value, dict) else None
        parts = reference_.split("/") if isinstance(reference_, str) else []
        if len(parts) >= 2 and parts[0] in TYPE_NUMBERS and (not include.target or parts[0] == include.target):
            if include.parameter.targets and parts[0] not in include.parameter.targets:
                continue
            found.append((parts[0], parts[1]))
    return found
