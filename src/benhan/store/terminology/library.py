"""Code systems and value sets made ready to be asked, remembered until terminology changes."""

from __future__ import annotations

from typing import Any

import asyncpg

from benhan.fhir.terminology.compose import Composition, SystemKey, Versions, compose, imports_of
from benhan.fhir.terminology.concepts import Concept, read_concepts
from benhan.fhir.terminology.faults import BAD_COMPOSE, NO_VALUE_SET
from benhan.fhir.terminology.implicit import implicit_value_set
from benhan.fhir.terminology.listed import ListedSystem, SystemHead, read_head, with_told
from benhan.fhir.terminology.selection import Selection, listed_codes
from benhan.fhir.terminology.supplements import Supplements
from benhan.kernel.clock import Clock
from benhan.store.database import Database
from benhan.store.sql_texts import query
from benhan.store.terminology.definitions import Definitions, Found
from benhan.store.terminology.epoch import read_epoch
from benhan.store.terminology.known import Composed, Known, Part
from benhan.store.terminology.loading import activate, take_in
from benhan.store.terminology.systems import MemorySystem, StoredSystem, System

Json = dict[str, Any]

LISTED_MAX = 5_000
"""Concepts of a system that is held in memory; a larger one goes into the tables."""
EPOCH_LIFE_S = 1.0
"""How long a process goes on without looking whether terminology has changed."""
IMPORTS_MAX = 500

_COLUMNS = "id, url, version, title, language, content, is_case_sensitive"
_OF_SOURCES = query(
    "code_systems_of_sources",
    f"select {_COLUMNS} from code_system where source = any($1::text[]) and state = 'active'",  # noqa: S608
)
_LOADED = query(
    "code_system_loaded",
    f"select {_COLUMNS} from code_system where url = $1 and version = $2 and state = 'active'",  # noqa: S608
)


