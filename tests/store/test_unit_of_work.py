"""A unit of work: written whole or not at all, and not by one who did not see the last version."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.store.writing import DOCTOR, events, note, patient, remove, rows_written, save

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.kernel.faults import Conflict, Fault, Incorrect, NotFound
from benhan.store.database import Connection
from benhan.store.faults import STALE_VERSION
from benhan.store.ledger.events import Event
from benhan.store.store import Store

# ── a writer who did not see the last version ──


async def test_a_writer_who_saw_an_older_version_is_refused_and_nothing_is_written(store: Store) -> None:
    await save(store, patient(id="an"))
    second = await save(store, patient(id="an", active=True), if_match=1)
    before = await rows_written(store)
    for stale in (0, 1, 3):
        with pytest.raises(Conflict, match="BA-0412"):
            await save(store, patient(id="an", active=False), if_match=stale)
        with pytest.raises(Conflict, match="BA-0412"):
            await remove(store, "Patient", "an", if_match=stale)
    assert await rows_written(store) == before
    assert (await store.resources.read("Patient", "an", DOCTOR)).content == second.content


async def test_an_update_that_must_find_something_does_not_create(store: Store) -> None:
    unit = store.begin(DOCTOR)
    unit.update(resource_of(patient(id="an")), if_absent="fail")
    with pytest.raises(NotFound, match="BA-0401"):
        await store.commit(unit)
    await save(store, patient(id="an"))
    await remove(store, "Patient", "an")
    unit = store.begin(DOCTOR)
    unit.update(resource_of(patient(id="an")), if_absent="fail")
    with pytest.raises(NotFound, match="BA-0401"):
        await store.commit(unit)


# ── a unit of work ──


async def test_a_unit_of_work_is_written_whole(store: Store) -> None:
    unit = store.begin(DOCTOR)
    an = unit.create(resource_of(patient()))
    unit.create(resource_of(note(an)))
    unit.update(resource_of(patient(id="binh")))
    stored = await store.commit(unit)
    assert [each.version for each in stored if each] == [1, 1, 1]
    assert len({each.updated_at for each in stored if each}) == 1
    assert await events(store) == [("RESOURCE_CREATE", 1), ("RESOURCE_CREATE", 1), ("RESOURCE_UPDATE", 1)]


async def test_one_bad_entry_and_nothing_of_its_unit_is_written_in_content_or_ledger(store: Store) -> None:
    await save(store, patient(id="an"))
    before = await rows_written(store)
    unit = store.begin(DOCTOR)
    new = unit.create(resource_of(patient()))
    unit.create(resource_of(note(new, issued="2026-03-10T07:30:00+07:00")))
    unit.update(resource_of(patient(id="an")), if_match=7)
    unit.record(Event.RESOURCE_SEARCH, parameters="code", count=1)
    with pytest.raises(Conflict, match="BA-0412"):
        await store.commit(unit)
    assert await rows_written(store) == before
    with pytest.raises(NotFound):
        await store.resources.read("Patient", new, DOCTOR)


async def test_a_hook_that_refuses_undoes_its_own_unit_and_no_other_of_the_same_commit(store: Store) -> None:
    async def refuse(_connection: Connection) -> None:
        raise STALE_VERSION(type="Patient", id="x", expected=1, found=2)

    good, bad = store.begin(DOCTOR), store.begin(DOCTOR)
    kept = good.create(resource_of(patient()))
    lost = bad.create(resource_of(patient()))
    bad.also(refuse)
    answers = await asyncio.gather(store.commit(good), store.commit(bad), return_exceptions=True)
    assert isinstance(answers[1], Fault)
    assert (await store.resources.read("Patient", kept, system("test"))).version == 1
    with pytest.raises(NotFound):
        await store.resources.read("Patient", lost, system("test"))
    assert await events(store) == [("RESOURCE_CREATE", 1)]


async def test_one_resource_twice_in_a_unit_is_refused(store: Store) -> None:
    unit = store.begin(DOCTOR)
    unit.update(resource_of(patient(id="an")))
    with pytest.raises(Incorrect, match="BA-0414"):
        unit.delete("Patient", "an")


async def test_no_version_is_older_than_the_one_before_it(store: Store) -> None:
    """Whoever began first and comes second, as where the clock was set back."""
    late, early = store.begin(DOCTOR), store.begin(DOCTOR)
    late.at += timedelta(seconds=5)
    for unit, active in ((late, True), (early, False)):
        unit.update(resource_of(patient(id="an", active=active)))
        await store.commit(unit)
    versions = await store.resources.history("Patient", "an", DOCTOR, count=5)
    assert [each.version for each in versions] == [2, 1]
    assert [each.updated_at for each in versions] == [late.at, late.at]
