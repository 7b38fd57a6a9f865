"""Loading the concepts of a large code system: beside the list in use, in batches, then exchanged in one statement.

What was taken in is committed with its place, so that an interrupted loading goes on where it was. Nobody reads a list
before it is whole. A list that was replaced stays for an hour, for those who have begun to read it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from benhan.fhir.resource import to_bytes
from benhan.fhir.terminology.concepts import Concept
from benhan.fhir.terminology.faults import BAD_CODE_SYSTEM, BEING_LOADED
from benhan.fhir.terminology.hierarchy import ancestors_of
from benhan.fhir.terminology.listed import SystemHead
from benhan.kernel.clock import Clock
from benhan.store.database import Connection, Database
from benhan.store.session_lock import session_lock
from benhan.store.sql_texts import query
from benhan.store.terminology.epoch import note_change
from benhan.store.terminology.terms import CODE_CHARACTERS_MAX, SEPARATOR, terms_of

BATCH = 2_000
CONCEPTS_MAX = 5_000_000
KEPT = timedelta(hours=1)
"""How long a replaced list stays."""
ABANDONED = timedelta(days=7)
"""After which a loading that nobody went on with is cleared away."""
CLEARED_MAX = 5_000

_BEGUN = query(
    "code_system_begun",
    """
    select id, done from code_system where source = $1 and url = $2 and version = $3 and state <> 'retired'
    order by state limit 1
    """,
)
_BEGIN = query(
    "code_system_begin",
    """
    insert into code_system (url, version, title, language, content, is_case_sensitive, source, state, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'loading', $8) returning id
    """,
)
_PUT = query(
    "concepts_put",
    """
    insert into concept (system, place, code, display, is_inactive, is_abstract, terms, detail)
    select $1, place, code, display, is_inactive, is_abstract,
           array_to_tsvector(string_to_array(terms, chr(31))), detail::jsonb
    from unnest($2::int[], $3::text[], $4::text[], $5::bool[], $6::bool[], $7::text[], $8::text[])
         as c (place, code, display, is_inactive, is_abstract, terms, detail)
    """,
)
_DONE = query("code_system_done", "update code_system set done = $2, changed_at = $3 where id = $1")
_RETIRE = query(
    "code_system_retire",
    """
    update code_system o set state = 'retired', changed_at = $2
    from code_system n
    where n.id = $1 and o.id <> n.id and o.url = n.url and o.version = n.version and o.state = 'active'
    """,
)
_ACTIVATE = query(
    "code_system_activate",
    "update code_system set state = 'active', changed_at = $2 where id = $1 and state = 'loading'",
)
_OLD = query(
    "code_systems_old",
    """
    select id from code_system
    where (state = 'retired' and changed_at < $1) or (state = 'loading' and changed_at < $2)
    """,
)
_CLEAR = query(
    "concepts_clear",
    """
    delete from concept c using (select system, place from concept where system = $1 limit $2) o
    where c.system = o.system and c.place = o.place
    """,
)
_FORGET = query("code_system_forget", "delete from code_system where id = $1")
_MERGE = query("concepts_merge_terms", "select gin_clean_pending_list('concept_terms')")
_FRESH_STATISTICS = query("analyze_concepts", "analyze concept")


def _silent(_done: int) -> None:
    """Nobody watches."""


async def take_in(
    database: Database,
    clock: Clock,
    head: SystemHead,
    source: str,
    concepts: Sequence[Concept],
    advance: Callable[[int], None] = _silent,
) -> int:
    """Write every concept as a list that nobody reads yet; gives its number, for `activate`.

    An earlier run for the same `source` is gone on with. Raises Busy BA-2263 where another process does the same now,
    Incorrect BA-2265 for what cannot be kept.
    """
    _check(concepts)
    async with session_lock(database, _lock_of(head.url, source)) as held:
        if held is None:
            raise BEING_LOADED(url=head.url)
        begun = await database.fetchrow(_BEGUN, source, head.url, head.version)
        if begun is not None:
            number, done = int(begun["id"]), int(begun["done"])
        else:
            values = (head.url, head.version, head.title, head.language, head.content, head.is_case_sensitive, source)
            number, done = int(await database.fetchval(_BEGIN, *values, clock.now())), 0
        rows = Rows(number, concepts)
        for start in range(done, len(concepts), BATCH):
            end = min(start + BATCH, len(concepts))
            async with database.transaction() as connection:
                await connection.execute(_PUT, number, *rows.columns(start, end))
                await connection.execute(_DONE, number, end, clock.now())
            advance(end)
        await database.execute(_MERGE)
        await database.execute(_FRESH_STATISTICS)
    return number


async def activate(connection: Connection, number: int, at: datetime) -> None:
    """Let the list `number` stand for its url and version, with the commit of `connection`'s transaction."""
    await connection.execute(_RETIRE, number, at)
    await connection.execute(_ACTIVATE, number, at)
    await note_change(connection)


async def clear_away(database: Database, now: datetime) -> int:
    """Delete lists replaced an hour ago and loadings abandoned a week ago, in small steps; gives how many lists."""
    old = await database.fetch(_OLD, now - KEPT, now - ABANDONED)
    for row in old:
        while int((await database.execute(_CLEAR, row["id"], CLEARED_MAX)).split()[-1]) == CLEARED_MAX:
            pass
        await database.execute(_FORGET, row["id"])
    return len(old)


class Rows:
    """Concepts as columns of `concept`."""

    def __init__(self, number: int, concepts: Sequence[Concept]) -> None:
        self._number = number
        self._concepts = concepts
        self._parents = {each.code: each.parents for each in concepts if each.parents}
        self._with_children = {code for parents in self._parents.values() for code in parents}

    def columns(self, start: int, end: int) -> tuple[list[object], ...]:
        """The columns of the concepts from `start` to `end`, after the system's number."""
        rows = [self._row(place) for place in range(start, end)]
        return tuple(list(column) for column in zip(*rows, strict=True))

    def _row(self, place: int) -> tuple[object, ...]:
        concept = self._concepts[place]
        terms = terms_of(
            self._number,
            concept,
            ancestors_of(concept.code, self._parents),
            has_children=concept.code in self._with_children,
        )
        return (
            place,
            concept.code,
            concept.display,
            concept.is_inactive,
            concept.is_abstract,
            SEPARATOR.join(terms),
            _detail(concept),
        )


def _detail(concept: Concept) -> str:
    told: dict[str, object] = {}
    if concept.definition:
        told["definition"] = concept.definition
    if concept.designations:
        told["designations"] = [list(each) for each in concept.designations]
    if concept.properties:
        told["properties"] = [list(each) for each in concept.properties]
    if concept.parents:
        told["parents"] = list(concept.parents)
    return to_bytes(told).decode()


def _check(concepts: Sequence[Concept]) -> None:
    if len(concepts) > CONCEPTS_MAX:
        raise BAD_CODE_SYSTEM(reason=f"more than {CONCEPTS_MAX} concepts")
    codes: set[str] = set()
    for place, each in enumerate(concepts):
        if len(each.code) > CODE_CHARACTERS_MAX or SEPARATOR in each.code:
            raise BAD_CODE_SYSTEM(reason=f"the code at place {place + 1} is longer than {CODE_CHARACTERS_MAX}")
        if each.code in codes:
            raise BAD_CODE_SYSTEM(reason=f"the code at place {place + 1} stands twice")
        codes.add(each.code)


def _lock_of(url: str, source: str) -> int:
    digest = hashlib.blake2b(f"{url} {source}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
