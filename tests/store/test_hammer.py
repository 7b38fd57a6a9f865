"""Many clients write the same few resources at once: no version is lost, doubled, skipped; the ledger is whole."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from tests.store.writing import DOCTOR, note, patient, remove, save

from benhan.fhir.resource import resource_of
from benhan.kernel.faults import Conflict
from benhan.store.database import Connection, Database
from benhan.store.ids import decode_id
from benhan.store.key_encryption import FileKek
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.events import Event
from benhan.store.ledger.verify import verify_ledger
from benhan.store.store import Store
from benhan.store.sweeper import sweep_some
from benhan.store.unit_of_work import Stored

CLIENTS, RESOURCES, SUCCESSES_EACH = 16, 3, 8
TOTAL = CLIENTS * SUCCESSES_EACH


async def edit(store: Store, key: str, patient_id: str, mark: str) -> int:
    """Read, then write what was read with `mark` added, until nobody was quicker; gives the version it became."""
    while True:
        seen = await store.resources.read("Observation", key, DOCTOR)
        marks = [each["text"] for each in seen.read().get("note", [])]
        body = note(patient_id, id=key, note=[{"text": each} for each in [*marks, mark]])
        unit = store.begin(DOCTOR)
        unit.update(resource_of(body), if_match=seen.version)
        try:
            [stored] = await store.commit(unit)
        except Conflict as fault:
            assert fault.code == "BA-0412"  # noqa: PT017  # the other way is to write again
            continue
        assert stored is not None
        return stored.version


async def hammer(stores: list[Store], keys: list[str], patient_id: str) -> Counter[str]:
    """Every client's edits, spread over `stores`; gives how many each resource had."""
    done: Counter[str] = Counter()
    versions: set[tuple[str, int]] = set()

    async def client(number: int) -> None:
        chance = random.Random(number)
        for turn in range(SUCCESSES_EACH):
            key = chance.choice(keys)
            version = await edit(stores[number % len(stores)], key, patient_id, f"{number}.{turn}")
            assert (key, version) not in versions, "one version for two writers"
            versions.add((key, version))
            done[key] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(client(number))
    return done


async def assert_nothing_lost(store: Store, keys: list[str], done: Counter[str]) -> None:
    assert sum(done.values()) == TOTAL
    marks: list[str] = []
    for key in keys:
        history = await store.resources.history("Observation", key, DOCTOR, count=TOTAL + 2)
        assert [each.version for each in history] == list(range(done[key] + 1, 0, -1))
        texts = [[each["text"] for each in version.read().get("note", [])] for version in reversed(history)]
        assert [len(each) for each in texts] == list(range(done[key] + 1))
        assert all(later[:-1] == earlier for earlier, later in itertools.pairwise(texts))
        marks += texts[-1]
    assert sorted(marks) == sorted(f"{number}.{turn}" for number in range(CLIENTS) for turn in range(SUCCESSES_EACH))


async def assert_ledger_tells_it(store: Store, keys: list[str], done: Counter[str]) -> None:
    await chain_all(store.database)
    verdict = await verify_ledger(store.database, store.keyring)
    assert verdict.is_whole, verdict
    assert verdict.pending == 0
    rows = await store.database.fetch(
        "select rid, version from ledger_entry where event = $1 order by seq", Event.RESOURCE_UPDATE.number
    )
    expected = [(decode_id(key), version) for key in keys for version in range(2, done[key] + 2)]
    assert sorted((row["rid"], row["version"]) for row in rows) == sorted(expected)


@pytest.fixture
async def second_store(database_url: str, kek: FileKek) -> AsyncIterator[Store]:
    """Another process's store on the same database."""
    store = await Store.open(await Database.connect(database_url, pool_size=8), kek)
    yield store
    await store.close()


@pytest.fixture
async def observations(store: Store) -> tuple[str, list[str]]:
    """A patient's id, and the ids of what the clients write."""
    an = await save(store, patient())
    return an.id, [(await save(store, note(an.id))).id for _ in range(RESOURCES)]


async def test_sixteen_clients_of_one_process_lose_and_double_nothing(
    store: Store, observations: tuple[str, list[str]]
) -> None:
    an, keys = observations
    done = await hammer([store], keys, an)
    await assert_nothing_lost(store, keys, done)
    await assert_ledger_tells_it(store, keys, done)


