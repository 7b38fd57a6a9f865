"""What keys the store has: counts and names, never a key."""

from __future__ import annotations

from dataclasses import dataclass

from benhan.store.database import Database
from benhan.store.keyring import Keyring
from benhan.store.sql_texts import query

_COUNTS = query(
    "count_data_keys",
    """
    select count(wrapped) as keys, count(shredded_at) as shredded,
        count(wrapped) filter (where kek_id <> $1) as behind
    from data_key
    """,
    fan_out="the keys of all compartments are counted for the keeper of the store",
)


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """The key-encryption key in force, all of this store's; data keys there, destroyed, yet to be re-wrapped."""

    in_force: str
    held: tuple[str, ...]
    data_keys: int
    shredded: int
    behind: int


async def key_status(database: Database, keyring: Keyring) -> KeyStatus:
    """The state of the keys now."""
    held = tuple(keyring.kek.home.of_store(keyring.store_id))
    row = await database.fetchrow(_COUNTS, keyring.kek.kek_id)
    assert row is not None
    return KeyStatus(keyring.kek.kek_id, held, row["keys"], row["shredded"], row["behind"])
