"""What the tests of search ask with."""

from __future__ import annotations

from typing import Any

from tests.store.writing import DOCTOR

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.store.store import Store

Cases = list[tuple[str, str, set[str]]]


async def ids(store: Store, type_: str, *pairs: tuple[str, str], base_url: str = "") -> set[str]:
    """The ids of all matches."""
    page = await store.search.search(parse_search(type_, pairs), DOCTOR, base_url=base_url)
    assert page.next == ""
    return {each.id for each in page.matches}


async def put(store: Store, *bodies: dict[str, Any]) -> None:
    unit = store.begin(DOCTOR)
    for body in bodies:
        unit.update(resource_of(body))
    await store.commit(unit)


async def check(store: Store, type_: str, cases: Cases, base_url: str = "") -> None:
    """Every (parameter, value, ids) of `cases` at once, so that a failure shows all that differ."""
    found = {(name, value): await ids(store, type_, (name, value), base_url=base_url) for name, value, _ in cases}
    assert found == {(name, value): expected for name, value, expected in cases}
