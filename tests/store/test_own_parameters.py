"""A store's own search parameters: written to the index at once, searched when `reindex` has gone over the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.clocks import StoppedClock
from tests.store.searching import put
from tests.store.writing import DOCTOR, note, remove

from benhan.fhir.search_query import parse_search
from benhan.kernel.faults import Fault, Incorrect
from benhan.store import reindex as module
from benhan.store.reindex import SETTLE_S, last_reindex, reindex
from benhan.store.store import Store


@pytest.fixture
def store(timed_store: Store) -> Store:
    return timed_store


def parameter(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "SearchParameter",
        "id": "ghi-chu",
        "url": "urn:benhan:ghi-chu",
        "name": "GhiChu",
        "status": "active",
        "description": "Observation.note",
        "code": "ghi-chu",
        "base": ["Observation"],
        "type": "string",
        "expression": "Observation.note.text",
        **more,
    }


async def found(store: Store, text: str) -> set[str]:
    query = parse_search("Observation", [("ghi-chu", text)], registry=store.search.registry)
    return {each.id for each in (await store.search.search(query, DOCTOR)).matches}


async def test_a_new_parameter_is_refused_until_the_index_is_whole_then_finds_old_and_new(
    store: Store, clock: StoppedClock
) -> None:
    await put(store, note("an", id="old", note=[{"text": "nhịn đói"}]), note("an", id="none"))
    await put(store, parameter())
    await store.parameters.refresh()
    await put(store, note("an", id="new", note=[{"text": "Nhịn ăn"}]))
    with pytest.raises(Incorrect, match="BA-0220") as raised:
        await found(store, "nhin")
    assert raised.value.issues[0].kind == "incomplete"
    clock.at += timedelta(seconds=SETTLE_S)
    done = await reindex(store)
    assert (done.seen, done.changed, done.finished_at) == (4, 1, clock.at)
    assert await found(store, "nhin") == {"old", "new"}
    query = parse_search("Observation", [("ghi-chu:missing", "true")], registry=store.search.registry)
    assert {each.id for each in (await store.search.search(query, DOCTOR)).matches} == {"none"}
    assert await last_reindex(store) == done


async def test_a_patient_is_found_at_the_element_that_decides_the_compartment_and_at_others(
    store: Store, clock: StoppedClock
) -> None:
    whom = {"type": "reference", "expression": "Observation.subject | Observation.performer"}
    await put(store, parameter(**whom))
    by_an = {"performer": [{"reference": "Patient/an"}]}
    await put(store, note("an", id="of"), note("binh", id="by", **by_an), note("binh", id="neither"))
    clock.at += timedelta(seconds=SETTLE_S)
    await reindex(store)
    assert await found(store, "Patient/an") == {"of", "by"}
    assert await found(store, "Patient/binh,Practitioner/p") == {"by", "neither"}


async def test_a_job_that_was_broken_off_goes_on_where_it_was(
    store: Store, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, *(note("an", id=f"n{number}", note=[{"text": "nhịn"}]) for number in range(10)))
    await put(store, parameter())
    clock.at += timedelta(seconds=SETTLE_S)
    monkeypatch.setattr(module, "BATCH", 4)

    def stop(seen: int) -> None:
        if seen >= 8:
            raise KeyError(seen)

    with pytest.raises(KeyError):
        await reindex(store, stop)
    half = await last_reindex(store)
    assert half is not None
    assert (half.seen, half.finished_at) == (8, None)
    done = await reindex(store)
    assert (done.seen, done.changed) == (11, 10)
    assert len(await found(store, "nhin")) == 10


async def test_a_parameter_that_is_deleted_or_no_longer_active_is_none_any_more(
    store: Store, clock: StoppedClock
) -> None:
    await put(store, parameter())
    clock.at += timedelta(seconds=SETTLE_S)
    await reindex(store)
    assert await found(store, "x") == set()
    await put(store, parameter(status="retired"))
    await store.parameters.refresh()
    with pytest.raises(Incorrect, match="BA-0220"):
        await found(store, "x")
    await put(store, parameter())
    await remove(store, "SearchParameter", "ghi-chu")
    await store.parameters.refresh()
    assert store.search.registry.custom == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expression": "Observation.note.text.first()"}, "BA-2120"),
        ({"expression": "Observation.note.where(time > today()).text"}, "BA-2120"),
        ({"expression": "Observation.nobody"}, "BA-2120"),
        ({"expression": "Observation.note.text | Patient.name"}, "BA-2120"),
        ({"expression": "Observation.note.exists() and true"}, "BA-2120"),
        ({"type": "composite"}, "BA-2120"),
        ({"type": "quantity"}, "BA-2120"),
        ({"code": "code"}, "BA-2121"),
        ({"code": "a.b"}, "BA-2121"),
    ],
)
async def test_what_is_not_understood_is_refused_when_it_is_written(
    store: Store, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Fault, match=code):
        await put(store, parameter(**change))
    assert await store.database.fetchval("select count(*) from search_parameter") == 0
