"""Migrations: the schema is the described one, a second run changes nothing, what is not ours is refused."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
from tests.store.describe_schema import SCHEMA, described

from benhan.kernel.faults import Broken, Conflict
from benhan.store.database import Database, url_of
from benhan.store.migrations import Migration, check_schema, migrate, migrations

REGENERATE = "`python -m tests.store.describe_schema` writes tests/store/schema.txt anew"
_numbers = itertools.count(1)


@pytest.fixture
async def empty(server_url: str) -> AsyncIterator[Database]:
    """A database without any table of ours."""
    name = f"benhan_empty_{next(_numbers)}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"create database {name} template template0 encoding 'UTF8'")
    database = await Database.connect(url_of(server_url, name), pool_size=6)
    yield database
    await database.close()
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


async def applied(database: Database) -> list[tuple[object, ...]]:
    rows = await database.fetch("select number, name, checksum, applied_at from schema_migration order by number")
    return [tuple(row) for row in rows]


async def tables(database: Database) -> set[str]:
    return {
        row["tablename"] for row in await database.fetch("select tablename from pg_tables where schemaname = 'public'")
    }


async def test_a_migrated_database_has_the_described_schema(empty: Database) -> None:
    assert await migrate(empty) == migrations()
    assert (await described(empty)).splitlines() == SCHEMA.read_text("utf-8").splitlines(), REGENERATE


async def test_the_description_tells_every_kind_of_change(database: Database) -> None:
    changes = [
        "alter table resource add column more int",
        "alter table resource alter column patient drop not null",
        "alter table inbox alter column attempts set default 1",
        "alter table outbox alter column attempts type bigint",
        "drop index resource_tokens",
        "alter table data_key drop constraint data_key_pkey",
        "drop trigger ledger_entry_is_final on ledger_entry",
        "create or replace function refuse_change() returns trigger language plpgsql as $$ begin return new; end $$",
        "create table more (bucket smallint)",
        "alter table resource reset (autovacuum_vacuum_scale_factor)",
        "alter table resource alter column content set storage extended",
    ]
    before = await described(database)
    for change in changes:
        await database.execute(change)
        after = await described(database)
        assert after != before, change
        before = after


async def test_a_second_run_changes_nothing(empty: Database) -> None:
    await migrate(empty)
    first = (await described(empty), await applied(empty))
    assert await migrate(empty) == []
    assert (await described(empty), await applied(empty)) == first
    await check_schema(empty)


async def test_runs_at_the_same_time_apply_each_migration_once(empty: Database) -> None:
    others = [await Database.connect(empty.url, pool_size=1) for _ in range(4)]
    done = await asyncio.gather(*(migrate(each) for each in (empty, *others)))
    for other in others:
        await other.close()
    assert sorted(each.number for one in done for each in one) == [each.number for each in migrations()]
    assert (await described(empty)).splitlines() == SCHEMA.read_text("utf-8").splitlines(), REGENERATE


async def test_a_store_of_an_older_program_gets_only_what_it_lacks(empty: Database) -> None:
    await migrate(empty, migrations()[:-2])
    assert await migrate(empty) == migrations()[-2:]
    assert (await described(empty)).splitlines() == SCHEMA.read_text("utf-8").splitlines(), REGENERATE


async def test_a_migration_that_was_changed_after_it_was_applied_is_refused(database: Database) -> None:
    changed = [*migrations()]
    changed[1] = replace(changed[1], sql=changed[1].sql + "-- changed")
    before = await described(database)
    with pytest.raises(Broken, match=r"BA-0430.*2"):
        await migrate(database, changed)
    assert await described(database) == before
    await database.execute("update schema_migration set checksum = 'x' where number = 3")
    with pytest.raises(Broken, match=r"BA-0430.*3"):
        await check_schema(database)


async def test_a_database_that_knows_more_than_the_program_is_refused(database: Database) -> None:
    with pytest.raises(Conflict, match="BA-0431"):
        await migrate(database, migrations()[:-1])
    with pytest.raises(Conflict, match="BA-0431"):
        await migrate(database, [])


async def test_a_database_that_lacks_a_migration_does_not_pass_the_check(empty: Database) -> None:
    await migrate(empty, migrations()[:-1])
    with pytest.raises(Broken, match="BA-0430"):
        await check_schema(empty)


async def test_a_migration_that_fails_leaves_nothing_and_those_before_it_stay(empty: Database) -> None:
    wanted = [
        Migration(1, "good", "create table good (bucket smallint)"),
        Migration(2, "bad", "create table half (bucket smallint); select 1 / 0"),
        Migration(3, "later", "create table later (bucket smallint)"),
    ]
    with pytest.raises(Broken, match=r"BA-3951: Migration 2 \(bad\) .*22012"):
        await migrate(empty, wanted)
    assert await tables(empty) == {"schema_migration", "good"}
    assert [row[0] for row in await applied(empty)] == [1]
    wanted[1] = replace(wanted[1], sql="create table half (bucket smallint)")
    assert [each.number for each in await migrate(empty, wanted)] == [2, 3]


def test_migrations_are_numbered_from_1_without_a_gap() -> None:
    assert [each.number for each in migrations()] == list(range(1, len(migrations()) + 1))
