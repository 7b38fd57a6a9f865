"""What an administrator says of people's accounts: kind, title, licence, days and hours, departments.

Source: CV 365/TTYQG-GPQLCL III.1.1 g (role, department, time; no shared accounts); Luật Khám bệnh, chữa bệnh
15/2023/QH15 Đ27 (practising licence).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import asyncpg

from benhan.access.accounts import folded
from benhan.access.faults import NO_SUCH_ACCOUNT
from benhan.access.matrix import KINDS
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import VIETNAM, Clock
from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection, Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event

BAD_STAFF = FaultCode(
    "BA-5305",
    Incorrect,
    Text(
        "Thông tin tài khoản chưa đúng: loại (staff, student, outside), ngày yyyy-mm-dd, giờ như 07:00-19:00.",
        "The account's particulars are wrong: kind (staff, student, outside), days yyyy-mm-dd, hours as 07:00-19:00.",
    ),
)
BAD_DEPARTMENT = FaultCode(
    "BA-5306",
    Incorrect,
    Text(
        "Mã khoa phải là 1 đến 20 chữ và số (ví dụ K01), ngày kết thúc sau ngày bắt đầu.",
        "A department's code has 1 to 20 letters and digits (such as K01); the end is after the beginning.",
    ),
)
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*([01][0-9]|2[0-3]):([0-5][0-9])")
_DEPARTMENT = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,19}")
MOST = 2_000

_LISTED = """
select a.*, coalesce((select array_agg(d.department order by d.department) from account_department d
    where d.account = a.id and d.from_at <= $1 and d.until_at > $1), '{}') as departments
from account a where a.disabled_at is null and a.role <> 'citizen' order by a.login limit $2
"""
_CHANGE = """
update account set kind = $2, title = $3, licence = $4, valid_from = $5, valid_until = $6, hours_from = $7,
    hours_until = $8 where login = $1 and disabled_at is null returning id, role
