"""A patient's key replaced while the store works, so that what was taken out of their compartment opens nowhere more.

The new key takes effect at once; what is still sealed with the one before is opened by that until it is sealed anew,
and then the key before is wiped. Stopped anywhere, it is taken up again by `finish_replacements`. What was to be
destroyed is wiped in the transaction that puts the new key in force, so that it is never sealed with it.

As with shredding, backups of keys made before open what they did until their key-encryption key is destroyed: run
`benhan keys rotate`, back the keys up anew, destroy the old copies (docs/decisions/0002-keys.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.store.content import aad_of
from benhan.store.database import Connection, Database
from benhan.store.ids import bucket_of
from benhan.store.key_faults import NO_PATIENT_KEY, SHREDDED
from benhan.store.key_rotation import alone
from benhan.store.keyring import Keyring
from benhan.store.sealing import DataKey
from benhan.store.shredding import CHANNEL, REPLACED
from benhan.store.sql_texts import query

SETTLE_S = 5.0
"""How long others may go on writing with the key before, which they hear of at once."""
ROWS = 500

Row = Mapping[str, Any] | asyncpg.Record
Erase = Callable[[Connection], Awaitable[None]]

_READ = query(
    "read_key_to_replace",
    "select wrapped, wrapped_before, kek_id from data_key where bucket = $1 and patient = $2 for update",
)
_REPLACE = query(
    "replace_data_key",
    """
    update data_key set wrapped = $3, wrapped_before = $4, kek_id = $5, replaced_at = $6
    where bucket = $1 and patient = $2
    """,
)
_HALF_DONE = query(
    "replacements_half_done",
    "select bucket, patient from data_key where wrapped_before is not null order by bucket, patient",
    fan_out="what was stopped may be of any compartment",
)
_END_BEFORE = query("end_key_before", "update data_key set wrapped_before = null where bucket = $1 and patient = $2")


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that is sealed with patients' keys, and what each value is bound to."""

    read: str
    write: str
    aad: Callable[[Row], bytes]


def _column(table: str, column: str, aad: bytes | Callable[[Row], bytes], where: str, more: str = "") -> SealedColumn:
    """`where` finds a patient's rows (bucket $1, patient $2); `more` are the columns that `aad` reads."""
    read = query(
        f"rekey_read_{table}_{column}",
        f"select t.ctid::text as place, t.{column} as sealed{more} from {table} t"  # noqa: S608  # constants of this module
        f" where t.bucket = $1 and {where} and length(t.{column}) > 0 for update",
    )
    write = query(
        f"rekey_write_{table}_{column}",
        f"update {table} t set {column} = n.sealed from unnest($2::text[], $3::bytea[]) as n (place, sealed)"  # noqa: S608
        " where t.bucket = $1 and t.ctid = n.place::tid",
    )
    return SealedColumn(read, write, aad if callable(aad) else lambda _row: aad)


def _of_content(row: Row) -> bytes:
    return aad_of(row["type"], row["rid"], row["version"])


_OWN = "t.patient = $2"
_OF_RECORD = "t.record in (select m.rid from medical_record m where m.bucket = $1 and m.patient = $2)"
_VERSION = ", t.type, t.rid, t.version"
SEALED_COLUMNS = (
    _column("resource", "content", _of_content, _OWN, _VERSION),
    _column("resource_history", "content", _of_content, _OWN, _VERSION),
    _column("blob", "wrapped_key", lambda row: bytes(row["address"]), _OWN, ", t.address"),
    _column("record_act", "reason", b"record-act", _OF_RECORD),
    _column("paper_draft", "content", b"paper-draft", _OF_RECORD),
    _column("record_loan", "told", b"record-loan", _OWN),
    _column("record_request", "told", b"record-request", _OWN),
    _column("signing_step", "reason", b"record-act", _OF_RECORD),
    _column("confirmation_code", "phone", b"confirmation-phone", _OWN),
    _column("access_grant", "note", b"access-grant", _OWN),
    _column("emergency_access", "words", b"emergency-access", _OWN),
    _column("emergency_access", "judged_words", b"emergency-access", _OWN),
    _column("record_package", "about", b"package-about", _OWN),
    _column("record_package", "content", b"package", _OWN),
    _column("send", "about", b"about", _OWN),
    _column("send", "content", b"send", _OWN),
    _column(
        "send_event", "note", b"note", "t.send in (select s.id from send s where s.bucket = $1 and s.patient = $2)"
    ),
)
"""Every column that is sealed with a patient's key. A table that comes anew is named here, or its rows are lost."""


