"""Jobs: long work with a row of its own, taken by whoever is free, gone on with after a kill, never stuck for ever.

Who runs a job holds its lease and renews it; a lease that ends is taken over. How far a job has come is written by who
holds the lease and nobody else, so that two can never both go on. A job that is tried often without coming further
fails; one that comes to its end of life is removed with all it made.
Source: PostgreSQL manual, SELECT … FOR UPDATE SKIP LOCKED.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson

from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection, Database
from benhan.store.job_faults import JOB_TAKEN, NO_SUCH_JOB, TOO_MANY_JOBS
from benhan.store.keyring import Keyring
from benhan.store.sql_texts import query

LEASE = timedelta(seconds=30)
ATTEMPTS_MAX = 5
OPEN_MAX = 5
"""Unfinished jobs of one asker."""

Json = dict[str, Any]

_PUT = query(
    "put_job",
    """
    insert into job (bucket, id, kind, state, owner, created_at, ends_at, trace, request)
    values (0, $1, $2, 'waiting', $3, $4, $5, $6, $7)
    """,
)
_OPEN = query(
    "open_jobs",
    "select count(*) from job where bucket = 0 and owner = $1 and state in ('waiting', 'running')",
)
_FIND = query("find_job", "select * from job where bucket = 0 and id = $1 and state <> 'cancelled' and ends_at > $2")
_CLAIM = query(
    "claim_job",
    """
    update job set state = 'running', attempts = attempts + 1, lease = $3, leased_until = $4
    where bucket = 0 and id = (
        select id from job
        where bucket = 0 and state in ('waiting', 'running') and kind = any($1::text[]) and ends_at > $2
            and (leased_until is null or leased_until <= $2)
        order by created_at limit 1 for update skip locked
    )
    returning *
    """,
)
_RENEW = query(
    "renew_job",
    """
    update job set leased_until = $3
    where bucket = 0 and id = $1 and lease = $2 and state = 'running' and ends_at > $4
    """,
)
_ADVANCE = query(
    "advance_job",
    """
    update job set
        place = $4, plan = coalesce($5, plan), moment_at = coalesce($6, moment_at), leased_until = $3, attempts = 1
    where bucket = 0 and id = $1 and lease = $2 and state = 'running'
    """,
)
_END = query(
    "end_job",
    """
    update job set state = $3, fault = $4, finished_at = $5, ends_at = $6, leased_until = null, moment_at = null
    where bucket = 0 and id = $1 and lease = $2 and state = 'running'
    """,
)
_RELEASE = query(
    "release_job",
    """
    update job set state = 'waiting', leased_until = $3, attempts = attempts - $4, lease = ''
    where bucket = 0 and id = $1 and lease = $2 and state = 'running'
    """,
)
_CANCEL = query(
    "cancel_job",
    """
    update job set state = 'cancelled', lease = '', moment_at = null
    where bucket = 0 and id = $1 and owner = $2 and state <> 'cancelled' and ends_at > $3
    """,
)
_LEFT = query(
    "jobs_left",
    """
    select * from job where bucket = 0 and (state = 'cancelled' or ends_at <= $1) and kind = any($2::text[]) limit 100
    """,
)
_REMOVE = query("remove_job", "delete from job where bucket = 0 and id = $1")
_HELD = query(
    "moment_held",
    "select min(moment_at) from job where bucket = 0 and state in ('waiting', 'running') and ends_at > $1",
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stood when it was read. `place` and `plan` are empty until it has settled them."""

    id: str
    kind: str
    state: str
    owner: str
    created_at: datetime
    ends_at: datetime
    attempts: int
    fault: str
    trace: str
    lease: str
    request: Json
    plan: Json
    place: Json


