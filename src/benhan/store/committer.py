"""The one way into the tables: concurrent units of work share a transaction, each all-or-nothing by itself.

A batch is written in few round trips: lock and read the current versions, decide for each unit whether it may, seal,
COPY the new versions, end the old ones and write the ledger, COMMIT; only then is anybody answered. Where anything
unexpected happens the batch is undone and its units are tried one by one, so that one unit cannot hurt another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from benhan.kernel.faults import Fault
from benhan.kernel.issues import error
from benhan.kernel.logs import Log
from benhan.store.care import end_all, treated_among
from benhan.store.content import seal_tail
from benhan.store.copy_rows import Table, bytea, copy_rows, float8, int2, int4, int8, int8_array, timestamptz
from benhan.store.database import Connection, Database, translated
from benhan.store.faults import (
    ALREADY_THERE,
    NO_SUCH_RESOURCE,
    NOT_ABSENT,
    OUTCOME_UNKNOWN,
    STALE_VERSION,
    TOO_MANY_WAITING,
)
from benhan.store.ids import bucket_of
from benhan.store.key_faults import SHREDDED
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import APPEND, MANY, Entry, append_many, columns_of
from benhan.store.placement import place
from benhan.store.sealing import DataKey
from benhan.store.secrecy import bears
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import CLAIM, Key, SharedHook, Stored, UnitOfWork, Verb, Write

log = Log("committer")

UNITS_MAX = 256
WAITING_MAX = 10_000
PATIENCE_S = 0.015
"""One writer makes larger batches than two, and larger ones cost less; a second goes past one that takes long."""
CROWD = 8
GATHERING_S = 0.005
GATHERING_STEP_S = 0.001
"""Where that many write at once, a batch waits as long as others come in each step: no time is lost, since they keep
the processor busy meanwhile."""
RETRIES = 3
SECOND = timedelta(seconds=1)

_CURRENT = """
    from unnest($1::smallint[], $2::smallint[], $3::bigint[]) as w (bucket, type, rid)
    left join placement p on p.bucket = w.bucket and p.type = w.type and p.rid = w.rid
    join resource r on r.bucket = coalesce(p.at_bucket, w.bucket) and r.type = w.type and r.rid = w.rid
    where r.until is null
