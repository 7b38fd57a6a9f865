"""Destroying a patient's record by destroying its key.

The rows stay: counts, versions and the ledger remain whole, but nothing opens them: not here, not in a copy taken
before, not in a backup of the content. What the indexes tell of the patient (hashes, dates, numbers) is cleared too.

A backup that holds wrapped keys keeps a destroyed one until its key-encryption key is destroyed as well, as do the
dead rows and the write-ahead log of this database: run `benhan keys rotate` after shredding, back the keys up anew
and destroy the copies of the old key-encryption key (docs/decisions/0002-keys.md).
"""

from __future__ import annotations

import asyncio

import asyncpg

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.kernel.trace import current_trace
from benhan.store.database import Database
from benhan.store.ids import bucket_of
from benhan.store.key_faults import NO_PATIENT_KEY, SHREDDED
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query

log = Log("keys")

CHANNEL = "benhan_shredded"
REPLACED = "replaced"
"""Behind a patient: the key is another one now, not gone."""
_PAUSE_S = 1.0

_DESTROY = query(
    "destroy_data_key",
    """
    update data_key set wrapped = null, shredded_at = $3
    where bucket = $1 and patient = $2 and wrapped is not null returning true
    """,
)
_IS_KNOWN = query("is_data_key_known", "select true from data_key where bucket = $1 and patient = $2")
_CLEAR_RANGES = query(
    "clear_ranges_of_patient",
    """
    delete from range_index i using resource r
    where r.bucket = $1 and r.patient = $2
        and i.bucket = r.bucket and i.type = r.type and i.rid = r.rid and i.version = r.version
    """,
)
_CLEAR_TOKENS = query(
    "clear_tokens_of_patient",
    """
    update resource set tokens = '{}', at_from = null, at_to = null, quantity = null
    where bucket = $1 and patient = $2
    """,
)
_LATELY = query(
    "lately_shredded",
    "select patient from data_key where shredded_at > now() - interval '1 day'",
    fan_out="a process that was cut off learns which keys were destroyed meanwhile, whoever's they were",
)


async def shred_patient(database: Database, keyring: Keyring, clock: Clock, actor: Actor, patient: int) -> None:
    """Destroy the data key of `patient` (a rid) for good. Committed when this returns; nothing is done when it raises.

    Raises NotFound BA-0503 where it was destroyed before, BA-0516 where there never was one.
    """
    bucket, at = bucket_of(patient), clock.now()
    async with database.transaction() as connection:
        if not await connection.fetchval(_DESTROY, bucket, patient, at):
            known = await connection.fetchval(_IS_KNOWN, bucket, patient)
            raise SHREDDED() if known else NO_PATIENT_KEY()
        await connection.execute(_CLEAR_RANGES, bucket, patient)
        await connection.execute(_CLEAR_TOKENS, bucket, patient)
        trace = current_trace.get()
        entry = Entry(Event.PATIENT_SHRED, at, actor.id, actor.role.value, trace, patient, rid=patient)
        await append_many(connection, [entry])
        await connection.execute("select pg_notify($1, $2)", CHANNEL, str(patient))
    keyring.forget([patient])


class ShreddingWatch:
    """Forgets the keys that other processes destroy, as soon as they do. Every process with a keyring runs one."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self.is_watching = False

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`; a lost connection is made anew, and what was missed is caught up with."""
        while not stop.is_set():
            try:
                await self._watch(stop)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                log.warning("keys.watch.lost", retry_in_s=_PAUSE_S)
            finally:
                self.is_watching = False
            self._keyring.forget_all()
            await stopped_within(stop, _PAUSE_S)

    async def _watch(self, stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(
            self._database.url, timeout=5, server_settings={"application_name": "benhan"}
        )
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._hear)
            self._keyring.forget([row["patient"] for row in await connection.fetch(_LATELY)])
            self.is_watching = True
            ends = [asyncio.create_task(event.wait()) for event in (stop, lost)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
        finally:
            await connection.close(timeout=2)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        patient, _, what = str(payload).partition(" ")
        if what == REPLACED:
            self._keyring.drop([int(patient)])
        else:
            self._keyring.forget([int(patient)])
