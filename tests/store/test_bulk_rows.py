"""The rows of an export by ranges of compartments: all of them, each once."""

from __future__ import annotations

from itertools import pairwise

from tests.store.writing import note, patient, save

from benhan.store.bulk_rows import Narrowing, moment_now, rows_of_buckets
from benhan.store.ids import BUCKETS
from benhan.store.store import Store

EDGES = [BUCKETS * number // 16 for number in range(17)]


async def rids_of_ranges(store: Store, *, of_patients_only: bool) -> list[int]:
    found: list[int] = []
    async with store.database.transaction() as connection:
        what = Narrowing(await moment_now(connection), of_patients_only=of_patients_only)
        for first, end in pairwise(EDGES):
            async for rows in rows_of_buckets(connection, what, first, end - 1):
                found += [row["rid"] for row in rows]
    return found


async def test_ranges_of_compartments_give_every_row_once_wherever_its_own_id_would_have_put_it(store: Store) -> None:
    people = [await save(store, patient(id=f"chosen-{number}")) for number in range(8)]
    people.append(await save(store, patient(id="0000000000abc")))  # reads as a rid of the bucket of nobody
    theirs = [await save(store, note(each.id, id=f"note-{each.id}")) for each in people]
    nobodys = await save(store, {"resourceType": "Organization", "id": "hospital", "name": "A"})
    all_rids = sorted(each.rid for each in (*people, *theirs, nobodys))
    assert sorted(await rids_of_ranges(store, of_patients_only=False)) == all_rids
    all_rids.remove(nobodys.rid)
    assert sorted(await rids_of_ranges(store, of_patients_only=True)) == all_rids
