"""Pages of every kind of search show one moment, however much is written while they are read."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import pytest
from tests.store.writing import DOCTOR, note, patient

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search, parse_search_types
from benhan.store.search.includes import Included
from benhan.store.search.search import SearchPage
from benhan.store.search.session import Session
from benhan.store.store import Store

Pairs = list[tuple[str, str]]
WRITES_PER_S = 1_000
SEARCHES: list[tuple[str, Pairs]] = [
    ("Observation", [("status", "final")]),
    ("Observation", [("status", "final"), ("_sort", "-date")]),
    ("Observation", [("status", "final"), ("_sort", "_lastUpdated")]),
    ("Observation", [("status", "final"), ("_sort", "code,-value-quantity")]),
    ("Observation", [("subject:Patient.gender", "male")]),
    ("Observation", [("code:text", "đường")]),
    ("Patient", [("_has:Observation:patient:status", "final")]),
    ("", [("_tag", "x")]),
]


def observation(whose: str, number: int, **more: object) -> dict[str, object]:
    return note(
        whose,
        "Đường huyết",
        effectiveDateTime=f"2026-01-{number % 28 + 1:02}",
        meta={"tag": [{"code": "x"}]},
        valueQuantity={"value": number % 7, "system": "http://unitsofmeasure.org", "code": "g"},
        **more,
    )


async def page_of(store: Store, type_: str, pairs: Pairs, link: str = "") -> SearchPage:
    asked = [*pairs, ("_count", "7"), *([("_page", link)] if link else [])]
    query = parse_search(type_, asked) if type_ else parse_search_types(["Patient", "Observation"], asked)
    return await store.search.search(query, DOCTOR)


async def whole(store: Store, type_: str, pairs: Pairs) -> set[tuple[str, str, int]]:
    asked = [*pairs, ("_count", "1000")]
    query = parse_search(type_, asked) if type_ else parse_search_types(["Patient", "Observation"], asked)
    page = await store.search.search(query, DOCTOR)
    assert page.next == ""
    return {(each.type, each.id, each.version) for each in page.matches}


class Writers:
    """Changes, deletes and adds resources at a steady pace until it is stopped."""

    def __init__(self, store: Store, owners: list[str], known: list[str]) -> None:
        self._store, self._owners, self._known = store, owners, known
        self._stop = asyncio.Event()
        self.written = 0

    async def run(self) -> None:
        chance, began = random.Random(3), time.perf_counter()
        while not self._stop.is_set():
            due = int((time.perf_counter() - began) * WRITES_PER_S) - self.written
            await asyncio.gather(*(self._one(chance) for _ in range(min(max(due, 0), 100))))
            await asyncio.sleep(0.005)

    async def _one(self, chance: random.Random) -> None:
        unit, number, whose = self._store.begin(DOCTOR), chance.randint(0, 99), chance.choice(self._owners)
        body = observation(whose, number, status=chance.choice(["final", "amended"]))
        if chance.random() < 0.4:
            unit.create(resource_of(body))
        elif chance.random() < 0.2:
            unit.delete("Observation", chance.choice(self._known))
        else:
            unit.update(resource_of({**body, "id": chance.choice(self._known)}))
        await self._store.commit(unit)
        self.written += 1

    def stop(self) -> None:
        self._stop.set()


@pytest.fixture
async def peopled(store: Store) -> tuple[Store, list[str], list[str]]:
    unit = store.begin(DOCTOR)
    tag = {"tag": [{"code": "x"}]}
    owners = [unit.create(resource_of(patient(gender=("male", "female")[n % 2], meta=tag))) for n in range(20)]
    await store.commit(unit)
    unit = store.begin(DOCTOR)
    known = [unit.create(resource_of(observation(owners[n % 20], n))) for n in range(60)]
    await store.commit(unit)
    return store, owners, known


@pytest.mark.parametrize(("type_", "pairs"), SEARCHES, ids=[f"{t or '*'}?{p}" for t, p in SEARCHES])
async def test_no_page_skips_doubles_or_fails_beside_a_thousand_writes_a_second(
    peopled: tuple[Store, list[str], list[str]], type_: str, pairs: Pairs
) -> None:
    store, owners, known = peopled
    expected = await whole(store, type_, pairs)
    assert len(expected) > 7
    page = await page_of(store, type_, pairs)
    seen = [(each.type, each.id, each.version) for each in page.matches]
    writers = Writers(store, owners, known)
    running = asyncio.create_task(writers.run())
    try:
        while page.next:
            await asyncio.sleep(0.05)
            page = await page_of(store, type_, pairs, page.next)
            seen += [(each.type, each.id, each.version) for each in page.matches]
    finally:
        writers.stop()
        await running
    assert writers.written > 20
    assert len(seen) == len(set(seen))
    assert set(seen) == expected


async def test_what_comes_along_is_of_the_moment_of_its_matches(
    peopled: tuple[Store, list[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, owners, _ = peopled
    gather = Included.gather

    async def gather_after_a_write(self: Included, *arguments: Any) -> None:
        unit = store.begin(DOCTOR)
        unit.update(resource_of({**patient(gender="other"), "id": owners[3]}))
        unit.create(resource_of(observation(owners[3], 99)))
        await store.commit(unit)
        await gather(self, *arguments)

    monkeypatch.setattr(Included, "gather", gather_after_a_write)
    along = [("_include", "Observation:patient"), ("_revinclude", "Observation:patient")]
    page = await page_of(store, "Observation", [("subject", f"Patient/{owners[3]}"), along[0]])
    assert [(each.id, each.version) for each in page.included] == [(owners[3], 1)]
    known = len(page.matches) + 1  # the write of the search before
    page = await page_of(store, "Patient", [("_id", owners[3]), along[1]])
    assert [each.version for each in page.matches] == [2]
    assert len(page.included) == known


async def test_a_total_is_of_the_moment_of_its_page(
    peopled: tuple[Store, list[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, owners, _ = peopled
    count = Session.count

    async def count_after_a_write(self: Session, *arguments: Any) -> int:
        unit = store.begin(DOCTOR)
        unit.create(resource_of(observation(owners[0], 5, status="preliminary")))
        await store.commit(unit)
        return await count(self, *arguments)

    monkeypatch.setattr(Session, "count", count_after_a_write)
    page = await page_of(store, "Observation", [("status", "preliminary"), ("_total", "accurate")])
    assert (page.matches, page.total) == ([], 0)
