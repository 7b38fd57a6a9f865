"""Catalogues that a hospital loads: rows from day to day, in tables; what is not loaded is as it is shipped.

A load is one transaction under the lock of its list. Rows are added and ended, never changed or deleted. What holds
today is published as a code system, so that pickers and `$validate-code` find it (`publish`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
import orjson

from benhan.kernel.clock import Clock
from benhan.kernel.texts import Text
from benhan.store.database import Connection, Database
from benhan.store.sql_texts import query
from benhan.vn.catalogues import shipped
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry, Head
from benhan.vn.catalogues.difference import Difference, difference
from benhan.vn.catalogues.faults import BAD_NAME, TOO_MANY_END

ENDS_SHARE_MAX = 0.5
"""Of the rows that hold, how many a load may end without being told that this is meant."""
ENDS_FEW = 10
"""So many may always end."""
BATCH = 5_000

_NAME = re.compile(r"[A-Z][A-Z0-9_.]{0,63}")
_LOCK = query("catalogue_lock", "select pg_advisory_xact_lock(hashtextextended('catalogue ' || $1, 0))")
_HEADS = query("catalogues", "select name, title, source, content, maps_to, changed_at, published from catalogue")
_HEAD = query(
    "catalogue", "select name, title, source, content, maps_to, changed_at, published from catalogue where name = $1"
)
_ENTRIES = query(
    "catalogue_entries",
    "select code, display, since, until, properties from catalogue_entry where catalogue = $1 order by id",
)
_PUT_HEAD = query(
    "catalogue_put",
    """
    insert into catalogue (name, title, source, content, maps_to, changed_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (name) do update set title = excluded.title, source = excluded.source, content = excluded.content,
        maps_to = excluded.maps_to, changed_at = excluded.changed_at
    """,
)
_PUT = query(
    "catalogue_entries_put",
    """
    insert into catalogue_entry (catalogue, code, display, since, until, properties, source, loaded_at)
    select $1, code, display, since, until, properties::jsonb, $2, $3
    from unnest($4::text[], $5::text[], $6::date[], $7::date[], $8::text[])
         as e (code, display, since, until, properties)
    """,
)
_END = query(
    "catalogue_entries_end",
    """
    update catalogue_entry o set until = e.until
    from unnest($2::text[], $3::date[], $4::date[]) as e (code, since, until)
    where o.catalogue = $1 and o.code = e.code and o.since is not distinct from e.since
        and (o.until is null or o.until > e.until)
    """,
)
_EDITION = query(
    "catalogue_edition",
    """
    select max(id) as newest,
        greatest(max(since) filter (where since <= $2), max(until) filter (where until <= $2)) as changed_on
    from catalogue_entry where catalogue = $1
    """,
)
_PUBLISHED = query("catalogue_published", "update catalogue set published = $2 where name = $1")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A list that a hospital has loaded: when it changed last, and what terminology has of it."""

    head: Head
    changed_at: datetime
    published: str


@dataclass(frozen=True, slots=True)
class Load:
    """What a file shall do to a list: from which day, whether it holds changes only, what its rows come from.

    `source` and `title` "" leave what is told of the list; `kept`: codes of rows that could not be read.
    """

    day: date
    digest: str
    is_partial: bool = False
    may_end: bool = False
    kept: Collection[str] = ()
    source: str = ""
    title: str = ""
    maps_to: str = ""


class Catalogues:
    """The lists of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def loaded(self) -> list[Loaded]:
        """Every list that is in the tables, by name."""
        return sorted((_loaded(row) for row in await self._database.fetch(_HEADS)), key=lambda each: each.head.name)

    async def catalogue(self, name: str) -> Catalogue:
        """The list as it is here: loaded, else shipped. Raises NotFound BA-3300."""
        async with self._database.connection() as connection:
            found = await _read(connection, name)
        return found if found is not None else shipped.catalogue(name)

    async def catalogue_or_new(self, name: str) -> Catalogue:
        """The list as it is here, a new one of the hospital's empty. Raises Incorrect BA-3306."""
        async with self._database.connection() as connection:
            return await _before(connection, name)

    async def every(self) -> list[Catalogue]:
        """Every list, loaded or shipped: those shipped in their order, then the hospital's own."""
        own = [each.head.name for each in await self.loaded()]
        return [await self.catalogue(name) for name in dict.fromkeys((*shipped.names(), *own))]

    async def compare(self, name: str, rows: Sequence[Entry], load: Load) -> Difference:
        """What `load` would change; nothing is written. Raises Incorrect BA-3306."""
        async with self._database.connection() as connection:
            before = await _before(connection, name)
        return difference(before, rows, load.day, is_partial=load.is_partial, kept=load.kept)

    async def load(self, name: str, rows: Sequence[Entry], load: Load) -> Difference:
        """Change the list as the rows say, in one transaction; gives what changed.

        The first load of a shipped list takes over its rows. Raises Conflict BA-3304 where more than half would end and
        `load.may_end` does not say so, Incorrect BA-3306.
        """
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK, name)
            before = await _before(connection, name)
            found = difference(before, rows, load.day, is_partial=load.is_partial, kept=load.kept)
            holding = len(before.on(load.day))
            if not load.may_end and len(found.ended) > max(ENDS_FEW, holding * ENDS_SHARE_MAX):
                raise TOO_MANY_END(ended=len(found.ended), all=holding)
            if await connection.fetchrow(_HEAD, name) is None:
                await _insert(connection, name, before.entries, "shipped", now)
            await connection.execute(_PUT_HEAD, *_head_columns(before.head, load), now)
            ends = [*found.ended, *(each.before for each in found.changed)]
            columns = [each.code for each in ends], [each.since for each in ends], [each.until for each in ends]
            await connection.execute(_END, name, *columns)
            added = [*found.added, *(each.after for each in found.changed)]
            await _insert(connection, name, added, load.digest, now)
        return found

    async def edition(self, loaded: Loaded, day: date) -> str:
        """What tells the rows of `day` from those of other days: the last load, the newest row, the last change."""
        row = await self._database.fetchrow(_EDITION, loaded.head.name, day)
        assert row is not None, "an aggregate has a row"
        return f"{loaded.changed_at.isoformat()} {row['newest']} {row['changed_on'] or ''}"

    async def note_published(self, connection: Connection, name: str, edition: str) -> None:
        """Remember which edition of a list terminology has, with the commit of `connection`'s transaction."""
        await connection.execute(_PUBLISHED, name, edition)


