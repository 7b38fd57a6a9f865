"""Documents that show what no signal shows: put by the hospital, kept as they came, withdrawn but never deleted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock, day_in_vietnam
from benhan.portal.acts import record
from benhan.portal.faults import BAD_FILE, NO_SUCH_CRITERION, NO_SUCH_PAPER, NOT_FILLED
from benhan.store.database import Connection, Database
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.vn.deployment.criteria import by_id

BYTES_MAX = 10 * 1024 * 1024
CHARACTERS_MAX = 100
_BEGINNINGS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}

_ABOUT = "id, facility, criterion, number, issued_on, put_at, put_by, withdrawn_at, media_type, content_hash"
_PUT = query(
    "deployment_paper_put",
    """
    insert into deployment_paper
        (facility, criterion, number, issued_on, put_at, put_by, media_type, content_hash, content)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id
    """,
)
_LIST = query(
    "deployment_papers",
    f"select {_ABOUT} from deployment_paper where facility = $1 and withdrawn_at is null order by id",  # noqa: S608  # constants of this module
)
_CONTENT = query("deployment_paper_content", "select * from deployment_paper where facility = $1 and id = $2")
_WITHDRAW = query(
    "deployment_paper_withdraw",
    """
    update deployment_paper set withdrawn_at = $3, withdrawn_by = $4
    where facility = $1 and id = $2 and withdrawn_at is null returning id
    """,
)


@dataclass(frozen=True, slots=True)
class Paper:
    """A document. `content_hash` is the SHA-256 of its bytes."""

    id: int
    facility: str
    criterion: str
    number: str
    issued_on: date
    put_at: datetime
    media_type: str
    content_hash: bytes


class Papers:
    """The documents of one portal."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, facility: str, criterion: str, number: str, on: str, content: bytes, actor: Actor) -> int:
        """Keep a document for a criterion; gives its number here.

        Raises NotFound BA-6221, Incorrect BA-6219, BA-6220.
        """
        known = by_id().get(criterion)
        if known is None or known.paper is None:
            raise NO_SUCH_CRITERION()
        number = number.strip()
        if not 0 < len(number) <= CHARACTERS_MAX:
            raise NOT_FILLED(what="số văn bản")
        now = self._clock.now()
        try:
            issued_on = date.fromisoformat(on)
        except ValueError:
            raise NOT_FILLED(what="ngày văn bản") from None
        if issued_on > day_in_vietnam(now):
            raise NOT_FILLED(what="ngày văn bản (sau hôm nay)")
        media_type = next((type_ for start, type_ in _BEGINNINGS.items() if content.startswith(start)), None)
        if media_type is None or len(content) > BYTES_MAX:
            raise BAD_FILE(limit=BYTES_MAX >> 20)
        digest = hashlib.sha256(content).digest()
        row = (facility, criterion, number, issued_on, now, actor.id, media_type, digest, content)
        async with self._database.transaction() as connection:
            paper = int(await connection.fetchval(_PUT, *row))
            await _record(connection, now, actor, facility=facility, criterion=criterion, paper=paper, act="put")
        return paper

    async def of(self, facility: str) -> list[Paper]:
        """The documents of a facility that were not withdrawn, in the order they came."""
        return [_of_row(row) for row in await self._database.fetch(_LIST, facility)]

    async def content(self, facility: str, number: int) -> tuple[Paper, bytes]:
        """A document with its bytes, also a withdrawn one. Raises NotFound BA-6222."""
        row = await self._database.fetchrow(_CONTENT, facility, number)
        if row is None:
            raise NO_SUCH_PAPER()
        return _of_row(row), row["content"]

    async def withdraw(self, facility: str, number: int, actor: Actor) -> None:
        """Let a document count no more. Raises NotFound BA-6222."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            if await connection.fetchval(_WITHDRAW, facility, number, now, actor.id) is None:
                raise NO_SUCH_PAPER()
            await _record(connection, now, actor, facility=facility, paper=number, act="withdraw")


async def _record(connection: Connection, at: datetime, actor: Actor, **detail: str | int) -> None:
    await record(connection, Event.DEPLOYMENT_PAPER, at, actor, **detail)


def _of_row(row: asyncpg.Record) -> Paper:
    names = ("id", "facility", "criterion", "number", "issued_on", "put_at", "media_type", "content_hash")
    return Paper(*(row[name] for name in names))
