"""The limits that a house sets are those that its store keeps."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from tests.store.writing import DOCTOR

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.kernel.faults import Fault, Incorrect
from benhan.kernel.settings import Settings
from benhan.store.opening import open_store, search_limits
from benhan.store.search.limits import SearchLimits
from benhan.store.store import Store

SMALL: dict[str, Any] = {
    "resource_depth_max": 6, "search_count_max": 2, "search_criteria_max": 3, "search_values_max": 4,
    "search_chain_max": 1, "search_includes_max": 5, "search_included_max": 1, "search_include_rounds_max": 7,
    "search_sorted_max": 2, "search_scanned_max": 9, "search_linked_max": 10, "search_list_max": 1,
    "search_codes_max": 12, "search_timeout_s": 13.0,
}  # fmt: skip


async def made(store: Store, *bodies: dict[str, Any]) -> None:
    unit = store.begin(DOCTOR)
    for body in bodies:
        unit.create(resource_of(body)) if "id" not in body else unit.update(resource_of(body))
    await store.commit(unit)


async def asked(store: Store, type_: str, *pairs: tuple[str, str]) -> Any:
    return await store.search.search(parse_search(type_, pairs, registry=store.search.registry), DOCTOR)


def test_every_limit_of_a_search_is_a_setting() -> None:
    usual, small = search_limits(Settings()), search_limits(Settings(**SMALL))
    assert usual == SearchLimits()
    for each in fields(SearchLimits):
        assert each.name == "batch_max" or getattr(small, each.name) != getattr(usual, each.name), each.name
    for each in fields(usual.query):
        assert getattr(small.query, each.name) != getattr(usual.query, each.name), each.name


async def test_a_store_keeps_to_what_is_set(fresh_url: str, tmp_path: Path) -> None:
    async with open_store(Settings(data=tmp_path, database=fresh_url, pool_size=4, **SMALL)) as store:
        deep = {"resourceType": "Basic", "code": {"coding": [{"extension": [{"url": "urn:x", "valueCode": "x"}]}]}}
        await made(store, deep)
        deep["code"]["coding"][0]["extension"][0] = {"url": "urn:x", "extension": [{"url": "urn:y"}]}  # type: ignore[index]
        with pytest.raises(Incorrect, match=r"BA-0205.* 6"):
            await made(store, deep)
        people = [{"resourceType": "Patient", "id": f"p{number}"} for number in range(3)]
        tests = [
            {
                "resourceType": "Observation",
                "id": f"o{number}",
                "status": "final",
                "code": {"text": "x"},
                "subject": {"reference": f"Patient/p{number}"},
            }
            for number in range(2)
        ]
        entries = [{"item": {"reference": "Patient/p1"}}, {"item": {"reference": "Patient/p2"}}]
        listed = {"resourceType": "List", "id": "l", "status": "current", "mode": "working", "entry": entries}
        await made(store, *people, *tests, listed)
        assert len((await asked(store, "Patient", ("_count", "50"))).matches) == 2
        page = await asked(store, "Observation", ("_include", "Observation:subject"))
        assert (len(page.matches), len(page.included), len(page.notes)) == (2, 1, 1)
        for type_, pair, code in (
            ("Patient", ("_sort", "gender"), "BA-2100"),
            ("Patient", ("_list", "l"), "BA-2106"),
            ("Patient", ("_id", "a,b,c,d,e"), "BA-0220"),
        ):
            with pytest.raises(Fault, match=code):
                await asked(store, type_, pair)