async def _before(connection: Connection, name: str) -> Catalogue:
    """The list as it is, a new one of the hospital's empty. Raises Incorrect BA-3306."""
    if not _NAME.fullmatch(name):
        raise BAD_NAME()
    found = await _read(connection, name)
    if found is not None:
        return found
    return shipped.catalogue(name) if name in shipped.names() else Catalogue(shipped.head_of(name))


async def _read(connection: Connection, name: str) -> Catalogue | None:
    row = await connection.fetchrow(_HEAD, name)
    if row is None:
        return None
    entries = (
        Entry(each["code"], each["display"], each["since"], each["until"], orjson.loads(each["properties"]))
        for each in await connection.fetch(_ENTRIES, name)
    )
    return Catalogue(_loaded(row).head, tuple(entries))


def _loaded(row: asyncpg.Record) -> Loaded:
    known = shipped.head_of(row["name"])
    title = Text(row["title"], known.title.en if row["title"] == known.title.vi else row["title"])
    head = Head(row["name"], known.url, title, row["source"], Content(row["content"]), row["maps_to"])
    return Loaded(head, row["changed_at"], row["published"])


def _head_columns(before: Head, load: Load) -> tuple[str, ...]:
    """A list is whole once a whole file was loaded; changes do not make it so."""
    content = before.content if load.is_partial and before.content is not Content.NONE else Content.WHOLE
    if load.is_partial and before.content is Content.NONE:
        content = Content.PART
    source, maps_to = load.source or before.source, load.maps_to or before.maps_to
    return before.name, load.title or before.title.vi, source, content.value, maps_to


async def _insert(connection: Connection, name: str, entries: Sequence[Entry], source: str, now: datetime) -> None:
    for start in range(0, len(entries), BATCH):
        some = entries[start : start + BATCH]
        await connection.execute(
            _PUT,
            name,
            source,
            now,
            [each.code for each in some],
            [each.display for each in some],
            [each.since for each in some],
            [each.until for each in some],
            [orjson.dumps(dict(each.properties)).decode() for each in some],
        )
