"""The sweeper: moves what is superseded and no page can ask for any more; nobody who reads sees a difference."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.clocks import StoppedClock
from tests.store.searching import ids
from tests.store.writing import DOCTOR, note, patient, remove, save

from benhan.store.ids import bucket_of
from benhan.store.store import Store
from benhan.store.sweeper import Sweeper, freeze_moments, sweep_some

LIFE_S = 900.0
PAST = timedelta(seconds=LIFE_S + 1)


@pytest.fixture
def store(timed_store: Store) -> Store:
    return timed_store


async def sweep(store: Store, rows_max: int = 1_000) -> int:
    return await sweep_some(store.database, store.clock, LIFE_S, rows_max)


async def kept(store: Store, table: str = "resource") -> list[tuple[str, int]]:
    """(key, version) of the rows of a table."""
    rows = await store.database.fetch(f"select rid, version from {table} order by rid, version")
    return [(str(row["rid"]), row["version"]) for row in rows]


async def histories(store: Store, *keys: tuple[str, str]) -> list[list[tuple[int, bytes]]]:
    return [
        [(each.version, each.content) for each in await store.resources.history(*key, DOCTOR, count=100)]
        for key in keys
    ]


async def test_what_is_current_is_never_moved_however_old_it_is(store: Store, clock: StoppedClock) -> None:
    an = await save(store, patient())
    await save(store, note(an.id, id="a"))
    await save(store, note(an.id, id="b"))
    await remove(store, "Observation", "b")
    clock.at += timedelta(days=400)
    before = await kept(store)
    assert await sweep(store) == 1  # the version before the deletion
    assert len(await kept(store)) == len(before) - 1
    assert await sweep(store) == 0
    assert (await store.resources.read("Observation", "a", DOCTOR)).version == 1
    assert [each.version for each in await store.resources.history("Observation", "b", DOCTOR)] == [2, 1]


async def test_a_version_stays_until_the_pages_that_may_hold_it_are_dead(store: Store, clock: StoppedClock) -> None:
    await save(store, patient(id="an"))
    clock.at += timedelta(days=400)
    await save(store, patient(id="an"))
    for _ in range(2):
        assert await sweep(store) == 0, "superseded just now, however old it is itself"
        clock.at += timedelta(seconds=LIFE_S / 2)
    clock.at += timedelta(seconds=1)
    assert await sweep(store) == 1
    assert await kept(store, "resource_history") != []


async def test_a_version_that_went_to_another_patient_stays_as_long_and_then_goes_too(
    store: Store, clock: StoppedClock
) -> None:
    owners = [await save(store, patient()) for _ in range(2)]
    assert bucket_of(owners[0].rid) != bucket_of(owners[1].rid)
    first = await save(store, note(owners[0].id, issued="2026-03-10T07:30:00+07:00"))
    clock.at += timedelta(days=400)
    for owner in (owners[1], owners[0], owners[1]):
        await save(store, note(owner.id, id=first.id))
    told = await histories(store, ("Observation", first.id))
    assert await sweep(store) == 0
    clock.at += PAST
    assert await sweep(store) == 3
    assert await histories(store, ("Observation", first.id)) == told
    assert await ids(store, "Observation", ("patient", owners[1].id)) == {first.id}
    assert await ids(store, "Observation", ("patient", owners[0].id)) == set()


async def test_a_sweep_in_small_batches_ends_with_all_and_nobody_sees_a_difference(
    store: Store, clock: StoppedClock
) -> None:
    an, binh = await save(store, patient()), await save(store, patient())
    keys = [("Observation", f"o{number}") for number in range(4)]
    for turn in range(5):
        for _, id_ in keys:
            await save(store, note((an, binh)[turn % 2].id if id_ == "o0" else an.id, f"{turn}", id=id_))
    await remove(store, *keys[1])
    told, found = await histories(store, *keys), await ids(store, "Observation")
    clock.at += PAST
    moved = []
    while count := await sweep(store, rows_max=3):
        moved.append(count)
        assert await histories(store, *keys) == told
    assert sum(moved) == 4 * 4 + 1
    assert max(moved) == 3
    assert len(await kept(store)) == 2 + len(keys)
    assert await store.database.fetchval("select count(*) from resource where until is not null") == 0
    assert await store.database.fetchval("select count(*) from resource_ended") == 0
    assert await histories(store, *keys) == told
    assert await ids(store, "Observation") == found


async def test_the_ranges_of_a_moved_version_go_and_those_of_the_current_one_stay(
    store: Store, clock: StoppedClock
) -> None:
    def stay(day: int) -> dict[str, object]:
        period = {"start": f"2026-03-0{day}", "end": f"2026-03-0{day}"}
        return {
            "resourceType": "Encounter",
            "id": "e",
            "status": "finished",
            "class": {"code": "IMP"},
            "location": [{"period": period}],
        }

    await save(store, stay(1))
    await save(store, stay(2))
    clock.at += PAST
    assert await sweep(store) == 1
    assert {row["version"] for row in await store.database.fetch("select version from range_index")} == {2}
    assert await ids(store, "Encounter", ("location-period", "2026-03-02")) == {"e"}
    assert await ids(store, "Encounter", ("location-period", "2026-03-01")) == set()


async def test_one_sweeps_at_a_time(store: Store, clock: StoppedClock) -> None:
    for _ in range(2):
        await save(store, patient(id="an"))
    clock.at += PAST
    async with store.database.transaction() as connection:
        await connection.execute("select pg_advisory_xact_lock($1)", 0x62656E68_73776570)
        assert await sweep(store) == 0
    assert await sweep(store) == 1


async def test_the_task_sweeps_until_it_is_told_to_stop(store: Store, clock: StoppedClock) -> None:
    for _ in range(4):
        await save(store, patient(id="an"))
    clock.at += PAST
    sweeper, stop = Sweeper(store.database, clock, LIFE_S), asyncio.Event()
    running = asyncio.create_task(sweeper.run(stop))
    async with asyncio.timeout(10):
        while not sweeper.moved:  # noqa: ASYNC110  # the task tells nobody of its steps
            await asyncio.sleep(0.005)
    stop.set()
    await asyncio.wait_for(running, 10)
    assert sweeper.moved == 3


async def test_frozen_moments_keep_what_is_current_current(store: Store) -> None:
    await save(store, patient(id="an"))
    await save(store, patient(id="an", active=True))
    await freeze_moments(store.database)
    assert (await store.resources.read("Patient", "an", DOCTOR)).version == 2
    assert await ids(store, "Patient") == {"an"}
    assert await ids(store, "Patient", ("active", "true")) == {"an"}


async def test_a_version_ends_where_it_stands_and_no_index_is_written_anew(store: Store) -> None:
    """Else an update would cost PostgreSQL as much again as a create: no index may know `until`."""
    await save(store, patient(id="an"))
    async with store.database.transaction() as connection:
        await connection.execute("update resource set until = pg_current_xact_id()")
        told = await connection.fetchrow(
            "select pg_stat_get_xact_tuples_updated(oid) as updated,"
            " pg_stat_get_xact_tuples_hot_updated(oid) as in_place"
            " from pg_class where oid = 'resource'::regclass"
        )
    assert told is not None
    assert (told["updated"], told["in_place"]) == (1, 1)