"""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is said of an account; hours are minutes of a day in Vietnam, None for all day."""

    kind: str = "staff"
    title: str = ""
    licence: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day on which the account is open."""
    hours: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An account as the administrator sees it."""

    id: int
    login: str
    name: str
    role: Role
    particulars: Particulars
    departments: tuple[str, ...]
    permissions: tuple[str, ...]

    @property
    def hours(self) -> str:
        """`07:00-19:00`, "" for all day."""
        if self.particulars.hours is None:
            return ""
        return "-".join(f"{each // 60:02d}:{each % 60:02d}" for each in self.particulars.hours)


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in a department."""

    department: str
    from_at: datetime
    until_at: datetime


class Staff:
    """Reads and changes what is said of accounts. Each change is in the ledger with who made it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def listed(self) -> list[Member]:
        """The accounts in use but citizens', by login."""
        return [_member(row) for row in await self._database.fetch(_LISTED, self._clock.now(), MOST)]

    async def member(self, login: str) -> Member:
        """One account. Raises NotFound BA-0914."""
        found = [each for each in await self.listed() if each.login == folded(login)]
        if not found:
            raise NO_SUCH_ACCOUNT()
        return found[0]

    async def by_number(self, number: str) -> Member:
        """One account by its number. Raises NotFound BA-0914."""
        found = [each for each in await self.listed() if str(each.id) == number]
        if not found:
            raise NO_SUCH_ACCOUNT()
        return found[0]

    def now(self) -> datetime:
        return self._clock.now()

    async def change(self, login: str, particulars: Particulars, actor: Actor) -> None:
        """Say this of an account, from the next request on. Raises NotFound BA-0914, Incorrect BA-5305."""
        told = particulars
        if told.kind not in KINDS or len(told.title) > 60 or len(told.licence) > 60:
            raise BAD_STAFF()
        if told.valid_from is not None and told.valid_until is not None and told.valid_until < told.valid_from:
            raise BAD_STAFF()
        until = _start(told.valid_until + timedelta(days=1)) if told.valid_until is not None else None
        start, end = told.hours if told.hours is not None else (None, None)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                _CHANGE, folded(login), told.kind, told.title.strip(), told.licence.strip(),
                _start(told.valid_from) if told.valid_from is not None else None, until, start, end,
            )  # fmt: skip
            if row is None:
                raise NO_SUCH_ACCOUNT()
            await self._record(connection, Event.ACCOUNT_CHANGE, actor, {"account": row["id"]})

    async def departments(self, login: str) -> list[Stay]:
        """The departments of an account, past ones too, the newest first. Raises NotFound BA-0914."""
        member = await self.member(login)
        rows = await self._database.fetch(
            "select department, from_at, until_at from account_department where account = $1"
            " order by from_at desc, department limit 200",
            member.id,
        )
        return [Stay(row["department"], row["from_at"], row["until_at"]) for row in rows]

    async def put_in(
        self, login: str, department: str, actor: Actor, *, since: date | None = None, until: date | None = None
    ) -> None:
        """Let an account work in a department, from a day (now) to a last day (open). One on duty elsewhere for a night
        is put in for that day. Raises NotFound BA-0914, Incorrect BA-5306."""
        department = department.strip().upper()
        start = _start(since) if since is not None else self._clock.now()
        end = _start(until + timedelta(days=1)) if until is not None else FOR_EVER
        if not _DEPARTMENT.fullmatch(department) or end <= start:
            raise BAD_DEPARTMENT()
        member = await self.member(login)
        async with self._database.transaction() as connection:
            await connection.execute(
                "insert into account_department (account, department, from_at, until_at) values ($1, $2, $3, $4)"
                " on conflict (account, department, from_at) do update set until_at = excluded.until_at",
                member.id, department, start, end,
            )  # fmt: skip
            detail: dict[str, str | int] = {"account": member.id, "department": department, "given": 1}
            await self._record(connection, Event.ACCOUNT_DEPARTMENT, actor, detail)

    async def take_out(self, login: str, department: str, actor: Actor) -> None:
        """End the work of an account in a department now. Raises NotFound BA-0914."""
        member, now = await self.member(login), self._clock.now()
        department = department.strip().upper()
        async with self._database.transaction() as connection:
            await connection.execute(
                "update account_department set until_at = greatest($3, from_at)"
                " where account = $1 and department = $2 and until_at > $3",
                member.id, department, now,
            )  # fmt: skip
            detail: dict[str, str | int] = {"account": member.id, "department": department, "given": 0}
            await self._record(connection, Event.ACCOUNT_DEPARTMENT, actor, detail)

    async def _record(self, connection: Connection, event: Event, actor: Actor, detail: dict[str, str | int]) -> None:
        entry = Entry(event, self._clock.now(), actor.id, actor.role.value, current_trace.get(), detail=detail)
        await append_many(connection, [entry])


def hours_of(text: str) -> tuple[int, int] | None:
    """Hours as they are typed (`22:00-06:00`), None for "". Raises Incorrect BA-5305."""
    if not text.strip():
        return None
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise BAD_STAFF()
    first, second, third, fourth = (int(each) for each in match.groups())
    return first * 60 + second, third * 60 + fourth


def day_of(text: str) -> date | None:
    """A day as it is typed (`2026-11-27`), None for "". Raises Incorrect BA-5305."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as cause:
        raise BAD_STAFF() from cause


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM).astimezone(UTC)


def _member(row: asyncpg.Record) -> Member:
    hours = (row["hours_from"], row["hours_until"]) if row["hours_from"] is not None else None
    until = row["valid_until"]
    particulars = Particulars(
        row["kind"],
        row["title"],
        row["licence"],
        _day(row["valid_from"]),
        _day(until - timedelta(days=1)) if until is not None else None,
        hours,
    )
    permissions: Sequence[str] = row["permissions"]
    return Member(
        row["id"], row["login"], row["name"], Role(row["role"]), particulars, tuple(row["departments"]),
        tuple(permissions),
    )  # fmt: skip


def _day(at: datetime | None) -> date | None:
    return at.astimezone(VIETNAM).date() if at is not None else None
