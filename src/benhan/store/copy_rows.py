"""Rows in PostgreSQL's binary COPY format, written by `struct`: a quarter of what the general encoder takes.

Source: PostgreSQL documentation, COPY, "Binary Format"; the send functions of the types.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from benhan.store.database import Connection

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_END = struct.pack(">h", -1)
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT8_OID = 20
_COUNT = struct.Struct(">h").pack
_LENGTH = struct.Struct(">i").pack
_INT2 = struct.Struct(">ih").pack
_INT4 = struct.Struct(">ii").pack
_INT8 = struct.Struct(">iq").pack
_FLOAT8 = struct.Struct(">id").pack
_EMPTY = struct.pack(">iiii", 12, 0, 0, _INT8_OID)
Encoder = Callable[[Any], bytes]
Columns = Mapping[str, Encoder]


def int2(value: int) -> bytes:
    return _INT2(2, value)


def int4(value: int) -> bytes:
    return _INT4(4, value)


def int8(value: int) -> bytes:
    return _INT8(8, value)


def float8(value: float | None) -> bytes:
    return _FLOAT8(8, value) if value is not None else _NULL


def timestamptz(value: datetime | None) -> bytes:
    return _INT8(8, (value - _EPOCH) // _MICROSECOND) if value is not None else _NULL


def bytea(value: bytes | None) -> bytes:
    return _LENGTH(len(value)) + value if value is not None else _NULL


def text(value: str) -> bytes:
    return bytea(value.encode())


def int8_array(values: Sequence[int]) -> bytes:
    """A `bigint[]` of one dimension."""
    count = len(values)
    if not count:
        return _EMPTY
    parts = [8] * (2 * count)
    parts[1::2] = values
    return _array_struct(count).pack(20 + 12 * count, 1, 0, _INT8_OID, count, 1, *parts)


@cache
def _array_struct(count: int) -> struct.Struct:
    return struct.Struct(">iiiiii" + "iq" * count)


def row_start(columns: int) -> bytes:
    """What each row of so many columns begins with."""
    return _COUNT(columns)


async def copy_rows(connection: Connection, table: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
    """Append `rows`, whose values stand in the order of `columns`, to `table`."""
    encoders = tuple(columns.values())
    start = row_start(len(encoders))
    data: list[bytes] = []
    for row in rows:
        data.append(start)
        data += [encode(value) for encode, value in zip(encoders, row, strict=True)]
    await copy_encoded(connection, table, columns, data)


async def copy_encoded(connection: Connection, table: str, columns: Columns, data: Iterable[bytes]) -> None:
    """Append rows that are encoded already, each from its `row_start` on."""
    whole = b"".join((_SIGNATURE, *data, _END))
    await connection.copy_to_table(table, source=_whole(whole), columns=list(columns), format="binary")


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
