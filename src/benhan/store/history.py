"""Histories: every version of a resource, of a type, of the whole store, newest first, page by page.

A history of a type or of the store is read at the moment at which it began, so that new versions neither shift a page
nor come twice. Versions are walked in windows of time: a window that holds too many is halved, one that holds few is
widened, so that no statement sorts more than WINDOW_ROWS, however large the store is.
Source: FHIR R4 http.html#history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from benhan.fhir.dates import LAST, Range
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import Clock
from benhan.kernel.limits import Act
from benhan.kernel.trace import current_trace
from benhan.store.access_rules import AccessRules, is_hidden
from benhan.store.care import Veil, reached, reasons, treated, unveiled
from benhan.store.database import Connection, Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.resources import VERSION_MAX, Opener, Resources
from benhan.store.sealed_cursor import SealedCursors
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import Stored

WINDOW_ROWS = 5_000
"""What one window holds at most, an instant of its own aside."""
FEW = 5_000
"""A type with no more rows than this is looked at whole."""
FIRST_WINDOW = timedelta(minutes=1)
AHEAD = timedelta(days=1)
"""How far ahead of ours the clock may have gone by which versions were written."""
INSTANT = timedelta(milliseconds=1)
"""What times of versions are told apart by."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""No version is older: a window reaches no further back."""

_VERSION_ROWS = f"""
    select v.bucket, v.type, v.rid, v.version, v.patient, v.updated_at, v.content,
        {treated("v", 14)} as is_treated from (
        select bucket, type, rid, version, patient, updated_at, content from resource r
        where r.updated_at >= $1 and r.updated_at < $2 and ($3::smallint is null or r.type = $3)
              and pg_visible_in_snapshot(r.since, $4::text::pg_snapshot)
              and ($11::smallint[] is null or r.type = any($11) or (r.type = any($12) and r.patient = any($13)))
        union all
        select bucket, type, rid, version, patient, updated_at, content from resource_history h
        where h.updated_at >= $1 and h.updated_at < $2 and ($3::smallint is null or h.type = $3)
              and ($11::smallint[] is null or h.type = any($11) or (h.type = any($12) and h.patient = any($13)))
    ) v
    where ($14::bigint[] is null or not exists (
              select 1 from resource c where c.bucket = v.bucket and c.type = v.type and c.rid = v.rid
                  and c.until is null and not {unveiled("c", 14)}))
          and {reached("v", 14)}
          and (v.updated_at, v.type, v.rid, v.version) < ($5::timestamptz, $6::smallint, $7::bigint, $8::int)
          and ($9::timestamptz is null or v.updated_at >= $9 or not exists (
              select 1 from (
                  select version, updated_at from resource n
                  where n.bucket = any(array[v.bucket, (select at_bucket from placement p where
                        p.bucket = (v.rid >> 51)::smallint and p.type = v.type and p.rid = v.rid)])
                        and n.type = v.type and n.rid = v.rid
                  union all
                  select version, updated_at from resource_history n
                  where n.bucket = any(array[v.bucket, (select at_bucket from placement p where
                        p.bucket = (v.rid >> 51)::smallint and p.type = v.type and p.rid = v.rid)])
                        and n.type = v.type and n.rid = v.rid
              ) n where n.version = v.version + 1 and n.updated_at <= $9
          ))
    order by v.updated_at desc, v.type desc, v.rid desc, v.version desc
    limit $10
"""  # noqa: S608  # constants
# $11: types seen whole, null for all; $12: those seen of the patients $13 only; $14 and on: the veil
_WINDOW = query(
    "history_window",
    _VERSION_ROWS,
    fan_out="the history of a type or of the store goes over every compartment",
)
_HOW_MANY = query(
    "history_how_many",
    """
    select (select count(*) from (
        select 1 from resource r where r.updated_at >= $1 and r.updated_at < $2 limit $3
    ) r) + (select count(*) from (
        select 1 from resource_history h where h.updated_at >= $1 and h.updated_at < $2 limit $3
    ) h)
    """,
    fan_out="the history of a type or of the store goes over every compartment",
)
_OF_TYPE = query(
    "history_type_rows",
    "select count(*) from (select 1 from resource where type = $1 limit $2) r",
    fan_out="the history of a type goes over every compartment",
)
_BEFORE_DELETION = query(
    "versions_before_deletion",
    """
    select v.type, v.rid, v.version, v.patient, v.updated_at, v.content
    from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::int[]) as w (bucket, type, rid, version)
    join lateral (
        select * from (
            select type, rid, version, patient, updated_at, content from resource r
            where r.bucket = w.bucket and r.type = w.type and r.rid = w.rid and r.version = w.version - 1
            union all
            select type, rid, version, patient, updated_at, content from resource_history h
            where h.bucket = w.bucket and h.type = w.type and h.rid = w.rid and h.version = w.version - 1
        ) either limit 1
    ) v on true
    """,
)
_MOMENT = "select pg_current_snapshot()::text"


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Versions newest first, and the sealed place of the next page ("" at the end)."""

    versions: list[Stored]
    next: str


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which versions: made at or after `since`; current at some time of the range `at`; `count` a page."""

    count: int
    since: datetime | None = None
    at: Range | None = None
    page: str = ""

    @property
    def low(self) -> datetime:
        return max(self.since or EARLIEST, EARLIEST)

    @property
    def high(self) -> datetime:
        return min(self.at[1] if self.at is not None else LAST, LAST)

    def bound_to(self, what: str, actor: Actor) -> str:
        """What a page link of this history is bound to."""
        return f"history {actor.id} {what} {self.since} {self.at}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What an actor may see: every resource of `whole` (None: of all types), and of `partly` those of `patients`."""

    whole: list[int] | None
    partly: list[int]
    patients: list[int]
    veil: Veil
    """What is kept from the actor whichever its type."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a walk stands: the versions before this one, of type number `type` (None for all)."""

    type: int | None
    has_few: bool
    seen: Seen
    moment: str
    at: datetime
    type_before: int = 0
    rid: int = 0
    version: int = 0

    def after(self, row: asyncpg.Record) -> Walk:
        return replace(self, at=row["updated_at"], type_before=row["type"], rid=row["rid"], version=row["version"])


