"""Rows in PostgreSQL's binary COPY format, written by `struct`: a quarter of what the general encoder takes.

Source: PostgreSQL documentation, COPY, "Binary Format"; the send functions of the types.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
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


def int2(value: int) -> bytes:
    return _INT2(2, value)


def int4(value: int) -> bytes:
    return _INT4(4, value)


def int8(value: int) -> bytes:
    return _INT8(8, value)


_CODES: dict[Encoder, str] = {int2: "h", int4: "i", int8: "q"}


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


class Table:
    """A table with the columns that are written, in their order, each with its encoder."""

    def __init__(self, name: str, columns: Mapping[str, Encoder]) -> None:
        self.name = name
        self.columns = list(columns)
        self.row_start = _COUNT(len(columns))
        """What each row begins with."""
        self._runs = _runs(list(columns.values()))

    def encoded(self, rows: Iterable[Sequence[Any]]) -> list[bytes]:
        """`rows` as the format has them, in pieces."""
        data: list[bytes] = []
        for row in rows:
            data.append(self.row_start)
            data += [encode(row[place]) for encode, place in self._runs]
        return data


def _runs(encoders: list[Encoder]) -> list[tuple[Encoder, int | slice]]:
    """What encodes which part of a row: whole numbers that stand side by side are one part, written at once."""
    runs: list[tuple[Encoder, int | slice]] = []
    start = 0
    for code, group in groupby(encoders, lambda encoder: encoder in _CODES):
        found = list(group)
        if code:
            runs.append((_numbers(found), slice(start, start + len(found))))
        else:
            runs += [(encoder, start + place) for place, encoder in enumerate(found)]
        start += len(found)
    return runs


def _numbers(encoders: list[Encoder]) -> Encoder:
    codes = [_CODES[encoder] for encoder in encoders]
    pack = struct.Struct(">" + "".join(f"i{code}" for code in codes)).pack
    empty = [part for code in codes for part in (struct.calcsize(f">{code}"), 0)]

    def encode(values: Sequence[int]) -> bytes:
        parts = empty.copy()
        parts[1::2] = values
        return pack(*parts)

    return encode


async def copy_rows(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Append `rows`, whose values stand in the order of the columns, to `table`."""
    await copy_encoded(connection, table, table.encoded(rows))


async def copy_encoded(connection: Connection, table: Table, data: Iterable[bytes]) -> None:
    """Append rows that are encoded already, each from its `row_start` on, to `table`."""
    whole = b"".join((_SIGNATURE, *data, _END))
    await connection.copy_to_table(table.name, source=_whole(whole), columns=table.columns, format="binary")


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
