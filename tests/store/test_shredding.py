"""A shredded patient: nothing opens what was theirs, in any copy; everything else, the counts and the ledger stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.clock import SystemClock
from benhan.kernel.faults import Broken, Incorrect, NotFound
from benhan.kernel.ids import SystemRandom
from benhan.store.content import aad_of
from benhan.store.database import Database
from benhan.store.key_backup import back_up_keys, restore_keys
from benhan.store.key_encryption import FileKek
from benhan.store.key_rotation import rotate_kek
from benhan.store.keyring import Keyring
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.read import entries_of_patient
from benhan.store.ledger.verify import verify_ledger
from benhan.store.shredding import ShreddingWatch, shred_patient
from benhan.store.store import Store

DOCTOR = Actor("account:7", Role.DOCTOR)
COUNTS = """
select (select count(*) from resource) + (select count(*) from resource_history) as rows,
    (select count(*) from resource where until is null) as current, (select count(*) from data_key) as keys
"""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # another process would not set an Event of ours either
            await asyncio.sleep(0.01)


async def save(store: Store, *bodies: dict[str, Any]) -> list[str]:
    unit = store.begin(DOCTOR)
    ids = [unit.create(resource_of(body)) for body in bodies]
    await store.commit(unit)
    return ids


def observation(patient: str, value: float = 132) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-03-10T07:30:00+07:00",
        "valueQuantity": {"value": value, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
    }


@pytest.fixture
async def people(store: Store) -> tuple[str, str, list[str]]:
    """Two patients, Lan with observations of which one has a history, and their ids."""
    lan, minh = await save(
        store,
        {"resourceType": "Patient", "name": [{"text": "Trần Thị Lan"}]},
        {"resourceType": "Patient", "gender": "male"},
    )
    ids = await save(store, observation(lan), observation(lan, 128), observation(minh))
    unit = store.begin(DOCTOR)
    unit.update(resource_of({**observation(lan, 140), "id": ids[0]}))
    await store.commit(unit)
    return lan, minh, ids


async def shred(store: Store, patient: str) -> None:
    rid = store.workshop.ids.rid_of("Patient", patient)
    await shred_patient(store.database, store.keyring, store.clock, system("test"), rid)


async def test_nothing_of_the_patient_is_answered_and_all_of_others_is(
    store: Store, people: tuple[str, str, list[str]]
) -> None:
    lan, minh, ids = people
    await shred(store, lan)
    for type_, id_ in (("Patient", lan), ("Observation", ids[0]), ("Observation", ids[1])):
        with pytest.raises(NotFound, match="BA-0503"):
            await store.resources.read(type_, id_, DOCTOR)
        with pytest.raises(NotFound, match="BA-0503"):
            await store.resources.history(type_, id_, DOCTOR)
    assert (await store.resources.read("Patient", minh, DOCTOR)).id == minh
    assert (await store.resources.read("Observation", ids[2], DOCTOR)).id == ids[2]


async def test_counts_stay_and_the_ledger_verifies(store: Store, people: tuple[str, str, list[str]]) -> None:
    lan = people[0]
    before = await store.database.fetchrow(COUNTS)
    await shred(store, lan)
    assert await store.database.fetchrow(COUNTS) == before
    await chain_all(store.database)
    assert (await verify_ledger(store.database, store.keyring)).is_whole
    told = (await entries_of_patient(store.database, store.workshop.ids.rid_of("Patient", lan))).entries
    assert told[0].label == "keys:patient:shred"
    assert sum(each.label == "resource:content:create" for each in told) == 3


async def test_a_copy_of_the_rows_taken_before_does_not_open(
    store: Store, people: tuple[str, str, list[str]], kek: FileKek
) -> None:
    rid = store.workshop.ids.rid_of("Patient", people[0])
    copy = await store.database.fetch("select type, rid, version, content from resource where patient = $1", rid)
    assert len(copy) == 4
    await shred(store, people[0])
    ring = await Keyring.open(store.database, kek, SystemRandom())
    async with store.database.connection() as connection:
        others = [
            row["patient"] for row in await connection.fetch("select patient from data_key where wrapped is not null")
        ]
        keys = await ring.data_keys([rid, *others], connection)
    assert rid not in keys
    for row in copy:
        for key in [*keys.values(), ring.derived_key("index"), ring.derived_key("inbox")]:
            with pytest.raises(Broken, match="BA-0501"):
                key.open(row["content"], aad_of(row["type"], row["rid"], row["version"]))


async def test_the_indexes_tell_nothing_more(store: Store, people: tuple[str, str, list[str]]) -> None:
    lan = store.workshop.ids.rid_of("Patient", people[0])
    minh = store.workshop.ids.rid_of("Patient", people[1])
    await shred(store, people[0])
    sql = """
    select count(*) filter (where tokens <> '{}' or at_from is not null or quantity is not null) as told,
        count(*) as rows,
        (select count(*) from range_index join resource r using (bucket, type, rid, version) where r.patient = $1)
            as ranges
    from resource where patient = $1
    """
    assert dict(await store.database.fetchrow(sql, lan) or {}) == {"told": 0, "rows": 4, "ranges": 0}
    assert (await store.database.fetchrow(sql, minh) or {})["told"] == 2


async def test_nothing_new_is_written_under_a_destroyed_key(store: Store, people: tuple[str, str, list[str]]) -> None:
    await shred(store, people[0])
    with pytest.raises(NotFound, match="BA-0503"):
        await save(store, observation(people[0]))


async def test_a_destroyed_key_is_not_destroyed_twice_nor_one_that_never_was(
    store: Store, people: tuple[str, str, list[str]]
) -> None:
    await shred(store, people[0])
    with pytest.raises(NotFound, match="BA-0503"):
        await shred(store, people[0])
    with pytest.raises(NotFound, match="BA-0516"):
        await shred(store, "unknown")
    entries = await store.database.fetchval("select count(*) from ledger_pending where event = 51")
    assert entries == 1


async def test_other_processes_forget_the_key_at_once(
    database: Database, database_url: str, keyring: Keyring, kek: FileKek
) -> None:
    patient = (5 << 51) | 1
    elsewhere = await Database.connect(database_url, pool_size=2)
    other = await Keyring.open(elsewhere, kek, SystemRandom())
    watch, stop = ShreddingWatch(elsewhere, other), asyncio.Event()
    watching = asyncio.create_task(watch.run(stop))
    async with database.transaction() as connection:
        other.remember(await other.data_keys([patient], connection, create=True))
    await until(lambda: watch.is_watching)
    await shred_patient(database, keyring, SystemClock(), system("test"), patient)
    await until(lambda: other.known(patient) is None)
    stop.set()
    await watching
    await elsewhere.close()


async def test_a_process_that_was_cut_off_forgets_what_was_destroyed_meanwhile(
    database: Database, database_url: str, keyring: Keyring, kek: FileKek
) -> None:
    patient = (5 << 51) | 1
    other = await Keyring.open(database, kek, SystemRandom())
    watch, stop = ShreddingWatch(database, other), asyncio.Event()
    watching = asyncio.create_task(watch.run(stop))
    await until(lambda: watch.is_watching)
    await database.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and query like 'select patient from data_key%'"
    )
    await until(lambda: not watch.is_watching)
    async with database.transaction() as connection:
        keys = await keyring.data_keys([patient], connection, create=True)
    await shred_patient(database, keyring, SystemClock(), system("test"), patient)
    other.remember(keys)
    await until(lambda: watch.is_watching)
    assert other.known(patient) is None
    stop.set()
    await watching


async def test_a_key_backup_from_before_opens_the_others_only_and_after_rotation_nothing(
    store: Store, people: tuple[str, str, list[str]], kek: FileKek, tmp_path: Path
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    assert await back_up_keys(store.database, before) == 2
    assert before.stat().st_mode & 0o777 == 0o600
    await shred(store, people[0])
    await back_up_keys(store.database, after)
    wrapped = before.read_text(encoding="ascii")
    await restore_keys(store.database, before)
    store.keyring.forget_all()
    with pytest.raises(NotFound, match="BA-0503"):
        await store.resources.read("Patient", people[0], DOCTOR)
    assert await store.resources.read("Patient", people[1], DOCTOR)

    await rotate_kek(store.database, store.keyring, SystemRandom(), SystemClock(), system("test"))
    assert kek.kek_id in wrapped
    assert store.keyring.kek.home.find(kek.kek_id) is None


async def test_a_restored_content_backup_learns_what_was_destroyed(
    store: Store, people: tuple[str, str, list[str]], tmp_path: Path
) -> None:
    old = await store.database.fetch("select * from data_key")
    await shred(store, people[0])
    await back_up_keys(store.database, tmp_path / "keys")
    await store.database.execute("delete from data_key")  # as a restored content backup of before has it
    async with store.database.connection() as connection:
        await connection.copy_records_to_table(
            "data_key", records=[tuple(row) for row in old], columns=list(old[0].keys())
        )
    assert await restore_keys(store.database, tmp_path / "keys") == 2
    assert await store.database.fetchval("select count(*) from data_key where wrapped is null") == 1


@pytest.mark.parametrize(
    "line", ["junk", "[]", "{}", '{"root": 1}', '{"bucket": 1, "patient": "x"}', '{"root": "!", "kek_id": 1}']
)
async def test_a_damaged_key_backup_changes_nothing(
    database: Database, keyring: Keyring, tmp_path: Path, line: str
) -> None:
    patient, path = (5 << 51) | 1, tmp_path / "keys"
    async with database.transaction() as connection:
        await keyring.data_keys([patient], connection, create=True)
    await back_up_keys(database, path)
    path.write_text(path.read_text(encoding="ascii") + line + "\n", encoding="ascii")
    await database.execute("delete from data_key")
    with pytest.raises(Incorrect, match="BA-0517"):
        await restore_keys(database, path)
    assert await database.fetchval("select count(*) from data_key") == 0


async def test_what_was_shown_a_moment_before_is_not_shown_again(
    store: Store, people: tuple[str, str, list[str]]
) -> None:
    """Opened resources are kept for a while; a shredded patient's are dropped with the key."""
    lan, _, _ = people
    query = parse_search("Observation", [("patient", lan)])
    assert len((await store.search.search(query, DOCTOR)).matches) == 2
    assert len((await store.search.search(query, DOCTOR)).matches) == 2
    await shred(store, lan)
    assert (await store.search.search(query, DOCTOR)).matches == []


async def test_a_row_that_was_changed_by_another_hand_is_noticed_though_it_was_just_shown(
    store: Store, people: tuple[str, str, list[str]]
) -> None:
    lan, _, ids = people
    rid = store.workshop.ids.rid_of("Observation", ids[1])
    await store.resources.read("Observation", ids[1], DOCTOR)
    await store.database.execute(
        "update resource set content = set_byte(content, 20, get_byte(content, 20) # 1) where rid = $1", rid
    )
    with pytest.raises(Broken, match="BA-0501"):
        await store.resources.read("Observation", ids[1], DOCTOR)
    assert (await store.resources.read("Patient", lan, DOCTOR)).id == lan