class History:
    """Reads histories of one store; what they show of patients is in the ledger before they return."""

    def __init__(
        self,
        database: Database,
        rules: AccessRules,
        opener: Opener,
        resources: Resources,
        cursors: SealedCursors,
        clock: Clock,
    ) -> None:
        self._database = database
        self._rules = rules
        self._opener = opener
        self._resources = resources
        self._cursors = cursors
        self._clock = clock

    async def of_instance(self, type_: str, id_: str, asked: HistoryQuery, actor: Actor) -> HistoryPage:
        """A page of the versions of one resource. Raises NotFound BA-0401, BA-0503; BA-0320, BA-0321."""
        bound_to = asked.bound_to(f"{type_}/{id_}", actor)
        before, newer_at = VERSION_MAX, None
        if asked.page:
            before, written = self._cursors.read(asked.page, bound_to)
            newer_at = datetime.fromisoformat(written)
        found: list[Stored] = []
        while len(found) <= asked.count:
            is_later = before < VERSION_MAX
            rows = await self._some_versions(type_, id_, actor, asked.count + 1, before, is_later=is_later)
            for each in rows:
                if _was_current(each, newer_at, asked):
                    found.append(each)
                newer_at = each.updated_at
            if len(rows) <= asked.count or rows[-1].updated_at < asked.low:
                break
            before = rows[-1].version
        last = found[asked.count - 1] if len(found) > asked.count else None
        place = [last.version, last.updated_at.isoformat()] if last is not None else []
        return self._page(found, asked, bound_to, place)

    async def _some_versions(
        self, type_: str, id_: str, actor: Actor, count: int, before: int, *, is_later: bool
    ) -> list[Stored]:
        if is_later and before <= 1:
            return []
        return await self._resources.history(type_, id_, actor, count=count, before_version=before)

    async def of_type(self, type_: str, asked: HistoryQuery, actor: Actor) -> HistoryPage:
        """A page of the versions of every resource of a type. Raises BA-0320, BA-0321, Busy BA-0422."""
        return await self._of_many(type_, asked, actor)

    async def of_system(self, asked: HistoryQuery, actor: Actor) -> HistoryPage:
        """A page of the versions of every resource there is. Raises BA-0320, BA-0321, Busy BA-0422."""
        return await self._of_many("", asked, actor)

    async def _of_many(self, type_: str, asked: HistoryQuery, actor: Actor) -> HistoryPage:
        bound_to = asked.bound_to(type_, actor)
        number = TYPE_NUMBERS[type_] if type_ else None
        found: list[Stored] = []
        rows: list[asyncpg.Record] = []
        async with self._database.transaction() as connection:
            walk = await self._start(connection, number, asked, bound_to, self._seen(type_, actor))
            low = asked.low
            while len(found) <= asked.count:
                some = await self._walked(connection, walk, low, asked, asked.count + 1 - len(found))
                if not some:
                    break
                walk = walk.after(some[-1])
                opened = await self._named(connection, some, actor)
                for row, stored in zip(some, opened, strict=True):
                    if stored is not None and self._rules.admits(
                        actor, Act.SEARCH, stored, is_treated=row["is_treated"]
                    ):
                        rows.append(row)
                        found.append(stored)
            shown = found[: asked.count]
            why = await reasons(connection, actor, [each.patient for each in shown])
            await append_many(connection, self._views(shown, number or 0, actor, why))
        more = len(found) > asked.count
        return self._page(found, asked, bound_to, _place(walk.moment, rows[asked.count - 1]) if more else [])

    def _page(self, found: list[Stored], asked: HistoryQuery, bound_to: str, place: list[Any]) -> HistoryPage:
        return HistoryPage(found[: asked.count], self._cursors.write(place, bound_to) if place else "")

    async def _start(
        self, connection: Connection, number: int | None, asked: HistoryQuery, bound_to: str, seen: Seen
    ) -> Walk:
        place = self._cursors.read(asked.page, bound_to) if asked.page else None
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        has_few = number is not None and await connection.fetchval(_OF_TYPE, number, FEW + 1) <= FEW
        if place is None:
            return Walk(number, has_few, seen, await connection.fetchval(_MOMENT), asked.high)
        moment, at, type_before, rid, version = place
        return Walk(number, has_few, seen, moment, datetime.fromisoformat(at), type_before, rid, version)

    async def _walked(
        self, connection: Connection, walk: Walk, low: datetime, asked: HistoryQuery, count: int
    ) -> list[asyncpg.Record]:
        """Up to `count` rows after `walk`; fewer only at the end."""
        high = walk.at + INSTANT
        if walk.has_few:
            return await _window(connection, walk, low, high, asked, count)
        now = self._clock.now() + FIRST_WINDOW
        start = min(high, now + AHEAD)
        width = start - now if start > now else FIRST_WINDOW
        rows: list[asyncpg.Record] = []
        while start > low and len(rows) < count:
            end, start = start, max(start - width, low)
            inside = await connection.fetchval(_HOW_MANY, start, end, WINDOW_ROWS + 1)
            if inside > WINDOW_ROWS and width > INSTANT:
                start, width = end, max(width / 8, INSTANT)
                continue
            if inside:
                rows += await _window(connection, walk, start, end, asked, count - len(rows))
            width = FIRST_WINDOW if end > now else width * 8 if inside < WINDOW_ROWS / 8 else width
        return rows

    def _seen(self, type_: str, actor: Actor) -> Seen:
        """What `actor` may see of `type_`, "" for all types. Raises Forbidden BA-2300 where that is nothing."""
        if actor.limits is None:
            return Seen(None, [], [], self._rules.veil(actor))
        names = [type_] if type_ else [name for name in TYPE_NUMBERS if self._rules.grants(actor, name, Act.SEARCH)]
        reach = {TYPE_NUMBERS[name]: self._rules.patients_of(actor, name, Act.SEARCH) for name in names}
        partly = {number: patients for number, patients in reach.items() if patients is not None}
        every = {patient for patients in partly.values() for patient in patients}
        whole = [number for number in reach if number not in partly]
        return Seen(whole, list(partly), sorted(every), self._rules.veil(actor))

    async def _named(self, connection: Connection, rows: Sequence[asyncpg.Record], actor: Actor) -> list[Stored | None]:
        """The rows opened; a deletion, which holds nothing, is named by the version before it, and None where that is
        kept from the actor.
        """
        opened = await self._opener.open_all(rows, connection)
        gone = [(row["bucket"], row["type"], row["rid"], row["version"]) for row in rows if row["content"] is None]
        if not gone:
            return opened
        before = await connection.fetch(_BEFORE_DELETION, *(list(each) for each in zip(*gone, strict=True)))
        known = [each for each in await self._opener.open_all(before, connection) if each is not None]
        names = {(each.type, each.rid, each.version + 1): each.id for each in known}
        treated_ = {row["patient"] for row in rows if row["is_treated"]}
        hidden = {
            (each.type, each.rid, each.version + 1)
            for each in known
            if is_hidden(actor, each, is_treated=each.patient in treated_)
        }
        return [
            None if stored is None or (stored.type, stored.rid, stored.version) in hidden else _with_name(stored, names)
            for stored in opened
        ]

    def _views(self, shown: Sequence[Stored], number: int, actor: Actor, why: Mapping[int, str]) -> list[Entry]:
        """One entry for each patient whose data the page shows."""
        if actor.role is Role.SYSTEM:
            return []
        now, trace = self._clock.now(), current_trace.get()
        patients = dict.fromkeys(stored.patient for stored in shown if stored.patient)
        return [
            Entry(
                Event.RESOURCE_HISTORY,
                now,
                actor.id,
                actor.role.value,
                trace,
                patient,
                number,
                detail={**actor.through, "by": why[patient]} if patient in why else actor.through,
            )
            for patient in patients
        ]