class Jobs:
    """The jobs of one store."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, random: RandomSource, life_s: float) -> None:
        self.database = database
        self._key = keyring.derived_key("job")
        self.clock = clock
        self._random = random
        self._life = timedelta(seconds=life_s)

    def new_id(self) -> str:
        """An id for a job that is not there yet."""
        return self._random.bytes(16).hex()

    async def put(self, kind: str, request: Json, owner: str, connection: Connection, *, id_: str = "") -> str:
        """Ask for a job, in the transaction of `connection`; gives its id. Raises Busy BA-2371."""
        if await connection.fetchval(_OPEN, owner) >= OPEN_MAX:
            raise TOO_MANY_JOBS(limit=OPEN_MAX)
        id_, now = id_ or self.new_id(), self.clock.now()
        trace = bytes.fromhex(current_trace.get())
        sealed = self._sealed(id_, "request", request)
        await connection.execute(_PUT, id_, kind, owner, now, now + self._life, trace, sealed)
        return id_

    async def find(self, id_: str, owner: str) -> Job:
        """A job of its owner. Raises NotFound BA-2370."""
        row = await self.database.fetchrow(_FIND, id_, self.clock.now())
        if row is None or row["owner"] != owner:
            raise NO_SUCH_JOB()
        return self._job(row)

    async def cancel(self, id_: str, owner: str) -> None:
        """End a job for good; what it made is removed soon after. Raises NotFound BA-2370."""
        if await self.database.execute(_CANCEL, id_, owner, self.clock.now()) != "UPDATE 1":
            raise NO_SUCH_JOB()

    async def claim(self, kinds: Sequence[str]) -> Job | None:
        """The oldest job of `kinds` that nobody runs, now ours to run; None for none."""
        now = self.clock.now()
        row = await self.database.fetchrow(_CLAIM, list(kinds), now, self._random.bytes(8).hex(), now + LEASE)
        return self._job(row) if row is not None else None

    async def renew(self, job: Job) -> None:
        """Go on holding the lease. Raises Interrupted BA-2372 where it is not ours any more."""
        now = self.clock.now()
        _held(await self.database.execute(_RENEW, job.id, job.lease, now + LEASE, now))

    async def advance(
        self,
        job: Job,
        place: Json,
        connection: Connection,
        *,
        plan: Json | None = None,
        moment_at: datetime | None = None,
    ) -> None:
        """Write how far a job has come, in the transaction of `connection`. Raises Interrupted BA-2372."""
        sealed = self._sealed(job.id, "plan", plan) if plan is not None else None
        until = self.clock.now() + LEASE
        there = self._sealed(job.id, "place", place)
        _held(await connection.execute(_ADVANCE, job.id, job.lease, until, there, sealed, moment_at))

    async def finish(self, job: Job, fault: str = "") -> None:
        """End a job, with a fault or without; its life begins anew, so that who asked can fetch what it made."""
        now, state = self.clock.now(), "failed" if fault else "done"
        _held(await self.database.execute(_END, job.id, job.lease, state, fault, now, now + self._life))

    async def release(self, job: Job, *, after: timedelta = timedelta(), counted: bool = True) -> None:
        """Let another take it; `counted` tells whether this try counts among the attempts."""
        until = self.clock.now() + after
        _held(await self.database.execute(_RELEASE, job.id, job.lease, until, 0 if counted else 1))

    async def left(self, kinds: Sequence[str]) -> list[Job]:
        """Jobs whose life is over, to be removed with what they made."""
        return [self._job(row) for row in await self.database.fetch(_LEFT, self.clock.now(), list(kinds))]

    async def remove(self, job: Job) -> None:
        """Forget a job."""
        await self.database.execute(_REMOVE, job.id)

    def _sealed(self, id_: str, what: str, value: Json) -> bytes:
        return self._key.seal(orjson.dumps(value), f"{id_} {what}".encode())

    def _opened(self, row: asyncpg.Record, what: str) -> Json:
        sealed = row[what]
        if sealed is None:
            return {}
        opened: Json = orjson.loads(self._key.open(sealed, f"{row['id']} {what}".encode()))
        return opened

    def _job(self, row: asyncpg.Record) -> Job:
        return Job(
            row["id"],
            row["kind"],
            row["state"],
            row["owner"],
            row["created_at"],
            row["ends_at"],
            row["attempts"],
            row["fault"],
            row["trace"].hex(),
            row["lease"],
            self._opened(row, "request"),
            self._opened(row, "plan"),
            self._opened(row, "place"),
        )


def _held(told: str) -> None:
    if told != "UPDATE 1":
        raise JOB_TAKEN()


async def moment_held(database: Database, now: datetime) -> datetime | None:
    """When the oldest moment was taken that a job still reads at; None where none does."""
    held: datetime | None = await database.fetchval(_HELD, now)
    return held