async def replace_key(
    database: Database,
    keyring: Keyring,
    source: RandomSource,
    clock: Clock,
    patient: int,
    erase: Erase,
    *,
    settle_s: float = SETTLE_S,
) -> None:
    """Give `patient` (a rid) a new key after `erase` has wiped what shall open no more, in one transaction.

    Returns when all that stays is sealed with the new key and the key before is wiped. Raises NotFound BA-0503,
    BA-0516; Conflict BA-0515 while other work on keys goes on; Broken BA-0501 where something opens with neither: then
    the key before stays.
    """
    bucket = bucket_of(patient)
    async with alone(database):
        async with database.transaction() as connection:
            await erase(connection)
            await _put_in_force(connection, keyring, source, clock, bucket, patient)
            await connection.execute("select pg_notify($1, $2)", CHANNEL, f"{patient} {REPLACED}")
        keyring.drop([patient])
        await _finish(database, keyring, bucket, patient, settle_s)


async def finish_replacements(database: Database, keyring: Keyring, *, settle_s: float = SETTLE_S) -> int:
    """Take up what was stopped half way; gives how many patients' keys that were. Raises as `replace_key`."""
    async with alone(database):
        rows = await database.fetch(_HALF_DONE)
        for row in rows:
            await _finish(database, keyring, row["bucket"], row["patient"], settle_s)
    return len(rows)


async def _finish(database: Database, keyring: Keyring, bucket: int, patient: int, settle_s: float) -> None:
    """Seal anew, once more after all have heard of the new key, then wipe the key before."""
    await _seal_anew(database, keyring, bucket, patient)
    await asyncio.sleep(settle_s)
    await _seal_anew(database, keyring, bucket, patient)
    async with database.transaction() as connection:
        await connection.execute(_END_BEFORE, bucket, patient)
        await connection.execute("select pg_notify($1, $2)", CHANNEL, f"{patient} {REPLACED}")
    keyring.drop([patient])


async def _put_in_force(
    connection: Connection, keyring: Keyring, source: RandomSource, clock: Clock, bucket: int, patient: int
) -> None:
    """A new key; where a former call was cut off, the new one of that call stays."""
    row = await connection.fetchrow(_READ, bucket, patient)
    if row is None:
        raise NO_PATIENT_KEY()
    if row["wrapped"] is None:
        raise SHREDDED()
    if row["wrapped_before"] is not None:
        return
    [before] = await keyring.unwrapped([(row["kek_id"], row["wrapped"])])
    wrapped, wrapped_before = await keyring.wrapped([source.bytes(32), before])
    await connection.execute(_REPLACE, bucket, patient, wrapped, wrapped_before, keyring.kek.kek_id, clock.now())


async def _seal_anew(database: Database, keyring: Keyring, bucket: int, patient: int) -> None:
    """Seal with the new key what is sealed with the one before, column by column."""
    for column in SEALED_COLUMNS:
        async with database.transaction() as connection:
            key = await keyring.data_key(patient, connection)
            rows = await connection.fetch(column.read, bucket, patient)
            for start in range(0, len(rows), ROWS):
                changed = await asyncio.to_thread(_sealed_anew, key, column, rows[start : start + ROWS])
                if changed:
                    await connection.execute(column.write, bucket, *map(list, zip(*changed, strict=True)))


def _sealed_anew(key: DataKey, column: SealedColumn, rows: list[asyncpg.Record]) -> list[tuple[str, bytes]]:
    found = []
    for row in rows:
        aad = column.aad(row)
        if not key.is_own(row["sealed"], aad):
            found.append((row["place"], key.seal(key.open(row["sealed"], aad), aad)))
    return found
