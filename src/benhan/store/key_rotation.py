"""Replacing the key-encryption key while the store works.

A new key is made beside the old one; the root secret is wrapped by it, which puts it in force; every data key is
wrapped anew, a batch a transaction; then the old key is destroyed and refused. The data keys stay, so no content is
touched. Stopped anywhere, it is taken up again by the next call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection, Database
from benhan.store.key_encryption import KeyEncryption
from benhan.store.key_faults import ROTATION_RUNS
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.session_lock import session_lock
from benhan.store.sql_texts import query

LOCK = 0x62656E68_6B656B72  # "benh" "kekr"
KEYS_MAX = 2_000

_ROOT = "select wrapped, kek_id from store_secret where bucket = 0 and name = 'root' for update"
_PUT_ROOT = "update store_secret set wrapped = $1, kek_id = $2 where bucket = 0 and name = 'root'"
_LEFT = query(
    "data_keys_of_other_keks",
    "select kek_id, count(*) as count from data_key where wrapped is not null and kek_id <> $1 group by kek_id",
    fan_out="rotation re-wraps the keys of all compartments",
)
_REPLACING = query(
    "data_keys_being_replaced",
    "select 1 from data_key where wrapped_before is not null limit 1",
    fan_out="rotation looks at the keys of all compartments",
)
_TAKE = query(
    "take_data_keys",
    """
    select bucket, patient, kek_id, wrapped from data_key
    where wrapped is not null and kek_id = any($1::text[]) limit $2 for update
    """,
    fan_out="rotation re-wraps the keys of all compartments",
)
_PUT = query(
    "put_data_keys",
    """
    update data_key k set wrapped = w.wrapped, kek_id = $4
    from unnest($1::smallint[], $2::bigint[], $3::bytea[]) as w (bucket, patient, wrapped)
    where k.bucket = w.bucket and k.patient = w.patient and k.wrapped is not null
    """,
)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: the names of the old keys and of the new, and how many data keys it wrapped anew."""

    old: tuple[str, ...]
    new: str
    count: int


async def rotate_kek(
    database: Database,
    keyring: Keyring,
    source: RandomSource,
    clock: Clock,
    actor: Actor,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    destroy_old: bool = True,
) -> Rotated:
    """Put a fresh key-encryption key in force; `progress` is told how many data keys of how many are done.

    With `destroy_old` the old key is removed from its home: backups of keys made before then open no more. Raises
    Conflict BA-0515 while another rotation runs, Unavailable BA-0502 or BA-0507 where a key cannot be used; what was
    done stays done, and the next call goes on from there.
    """
    async with alone(database):
        if await database.fetchval(_REPLACING):
            raise ROTATION_RUNS()  # what is half done is done first: its old keys are wrapped by the old key
        new = await _put_in_force(database, keyring, source)
        left = {row["kek_id"]: row["count"] for row in await database.fetch(_LEFT, new.kek_id)}
        owned = await asyncio.to_thread(new.home.of_store, keyring.store_id)
        old, total, done = tuple(sorted({*left, *owned} - {new.kek_id})), sum(left.values()), 0
        while left and (count := await _rewrap_some(database, keyring, list(left), new)) > 0:
            done += count
            progress(done, max(total, done))
        rotated = Rotated(old, new.kek_id, done)
        await _record(database, clock, actor, rotated)
        if destroy_old:
            await asyncio.to_thread(_destroy, new, old)
        keyring.use(new)
    return rotated


def _destroy(new: KeyEncryption, old: tuple[str, ...]) -> None:
    for kek_id in old:
        new.home.destroy(kek_id)


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[None]:
    """While no other work on the keys goes on. Raises Conflict BA-0515."""
    async with session_lock(database, LOCK) as lock:
        if lock is None:
            raise ROTATION_RUNS()
        yield


async def _put_in_force(database: Database, keyring: Keyring, source: RandomSource) -> KeyEncryption:
    """The key that is to wrap everything from now on; an interrupted rotation keeps the key it has made."""
    home, store = keyring.kek.home, keyring.store_id
    async with database.transaction() as connection:
        root = await connection.fetchrow(_ROOT)
        assert root is not None
        [secret] = await keyring.unwrapped([(root["kek_id"], root["wrapped"])])
        newest = await asyncio.to_thread(home.claim, store, source)
        if newest.kek_id == root["kek_id"]:
            if await connection.fetch(_LEFT, newest.kek_id):
                return newest
            newest = await asyncio.to_thread(home.make, store, source)
        [wrapped] = await keyring.wrapped([secret], newest)
        await connection.execute(_PUT_ROOT, wrapped, newest.kek_id)
    return newest


async def _rewrap_some(database: Database, keyring: Keyring, old: list[str], new: KeyEncryption) -> int:
    async with database.transaction() as connection:
        rows = await connection.fetch(_TAKE, old, KEYS_MAX)
        if rows:
            await _rewrap(connection, keyring, rows, new)
    return len(rows)


async def _rewrap(connection: Connection, keyring: Keyring, rows: Sequence[asyncpg.Record], new: KeyEncryption) -> None:
    keys = await keyring.unwrapped([(row["kek_id"], row["wrapped"]) for row in rows])
    wrapped = await keyring.wrapped(keys, new)
    buckets, patients = [row["bucket"] for row in rows], [row["patient"] for row in rows]
    await connection.execute(_PUT, buckets, patients, wrapped, new.kek_id)


async def _record(database: Database, clock: Clock, actor: Actor, rotated: Rotated) -> None:
    detail: dict[str, str | int] = {"from": ",".join(rotated.old), "to": rotated.new, "count": rotated.count}
    trace = current_trace.get()
    async with database.transaction() as connection:
        entry = Entry(Event.KEK_ROTATE, clock.now(), actor.id, actor.role.value, trace, detail=detail)
        await append_many(connection, [entry])
