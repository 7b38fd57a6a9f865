"""The rows of signatures: steps, signed files, what somebody saw last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from benhan.node.records.models import Paper, Record
from benhan.node.signatures.chain import Chain
from benhan.node.signatures.faults import CHANGED_SINCE, NOT_YOUR_TURN, SIGNED_MEANWHILE
from benhan.node.signatures.models import COUNTERSIGN, ORGANISATION, PATIENT, SignedPaper, Standing, Step, StepState
from benhan.store.database import Connection, Database
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import Hook

_WAITS_FOR = "a list of what waits for somebody names no patient"
_STEPS = query(
    "signing_steps_of_record",
    "select * from signing_step where bucket = $1 and record = $2 order by number, version, step",
)
_LAPSE = query(
    "signing_steps_lapse",
    """
    update signing_step set state = 'lapsed'
    where bucket = $1 and record = $2 and number = $3 and version < $4 and state in ('queued', 'waiting', 'refused')
    """,
)
_PUT = query(
    "signing_step_put",
    """
    insert into signing_step (bucket, record, number, version, step, turn, state, duty, assigned, department, asked_at,
                              late_at, done_at, signer, on_behalf, title)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    on conflict (bucket, record, number, version, step) do update set state = excluded.state
    where signing_step.state = 'lapsed'
    """,
)
_SIGN = query(
    "signing_step_sign",
    """
    update signing_step set state = 'signed', done_at = $6, signer = $7, on_behalf = $8, title = $9
    where bucket = $1 and record = $2 and number = $3 and version = $4 and step = $5 and state = 'waiting'
    returning step
    """,
)
_NEXT_TURN = query(
    "signing_turn_begins",
    """
    update signing_step set state = 'waiting', asked_at = $5::timestamptz, late_at = $5::timestamptz + $6::interval
    where bucket = $1 and record = $2 and number = $3 and version = $4 and state = 'queued'
        and turn = (select min(turn) from signing_step
                    where bucket = $1 and record = $2 and number = $3 and version = $4
                        and state in ('queued', 'waiting'))
    """,
)
_OPEN = query(
    "signing_steps_open",
    """
    select count(*) from signing_step
    where bucket = $1 and record = $2 and number = $3 and version = $4 and state in ('queued', 'waiting', 'refused')
    """,
)
_REFUSE = query(
    "signing_step_refuse",
    """
    update signing_step set state = case when step = $5 then 'refused' else 'lapsed' end, reason =
        case when step = $5 then $9::bytea end, done_at = $6, signer = case when step = $5 then $7 else '' end,
        assigned = case when step = $5 then $8 else assigned end
    where bucket = $1 and record = $2 and number = $3 and version = $4 and state in ('queued', 'waiting')
        and exists (select 1 from signing_step
                    where bucket = $1 and record = $2 and number = $3 and version = $4 and step = $5
                        and state = 'waiting')
    returning step
    """,
)
_WAITING = query(
    "signing_steps_waiting",
    """
    select * from signing_step s
    where state = 'waiting' and (duty = any($1::text[]) or assigned = any($2::text[]))
        and (assigned = '' or assigned = any($2::text[]))
        and exists (select 1 from medical_record m where m.bucket = s.bucket and m.rid = s.record
                    and m.cancelled_at is null and m.state not in ('archived', 'destroyed'))
    order by asked_at, record, number limit $3
    """,
    fan_out=_WAITS_FOR,
)
_UNSIGNED = query(
    "signing_steps_unsigned",
    """
    select * from signing_step s
    where state = 'waiting' and ($1 = '' or department = $1)
        and exists (select 1 from medical_record m where m.bucket = s.bucket and m.rid = s.record
                    and m.cancelled_at is null and m.state not in ('archived', 'destroyed'))
    order by asked_at, record, number limit $2
    """,
    fan_out=_WAITS_FOR,
)
_OF_DUTY = query(
    "signing_steps_of_duty",
    """
    select * from signing_step s
    where state = 'waiting' and duty = $1
        and exists (select 1 from medical_record m where m.bucket = s.bucket and m.rid = s.record
                    and m.cancelled_at is null and m.state not in ('archived', 'destroyed'))
    order by asked_at limit $2
    """,
    fan_out=_WAITS_FOR,
)
_RETURNED = query(
    "signing_steps_returned",
    """
    select * from signing_step s
    where state = 'refused' and assigned = $1
        and exists (select 1 from medical_record m where m.bucket = s.bucket and m.rid = s.record
                    and m.cancelled_at is null and m.state not in ('archived', 'destroyed'))
    order by done_at desc limit $2
    """,
    fan_out=_WAITS_FOR,
)
_FILE = query(
    "signed_paper_read",
    "select * from signed_paper where bucket = $1 and record = $2 and number = $3 and version = $4",
)
_FILES = query(
    "signed_papers_of_record",
    "select * from signed_paper where bucket = $1 and record = $2 order by number, version desc",
)
_KEEP = query(
    "signed_paper_keep",
    """
    insert into signed_paper (bucket, record, number, version, patient, signed_at, signatures, level, missing, address,
                              content_hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (bucket, record, number, version) do update set signed_at = excluded.signed_at, signatures =
        excluded.signatures, level = excluded.level, missing = excluded.missing, address = excluded.address,
        content_hash = excluded.content_hash, evidence_tree = null
    where signed_paper.content_hash = $12
    returning number
    """,
)
_PRESENT = query(
    "signed_paper_present",
    """
    select version, state from record_paper
    where bucket = $1 and record = $2 and number = $3 and cancelled_at is null for update
    """,
)
_STATE = query(
    "signed_paper_state",
    "update record_paper set state = $4 where bucket = $1 and record = $2 and number = $3",
)
_MISSING = query(
    "signed_papers_missing",
    "select * from signed_paper where missing <> '' order by signed_at limit $1",
    fan_out="files that lack a time-stamp lie in all compartments",
)
_SEE = query(
    "paper_see",
    """
    insert into paper_seen (bucket, record, number, actor, version, seen_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (bucket, record, number, actor) do update set version = excluded.version, seen_at = excluded.seen_at
    """,
)
_SEEN = query(
    "paper_seen_by",
    "select number, version from paper_seen where bucket = $1 and record = $2 and actor = $3",
)
_STEP_FIELDS = tuple(each.name for each in fields(Step) if each.name != "state")
_FILE_FIELDS = tuple(each.name for each in fields(SignedPaper))


class SigningRows:
    """Reads the rows of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def steps(self, record: Record) -> list[Step]:
        """All steps of a record's papers, by paper, version and place."""
        return [_step(row) for row in await self._database.fetch(_STEPS, record.bucket, record.rid)]

    async def waiting(self, standings: Sequence[Standing], count: int) -> list[Step]:
        """What waits for one of these, longest first."""
        duties = sorted({duty for each in standings for duty in each.duties})
        actors = [each.actor for each in standings]
        found = [_step(row) for row in await self._database.fetch(_WAITING, duties, actors, count)]
        return [each for each in found if any(one.fits(each) for one in standings)]

    async def unsigned(self, department: str, count: int) -> list[Step]:
        """Whatever waits for anybody, longest first; of a department, "" for all."""
        return [_step(row) for row in await self._database.fetch(_UNSIGNED, department, count)]

    async def of_duty(self, duty: str, count: int) -> list[Step]:
        """What waits for a duty, longest first."""
        return [_step(row) for row in await self._database.fetch(_OF_DUTY, duty, count)]

    async def returned(self, actor: str, count: int) -> list[Step]:
        """Papers that somebody refused to sign and that went back to `actor`."""
        return [_step(row) for row in await self._database.fetch(_RETURNED, actor, count)]

    async def file(self, record: Record, number: int, version: int) -> SignedPaper | None:
        """The signed file of a version."""
        row = await self._database.fetchrow(_FILE, record.bucket, record.rid, number, version)
        return _file(row) if row is not None else None

    async def files(self, record: Record) -> list[SignedPaper]:
        """All signed files of a record, by paper, newest version first."""
        return [_file(row) for row in await self._database.fetch(_FILES, record.bucket, record.rid)]

    async def missing(self, count: int) -> list[SignedPaper]:
        """Files that lack a time-stamp or a status, longest first."""
        return [_file(row) for row in await self._database.fetch(_MISSING, count)]

    async def seen(self, record: Record, actor: str) -> dict[int, int]:
        """Which version of each paper of a record an actor saw last."""
        rows = await self._database.fetch(_SEEN, record.bucket, record.rid, actor)
        return {row["number"]: row["version"] for row in rows}


# What a unit of work does in its own transaction


def begin(record: Record, paper: Paper, chain: Chain | None, at: datetime) -> Hook:
    """The steps of a version of a paper that is done; those of earlier versions lapse, those signed stay signed."""
    rows = [] if chain is None else _planned(record, paper, chain)
    late = timedelta(hours=chain.late_h if chain is not None else 0)
    key = (record.bucket, record.rid, paper.number, paper.version)

    async def write(connection: Connection) -> None:
        await connection.execute(_LAPSE, *key)
        await connection.executemany(_PUT, rows)
        await connection.execute(_NEXT_TURN, *key, at, late)

    return write


def lapse(record: Record, number: int) -> Hook:
    """No signature is waited for any more: the paper was cancelled."""

    async def write(connection: Connection) -> None:
        await connection.execute(_LAPSE, record.bucket, record.rid, number, _EVERY_VERSION)

    return write


_EVERY_VERSION = 2**31 - 1


def _planned(record: Record, paper: Paper, chain: Chain) -> list[tuple[Any, ...]]:
    turns = [(turn, duty) for turn, duties in enumerate(chain.turns) for duty in duties]
    return [
        (record.bucket, record.rid, paper.number, paper.version, step, turn, StepState.QUEUED.value, duty,
         paper.author if duty == "author" else "", record.department, None, None, None, "", "", "")
        for step, (turn, duty) in enumerate(turns)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A signature that was made: of which step, by whom, for whom, as what, when; when the next turn is late."""

    step: Step
    signer: str
    on_behalf: str
    title: str
    late_h: int
    at: datetime


def signed(made: Made, file: SignedPaper, before: bytes) -> Hook:
    """The signed file in the place of the one with the hash `before` (b"" for none), and its step.

    The next turn begins where this one is whole; where nothing is waited for any more the paper is signed. Raises
    Conflict BA-5105 where the paper has a newer version, BA-5106 where another signature came between, Forbidden
    BA-5103 where the step waits no more.
    """

    async def write(connection: Connection) -> None:
        await _hold(connection, made.step)
        if await connection.fetchval(_KEEP, *_kept(file), before) is None:
            raise SIGNED_MEANWHILE()
        await _done(connection, made)

    return write


def confirmed(made: Made) -> Hook:
    """A step that needs no file of its own. Raises as `signed`."""

    async def write(connection: Connection) -> None:
        await _hold(connection, made.step)
        await _done(connection, made)

    return write


async def _hold(connection: Connection, step: Step) -> None:
    """Nobody else signs or saves the paper meanwhile. Raises Conflict BA-5105."""
    present = await connection.fetchrow(_PRESENT, step.bucket, step.record, step.number)
    if present is None or present["version"] != step.version:
        raise CHANGED_SINCE(version=present["version"] if present is not None else step.version)


async def _done(connection: Connection, made: Made) -> None:
    step = made.step
    key = (step.bucket, step.record, step.number, step.version)
    if step.duty == COUNTERSIGN:
        await connection.execute(
            _PUT, *key, step.step, step.turn, StepState.SIGNED.value, COUNTERSIGN, made.signer, step.department,
            made.at, None, made.at, made.signer, made.on_behalf, made.title,
        )  # fmt: skip
        return
    if await connection.fetchval(_SIGN, *key, step.step, made.at, made.signer, made.on_behalf, made.title) is None:
        raise NOT_YOUR_TURN()
    await connection.execute(_NEXT_TURN, *key, made.at, timedelta(hours=made.late_h))
    if await connection.fetchval(_OPEN, *key) == 0:
        await connection.execute(_STATE, step.bucket, step.record, step.number, "signed")


def _kept(file: SignedPaper) -> tuple[Any, ...]:
    return (
        file.bucket, file.record, file.number, file.version, file.patient, file.signed_at, file.signatures, file.level,
        file.missing, file.address, file.content_hash,
    )  # fmt: skip


def refuse(step: Step, by: str, author: str, reason: bytes, at: datetime) -> Hook:
    """A step is refused: the paper goes back to its author, nobody else is waited for. Raises Forbidden BA-5103."""
    key = (step.bucket, step.record, step.number, step.version)

    async def write(connection: Connection) -> None:
        if await connection.fetchval(_REFUSE, *key, step.step, at, by, author, reason) is None:
            raise NOT_YOUR_TURN()

    return write


def replace_file(file: SignedPaper, before: bytes) -> Hook:
    """A file with one more time-stamp in the place of the one with the hash `before`. Raises Conflict BA-5106."""

    async def write(connection: Connection) -> None:
        if await connection.fetchval(_KEEP, *_kept(file), before) is None:
            raise SIGNED_MEANWHILE()

    return write


def see(record: Record, number: int, actor: str, version: int, at: datetime) -> Hook:
    """Somebody saw a version of a paper."""

    async def write(connection: Connection) -> None:
        await connection.execute(_SEE, record.bucket, record.rid, number, actor, version, at)

    return write


def next_step(steps: Iterable[Step]) -> int:
    """The place of one more step."""
    return max((each.step for each in steps), default=-1) + 1


def is_of_nobody(step: Step) -> bool:
    """Whether a step waits for no account: the seal's, the patient's."""
    return step.duty in (ORGANISATION, PATIENT)


def _step(row: asyncpg.Record) -> Step:
    return Step(state=StepState(row["state"]), **{name: row[name] for name in _STEP_FIELDS})


def _file(row: asyncpg.Record) -> SignedPaper:
    return SignedPaper(**{name: row[name] for name in _FILE_FIELDS})
