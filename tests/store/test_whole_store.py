"""Checking, exporting and compacting a whole store."""

from __future__ import annotations

import json

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.store.bulk_export import export_type, types_held
from benhan.store.check import check_store, count_versions
from benhan.store.compact import compact, indexes
from benhan.store.shredding import shred_patient
from benhan.store.store import Store

ACTOR = system("test")


async def fill(store: Store) -> tuple[str, str]:
    """Two patients with an observation each, one of them twice; gives the patients' ids."""
    ids = []
    for number in range(2):
        unit = store.begin(ACTOR)
        ids.append(unit.create(resource_of({"resourceType": "Patient", "gender": "male"})))
        await store.commit(unit)
        unit = store.begin(ACTOR)
        content = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        observation = unit.create(resource_of({**content, "subject": {"reference": f"Patient/{ids[-1]}"}}))
        await store.commit(unit)
        if number:
            unit = store.begin(ACTOR)
            changed = {
                **content,
                "id": observation,
                "status": "amended",
                "subject": {"reference": f"Patient/{ids[-1]}"},
            }
            unit.update(resource_of(changed))
            await store.commit(unit)
    return ids[0], ids[1]


async def test_every_version_opens_and_the_progress_counts_them(store: Store) -> None:
    await fill(store)
    told: list[int] = []
    checked = await check_store(store, told.append)
    assert (checked.opened, checked.shredded, checked.damaged) == (5, 0, [])
    assert told[-1] == await count_versions(store) == 5


async def test_one_flipped_bit_is_found_and_named(store: Store) -> None:
    await fill(store)
    row = await store.database.fetchrow("select bucket, rid, content from resource where type = 96 and version = 2")
    assert row is not None
    broken = row["content"][:-1] + bytes((row["content"][-1] ^ 1,))
    await store.database.execute(
        "update resource set content = $1 where bucket = $2 and rid = $3 and version = 2",
        broken, row["bucket"], row["rid"],
    )  # fmt: skip
    checked = await check_store(store, lambda _: None)
    assert checked.opened == 4
    ((place, code),) = checked.damaged
    assert place.startswith("Observation/")
    assert place.endswith("/_history/2")
    assert code == "BA-0501"


async def test_a_missing_version_is_found(store: Store) -> None:
    await fill(store)
    await store.database.execute(
        "delete from resource where bucket = (select bucket from resource where version = 2) and version = 1 and"
        " rid = (select rid from resource where version = 2)"
    )
    checked = await check_store(store, lambda _: None)
    assert [reason for _, reason in checked.damaged] == ["versions"]


async def test_what_was_shredded_is_counted_and_not_exported(store: Store) -> None:
    first, _ = await fill(store)
    rid = store.workshop.ids.rid_of("Patient", first)
    await shred_patient(store.database, store.keyring, store.clock, ACTOR, rid)
    checked = await check_store(store, lambda _: None)
    assert (checked.opened, checked.shredded, checked.damaged) == (3, 2, [])
    exported = [json.loads(line) for type_, _ in await types_held(store) for line in await lines(store, type_)]
    assert sorted(each["resourceType"] for each in exported) == ["Observation", "Patient"]
    assert first not in json.dumps(exported)


async def lines(store: Store, type_: str) -> list[bytes]:
    return [line async for batch in export_type(store, type_) for line in batch]


async def test_an_export_holds_current_versions_and_is_in_the_ledger(store: Store) -> None:
    await fill(store)
    assert sorted(json.loads(line)["status"] for line in await lines(store, "Observation")) == ["amended", "final"]
    row = await store.database.fetchrow("select detail from ledger_pending where event = 62")
    assert row is not None
    assert row["detail"] == '{"type":"Observation"}'


async def test_compacting_leaves_everything_as_it_was(store: Store) -> None:
    await fill(store)
    before = await indexes(store.database)
    told: list[int] = []
    assert [name for name, _, _ in await compact(store.database, told.append)] == before
    assert told == list(range(1, len(before) + 1))
    assert (await check_store(store, lambda _: None)).opened == 5
