"""Pages of a search: in order, of one moment whatever is written meanwhile, bound to what was asked and by whom."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest
from tests.clocks import StoppedClock
from tests.store.searching import put
from tests.store.writing import DOCTOR, note, patient, remove, save

from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Incorrect, NotFound
from benhan.store.resources import Opener
from benhan.store.search.search import SearchPage
from benhan.store.store import Store
from benhan.store.sweeper import sweep_some

Pairs = list[tuple[str, str]]
SORTS = ("date", "-date", "_lastUpdated", "-_lastUpdated")


@pytest.fixture
def store(timed_store: Store) -> Store:
    """A store whose time the test sets; its page links live 900 s."""
    return timed_store


async def page_of(store: Store, pairs: Pairs, link: str = "", actor: Actor = DOCTOR) -> SearchPage:
    asked = [*pairs, ("_page", link)] if link else pairs
    return await store.search.search(parse_search("Observation", asked), actor)


async def pages_of(store: Store, pairs: Pairs) -> list[list[str]]:
    """The ids of each page, to the end."""
    page = await page_of(store, pairs)
    pages = [[each.id for each in page.matches]]
    while page.next:
        page = await page_of(store, pairs, page.next)
        pages.append([each.id for each in page.matches])
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [id_ for page in pages for id_ in page]


def day(number: int) -> dict[str, Any]:
    return {"effectiveDateTime": f"2026-01-{number:02}"}


@pytest.fixture
async def thirty(store: Store) -> list[str]:
    """The ids of 30 observations: ten days with two each, and ten without a date."""
    return [(await save(store, note("an", **(day(1 + number % 10) if number < 20 else {})))).id for number in range(30)]


async def test_pages_hold_every_match_once_in_one_order(store: Store, clock: StoppedClock, thirty: list[str]) -> None:
    whole = {sort: flat(await pages_of(store, [("_sort", sort), ("_count", "100")])) for sort in SORTS}
    for sort, expected in whole.items():
        assert sorted(expected) == sorted(thirty)
        for count in (1, 7, 10, 29, 30, 31):
            pages = await pages_of(store, [("_sort", sort), ("_count", str(count))])
            assert flat(pages) == expected, (sort, count)
            assert [len(page) for page in pages[:-1]] == [count] * (len(pages) - 1)
            assert 0 < len(pages[-1]) <= count
    assert whole["date"] == whole["-date"][::-1]
    assert whole["_lastUpdated"] == whole["-_lastUpdated"][::-1]
    assert flat(await pages_of(store, [])) == whole["-date"]


async def test_sorting_on_a_date_goes_by_the_date_and_puts_what_has_none_at_the_end(store: Store) -> None:
    await put(store, note("an", id="later", **day(9)), note("an", id="none"), note("an", id="sooner", **day(2)))
    assert await pages_of(store, [("_sort", "date")]) == [["sooner", "later", "none"]]


async def test_sorting_on_the_last_update_goes_by_it(store: Store, clock: StoppedClock) -> None:
    for id_ in ("first", "second", "third"):
        clock.at += timedelta(seconds=1)
        await put(store, note("an", id=id_))
    clock.at += timedelta(seconds=1)
    await put(store, note("an", id="first"))
    assert await pages_of(store, [("_sort", "-_lastUpdated"), ("_count", "2")]) == [["first", "third"], ["second"]]


async def test_a_count_of_none_gives_the_total_only(store: Store, thirty: list[str]) -> None:
    page = await page_of(store, [("_count", "0")])
    assert (page.matches, page.next, page.total) == ([], "", 30)
    page = await page_of(store, [("date", "2026-01-03"), ("_total", "accurate"), ("_count", "1")])
    assert (len(page.matches), page.total) == (1, 2)
    assert (await page_of(store, [])).total is None


# ── one moment ──


async def test_no_page_skips_or_repeats_a_row_while_others_write_and_sweep(
    store: Store, clock: StoppedClock, thirty: list[str]
) -> None:
    """What was there when the search began is what all its pages hold, in the version of that moment."""
    clock.at += timedelta(days=3)  # what is superseded from now on is old itself
    chance = random.Random(7)
    alive = list(thirty)

    async def act() -> None:
        id_ = chance.choice(alive)
        if chance.random() < 0.2 and len(alive) > 20:
            alive.remove(id_)
            await remove(store, "Observation", id_)
        elif chance.random() < 0.2:
            alive.append((await save(store, note("an", **day(chance.randint(1, 28))))).id)
        else:
            await save(store, note(chance.choice(["an", "binh"]), id=id_, **day(chance.randint(1, 28))))
        await sweep_some(store.database, clock, store.page_life_s)

    for sort in SORTS:
        expected = {(each.id, each.version) for each in (await page_of(store, [("_count", "1000")])).matches}
        assert len(expected) >= 20
        pairs = [("_sort", sort), ("_count", "3"), ("_total", "accurate")]
        page = await page_of(store, pairs)
        seen = [(each.id, each.version) for each in page.matches]
        while page.next:
            await act()
            page, *_ = await asyncio.gather(page_of(store, pairs, page.next), act(), act())
            seen += [(each.id, each.version) for each in page.matches]
            assert page.total == len(expected)
        assert len(seen) == len(set(seen)), sort
        assert set(seen) == expected, sort


# ── links ──


async def test_a_link_is_good_for_the_same_question_of_the_same_asker_until_it_dies(
    store: Store, clock: StoppedClock, thirty: list[str]
) -> None:
    pairs = [("status", "final"), ("_count", "5")]
    link = (await page_of(store, pairs)).next
    for stolen in (
        page_of(store, pairs, link, Actor("account:8", Role.DOCTOR)),
        page_of(store, [("status", "final"), ("_count", "6")], link),
        page_of(store, [("status", "amended"), ("_count", "5")], link),
        page_of(store, pairs, link[:-2] + ("AA" if link[-2:] != "AA" else "BB")),
        page_of(store, pairs, "không phải liên kết"),
    ):
        with pytest.raises(Incorrect, match="BA-0320"):
            await stolen
    clock.at += timedelta(seconds=899)
    assert len((await page_of(store, pairs, link)).matches) == 5
    clock.at += timedelta(seconds=2)
    with pytest.raises(NotFound, match="BA-0321"):
        await page_of(store, pairs, link)


# ── what a page brings along ──


async def test_include_brings_each_referenced_resource_once_and_only_of_the_page(store: Store) -> None:
    an, binh = (await save(store, patient())).id, (await save(store, patient())).id
    practitioner = (await save(store, {"resourceType": "Practitioner", "active": True})).id
    performer = {"performer": [{"reference": f"Practitioner/{practitioner}"}]}
    await put(
        store,
        note(an, id="1", **day(9), **performer),
        note(an, id="2", **day(8)),
        note("khong-co", id="3", **day(7)),
        note(binh, id="4", **day(6)),
    )
    pairs = [("_include", "Observation:subject"), ("_count", "3")]
    page = await page_of(store, pairs)
    assert [each.id for each in page.matches] == ["1", "2", "3"]
    assert [(each.type, each.id) for each in page.included] == [("Patient", an)]
    page = await page_of(store, pairs, page.next)
    assert [(each.type, each.id) for each in page.included] == [("Patient", binh)]
    page = await page_of(store, [*pairs, ("_include", "Observation:performer")])
    assert {(each.type, each.id) for each in page.included} == {("Patient", an), ("Practitioner", practitioner)}
    await remove(store, "Patient", an)
    assert (await page_of(store, pairs)).included == []
    assert (await page_of(store, [("_include", "Observation:subject:Group")])).included == []


async def test_what_is_told_after_opening_is_opened_until_the_page_is_full(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = [(await save(store, note("an", "sinh hoá", **day(1 + number % 10)))).id for number in range(30)]
    opened: list[int] = []
    open_all = Opener.open_all

    async def counting(self: Opener, rows: Any, connection: Any) -> Any:
        opened.append(len(rows))
        return await open_all(self, rows, connection)

    monkeypatch.setattr(Opener, "open_all", counting)
    asked = [("code:text", "sinh")]
    whole = flat(await pages_of(store, [*asked, ("_count", "100")]))
    assert sorted(whole) == sorted(saved)
    for count in (1, 7, 10, 29):
        opened.clear()
        await page_of(store, [*asked, ("_count", str(count))])
        assert sum(opened) <= max(count + 1, 8)
        pages = await pages_of(store, [*asked, ("_count", str(count))])
        assert flat(pages) == whole
        assert [len(page) for page in pages[:-1]] == [count] * (len(pages) - 1)
