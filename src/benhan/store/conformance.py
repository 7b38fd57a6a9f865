"""Conformance resources out of packages, in the database so that every process sees the same.

A package is loaded whole or not at all; what it replaces (same url, version and type) is gone with the commit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import zstandard

from benhan.fhir.packages import Package
from benhan.kernel.clock import Clock
from benhan.store.database import Database
from benhan.store.sql_texts import query
from benhan.store.terminology.epoch import note_change, read_epoch

Json = dict[str, Any]

VERSIONS_MAX = 100
CONTENT_BYTES_MAX = 64 * 1024 * 1024
BATCH = 200
LEVEL = 12

_FIND = query(
    "conformance_find",
    "select version, content from conformance_resource where type = $1 and url = $2 limit $3",
)
_PUT = query(
    "conformance_put",
    """
    insert into conformance_resource (url, version, type, package, content, supplements)
    select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), $4, unnest($5::bytea[]), unnest($6::text[])
    on conflict (url, version, type) do update
        set package = excluded.package, content = excluded.content, supplements = excluded.supplements
    """,
)
_SUPPLEMENTS = query(
    "conformance_supplements", "select content from conformance_resource where supplements = $1 limit $2"
)
_CLEAR = query("conformance_clear", "delete from conformance_resource where package = $1")
_PUT_PACKAGE = query(
    "conformance_put_package",
    """
    insert into conformance_package (name, version, resources, loaded_at) values ($1, $2, $3, $4)
    on conflict (name, version) do update set resources = excluded.resources, loaded_at = excluded.loaded_at
    """,
)
_PACKAGES = query(
    "conformance_packages", "select name, version, resources, loaded_at from conformance_package order by name, version"
)
_URLS = query("conformance_urls", "select distinct url from conformance_resource where type = $1 order by url")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A package that is loaded."""

    name: str
    version: str
    resources: int
    loaded_at: datetime


class Conformance:
    """The conformance resources of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, type_: str, url: str, version: str | None = None) -> Json | None:
        """The resource of `url`: of `version`, or of its highest version. None where no package has it."""
        rows = await self._database.fetch(_FIND, type_, url, VERSIONS_MAX)
        found = [row for row in rows if version in (None, "", row["version"])]
        if not found:
            return None
        return _unpacked(max(found, key=lambda row: _order(row["version"]))["content"])

    async def supplements(self, url: str) -> list[Json]:
        """The CodeSystems that add to the code system `url`, of any version."""
        return [_unpacked(row["content"]) for row in await self._database.fetch(_SUPPLEMENTS, url, VERSIONS_MAX)]

    async def urls(self, type_: str) -> list[str]:
        """The urls of all loaded resources of a type."""
        return [row["url"] for row in await self._database.fetch(_URLS, type_)]

    async def packages(self) -> list[Loaded]:
        """What is loaded, by name."""
        return [Loaded(**dict(row)) for row in await self._database.fetch(_PACKAGES)]

    async def load(self, package: Package) -> int:
        """Take in a package in one transaction; gives how many resources. Every process forgets what it knew."""
        label = f"{package.name}#{package.version}"
        items = [(*key, content) for key, content in package.resources.items()]
        async with self._database.transaction() as connection:
            await connection.execute(_CLEAR, label)
            for start in range(0, len(items), BATCH):
                batch = items[start : start + BATCH]
                await connection.execute(
                    _PUT,
                    [url for _, url, _, _ in batch],
                    [version for _, _, version, _ in batch],
                    [type_ for type_, _, _, _ in batch],
                    label,
                    [_packed(content) for *_, content in batch],
                    [_supplemented(content) for *_, content in batch],
                )
            await connection.execute(_PUT_PACKAGE, package.name, package.version, len(items), self._clock.now())
            await note_change(connection)
        return len(items)

    async def epoch(self) -> int:
        """A number that grows when a package is loaded."""
        return await read_epoch(self._database)


def _supplemented(content: Json) -> str | None:
    """The url of the code system that a supplement adds to; None for what is none."""
    if content.get("content") != "supplement" or not isinstance(content.get("supplements"), str):
        return None
    return str(content["supplements"]).partition("|")[0]


def _packed(content: Json) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(orjson.dumps(content))


def _unpacked(content: bytes) -> Json:
    found: Json = orjson.loads(zstandard.ZstdDecompressor().decompress(content, max_output_size=CONTENT_BYTES_MAX))
    return found


def _order(version: str) -> tuple[list[tuple[int, int, str]], int]:
    """Versions compare by their numbers; a pre-release (`2.0.0-ballot`) comes before its release."""
    main, _, suffix = version.partition("-")
    parts = [
        (1, int(each), "") if each.isdecimal() and len(each) < 19 else (0, 0, each) for each in re.split(r"[.+]", main)
    ]
    return parts, 0 if suffix else 1
