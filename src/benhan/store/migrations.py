"""Numbered SQL migrations: forward only, under one lock, with timeouts, never changed once applied."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benhan.store.database import Connection, Database
from benhan.store.faults import MIGRATION_FAILED, SCHEMA_CHANGED, SCHEMA_NEWER

FOLDER = Path(__file__).parent / "sql" / "migrations"
LOCK = 0x62656E68616E  # "benhan"

_TABLE = """
create table if not exists schema_migration (
    number int primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """Every migration of the package, in order, numbered 1… without a gap."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = re.fullmatch(r"([0-9]{4})_(\w+)\.sql", path.name)
        assert match is not None, path.name
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    assert [each.number for each in found] == list(range(1, len(found) + 1)), "a gap in the numbers"
    return found


async def migrate(database: Database, wanted: list[Migration] | None = None) -> list[Migration]:
    """Apply what is missing, each migration in its own transaction; gives what was applied.

    Raises Broken BA-0430 where an applied migration differs from ours, Conflict BA-0431 where the database knows more
    than this program, Broken BA-3951 where the database refuses one. What was applied before a failure stays applied.
    """
    wanted = migrations() if wanted is None else wanted
    applied = []
    async with database.connection() as connection:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        try:
            await connection.execute(_TABLE)
            for migration in await _missing(connection, wanted):
                await _apply(connection, migration)
                applied.append(migration)
        finally:
            await connection.execute("select pg_advisory_unlock($1)", LOCK)
    return applied


async def _missing(connection: Connection, wanted: list[Migration]) -> list[Migration]:
    known = {row["number"]: row["checksum"] for row in await connection.fetch("select * from schema_migration")}
    if known and max(known) > len(wanted):
        raise SCHEMA_NEWER()
    for migration in wanted:
        if known.get(migration.number, migration.checksum) != migration.checksum:
            raise SCHEMA_CHANGED(number=migration.number)
    return [migration for migration in wanted if migration.number not in known]


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute("set local lock_timeout = '10s'; set local statement_timeout = '30min'")
        try:
            await connection.execute(migration.sql)
        except (asyncpg.SyntaxOrAccessError, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as cause:
            told = {"number": migration.number, "name": migration.name, "sqlstate": cause.sqlstate}
            raise MIGRATION_FAILED(**told) from cause
        await connection.execute(
            "insert into schema_migration (number, name, checksum) values ($1, $2, $3)",
            migration.number,
            migration.name,
            migration.checksum,
        )


async def check_schema(database: Database) -> None:
    """Return when the schema is exactly ours. Raises SCHEMA_NEWER, SCHEMA_CHANGED or DATABASE_REFUSED."""
    async with database.connection() as connection:
        missing = await _missing(connection, migrations())
    if missing:
        raise SCHEMA_CHANGED(number=missing[0].number)
