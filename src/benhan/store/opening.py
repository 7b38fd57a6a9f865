"""The store of a role, out of its settings.

Apart from `wiring`, which knows all services of all roles: what needs the store alone starts in half the time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from benhan.fhir.search_limits import QueryLimits
from benhan.kernel.ids import SystemRandom
from benhan.kernel.settings import Settings
from benhan.store.database import Database, ensure_database
from benhan.store.embedded import EmbeddedPostgres
from benhan.store.key_encryption import KeyEncryption, init_kek, open_kek
from benhan.store.search.limits import SearchLimits
from benhan.store.store import Store

DATABASES = {"node": "node", "repository": "repository", "healthbook": "repository", "portal": "portal", "hub": "hub"}
"""The database of each role on the embedded server; the health book reads the repository's."""


def key_encryption(settings: Settings) -> KeyEncryption:
    """The key-encryption key in use; the first start makes a file where no other place is named."""
    if settings.pkcs11_module or settings.key_file or settings.kek_path.exists():
        return open_kek(settings)
    return init_kek(settings, SystemRandom())


async def database_url(settings: Settings, role: str) -> str:
    """The database of a role: the one named, or the role's own on the embedded server, which is started if need be."""
    if settings.database:
        return settings.database
    server = EmbeddedPostgres(settings.data / "postgres")
    server.start()
    return await ensure_database(server.url("postgres"), DATABASES[role])


def search_limits(settings: Settings) -> SearchLimits:
    """The bounds of a search as they are set."""
    return SearchLimits(
        scanned_max=settings.search_scanned_max,
        sorted_max=settings.search_sorted_max,
        linked_max=settings.search_linked_max,
        included_max=settings.search_included_max,
        include_rounds_max=settings.search_include_rounds_max,
        list_max=settings.search_list_max,
        codes_max=settings.search_codes_max,
        seconds_max=settings.search_timeout_s,
        query=QueryLimits(
            count_max=settings.search_count_max,
            criteria_max=settings.search_criteria_max,
            values_max=settings.search_values_max,
            chain_max=settings.search_chain_max,
            includes_max=settings.search_includes_max,
        ),
    )


@asynccontextmanager
async def open_store(settings: Settings, role: str = "node") -> AsyncIterator[Store]:
    """The store of a role, closed afterwards."""
    kek = key_encryption(settings)
    url = await database_url(settings, role)
    database = await Database.connect(
        url, pool_size=settings.pool_size, statement_timeout_s=settings.statement_timeout_s
    )
    try:
        own = settings.data / "dictionaries"
        dictionaries = own if own.is_dir() else None
        store = await Store.open(
            database,
            kek,
            page_life_s=settings.page_life_s,
            dictionaries=dictionaries,
            validation_policy=settings.validation_policy,
            search_limits=search_limits(settings),
            depth_max=settings.resource_depth_max,
            care_grace=timedelta(days=settings.access_grace_days) if role == "node" else None,
        )
    except BaseException:
        await database.close()
        raise
    try:
        yield store
    finally:
        await store.close()