async def _window(
    connection: Connection, walk: Walk, low: datetime, high: datetime, asked: HistoryQuery, count: int
) -> list[asyncpg.Record]:
    at = asked.at[0] if asked.at is not None else None
    before = (walk.at, walk.type_before, walk.rid, walk.version)
    seen = (walk.seen.whole, walk.seen.partly, walk.seen.patients, *walk.seen.veil.values)
    return await connection.fetch(_WINDOW, low, high, walk.type, walk.moment, *before, at, count, *seen)


def _place(moment: str, row: asyncpg.Record) -> list[Any]:
    return [moment, row["updated_at"].isoformat(), row["type"], row["rid"], row["version"]]


def _with_name(stored: Stored | None, names: dict[tuple[str, int, int], str]) -> Stored | None:
    if stored is None or not stored.deleted:
        return stored
    name = names.get((stored.type, stored.rid, stored.version))
    return replace(stored, id=name) if name is not None else None


def _was_current(version: Stored, newer_at: datetime | None, asked: HistoryQuery) -> bool:
    """Whether a version of one resource is asked for; `newer_at` is when the next one came."""
    if version.updated_at < asked.low:
        return False
    if asked.at is None:
        return True
    start, end = asked.at
    return version.updated_at < end and (newer_at is None or newer_at > start)
