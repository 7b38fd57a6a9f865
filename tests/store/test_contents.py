"""Rows opened by the thousand are what a read of each gives."""

from __future__ import annotations

import asyncio

from tests.store.writing import DOCTOR, note, patient, save

from benhan.store.contents import open_contents
from benhan.store.store import Store


async def test_rows_are_opened_to_what_a_read_gives(store: Store) -> None:
    an = await save(store, patient())
    made = [an, await save(store, patient(id="chosen")), *[await save(store, note(an.id)) for _ in range(3)]]
    await save(store, note(an.id, id=made[2].id, text="b"))
    rows = await store.database.fetch("select * from resource where bucket >= 0 and until is null")
    async with store.database.connection() as connection:
        keys = await store.keyring.data_keys({row["patient"] for row in rows}, connection)
    found = await asyncio.to_thread(open_contents, rows, keys, store.workshop.codec.apart())
    assert len(found) == len(made)
    for each in found:
        read = await store.resources.read(each.type, each.id, DOCTOR)
        assert (each.content, each.patient) == (read.content, read.patient)
    del keys[an.patient]
    assert [each.id for each in open_contents(rows, keys, store.workshop.codec)] == ["chosen"]
