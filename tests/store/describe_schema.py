"""Describes a database's schema from its catalog; run as a module, writes `schema.txt` anew.

    python -m tests.store.describe_schema

It starts an embedded PostgreSQL of its own and migrates it. What changed in `schema.txt` belongs in the same commit as
the migration that changed it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from benhan.store.database import Database, ensure_database
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.migrations import migrate

SCHEMA = Path(__file__).with_name("schema.txt")
OURS = "select oid from pg_namespace where nspname = 'public'"
PARTS = {
    "column": f"""
        select c.relname || '.' || a.attname as name,
            concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
                'default ' || pg_get_expr(d.adbin, d.adrelid),
                'identity ' || nullif(a.attidentity::text, ''), 'storage ' || a.attstorage::text) as told
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace in ({OURS}) and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
    """,
    "constraint": f"""
        select c.relname || '.' || n.conname as name, pg_get_constraintdef(n.oid) as told
        from pg_constraint n join pg_class c on c.oid = n.conrelid
        where n.connamespace in ({OURS}) and n.contype <> 'n'
    """,
    "function": f"""
        select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name,
            concat_ws(' ', pg_get_function_result(p.oid), l.lanname, p.prokind::text, p.provolatile::text,
                md5(p.prosrc)) as told
        from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace in ({OURS})
    """,
    "index": f"""
        select c.relname as name, pg_get_indexdef(c.oid) as told
        from pg_class c where c.relnamespace in ({OURS}) and c.relkind in ('i', 'I')
    """,
    "options": f"""
        select c.relname as name, array_to_string(c.reloptions, ', ') as told
        from pg_class c where c.relnamespace in ({OURS}) and c.relkind = 'r' and c.reloptions is not null
    """,
    "relation": f"""
        select c.relname as name, c.relkind::text as told
        from pg_class c where c.relnamespace in ({OURS}) and c.relkind not in ('i', 'I')
    """,
    "trigger": f"""
        select c.relname || '.' || t.tgname as name, pg_get_triggerdef(t.oid) as told
        from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace in ({OURS}) and not t.tgisinternal
    """,
}


async def described(database: Database) -> str:
    """A line for each thing of the schema, sorted; the same on every version of PostgreSQL that we run on."""
    lines = []
    for part, sql in PARTS.items():
        rows = await database.fetch(f'select name, told from ({sql}) x order by name collate "C"')
        lines += [f"{part} {row['name']}: {' '.join(row['told'].split())}" for row in rows]
    return "\n".join(lines) + "\n"


async def regenerate(server_url: str) -> None:
    database = await Database.connect(await ensure_database(server_url, "described"), pool_size=1)
    await migrate(database)
    SCHEMA.write_text(await described(database), encoding="utf-8")
    await database.close()


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="benhan-schema-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "pg")
    server.start()
    try:
        asyncio.run(regenerate(server.url("postgres")))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
