"""The wrapped keys as a file of their own, so that they are backed up apart from the content.

One JSON object a line: the root secret, then a line a data key. The file opens nothing without the key-encryption key.
Restored, a key that was destroyed stays destroyed, here or there: shredding reaches the restored backup. A key that
another has taken the place of does not come back over it.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from benhan.store.database import Connection, Database
from benhan.store.key_faults import BAD_KEY_BACKUP
from benhan.store.sql_texts import query

_ROWS = 5_000

_ALL = query(
    "all_data_keys",
    """
    select bucket, patient, kek_id, wrapped, created_at, shredded_at, replaced_at from data_key
    where (bucket, patient) > ($1, $2) order by bucket, patient limit $3
    """,
)
_RESTORE = query(
    "restore_data_keys",
    """
    insert into data_key as k (bucket, patient, kek_id, wrapped, created_at, shredded_at, replaced_at)
    select * from unnest(
        $1::smallint[], $2::bigint[], $3::text[], $4::bytea[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[]
    )
    on conflict (bucket, patient) do update set
        kek_id = excluded.kek_id,
        wrapped = case when k.shredded_at is null then excluded.wrapped end,
        shredded_at = coalesce(k.shredded_at, excluded.shredded_at),
        replaced_at = excluded.replaced_at
    where coalesce(k.replaced_at, '-infinity') <= coalesce(excluded.replaced_at, '-infinity')
        or excluded.shredded_at is not null
    """,
)
_ROOT = "select wrapped, kek_id from store_secret where bucket = 0 and name = 'root'"
_RESTORE_ROOT = (
    "insert into store_secret (bucket, name, wrapped, kek_id) values (0, 'root', $1, $2)"
    " on conflict (bucket, name) do update set wrapped = excluded.wrapped, kek_id = excluded.kek_id"
)


async def back_up_keys(database: Database, path: Path) -> int:
    """Write every wrapped key to `path` (mode 0600, replaced as a whole); gives how many data keys."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    count = 0
    with os.fdopen(handle, "w", encoding="ascii") as file:
        async with database.connection() as connection, connection.transaction(isolation="repeatable_read"):
            root = await connection.fetchrow(_ROOT)
            if root is not None:
                file.write(_line({"root": _text(root["wrapped"]), "kek_id": root["kek_id"]}))
            place = (-1, 0)
            while rows := await connection.fetch(_ALL, *place, _ROWS):
                file.writelines(_line(_told(row)) for row in rows)
                count += len(rows)
                place = (rows[-1]["bucket"], rows[-1]["patient"])
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    return count


async def restore_keys(database: Database, path: Path) -> int:
    """Bring the keys of `path` into the database, all or none; gives how many data keys.

    A running process still holds the keys it had: restart it. Raises Incorrect BA-0517.
    """
    count = 0
    async with database.transaction() as connection:
        batch: list[tuple[Any, ...]] = []
        for number, told in _lines(path):
            try:
                if "root" in told:
                    await connection.execute(_RESTORE_ROOT, _bytes(told["root"]), str(told["kek_id"]))
                    continue
                batch.append(_row(told))
            except (KeyError, TypeError, ValueError) as cause:
                raise BAD_KEY_BACKUP(line=number) from cause
            if len(batch) == _ROWS:
                count += await _restore(connection, batch)
                batch = []
        count += await _restore(connection, batch)
    return count


async def _restore(connection: Connection, batch: list[tuple[Any, ...]]) -> int:
    if batch:
        await connection.execute(_RESTORE, *zip(*batch, strict=True))
    return len(batch)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            try:
                told = json.loads(line)
            except ValueError as cause:
                raise BAD_KEY_BACKUP(line=number) from cause
            if not isinstance(told, dict):
                raise BAD_KEY_BACKUP(line=number)
            yield number, told


def _told(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "bucket": row["bucket"],
        "patient": row["patient"],
        "kek_id": row["kek_id"],
        "wrapped": _text(row["wrapped"]) if row["wrapped"] is not None else None,
        "created_at": row["created_at"].isoformat(),
        "shredded_at": row["shredded_at"].isoformat() if row["shredded_at"] is not None else None,
        "replaced_at": row["replaced_at"].isoformat() if row["replaced_at"] is not None else None,
    }


def _row(told: dict[str, Any]) -> tuple[Any, ...]:
    wrapped = _bytes(told["wrapped"]) if told["wrapped"] is not None else None
    shredded_at = datetime.fromisoformat(told["shredded_at"]) if told["shredded_at"] is not None else None
    created_at = datetime.fromisoformat(told["created_at"])
    replaced_at = datetime.fromisoformat(told["replaced_at"]) if told.get("replaced_at") is not None else None
    place = int(told["bucket"]), int(told["patient"])
    return *place, str(told["kek_id"]), wrapped, created_at, shredded_at, replaced_at


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":")) + "\n"


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
