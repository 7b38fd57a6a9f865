"""The hospitals of the portal, and the Ministry's announcements that they have deployed, taken in from a list.

Source: TT 13/2025/TT-BYT Điều 4; the list of benhandientu.moh.gov.vn as CSV: code, name, province, kind, owner, the day
it was announced, where. What a list says of a hospital takes the place of what was there; who is not on it stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock, day_in_vietnam
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text
from benhan.portal.acts import record
from benhan.portal.faults import BAD_LIST, NO_SUCH_FACILITY
from benhan.store.database import Connection, Database
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.vn.places.units import province

KINDS = ("hospital", "centre", "clinic", "station")
OWNERS = ("public", "private", "ministry", "forces")
HEADS = ("code", "name", "province", "kind", "owner", "announced_on", "source")
ROWS_MAX = 20_000
_WRONG = Text("Dòng {row}: cột {column} thiếu hoặc sai.", "Row {row}: column {column} lacks or is wrong.")
CHARACTERS_MAX = 300

_PUT = query(
    "facility_put",
    """
    insert into facility (code, name, province, kind, owner, announced_on, source, changed_at)
    select code, name, province, kind, owner, announced_on, source, $8 from unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[]
    ) as w (code, name, province, kind, owner, announced_on, source)
    on conflict (code) do update set name = excluded.name, province = excluded.province, kind = excluded.kind,
        owner = excluded.owner, announced_on = coalesce(excluded.announced_on, facility.announced_on),
        source = case when excluded.announced_on is null then facility.source else excluded.source end,
        changed_at = excluded.changed_at
    where (facility.name, facility.province, facility.kind, facility.owner)
        is distinct from (excluded.name, excluded.province, excluded.kind, excluded.owner)
        or excluded.announced_on is not null and facility.announced_on is distinct from excluded.announced_on
    returning (xmax = 0) as is_new
    """,
)
_READ = query("facility_read", "select * from facility where code = $1")
_LIST = query(
    "facilities",
    """
    select f.*, d.state, d.published_at, r.made_at as told_at from facility f
    left join deployment d on d.facility = f.code
    left join lateral (
        select made_at from evidence_report where facility = f.code order by number desc limit 1
    ) r on true
    where ($1 = '' or f.province = $1) and ($2 = '' or f.kind = $2)
    order by f.province, f.name, f.code limit $3
    """,
)


@dataclass(frozen=True, slots=True)
class Facility:
    """A hospital of the portal. `announced_on` is of the Ministry's list of today, None where it is not on it."""

    code: str
    name: str
    province: str
    kind: str
    owner: str
    announced_on: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A hospital as it stands in public lists: its state of publication ("" for none yet), when its node last told."""

    facility: Facility
    state: str
    published_on: date | None
    told_on: date | None

    @property
    def deployed_on(self) -> date | None:
        """The day from which it counts as deployed: its own publication here, or the announcement of before."""
        days = [each for each in (self.published_on, self.facility.announced_on) if each is not None]
        return min(days, default=None)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a list did: hospitals added, changed, as they were; rows that were refused, with reasons."""

    added: int
    changed: int
    same: int
    issues: list[Issue]


def read_list(data: bytes, today: date) -> tuple[list[Facility], list[Issue]]:
    """The hospitals of a CSV list, and what is wrong with rows that are left out. Raises Incorrect BA-6224."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise BAD_LIST(why="UTF-8") from cause
    try:
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error as cause:
        raise BAD_LIST(why=str(cause)) from cause
    if len(rows) > ROWS_MAX:
        raise BAD_LIST(why=f"> {ROWS_MAX}")
    missing = {"code", "name", "province"} - set(rows[0] if rows else ())
    if missing:
        raise BAD_LIST(why=", ".join(sorted(missing)))
    found: dict[str, Facility] = {}
    issues: list[Issue] = []
    for number, row in enumerate(rows, 2):
        try:
            facility = _facility({key: (row.get(key) or "").strip() for key in HEADS}, today)
        except ValueError as reason:
            issues.append(error("invalid", f"{number}", _WRONG.filled(row=number, column=reason), ""))
        else:
            found[facility.code] = facility
    return list(found.values()), issues


def _facility(row: dict[str, str], today: date) -> Facility:
    """A row. Raises ValueError with the name of the column that is wrong."""
    if len(row["code"]) != 5 or not row["code"].isalnum():
        raise ValueError("code")
    if not row["name"] or any(len(value) > CHARACTERS_MAX for value in row.values()):
        raise ValueError("name")
    if province(row["province"], today) is None:
        raise ValueError("province")
    kind, owner = row["kind"] or "hospital", row["owner"] or "public"
    if kind not in KINDS or owner not in OWNERS:
        raise ValueError("kind, owner")
    try:
        announced = date.fromisoformat(row["announced_on"]) if row["announced_on"] else None
    except ValueError:
        raise ValueError("announced_on") from None
    return Facility(row["code"], row["name"], row["province"], kind, owner, announced, row["source"])


class Facilities:
    """The hospitals of one portal."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take_in(self, data: bytes, actor: Actor) -> TakenIn:
        """Take a list in; what is right of it is in when this returns. Raises Incorrect BA-6224."""
        found, issues = read_list(data, day_in_vietnam(self._clock.now()))
        async with self._database.transaction() as connection:
            news = await self._put(connection, found)
            added = sum(news)
            detail = {"added": added, "changed": len(news) - added}
            await record(connection, Event.FACILITY_LIST, self._clock.now(), actor, **detail)
        return TakenIn(added, len(news) - added, len(found) - len(news), issues)

    async def _put(self, connection: Connection, found: Sequence[Facility]) -> list[bool]:
        """Whether each that was written is new."""
        if not found:
            return []
        columns = zip(
            *((e.code, e.name, e.province, e.kind, e.owner, e.announced_on, e.source) for e in found), strict=True
        )
        return [row["is_new"] for row in await connection.fetch(_PUT, *columns, self._clock.now())]

    async def read(self, code: str) -> Facility:
        """Raises NotFound BA-6210."""
        row = await self._database.fetchrow(_READ, code)
        if row is None:
            raise NO_SUCH_FACILITY()
        return _of_row(row)

    async def listed(self, province_code: str = "", kind: str = "") -> list[Listed]:
        """All, or those of a province of today and a kind, by province and name."""
        rows = await self._database.fetch(_LIST, province_code, kind, ROWS_MAX)
        return [
            Listed(_of_row(row), row["state"] or "", _day(row, "published_at"), _day(row, "told_at")) for row in rows
        ]


def counted_by(listed: Iterable[Listed], name: str) -> dict[str, tuple[int, int]]:
    """How many have deployed and how many there are, by a property of the facility (`province`, `kind`, `owner`)."""
    counts: dict[str, tuple[int, int]] = {}
    for each in listed:
        done, every = counts.get(getattr(each.facility, name), (0, 0))
        counts[getattr(each.facility, name)] = done + (each.deployed_on is not None), every + 1
    return counts


def curve(listed: Iterable[Listed]) -> list[tuple[date, int]]:
    """How many had deployed at the end of each day on which one was added, oldest first."""
    days = sorted(day for each in listed if (day := each.deployed_on) is not None)
    return list({day: place for place, day in enumerate(days, 1)}.items())


def _of_row(row: asyncpg.Record) -> Facility:
    return Facility(*(row[name] for name in ("code", "name", "province", "kind", "owner", "announced_on", "source")))


def _day(row: asyncpg.Record, name: str) -> date | None:
    return day_in_vietnam(row[name]) if row[name] is not None else None