"""
_LOCK_CURRENT = query(
    "lock_current",
    f"""
    select r.bucket, r.type, r.rid, r.version, r.patient, r.updated_at, r.content is null as deleted,
        {bears("r", "$4::bigint[]")} as is_secret, {bears("r", "$5::bigint[]")} as is_kept
    {_CURRENT}
    order by r.bucket, r.type, r.rid
    for update of r
    """,
)
_IS_CURRENT = query("is_current", f"select exists (select {_CURRENT})")
_CLAIM = (
    "select pg_advisory_xact_lock(claim) from unnest($1::bigint[]) with ordinality as c (claim, place) order by place"
)
"""One order for all, so that two transactions never wait for each other."""
_FINISH = query(
    "finish_batch",
    f"""
    with ended as (
        update resource r set until = pg_current_xact_id()
        from unnest($12::smallint[], $13::smallint[], $14::bigint[], $15::int[], $16::timestamptz[])
            as w (bucket, type, rid, version, ended_at)
        where r.bucket = w.bucket and r.type = w.type and r.rid = w.rid and r.version = w.version
        returning w.*
    ),
    noted as (
        insert into resource_ended (bucket, type, rid, version, ended_at) select * from ended
    ),
    ranged as (
        insert into range_index (key, low, high, rid, version, bucket, type)
        select * from unnest(
            $17::bigint[], $18::float8[], $19::float8[], $20::bigint[], $21::int[], $22::smallint[], $23::smallint[]
        )
    )
    {APPEND}
    """,  # noqa: S608  # constants
)
"""Everything but the new versions themselves, in one round trip: versions that end, ranges, ledger."""
_RESOURCE = Table(
    "resource",
    {
        "rid": int8,
        "patient": int8,
        "present": int8,
        "version": int4,
        "bucket": int2,
        "type": int2,
        "updated_at": timestamptz,
        "at_from": timestamptz,
        "at_to": timestamptz,
        "quantity": float8,
        "tokens": int8_array,
        "content": bytea,
    },
)

_RELATING = ("Encounter", "Patient")
"""Types by which somebody treats a patient."""


@dataclass(slots=True)
class Pending:
    """A unit of work that waits for its commit."""

    unit: UnitOfWork
    done: asyncio.Future[list[Stored | None]]
    keys: list[Key]
    """What nobody else may write at the same time."""


@dataclass(slots=True)
class Current:
    """The current version of a resource, locked."""

    bucket: int
    version: int
    patient: int
    updated_at: datetime
    deleted: bool
    is_secret: bool
    is_kept: bool
    """Whether it is kept even from who treats the patient."""


@dataclass(slots=True)
class Batch:
    """What a transaction will write."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    ranges: list[tuple[object, ...]] = field(default_factory=list)
    ended: list[tuple[int, int, int, int, datetime]] = field(default_factory=list)
    placed: list[tuple[int, int, int, int]] = field(default_factory=list)
    placed_new: list[tuple[int, int, int, int]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


class Committer:
    """Gathers units of work and writes them; `start` and `stop` frame its life."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._waiting: deque[Pending] = deque()
        self._busy: set[Key] = set()
        self._wake = asyncio.Event()
        self._writers: list[asyncio.Task[None]] = []
        self._crowd = 0
        self._begun_s: float | None = None
        """When the first writer began what it is writing."""
        self.committed_units = 0
        self.committed_batches = 0

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._writers = [asyncio.create_task(self._write_first()), asyncio.create_task(self._write_past_it())]

    async def stop(self) -> None:
        """Write what waits, then end."""
        while self._waiting or self._busy:  # noqa: ASYNC110  # at the end of a life, not in its hot path
            await asyncio.sleep(0.005)
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def commit(self, unit: UnitOfWork) -> list[Stored | None]:
        """Write `unit`; gives one Stored for each of its writes, None for a deletion of what was not there.

        Returns after the commit. Raises Conflict BA-0412 (stale version) or BA-0413, NotFound BA-0401 or BA-0503,
        Busy BA-0424, Unavailable BA-0420 or BA-0421 with nothing written; Interrupted BA-0423 where the connection was
        lost during COMMIT, so that nobody can tell.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise TOO_MANY_WAITING()
        keys = [write.key for write in unit.writes] + [(CLAIM, claim) for claim in unit.claims]
        pending = Pending(unit, self._loop.create_future(), keys)
        self._waiting.append(pending)
        self._wake.set()
        return await pending.done

    async def _write_first(self) -> None:
        """Write what waits, again and again."""
        while True:
            await self._wake.wait()
            await self._gather()
            self._begun_s = self._loop.time()
            written = await self._write_waiting()
            self._begun_s = None
            self._crowd = written + len(self._waiting) if written else self._crowd

    async def _write_past_it(self) -> None:
        """Write what waits where the first writer does not come back."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(PATIENCE_S)
            if self._begun_s is not None and self._loop.time() - self._begun_s >= PATIENCE_S:
                await self._write_waiting()

    async def _gather(self) -> None:
        """Let those join the batch who are ready to write in this turn of the loop, and those who come close behind."""
        await asyncio.sleep(0)
        if self._crowd < CROWD or not self._waiting:
            return
        until_s = self._loop.time() + GATHERING_S
        while (there := len(self._waiting)) < min(self._crowd, UNITS_MAX) and self._loop.time() < until_s:
            await asyncio.sleep(GATHERING_STEP_S)
            if len(self._waiting) == there:
                return

    async def _write_waiting(self) -> int:
        """Write what can be written of what waits; gives the number of units, 0 where all has been taken."""
        batch = self._take()
        if not batch:
            self._wake.clear()
            return 0
        try:
            await self._write_gently(batch)
        finally:
            for pending in batch:
                self._busy.difference_update(pending.keys)
            self._wake.set()
        return len(batch)

    def _take(self) -> list[Pending]:
        """The waiting units whose resources nobody is writing; the order of writes to one resource is kept."""
        batch: list[Pending] = []
        passed_over: list[Pending] = []
        blocked = set(self._busy)
        while self._waiting and len(batch) < UNITS_MAX:
            pending = self._waiting.popleft()
            keys = pending.keys
            if blocked.isdisjoint(keys):
                batch.append(pending)
            else:
                passed_over.append(pending)
            blocked.update(keys)
        self._waiting.extendleft(reversed(passed_over))
        for pending in batch:
            self._busy.update(pending.keys)
        return batch

    async def _write_gently(self, batch: list[Pending]) -> None:
        """Write `batch` together; where that fails, one by one."""
        if len(batch) > 1:
            try:
                await self._write(batch)
            except Exception as cause:  # noqa: BLE001  # whatever it is, the unit it comes from shall fail alone
                if _is_final(cause):
                    _fail(batch, cause)
                    return
            else:
                return
        for pending in batch:
            await self._write_alone(pending)

    async def _write_alone(self, pending: Pending) -> None:
        for attempt in range(RETRIES):
            try:
                with translated():
                    await self._write([pending])
            except Fault as fault:
                if _is_rivalry(fault) and attempt < RETRIES - 1:
                    continue
                _fail([pending], fault)
            except Exception as cause:  # noqa: BLE001  # the asker gets it; the writer must live for the others
                log.failure("commit.failed", cause)
                _fail([pending], cause)
            return

    async def _write(self, batch: list[Pending]) -> None:
        """One transaction for `batch`; answers every unit of it, or raises with nothing written."""
        committing = False
        made: dict[int, DataKey] = {}
        try:
            with translated():
                async with self._database.pool.acquire() as connection:
                    transaction = connection.transaction()
                    await transaction.start()
                    try:
                        answers = await self._write_units(connection, batch, made)
                        committing = True
                        await transaction.commit()
                    except BaseException:
                        if not committing:
                            await _roll_back(transaction)
                        raise
        except Fault as fault:
            if committing and fault.category == "unavailable":
                raise OUTCOME_UNKNOWN() from fault
            raise
        self._keyring.remember({patient: key for patient, key in made.items() if not key.is_replacing})
        self.committed_batches += 1
        self.committed_units += len(batch)
        for pending, answer in answers:
            if pending.done.done():
                continue
            if isinstance(answer, Fault):
                pending.done.set_exception(answer)
            else:
                pending.done.set_result(answer)

    async def _write_units(
        self, connection: Connection, batch: list[Pending], made: dict[int, DataKey]
    ) -> list[tuple[Pending, list[Stored | None] | Fault]]:
        refused = await _checked(connection, batch)
        batch = [pending for pending in batch if id(pending) not in refused]
        current = await _lock_current(connection, batch)
        await _show_to_treating(connection, batch, current)
        patients = {
            write.patient for pending in batch for write in pending.unit.writes if write.verb is not Verb.DELETE
        }
        keys = await self._keyring.data_keys(patients, connection, create=True) if patients else {}
        made.update(keys)
        work = Batch()
        answers: list[tuple[Pending, list[Stored | None] | Fault]] = [*refused.values()]
        accepted: list[Pending] = []
        for pending in batch:
            fault = _refusal(pending.unit, current, keys)
            if fault is not None:
                answers.append((pending, fault))
                continue
            answers.append((pending, [_put(pending.unit, write, current, keys, work) for write in pending.unit.writes]))
            accepted.append(pending)
        work.entries += [entry for pending in accepted for entry in pending.unit.entries]
        await _flush(connection, work)
        await _end_relations(connection, accepted, current)
        await _run_hooks(connection, [pending.unit for pending in accepted])
        return answers


async def _end_relations(connection: Connection, accepted: list[Pending], current: dict[Key, Current]) -> None:
    """Whoever treated by an Encounter that is deleted, or is of another patient now, does so no more."""
    gone = {
        (found.patient, write.rid if write.type == "Encounter" else 0)
        for pending in accepted
        for write in pending.unit.writes
        if write.type in _RELATING
        and (found := current.get(write.key)) is not None
        and found.patient
        and (write.verb is Verb.DELETE or found.patient != write.patient)
    }
    if gone:
        await end_all(connection, gone, max(pending.unit.at for pending in accepted))


async def _checked(connection: Connection, batch: list[Pending]) -> dict[int, tuple[Pending, Fault]]:
    """The units whose checks refuse them, by identity; their claims are held until the transaction ends."""
    checking = [pending for pending in batch if pending.unit.checks]
    if not checking:
        return {}
    claims = sorted({claim for pending in checking for claim in pending.unit.claims})
    await connection.execute(_CLAIM, claims)
    refused = {}
    for pending in checking:
        try:
            for check in pending.unit.checks:
                await check()
        except Fault as fault:
            refused[id(pending)] = (pending, fault)
    return refused


async def _run_hooks(connection: Connection, units: list[UnitOfWork]) -> None:
    for unit in units:
        for hook in unit.hooks:
            await hook(connection)
    shared: dict[SharedHook, list[object]] = {}
    for unit in units:
        for together, asked in unit.shared_hooks:
            shared.setdefault(together, []).append(asked)
    for together, all_asked in shared.items():
        await together(connection, all_asked)


async def _lock_current(connection: Connection, batch: list[Pending]) -> dict[Key, Current]:
    wanted = {write.key for pending in batch for write in pending.unit.writes if not write.assigned}
    if not wanted:
        return {}
    secrets, kept = batch[0].unit.secrets
    while True:
        rows = await connection.fetch(_LOCK_CURRENT, *_places(wanted), secrets, kept)
        current = {
            (row["type"], row["rid"]): Current(
                row["bucket"],
                row["version"],
                row["patient"],
                row["updated_at"],
                row["deleted"],
                row["is_secret"],
                row["is_kept"],
            )
            for row in rows
        }
        # what another process superseded while we waited for its lock is missing although it is there: look again
        missing = wanted - current.keys()
        if not missing or not await connection.fetchval(_IS_CURRENT, *_places(missing)):
            return current


async def _show_to_treating(connection: Connection, batch: list[Pending], current: dict[Key, Current]) -> None:
    """Let those who treat a patient change what is kept from others only."""
    for pending in batch:
        care = pending.unit.actor.care
        if care is None or not care.treats:
            continue
        secret = [
            (write, found)
            for write in pending.unit.writes
            if (found := current.get(write.key)) is not None and found.is_secret and not found.is_kept
        ]
        if secret:
            treated = await treated_among(connection, care, sorted({found.patient for _, found in secret}))
            for write, found in secret:
                write.sees_secrets = write.sees_secrets or found.patient in treated


def _places(keys: Collection[Key]) -> tuple[list[int], list[int], list[int]]:
    """Home buckets, types and rids of `keys`."""
    return [bucket_of(rid) for _, rid in keys], [type_ for type_, _ in keys], [rid for _, rid in keys]


def _refusal(unit: UnitOfWork, current: dict[Key, Current], keys: dict[int, DataKey]) -> Fault | None:
    """Why `unit` may not be written now, or None."""
    for write in unit.writes:
        found = _reached(write, current)
        version = found.version if found is not None else 0
        if write.if_match is not None and write.if_match != version:
            return STALE_VERSION(type=write.type, id=write.id, expected=write.if_match, found=version)
        if found is None and write.verb is Verb.UPDATE and write.key in current:
            return NO_SUCH_RESOURCE(type=write.type, id=write.id)
        if write.verb is Verb.CREATE and found is not None:
            return ALREADY_THERE(type=write.type, id=write.id)
        if write.verb is Verb.UPDATE and write.if_absent == "fail" and (found is None or found.deleted):
            return NO_SUCH_RESOURCE(type=write.type, id=write.id)
        if write.if_absent == "only" and found is not None and not found.deleted:
            return NOT_ABSENT(type=write.type, id=write.id)
    shredded = [write for write in unit.writes if write.verb is not Verb.DELETE and write.patient not in keys]
    if shredded:
        return SHREDDED(*(error("deleted", f"{write.type}/{write.id}", SHREDDED.text) for write in shredded))
    return None


def _reached(write: Write, current: dict[Key, Current]) -> Current | None:
    """The present version, where the actor's limits let the write touch it and it is not kept from them."""
    found = current.get(write.key)
    if found is not None and found.is_secret and not write.sees_secrets:
        return None
    return found if found is None or write.reach is None or found.patient in write.reach else None


def _put(
    unit: UnitOfWork, write: Write, current: dict[Key, Current], keys: dict[int, DataKey], work: Batch
) -> Stored | None:
    """Add the rows of `write` to `work`; gives the version it makes."""
    found = _reached(write, current)
    if write.verb is Verb.DELETE:
        if found is None or found.deleted:
            return None
        bucket, write.patient = found.bucket, found.patient
    else:
        bucket = write.bucket
    version = found.version + 1 if found is not None else 1
    # whoever began first may come second, and a clock may be set back: no version is older than the one before it
    at = max(unit.at, found.updated_at) if found is not None else unit.at
    if found is not None:
        work.ended.append((found.bucket, write.type_number, write.rid, found.version, at))
    if bucket != (found.bucket if found is not None else bucket_of(write.rid)):
        placed = work.placed if found is not None else work.placed_new
        placed.append((bucket_of(write.rid), write.type_number, write.rid, bucket))
    content = None
    if write.verb is not Verb.DELETE:
        content = seal_tail(keys[write.patient], write.packed, write.type_number, write.rid, version)
    _add_rows(unit, write, at, bucket, version, content, work)
    work.entries.append(unit.entry_of(write, version))
    return Stored(
        write.type,
        write.id,
        write.rid,
        version,
        at,
        deleted=content is None,
        created=content is not None and (found is None or found.deleted),
        patient=write.patient,
        tail=write.tail,
    )


def _add_rows(
    unit: UnitOfWork, write: Write, at: datetime, bucket: int, version: int, content: bytes | None, work: Batch
) -> None:
    indexed = write.indexed
    at_from, at_to = indexed.at if indexed is not None and indexed.at is not None else (None, None)
    if at_from is not None and at_to == at_from + SECOND:
        at_to = None  # what nearly all dates are costs nothing to keep
    quantity = indexed.quantity if indexed is not None else None
    work.rows.append(
        (
            write.rid,
            write.patient,
            indexed.present if indexed is not None else 0,
            version,
            bucket,
            write.type_number,
            at,
            at_from,
            at_to,
            quantity,
            write.tokens,
            content,
        )
    )
    if indexed is not None:
        for entry in indexed.ranges:
            work.ranges.append(
                (unit.token(entry.key), entry.low, entry.high, write.rid, version, bucket, write.type_number)
            )


async def _flush(connection: Connection, work: Batch) -> None:
    if work.placed:
        await place(connection, work.placed, new=False)
    if work.placed_new:
        await place(connection, work.placed_new, new=True)
    if work.rows:
        await copy_rows(connection, _RESOURCE, work.rows)
    entries = work.entries
    if (work.ended or work.ranges) and len(entries) < MANY:
        await connection.execute(_FINISH, *columns_of(entries), *_columns(work.ended, 5), *_columns(work.ranges, 7))
        return
    if work.ended or work.ranges:
        await connection.execute(_FINISH, *columns_of([]), *_columns(work.ended, 5), *_columns(work.ranges, 7))
    await append_many(connection, entries)


def _columns(rows: Sequence[tuple[object, ...]], count: int) -> Sequence[Sequence[object]]:
    return list(zip(*rows, strict=True)) or [()] * count


async def _roll_back(transaction: asyncpg.transaction.Transaction) -> None:
    try:
        await transaction.rollback()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return  # the connection is gone, and the transaction with it


def _is_rivalry(fault: Fault) -> bool:
    """Whether another process wrote the same resource in between (unique violation, deadlock, serialization)."""
    return isinstance(fault.__cause__, asyncpg.PostgresError) and fault.__cause__.sqlstate in {
        "23505",
        "40P01",
        "40001",
    }


def _is_final(cause: BaseException) -> bool:
    """Whether trying the units one by one would not help."""
    return isinstance(cause, Fault) and cause.category in {"interrupted", "unavailable"}


def _fail(batch: Sequence[Pending], cause: BaseException) -> None:
    for pending in batch:
        if not pending.done.done():
            pending.done.set_exception(cause)
