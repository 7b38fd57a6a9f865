"""A code system as the operations ask it, whether its concepts are in memory or in the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import asyncpg
import orjson

from benhan.fhir.terminology.concepts import Concept, Designation, Property
from benhan.fhir.terminology.faults import BAD_REGEX
from benhan.fhir.terminology.listed import ListedSystem, SystemHead, filtered
from benhan.fhir.terminology.selection import Codes, Having, Selection, values_of, walk
from benhan.fhir.terminology.selection import Surroundings as Around
from benhan.fhir.terminology.supplements import Supplements
from benhan.kernel.faults import Broken
from benhan.store.database import Database
from benhan.store.sql_texts import query
from benhan.store.terminology.conditions import Statement, condition, words_condition
from benhan.store.terminology.terms import asked, folded_code_term, under_term

COLUMNS = "c.code, c.display, c.is_inactive, c.is_abstract, c.detail"
SELECTED_MAX = 256
_MATCHING = query("texts_matching", "select t from unnest($1::text[]) as t where t ~ $2")
_BY_CODE = query(
    "concepts_by_code",
    f"select {COLUMNS} from concept c where c.system = $1 and c.code = any($2::text[])",  # noqa: S608
)
_BY_TERM = query(
    "concept_by_term",
    f"select {COLUMNS} from concept c where c.system = $1 and c.terms @@ $2::text::tsquery order by c.place limit 1",  # noqa: S608
)
_ANCESTORS = query(
    "concept_ancestors",
    """
    select substr(t.term, $3) as code from concept c, unnest(tsvector_to_array(c.terms)) as t (term)
    where c.system = $1 and c.code = $2 and starts_with(t.term, $4) and substr(t.term, $3) <> $2
    """,
)
_DESCENDANTS = query(
    "concept_descendants",
    """
    select c.code from concept c
    where c.system = $1 and c.terms @@ $2::text::tsquery and c.code <> $3 order by c.place limit $4
    """,
)


class System(Protocol):
    """What every code system answers."""

    head: SystemHead

    async def find(self, code: str) -> Concept | None:
        """The concept of a code."""
        ...

    async def find_all(self, codes: Sequence[str]) -> dict[str, Concept]:
        """The concepts of those codes that there are."""
        ...

    async def page(
        self, selection: Selection, words: Sequence[str], *, active_only: bool, offset: int, count: int
    ) -> list[Concept]:
        """`count` of the concepts that `selection` takes and that have the folded `words`, from `offset` on."""
        ...

    async def count(self, selection: Selection, words: Sequence[str], *, active_only: bool) -> int:
        """How many there are in all."""
        ...

    async def takes(self, selection: Selection, code: str) -> Concept | None:
        """The concept of `code` where `selection` takes it."""
        ...

    async def ancestors(self, code: str) -> list[str]:
        """Every code above `code`."""
        ...

    async def descendants(self, code: str, most: int) -> list[str]:
        """The codes below `code`, `most` at most."""
        ...

    def supplemented(self, supplements: Supplements) -> System:
        """The same system with what `supplements` add to its concepts."""
        ...


class MemorySystem:
    """A system whose concepts are in memory. Patterns are matched by the database: its automaton cannot explode."""

    def __init__(self, listed: ListedSystem, database: Database) -> None:
        self.head = listed.head
        self.listed = listed
        self._database = database
        self._selected: dict[Selection, list[Concept]] = {}
        self._codes: dict[Selection, frozenset[str]] = {}

    async def find(self, code: str) -> Concept | None:
        return self.listed.find(code)

    async def find_all(self, codes: Sequence[str]) -> dict[str, Concept]:
        found = ((code, self.listed.find(code)) for code in codes)
        return {code: each for code, each in found if each is not None}

    async def page(
        self, selection: Selection, words: Sequence[str], *, active_only: bool, offset: int, count: int
    ) -> list[Concept]:
        found = filtered(await self._select(selection), list(words), active_only=active_only)
        return found[offset : offset + count]

    async def count(self, selection: Selection, words: Sequence[str], *, active_only: bool) -> int:
        return len(filtered(await self._select(selection), list(words), active_only=active_only))

    async def takes(self, selection: Selection, code: str) -> Concept | None:
        found = self.listed.find(code)
        if found is None:
            return None
        await self._select(selection)
        return found if found.code in self._codes[selection] else None

    async def ancestors(self, code: str) -> list[str]:
        return sorted(self.listed.ancestors(code))

    async def descendants(self, code: str, most: int) -> list[str]:
        return self.listed.descendants(code)[:most]

    def supplemented(self, supplements: Supplements) -> MemorySystem:
        listed = ListedSystem(
            self.head.supplemented(supplements.used), map(supplements.onto, self.listed.concepts.values())
        )
        return MemorySystem(listed, self._database)

    async def _select(self, selection: Selection) -> list[Concept]:
        """What `selection` takes, remembered."""
        found = self._selected.get(selection)
        if found is None:
            found = self.listed.select(selection, await self._matcher(selection))
            if len(self._selected) >= SELECTED_MAX:
                self._selected.clear()
                self._codes.clear()
            self._selected[selection] = found
            self._codes[selection] = frozenset(each.code for each in found)
        return found

    async def _matcher(self, selection: Selection) -> Callable[[str, str], bool]:
        """(pattern, text) → whether it matches, for every pattern of the selection and every text it may meet."""
        matched: dict[str, frozenset[str]] = {}
        around = Around(self.listed.ancestors, self.listed.children, lambda _pattern, _text: False)
        for each in walk(selection):
            if isinstance(each, Having) and each.op == "regex":
                texts = {
                    text for concept in self.listed.concepts.values() for text in values_of(concept, each.name, around)
                }
                rows = await _matching(self._database, list(texts), each.value)
                matched[each.value] = matched.get(each.value, frozenset()) | frozenset(rows)
        return lambda pattern, text: text in matched[pattern]


class StoredSystem:
    """A system whose concepts are rows of `concept`.

    What supplements add is laid onto the rows as they are read; its words are found, no filter sees its properties.
    """

    def __init__(
        self, head: SystemHead, number: int, database: Database, supplements: Supplements | None = None
    ) -> None:
        self.head = head
        self._number = number
        self._database = database
        self._supplements = supplements

    async def find(self, code: str) -> Concept | None:
        rows = await self._database.fetch(_BY_CODE, self._number, [code])
        if not rows and not self.head.is_case_sensitive:
            rows = await self._database.fetch(_BY_TERM, self._number, asked(folded_code_term(self._number, code)))
        return self._concept(rows[0]) if rows else None

    async def find_all(self, codes: Sequence[str]) -> dict[str, Concept]:
        rows = await self._database.fetch(_BY_CODE, self._number, list(codes))
        return {row["code"]: self._concept(row) for row in rows}

    async def page(
        self, selection: Selection, words: Sequence[str], *, active_only: bool, offset: int, count: int
    ) -> list[Concept]:
        statement, where = self._where(selection, words, active_only)
        order = "c.place"
        if isinstance(selection, Codes):
            order = f"array_position({statement.add(list(selection.codes))}::text[], c.code)"
        page = f"order by {order} limit {statement.add(count)} offset {statement.add(offset)}"
        rows = await self._fetch(f"select {COLUMNS} from concept c where {where} {page}", statement)  # noqa: S608
        return [self._concept(row) for row in rows]

    async def count(self, selection: Selection, words: Sequence[str], *, active_only: bool) -> int:
        statement, where = self._where(selection, words, active_only)
        rows = await self._fetch(f"select count(*) from concept c where {where}", statement)  # noqa: S608
        return int(rows[0][0])

    async def takes(self, selection: Selection, code: str) -> Concept | None:
        found = await self.find(code)
        if found is None:
            return None
        statement, where = self._where(selection, (), False)
        text = f"select 1 from concept c where {where} and c.code = {statement.add(found.code)}"  # noqa: S608
        return found if await self._fetch(text, statement) else None

    async def ancestors(self, code: str) -> list[str]:
        prefix = under_term(self._number, "")
        rows = await self._database.fetch(_ANCESTORS, self._number, code, len(prefix) + 1, prefix)
        return sorted(row["code"] for row in rows)

    async def descendants(self, code: str, most: int) -> list[str]:
        term = asked(under_term(self._number, code))
        return [row["code"] for row in await self._database.fetch(_DESCENDANTS, self._number, term, code, most)]

    def supplemented(self, supplements: Supplements) -> StoredSystem:
        return StoredSystem(self.head.supplemented(supplements.used), self._number, self._database, supplements)

    def _concept(self, row: asyncpg.Record) -> Concept:
        concept = _concept(row)
        return self._supplements.onto(concept) if self._supplements is not None else concept

    def _where(self, selection: Selection, words: Sequence[str], active_only: bool) -> tuple[Statement, str]:  # noqa: FBT001
        statement = Statement(self._number)
        texts = ["c.system = $1", condition(selection, statement)]
        if words:
            texts.append(words_condition(words, statement, self._supplements))
        if active_only:
            texts.append("not c.is_inactive")
        return statement, " and ".join(texts)

    async def _fetch(self, text: str, statement: Statement) -> list[asyncpg.Record]:
        """The rows, by a plan made for these very words: one for any words walks the whole list for a rare one.

        A statement without a name is planned each time, without the round trips of a transaction that says so.
        """
        try:
            async with self._database.connection() as connection:
                asked_once = await connection.prepare(text, name="")
                return await asked_once.fetch(*statement.values)
        except Broken as fault:
            raise _regex_fault(fault) from fault


async def _matching(database: Database, texts: list[str], pattern: str) -> list[str]:
    try:
        rows = await database.fetch(_MATCHING, texts, f"^(?:{pattern})$")
    except Broken as fault:
        raise _regex_fault(fault) from fault
    return [row["t"] for row in rows]


def _regex_fault(fault: Broken) -> Exception:
    """Incorrect BA-2259 where the database did not understand the pattern (SQLSTATE 2201B)."""
    return BAD_REGEX() if getattr(fault.__cause__, "sqlstate", "") == "2201B" else fault


def _concept(row: asyncpg.Record) -> Concept:
    detail = orjson.loads(row["detail"])
    return Concept(
        row["code"],
        row["display"],
        detail.get("definition", ""),
        tuple(Designation(*each) for each in detail.get("designations", ())),
        tuple(Property(*each) for each in detail.get("properties", ())),
        tuple(detail.get("parents", ())),
        row["is_inactive"],
        row["is_abstract"],
    )
