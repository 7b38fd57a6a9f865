"""Binary COPY: PostgreSQL reads back what was written, at the edges of every type."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from benhan.store import copy_rows as of
from benhan.store.copy_rows import Table, copy_rows
from benhan.store.database import Database

CASES: list[tuple[str, of.Encoder, list[Any]]] = [
    ("smallint", of.int2, [0, 1, -1, 32767, -32768]),
    ("int", of.int4, [0, 2**31 - 1, -(2**31)]),
    ("bigint", of.int8, [0, 2**63 - 1, -(2**63)]),
    ("float8", of.float8, [None, 0.0, -1.5, 1e300, 5e-324, math.inf]),
    (
        "timestamptz",
        of.timestamptz,
        [None, datetime(2000, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC),
         datetime(2026, 11, 26, 4, 5, 6, 789012, tzinfo=UTC)],
    ),
    ("bytea", of.bytea, [None, b"", b"\x00\xff", b"x" * 100_000]),
    ("text", of.text, ["", "Nguyễn Thị Đào", "a\tb\nc\\"]),
    ("bigint[]", of.int8_array, [[], [0], [-(2**63), 2**63 - 1], list(range(1000))]),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "encoder", "values"), CASES, ids=[case[0] for case in CASES])
async def test_every_type_is_read_back_as_it_was_written(
    database: Database, type_: str, encoder: of.Encoder, values: list[Any]
) -> None:
    async with database.connection() as connection:
        await connection.execute(f"create table copied (place int, value {type_})")
        table = Table("copied", {"place": of.int4, "value": encoder})
        await copy_rows(connection, table, enumerate(values))
        rows = await connection.fetch("select value from copied order by place")
    assert [row["value"] for row in rows] == values


async def test_numbers_side_by_side_keep_their_places(database: Database) -> None:
    columns = {"a": of.int8, "b": of.int2, "c": of.text, "d": of.int4, "e": of.int8}
    rows = [(2**62, -1, "một", 7, -(2**62)), (0, 32767, "", -(2**31), 1)]
    async with database.connection() as connection:
        await connection.execute("create table copied (a bigint, b smallint, c text, d int, e bigint)")
        await copy_rows(connection, Table("copied", columns), rows)
        found = await connection.fetch("select a, b, c, d, e from copied order by a desc")
    assert [tuple(row) for row in found] == rows
