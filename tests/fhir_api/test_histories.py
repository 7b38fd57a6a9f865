"""Histories of an instance, a type, the system: newest first, deletions shown, pinned while others write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import codes_of, patient

from benhan.store import history
from benhan.store.store import Store
from benhan.store.sweeper import sweep_some


async def pages(fhir: httpx.AsyncClient, address: str) -> list[list[dict[str, Any]]]:
    """The entries of every page from `address` on."""
    found = []
    while address:
        answer = await fhir.get(address)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        found.append(told.get("entry", []))
        address = next((link["url"] for link in told["link"] if link["relation"] == "next"), "")
    return found


def names(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Address and version of each entry."""
    return [(each["fullUrl"].split("/fhir/")[1], each["response"]["etag"][3:-1]) for each in entries]


async def now(fhir: httpx.AsyncClient) -> str:
    """An instant after everything that was written, and before everything that will be."""
    made = (await fhir.post("Basic", json={"resourceType": "Basic", "code": {"text": "now"}})).json()
    await asyncio.sleep(0.005)
    return str(made["meta"]["lastUpdated"])[:-1] + "+00:00"


@pytest.fixture
async def written(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> tuple[str, list[tuple[str, str]]]:
    """When it began, and the versions written since, newest first: created, updated, deleted, put under own ids."""
    since = await now(fhir)
    one, own = (await fhir.post("Group", json=GROUP)).json()["id"], f"own-{unique()}"
    found = [(f"Group/{one}", "1")]
    for method, id_, version in (("PUT", one, "2"), ("PUT", own, "1"), ("DELETE", one, "3"), ("DELETE", own, "2")):
        await asyncio.sleep(0.002)
        await fhir.request(method, f"Group/{id_}", json={**GROUP, "id": id_} if method == "PUT" else None)
        found.append((f"Group/{id_}", version))
    return since, found[::-1]


GROUP = {"resourceType": "Group", "type": "person", "actual": True}


@pytest.mark.parametrize("count", [1, 2, 3, 50])
async def test_the_history_of_a_type_tells_every_version_with_what_made_it(
    fhir: httpx.AsyncClient, written: tuple[str, list[tuple[str, str]]], count: int
) -> None:
    since, versions = written
    found = [
        each
        for page in await pages(fhir, f"Group/_history?_since={since}&_count={count}".replace("+", "%2B"))
        for each in page
    ]
    assert names(found) == versions
    assert [each["request"]["method"] for each in found] == ["DELETE", "DELETE", "PUT", "PUT", "POST"]
    assert [each["response"]["status"] for each in found] == ["204", "204", "201", "200", "201"]
    assert ["resource" in each for each in found] == [False, False, True, True, True]
    times = [each["response"]["lastModified"] for each in found]
    assert times == sorted(times, reverse=True)


async def test_the_history_of_the_system_tells_all_types(
    fhir: httpx.AsyncClient, written: tuple[str, list[tuple[str, str]]]
) -> None:
    since, versions = written
    answer = await fhir.get("_history", params={"_since": since})
    assert [each for each in names(answer.json()["entry"]) if each[0].startswith("Group/")] == versions
    assert "Basic" in {each[0].split("/")[0] for each in names(answer.json()["entry"])}


async def test_a_whole_history_says_its_total_and_a_page_does_not(
    fhir: httpx.AsyncClient, written: tuple[str, list[tuple[str, str]]]
) -> None:
    since, versions = written
    assert (await fhir.get("Group/_history", params={"_since": since})).json()["total"] == len(versions)
    assert "total" not in (await fhir.get("Group/_history", params={"_since": since, "_count": 2})).json()


async def test_what_was_current_at_a_time_is_told(fhir: httpx.AsyncClient) -> None:
    id_ = (await fhir.post("Group", json=GROUP)).json()["id"]
    times = [await now(fhir)]
    for _ in range(2):
        await fhir.put(f"Group/{id_}", json={**GROUP, "id": id_})
        times.append(await now(fhir))
    for address in (f"Group/{id_}/_history", "Group/_history"):
        for version, at in enumerate(times, 1):
            entries = (await fhir.get(address, params={"_at": at, "_count": 1000})).json()["entry"]
            assert [each[1] for each in names(entries) if each[0] == f"Group/{id_}"] == [str(version)]
        entries = (await fhir.get(address, params={"_at": times[0][:4], "_count": 1000})).json()["entry"]
        assert [each[1] for each in names(entries) if each[0] == f"Group/{id_}"] == ["3", "2", "1"]


async def test_pages_of_a_history_are_pinned_while_others_write(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    since = (await now(fhir)).replace("+", "%2B")
    ids = [(await fhir.post("Group", json=GROUP)).json()["id"] for _ in range(12)]
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await fhir.put(f"Group/{ids[0]}", json={**GROUP, "id": ids[0]})
            await fhir.post("Group", json=GROUP)

    begun = (await fhir.get(f"Group/_history?_since={since}&_count=3")).json()
    writers = [asyncio.create_task(write()) for _ in range(4)]
    following = next(link["url"] for link in begun["link"] if link["relation"] == "next")
    found = names(begun["entry"]) + [each for page in await pages(fhir, following) for each in names(page)]
    stop.set()
    await asyncio.gather(*writers)
    assert found == [(f"Group/{id_}", "1") for id_ in reversed(ids)]


async def test_a_link_is_sealed_and_bound_to_what_was_asked(fhir: httpx.AsyncClient) -> None:
    for _ in range(2):
        await fhir.post("Group", json=GROUP)
    told = (await fhir.get("Group/_history?_count=1")).json()
    following = next(link["url"] for link in told["link"] if link["relation"] == "next")
    for altered in (following[:-2] + "AA", following.replace("/Group/", "/Basic/"), following + "&_since=2020"):
        answer = await fhir.get(altered)
        assert (answer.status_code, codes_of(answer)) == (400, ["BA-0320"])


async def test_versions_that_were_swept_stay_in_their_place(fhir: httpx.AsyncClient, api_store: Store) -> None:
    since = await now(fhir)
    id_ = (await fhir.post("Group", json=GROUP)).json()["id"]
    for _ in range(3):
        await fhir.put(f"Group/{id_}", json={**GROUP, "id": id_})
    await fhir.delete(f"Group/{id_}")
    await sweep_some(api_store.database, api_store.clock, page_life_s=0.0)
    for address in ("Group/_history", f"Group/{id_}/_history", "_history"):
        entries = (await fhir.get(address, params={"_since": since})).json()["entry"]
        assert [each[1] for each in names(entries) if each[0] == f"Group/{id_}"] == ["5", "4", "3", "2", "1"]


async def test_windows_find_what_looking_at_the_whole_finds(
    fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = (await now(fhir)).replace("+", "%2B")
    for _ in range(30):
        await asyncio.gather(*(fhir.post("Group", json=GROUP) for _ in range(3)))
    whole = [each for page in await pages(fhir, f"Group/_history?_since={since}") for each in names(page)]
    assert len(whole) == 90
    monkeypatch.setattr(history, "FEW", 0)
    for rows in (1, 7, 40):
        monkeypatch.setattr(history, "WINDOW_ROWS", rows)
        found = [each for page in await pages(fhir, f"Group/_history?_since={since}&_count=11") for each in names(page)]
        assert found == whole


async def test_every_patient_that_a_page_shows_is_in_the_ledger(fhir: httpx.AsyncClient, api_store: Store) -> None:
    since = await now(fhir)
    ids = [(await fhir.post("Patient", json=patient())).json()["id"] for _ in range(3)]
    before = await api_store.database.fetchval("select count(*) from ledger_pending where event = 5")
    await fhir.get("Patient/_history", params={"_since": since})
    rids = [api_store.workshop.ids.rid_of("Patient", id_) for id_ in ids]
    counted = await api_store.database.fetchval(
        "select count(*) from ledger_pending where event = 5 and patient = any($1::bigint[])", rids
    )
    assert (before, counted) == (before, 3)
