"""Batches: many papers signed by one PIN or one approval, with a row for each that tells how far it is.

The PIN is opened before `start` returns, so that a wrong one is told at once, and is kept by nobody: a batch that a
killed process leaves is over after LOST_AFTER, and what it did not reach waits in the tray as before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.permissions import Permission
from benhan.node.records.life import require
from benhan.node.signatures.faults import (
    BATCH_RUNNING,
    BATCH_STOPPED,
    NO_SUCH_BATCH,
    NOTHING_CHOSEN,
    TOO_MANY_CHOSEN,
)
from benhan.node.signatures.models import Chosen
from benhan.node.signatures.signing import Outcome, Signatures
from benhan.signing.remote import Approval
from benhan.store.ids import bucket_of, encode_rid
from benhan.store.sql_texts import query

log = Log("signatures")

CHOSEN_MAX = 500
LOST_AFTER = timedelta(minutes=15)

_BEGIN = query("signing_batch_begin", "insert into signing_batch (id, begun_at, actor) values ($1, $2, $3)")
_LOST = query(
    "signing_batch_lost",
    "update signing_batch set ended_at = $2, fault = $3 where actor = $1 and ended_at is null and begun_at < $4",
)
_READ = query("signing_batch_read", "select * from signing_batch where id = $1 and actor = $2")
_END = query("signing_batch_end", "update signing_batch set ended_at = $2, fault = $3 where id = $1")
_FORGET = query("signing_batch_forget", "delete from signing_batch where id = $1")
_PUT = query(
    "signing_batch_paper_put",
    """
    insert into signing_batch_paper (bucket, batch, place, record, number, version, state, form)
    values ($1, $2, $3, $4, $5, $6, 'waiting', $7)
    """,
)
_FORGET_PAPERS = query(
    "signing_batch_papers_forget",
    "delete from signing_batch_paper where batch = $1",
    fan_out="a batch has papers of many patients",
)
_DONE = query(
    "signing_batch_paper_done",
    """
    update signing_batch_paper set state = $4, fault = $5, done_at = $6
    where bucket = $1 and batch = $2 and place = $3
    """,
)
_PAPERS = query(
    "signing_batch_papers",
    "select * from signing_batch_paper where batch = $1 order by place",
    fan_out="a batch has papers of many patients",
)


@dataclass(frozen=True, slots=True)
class BatchPaper:
    """A paper in a batch: waiting, signed, failed; `fault` is code and words in both languages, () for none."""

    record: int
    number: int
    version: int
    form: str
    state: str
    fault: tuple[str, ...]

    @property
    def record_id(self) -> str:
        return encode_rid(self.record)


@dataclass(frozen=True, slots=True)
class Batch:
    """How far a batch is."""

    id: str
    begun_at: datetime
    ended_at: datetime | None
    fault: tuple[str, ...]
    papers: list[BatchPaper]

    def count(self, state: str) -> int:
        return sum(each.state == state for each in self.papers)


class Batches:
    """The batches that this process signs; its rows are read by all."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures
        self._database = signatures.store.database
        self._clock = signatures.store.clock
        self._random = signatures.store.random
        self._running: set[asyncio.Task[None]] = set()

    async def start(self, chosen: Sequence[Chosen], actor: Actor, approval: Approval) -> str:
        """Begin to sign; gives the batch's id once the key is open.

        Raises Incorrect BA-5110, BA-5112; Busy BA-5114; Forbidden BA-5100, BA-5101, BA-5102, BA-5213; NotFound BA-5017,
        BA-5205; Unavailable BA-5015.
        """
        require(actor, Permission.RECORD_SIGN)
        if not chosen:
            raise NOTHING_CHOSEN()
        if len(chosen) > CHOSEN_MAX:
            raise TOO_MANY_CHOSEN(limit=CHOSEN_MAX)
        now = self._clock.now()
        id_ = self._random.bytes(12).hex()
        places = await self._placed(id_, chosen, actor, now)
        is_open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._run(id_, chosen, places, actor, approval, is_open), name="signing batch")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await asyncio.shield(is_open)
        except Fault:
            await self._database.execute(_FORGET, id_)
            await self._database.execute(_FORGET_PAPERS, id_)
            raise
        return id_

    async def read(self, id_: str, actor: Actor) -> Batch:
        """How far a batch of one's own is. Raises NotFound BA-5113."""
        row = await self._database.fetchrow(_READ, id_, actor.id)
        if row is None:
            raise NO_SUCH_BATCH()
        papers = await self._database.fetch(_PAPERS, id_)
        ended, fault = row["ended_at"], tuple(row["fault"])
        if ended is None and row["begun_at"] < self._clock.now() - LOST_AFTER:
            ended, fault = row["begun_at"] + LOST_AFTER, _words(BATCH_STOPPED())
        told = [
            BatchPaper(
                each["record"], each["number"], each["version"], each["form"], each["state"], tuple(each["fault"])
            )
            for each in papers
        ]
        return Batch(id_, row["begun_at"], ended, fault, told)

    async def finished(self) -> None:
        """Return when nothing is being signed here."""
        if self._running:
            await asyncio.wait(self._running)

    async def _placed(
        self, id_: str, chosen: Sequence[Chosen], actor: Actor, now: datetime
    ) -> dict[Chosen, tuple[int, int]]:
        """The rows of a batch; gives bucket and place of each paper. Raises Busy BA-5114."""
        rid_of = self._signatures.store.workshop.ids.rid_of
        rows, places = [], {}
        for place, each in enumerate(dict.fromkeys(chosen)):
            rid = rid_of("Composition", each.record_id)
            record = (await self._signatures.records.admitted(each.record_id, actor)).record
            papers = await self._signatures.records.rows.papers(record)
            form = next((paper.form for paper in papers if paper.number == each.number), "")
            rows.append((bucket_of(rid), id_, place, rid, each.number, each.version, form))
            places[each] = bucket_of(rid), place
        lost = list(_words(BATCH_STOPPED()))
        async with self._database.transaction() as connection:
            await connection.execute(_LOST, actor.id, now, lost, now - LOST_AFTER)
            try:
                await connection.execute(_BEGIN, id_, now, actor.id)
            except asyncpg.UniqueViolationError as cause:
                raise BATCH_RUNNING() from cause
            await connection.executemany(_PUT, rows)
        return places

    async def _run(
        self,
        id_: str,
        chosen: Sequence[Chosen],
        places: dict[Chosen, tuple[int, int]],
        actor: Actor,
        approval: Approval,
        is_open: asyncio.Future[None],
    ) -> None:
        async def told(outcome: Outcome) -> None:
            one, fault = outcome
            bucket, place = places[one]
            state = "failed" if fault is not None else "signed"
            words = _words(fault) if fault is not None else ()
            await self._database.execute(_DONE, bucket, id_, place, state, list(words), self._clock.now())

        fault: Fault | None = None
        try:
            async with self._signatures.signers.opened(actor, approval) as signer:
                is_open.set_result(None)
                await self._signatures.sign(list(dict.fromkeys(chosen)), actor, signer, told)
        except Fault as raised:
            if not is_open.done():
                is_open.set_exception(raised)
                return
            fault = raised
        except BaseException as cause:
            log.failure("batch.failed", cause)
            fault = BATCH_STOPPED()
            if not is_open.done():
                is_open.set_exception(fault)
                return
            await self._database.execute(_END, id_, self._clock.now(), list(_words(fault)))
            raise
        words = _words(fault) if fault is not None else ()
        await self._database.execute(_END, id_, self._clock.now(), list(words))


def _words(fault: Fault) -> tuple[str, str, str]:
    """A fault as it is kept: its code and words, which hold nothing of a person."""
    return fault.code, fault.text.vi, fault.text.en