class Library:
    """Finds, reads and remembers."""

    def __init__(self, database: Database, clock: Clock, definitions: Definitions) -> None:
        self._database = database
        self._clock = clock
        self.definitions = definitions
        self._known = Known(-1)
        self._looked_at_s = float("-inf")

    async def known(self, *, fresh: bool = True) -> Known:
        """What is remembered and still holds; without `fresh` it may be EPOCH_LIFE_S behind."""
        now_s = self._clock.monotonic_s()
        if fresh or now_s - self._looked_at_s > EPOCH_LIFE_S:
            epoch = await read_epoch(self._database)
            if epoch != self._known.epoch:
                self._known = Known(epoch)
            self._looked_at_s = now_s
        return self._known

    async def system(self, known: Known, key: SystemKey) -> System | None:
        """The code system of a url (and version), or None where its concepts are not here. Raises Busy BA-2263."""
        if key in known.systems:
            return known.systems.get(key)
        return known.systems.put(key, await self._supplemented(await self._read_system(key)))

    async def _supplemented(self, system: System | None) -> System | None:
        """`system` with what its supplements add. Raises Incorrect BA-2265 where they are too large."""
        if system is None or not system.head.url:
            return system
        found = await self.definitions.supplements(system.head.url, system.head.version)
        return system.supplemented(Supplements(found)) if found else system

    async def value_set(self, known: Known, canonical: str) -> Json | None:
        """The ValueSet of a canonical; implicit ones too."""
        if canonical not in known.value_sets:
            found = await self.definitions.find("ValueSet", canonical)
            if found is None:
                made = implicit_value_set(canonical.partition("|")[0])
                found = Found(made, "implicit") if made is not None else None
            known.value_sets.put(canonical, found)
        found = known.value_sets.get(canonical)
        return found.resource if found is not None else None

    async def concept_map(self, known: Known, canonical: str) -> Json | None:
        """The ConceptMap of a canonical."""
        if canonical not in known.maps:
            known.maps.put(canonical, await self.definitions.find("ConceptMap", canonical))
        found = known.maps.get(canonical)
        return found.resource if found is not None else None

    async def composed(self, known: Known, canonical: str) -> Composed:
        """A value set by its canonical, made ready. Raises NotFound BA-2251 and what composing raises."""
        if canonical in known.composed:
            return known.composed.get(canonical)
        value_set = await self.value_set(known, canonical)
        if value_set is None:
            raise NO_VALUE_SET(url=canonical)
        return known.composed.put(canonical, await self.compose(known, value_set))

    async def compose(self, known: Known, value_set: Json, versions: Versions | None = None) -> Composed:
        """A ValueSet made ready. Raises Incorrect BA-2254, BA-2255, BA-2258, BA-2259, BA-3952, NotFound BA-2251."""
        imported = await self._imports(known, value_set)
        composition = compose(value_set, lambda url: imported[url])
        parts: list[Part] = []
        unlisted: list[tuple[SystemKey, Selection]] = []
        selections = composition.selections if versions is None else versions.applied(composition.selections)
        for key, selection in selections.items():
            system = await self.system(known, key)
            codes = listed_codes(selection)
            if codes is not None:
                system = await self._of_codes(key, codes, system, composition)
            if system is None:
                unlisted.append((key, selection))
            else:
                parts.append(Part(key, system, selection))
        return Composed(composition, tuple(parts), tuple(unlisted))

    async def _imports(self, known: Known, value_set: Json) -> dict[str, Json]:
        """Every ValueSet that `value_set` imports, directly or not."""
        found: dict[str, Json] = {}
        waiting = imports_of(value_set)
        while waiting:
            url = waiting.pop()
            if url in found:
                continue
            if len(found) >= IMPORTS_MAX:
                raise BAD_COMPOSE(reason=f"more than {IMPORTS_MAX} imported value sets")
            imported = await self.value_set(known, url)
            if imported is None:
                raise NO_VALUE_SET(url=url)
            found[url] = imported
            waiting += imports_of(imported)
        return found

    async def _of_codes(
        self, key: SystemKey, codes: tuple[str, ...], system: System | None, composition: Composition
    ) -> System:
        """The listed codes as a system of their own, in the words of the value set.

        A code that a complete system does not have is none; of a system that is not known here, or not whole, the
        value set is believed.
        """
        there = await system.find_all(codes) if system is not None else {}
        is_whole = system is not None and system.head.is_complete
        concepts = []
        for code in codes:
            if code not in there and is_whole:
                continue
            concepts.append(with_told(there.get(code, Concept(code)), composition.told.get((key.url, code))))
        head = system.head if system is not None else SystemHead(key.url, key.version, content="fragment")
        return MemorySystem(ListedSystem(head, concepts), self._database)

    async def _read_system(self, key: SystemKey) -> System | None:
        stored = await self._loaded_from_resources(key)
        if stored is not None:
            return stored
        found = await self.definitions.find("CodeSystem", f"{key.url}|{key.version}" if key.version else key.url)
        if found is None:
            return None
        head = read_head(found.resource)
        if head.content == "not-present":
            row = await self._database.fetchrow(_LOADED, head.url, head.version)
            return self._stored(row) if row is not None else None
        concepts = list(read_concepts(found.resource))
        if len(concepts) <= LISTED_MAX:
            return MemorySystem(ListedSystem(head, concepts), self._database)
        source = found.source if found.source.startswith("CodeSystem ") else f"{found.source} {head.url}"
        number = await take_in(self._database, self._clock, head, source, concepts)
        async with self._database.transaction() as connection:
            await activate(connection, number, self._clock.now())
        return StoredSystem(head, number, self._database)

    async def _loaded_from_resources(self, key: SystemKey) -> System | None:
        """The system where the tables hold what the store's own CodeSystem says: its content is not read again."""
        sources = await self.definitions.sources("CodeSystem", key.url)
        if len(sources) != 1:
            return None  # several versions, or none: their heads decide
        rows = await self._database.fetch(_OF_SOURCES, sources)
        fitting = [row for row in rows if key.version in ("", row["version"])]
        return self._stored(fitting[0]) if fitting else None

    def _stored(self, row: asyncpg.Record) -> StoredSystem:
        head = SystemHead(
            row["url"],
            row["version"],
            row["title"],
            row["language"],
            row["content"],
            is_case_sensitive=row["is_case_sensitive"],
        )
        return StoredSystem(head, row["id"], self._database)