async def test_sixteen_clients_of_two_processes_lose_and_double_nothing_while_it_is_swept_and_chained(
    store: Store, second_store: Store, observations: tuple[str, list[str]]
) -> None:
    an, keys = observations
    over = asyncio.Event()

    async def keep_house() -> None:
        while not over.is_set():
            await chain_all(store.database)
            await sweep_some(store.database, store.clock, page_life_s=-60)

    keeper = asyncio.create_task(keep_house())
    done = await hammer([store, second_store], keys, an)
    over.set()
    await keeper
    await assert_nothing_lost(second_store, keys, done)
    await assert_ledger_tells_it(store, keys, done)


async def test_two_processes_that_move_and_delete_one_resource_without_asking_make_one_history(
    store: Store, second_store: Store
) -> None:
    owners = [(await save(store, patient())).id for _ in range(2)]
    first = await save(store, note(owners[0]))
    answers: list[Stored | None] = []

    async def writer(number: int) -> None:
        on = (store, second_store)[number % 2]
        for turn in range(12):
            if turn % 4 == 3:
                answers.append(await remove(on, "Observation", first.id))
                continue
            unit = on.begin(DOCTOR)
            unit.update(resource_of(note(owners[turn % 2], f"{number}.{turn}", id=first.id)))
            answers.extend(await on.commit(unit))

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(writer(number))
    made = [each for each in answers if each is not None]
    history = await store.resources.history("Observation", first.id, DOCTOR, count=100)
    assert [each.version for each in history] == list(range(len(made) + 1, 0, -1))
    assert {each.version: each.content for each in made} | {1: first.content} == {
        each.version: each.content for each in history
    }
    current = await store.database.fetch("select version from resource where rid = $1 and until is null", first.rid)
    assert [row["version"] for row in current] == [history[0].version]


async def until_somebody_waits_for_a_lock(store: Store) -> None:
    sql = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while await store.database.fetchval(sql) is None:  # noqa: ASYNC110  # the server has no Event of ours
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("act", ["update", "update what must be there", "delete"])
async def test_who_waited_for_another_process_writes_after_it(store: Store, second_store: Store, act: str) -> None:
    owners = [(await save(store, patient())).id for _ in range(2)]
    first = await save(store, note(owners[0]))
    written_first, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_connection: Connection) -> None:
        written_first.set()
        await go_on.wait()

    moving, late = second_store.begin(DOCTOR), store.begin(DOCTOR)
    moving.update(resource_of(note(owners[1], "đã chuyển", id=first.id)))
    moving.also(hold)
    if act == "delete":
        late.delete("Observation", first.id)
    else:
        late.update(resource_of(note(owners[0], id=first.id)), if_absent="create" if act == "update" else "fail")
    moved = asyncio.create_task(second_store.commit(moving))
    await written_first.wait()
    written = asyncio.create_task(store.commit(late))
    await until_somebody_waits_for_a_lock(store)
    go_on.set()
    [second], [third] = await moved, await written
    assert second is not None
    assert third is not None
    assert (second.version, third.version, third.deleted) == (2, 3, act == "delete")
    history = await store.resources.history("Observation", first.id, DOCTOR)
    assert [each.content for each in history] == [third.content, second.content, first.content]


async def test_two_processes_that_create_one_id_for_two_patients_make_one_history(
    store: Store, second_store: Store
) -> None:
    owners = [(await save(store, patient())).id for _ in range(2)]
    written_first, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_connection: Connection) -> None:
        written_first.set()
        await go_on.wait()

    early, late = second_store.begin(DOCTOR), store.begin(DOCTOR)
    early.update(resource_of(note(owners[0], id="chung")))
    early.also(hold)
    late.update(resource_of(note(owners[1], id="chung")))
    created = asyncio.create_task(second_store.commit(early))
    await written_first.wait()
    updated = asyncio.create_task(store.commit(late))
    await until_somebody_waits_for_a_lock(store)
    go_on.set()
    [first], [second] = await created, await updated
    assert first is not None
    assert second is not None
    assert (first.version, first.created, second.version, second.created) == (1, True, 2, False)
    history = await store.resources.history("Observation", "chung", DOCTOR)
    assert [each.content for each in history] == [second.content, first.content]
