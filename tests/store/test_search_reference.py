"""What the store finds is what a plain reading of the resources finds, by every path it may take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.reference_search import (
    CODES,
    DATES,
    FACTORS,
    FAMILIES,
    GIVEN,
    PARAMETERS,
    UCUM,
    Known,
    World,
    world,
)
from tests.store.test_state_machine import OneLoop
from tests.store.writing import DOCTOR
from tests.tries import tries

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.store.key_encryption import FileKek
from benhan.store.search.limits import SearchLimits

PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
OTHERS = ("http://loinc.org|", "nothing", "final", "male", "true", "false", "urn:id|3", "3", "urn:tag|a", "planned")
NARROW = SearchLimits(linked_max=2)
"""So few that chains are followed row by row."""


def values(known: Known) -> st.SearchStrategy[str]:
    """Values of a kind, most of which find something."""
    numbers = st.builds(
        "{}{}".format,
        st.sampled_from([*PREFIXES, "ap"]),
        st.sampled_from(["5", "5.0", "12", "0.5", "0.25", "1.30", "20"]),
    )
    units = st.sampled_from(["", *(f"|{UCUM}|{unit}" for unit in FACTORS), *(f"||{unit}" for unit in FACTORS)])
    quantities = st.builds("{}{}".format, numbers, units)
    tokens = st.sampled_from([*(f"{system}|{code}" for system, code in CODES), *(code for _, code in CODES), *OTHERS])
    return {
        "token": tokens,
        "deceased": st.sampled_from(["true", "false"]),
        "date": st.builds("{}{}".format, st.sampled_from(PREFIXES), st.sampled_from(DATES)),
        "string": st.sampled_from([*FAMILIES, *GIVEN, "nguy", "hoa", "van an", "alexandrovitch", "da nang", "ie", "o"]),
        "reference": st.sampled_from(["Patient/p1", "p1", "Group/p1", "Encounter/e2", "Observation/o3", "Patient/p2"]),
        "uri": st.sampled_from(["http://benhan.vn/a/c", "http://benhan.vn/a", "http://benhan.vn", "http://benhan.vn/"]),
        "number": numbers,
        "quantity": quantities,
        "near": st.builds(
            "{}|{}|{}|km".format, st.sampled_from(["10.5", "10.8"]), st.just("106.6"), st.integers(1, 90)
        ),
        "composite": st.builds("{}${}".format, tokens, quantities),
    }[known.kind]


MODIFIERS = {
    "token": ("", "not", "missing"),
    "string": ("", "exact", "contains", "missing"),
    "reference": ("", "Patient", "Group", "missing"),
    "uri": ("", "below", "missing"),
    "composite": ("",),
    "deceased": ("",),
}


@st.composite
def pairs(draw: st.DrawFn, type_: str, depth: int = 0) -> tuple[str, str]:
    """One criterion of a type, chained and reversed too."""
    way = draw(st.integers(0, 9)) if depth < 2 else 0
    if way == 9 and type_ in ("Patient", "Encounter", "Observation"):
        source, code = draw(
            st.sampled_from(
                {
                    "Patient": [("Observation", "patient"), ("Observation", "subject"), ("Encounter", "subject")],
                    "Encounter": [("Observation", "encounter")],
                    "Observation": [("Observation", "derived-from")],
                }[type_]
            )
        )
        name, value = draw(pairs(source, depth + 1))
        return f"_has:{source}:{code}:{name}", value
    if way in (7, 8):
        chains = {
            "Observation": [("subject:Patient", "Patient"), ("patient", "Patient"), ("encounter", "Encounter"),
                            ("derived-from:Observation", "Observation")],
            "Encounter": [("subject:Patient", "Patient")],
            "RiskAssessment": [("subject:Patient", "Patient")],
        }.get(type_)  # fmt: skip
        if chains:
            head, target = draw(st.sampled_from(chains))
            name, value = draw(pairs(target, depth + 1))
            if not name.startswith("_has:"):
                return f"{head}.{name}", value
    code = draw(st.sampled_from(sorted(PARAMETERS[type_])))
    known = PARAMETERS[type_][code]
    modifier = draw(st.sampled_from(MODIFIERS.get(known.kind, ("", "missing"))))
    if known.targets and modifier not in ("", "missing"):
        modifier = ""
    if modifier == "missing":
        return f"{code}:missing", draw(st.sampled_from(["true", "false"]))
    several = draw(st.lists(values(known), min_size=1, max_size=2))
    return (f"{code}:{modifier}" if modifier else code), ",".join(several)


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    type_ = draw(st.sampled_from([*PARAMETERS, "Observation", "Patient"]))
    return type_, draw(st.lists(pairs(type_), min_size=1, max_size=3))


class Peopled(OneLoop):
    """A store with a world in it."""

    def __init__(self, database_url: str, kek: FileKek, there: World) -> None:
        super().__init__(database_url, kek)
        self.world = there
        self.run(self._fill())

    async def _fill(self) -> None:
        for start in range(0, len(self.world.resources), 50):
            unit = self.store.begin(DOCTOR)
            for body in self.world.resources[start : start + 50]:
                unit.update(resource_of(body))
            await self.store.commit(unit)

    async def found(self, type_: str, asked: list[tuple[str, str]]) -> set[str]:
        query = parse_search(type_, [*asked, ("_count", "1000")])
        page = await self.store.search.search(query, DOCTOR)
        ids = [each.id for each in page.matches]
        assert len(ids) == len(set(ids))
        assert page.next == ""
        counted = await self.store.search.search(parse_search(type_, [*asked, ("_summary", "count")]), DOCTOR)
        assert counted.total == len(ids)
        return set(ids)


@pytest.fixture
def peopled(database_url: str, kek: FileKek) -> Iterator[Peopled]:
    peopled = Peopled(database_url, kek, world(7))
    yield peopled
    peopled.close()


def test_what_is_found_is_what_a_plain_reading_finds(peopled: Peopled) -> None:
    limits = peopled.store.search.limits

    @settings(
        max_examples=tries(250),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(searches(), st.sampled_from([limits, NARROW]))
    def compared(search: tuple[str, list[tuple[str, str]]], within: SearchLimits) -> None:
        type_, asked = search
        peopled.store.search.limits = within
        assert peopled.run(peopled.found(type_, asked)) == peopled.world.search(type_, asked), search

    compared()
    peopled.run(peopled.store.database.execute("analyze resource"))
    peopled.store.search.statistics.forget()
    compared()


def test_the_plain_reading_finds_something_of_every_parameter() -> None:
    there = world(7)
    for type_, parameters in PARAMETERS.items():
        for code in parameters:
            if parameters[code].kind not in ("composite", "deceased", "near"):
                assert there.search(type_, [(f"{code}:missing", "false")]), (type_, code)
