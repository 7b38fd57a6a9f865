"""Where a CodeSystem, ValueSet or ConceptMap is found by its url: the store's own, packages, R4's, our catalogues.

Source: FHIR R4 references.html#canonical (url|version).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg

from benhan.fhir.search_parameters import parameters_of
from benhan.fhir.terminology.shipped import shipped, shipped_urls
from benhan.fhir.terminology.supplements import supplements_of
from benhan.fhir.terms import reference_term, uri_term
from benhan.store.database import Database
from benhan.store.ids import SHARED
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.resources import Opener
from benhan.store.sql_texts import query
from benhan.store.tokens import Tokens
from benhan.vn.catalogues.as_fhir import shipped_concept_maps, shipped_resource

Json = dict[str, Any]

VERSIONS_MAX = 100
"""Resources of one url that are looked at."""

_HEADS = query(
    "definitions_by_url",
    """
    select rid, version from resource
    where bucket = $1 and type = $2 and tokens && $3::bigint[] and until is null and content is not null
    order by rid limit $4
    """,
)
_CONTENTS = query(
    "definitions_by_rid",
    """
    select type, rid, version, patient, updated_at, content from resource
    where bucket = $1 and type = $2 and rid = any($3::bigint[]) and until is null and content is not null
    """,
)


class Packages(Protocol):
    """Definitions out of loaded packages."""

    async def find(self, type_: str, url: str, version: str | None = None) -> Json | None:
        """The resource with this url, or None."""
        ...

    async def supplements(self, url: str) -> list[Json]:
        """The CodeSystems that add to the code system `url`, of any version."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A definition and where it comes from: `CodeSystem <rid> <version>` (of the store), `package`, `R4`,
    `catalogue`."""

    resource: Json
    source: str


class Definitions:
    """Finds definitions. Remembers nothing: `Terminology` does."""

    def __init__(self, database: Database, tokens: Tokens, opener: Opener, packages: Packages | None = None) -> None:
        self._database = database
        self._tokens = tokens
        self._opener = opener
        self.packages = packages

    async def sources(self, type_: str, url: str) -> list[str]:
        """The sources of the store's own resources with this url, without reading them."""
        return [_source(row) for row in await self._heads(type_, "url", [url])]

    async def find(self, type_: str, canonical: str) -> Found | None:
        """The resource of `url` or `url|version`: of several the active one of the highest version."""
        url, _, version = canonical.partition("|")
        own = [each for each in await self._own(type_, "url", [url]) if _is(each.resource, url, version)]
        if own:
            return max(own, key=lambda each: _rank(each.resource))
        if self.packages is not None:
            packed = await self.packages.find(type_, url, version or None)
            if packed is not None:
                return Found(packed, "package")
        for known, source in ((shipped(type_, url), "R4"), (shipped_resource(type_, url), "catalogue")):
            if known is not None and _is(known, url, version):
                return Found(known, source)
        return None

    async def maps(self, source_system: str, target_system: str) -> list[Json]:
        """The store's ConceptMaps with a group from the one system to the other ("" for any), then those shipped."""
        wanted = {
            name: url for name, url in (("source-system", source_system), ("target-system", target_system)) if url
        }
        found: dict[str, Json] = {}
        for name, url in list(wanted.items())[:1]:
            for each in await self._own("ConceptMap", name, [url]):
                found[each.source] = each.resource
        shipped_maps = (shipped("ConceptMap", url) for url in shipped_urls("ConceptMap"))
        every = [*found.values(), *(each for each in shipped_maps if each is not None), *shipped_concept_maps()]
        return [each for each in every if _maps(each, source_system, target_system)]

    async def supplements(self, url: str, version: str) -> list[Json]:
        """The active supplements of a version of a code system, of each the highest version.

        They are the store's own, and those of packages whose address none of the store's has.
        """
        highest: dict[str, Json] = {}
        every = [each.resource for each in await self._own("CodeSystem", "supplements", [url])]
        if self.packages is not None:
            known_urls = {each.get("url") for each in every}
            every += [each for each in await self.packages.supplements(url) if each.get("url") not in known_urls]
        for each in supplements_of(every, url, version):
            known = highest.get(str(each.get("url", "")))
            if known is None or _rank(each) > _rank(known):
                highest[str(each.get("url", ""))] = each
        return list(highest.values())

    async def _own(self, type_: str, parameter: str, values: Sequence[str]) -> list[Found]:
        rows = await self._heads(type_, parameter, values)
        if not rows:
            return []
        async with self._database.connection() as connection:
            rids = [row["rid"] for row in rows]
            contents = await connection.fetch(_CONTENTS, SHARED, TYPE_NUMBERS[type_], rids)
            opened = await self._opener.open_all(contents, connection)
        return [
            Found(stored.read(), _source(row))
            for row, stored in zip(contents, opened, strict=True)
            if stored is not None
        ]

    async def _heads(self, type_: str, parameter: str, values: Iterable[str]) -> list[asyncpg.Record]:
        asked = parameters_of(type_)[parameter]
        term = reference_term if asked.type == "reference" else uri_term
        tokens = [self._tokens.of(term(path, value)) for path in asked.paths for value in values]
        return await self._database.fetch(_HEADS, SHARED, TYPE_NUMBERS[type_], tokens, VERSIONS_MAX)


def source_of(rid: int, version: int) -> str:
    """How a list says that it was loaded from this version of a CodeSystem."""
    return f"CodeSystem {rid} {version}"


def _source(row: asyncpg.Record) -> str:
    return source_of(row["rid"], row["version"])


def _is(resource: Json, url: str, version: str) -> bool:
    return resource.get("url") == url and (not version or resource.get("version") == version)


def _rank(resource: Json) -> tuple[bool, list[tuple[int, str]], str]:
    """Active before others, then the version, compared number by number, then when it was written."""
    version = [
        (int(part), "") if part.isdecimal() else (-1, part)
        for part in re.findall(r"[0-9]{1,18}|[^\W\d_]+", str(resource.get("version", "")))
    ]
    return resource.get("status") == "active", version, str((resource.get("meta") or {}).get("lastUpdated", ""))


def _maps(concept_map: Json, source: str, target: str) -> bool:
    return any(
        (not source or group.get("source") == source) and (not target or group.get("target") == target)
        for group in concept_map.get("group") or ()
    )
