"""Code systems in tables: found as those in memory are, loaded whole or not at all, seen by every process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clocks import MORNING, StoppedClock
from tests.store.writing import remove, save

from benhan.fhir.terminology.compose import SystemKey
from benhan.fhir.terminology.concepts import Concept, Designation, Property
from benhan.fhir.terminology.listed import ListedSystem, SystemHead
from benhan.fhir.terminology.selection import Both, Codes, Either, Every, Having, Selection, Without
from benhan.kernel.actors import system
from benhan.kernel.faults import Busy, Incorrect, NotFound
from benhan.store.database import Database
from benhan.store.store import Store
from benhan.store.terminology import keeper, library, loading
from benhan.store.terminology.lists import load_list
from benhan.store.terminology.loading import activate, clear_away, take_in
from benhan.store.terminology.systems import MemorySystem, StoredSystem

URL = "http://danh-muc.example/icd"
HEAD = SystemHead(URL, "2026")


def concepts(count: int, word: str = "benh") -> list[Concept]:
    """A tree of ten children a node, `count` in all."""
    return [
        Concept(f"C{n}", f"{word} {n}", parents=(f"C{n // 10}",) if n >= 10 else (), is_inactive=n % 7 == 3)
        for n in range(1, count + 1)
    ]


async def loaded(database: Database, found: list[Concept], head: SystemHead = HEAD, source: str = "file 1") -> int:
    number = await take_in(database, StoppedClock(), head, source, found)
    async with database.transaction() as connection:
        await activate(connection, number, MORNING)
    return number


def code_system(count: int, **more: Any) -> dict[str, Any]:
    listed = [{"code": f"C{n}", "display": f"bệnh {n}"} for n in range(1, count + 1)]
    return {
        "resourceType": "CodeSystem",
        "url": URL,
        "status": "active",
        "content": "complete",
        "concept": listed,
        **more,
    }


# ── the tables find what memory finds ──

MIXED = [
    Concept("A", "Nhóm A", is_abstract=True),
    Concept("A1", "Viêm phổi", designations=(Designation("en", "Pneumonia"),), parents=("A",)),
    Concept("A1.0", "Viêm phổi 'do' \\ vi & :*", properties=(Property("x", "valueString", "1=2"),), parents=("A1",)),
    Concept("A2", "", properties=(Property("x", "valueCode", "a"), Property("x", "valueCode", "b")), parents=("A",)),
    Concept("B1", "Khác", properties=(Property("y", "valueCoding", {"system": "s", "code": "a"}),), is_inactive=True),
    Concept("B2", "Đa khoa", parents=("A", "B1"), properties=(Property("n", "valueInteger", 5),)),
    Concept("dài", "x" * 3000, properties=(Property("x", "valueString", "d" * 3000),)),
]
CODES = st.sampled_from([*(each.code for each in MIXED), "không có", "a'b", "x\\"])
NAMES = st.sampled_from(["concept", "code", "display", "parent", "child", "inactive", "abstract", "x", "y", "n", "z"])
VALUES = st.one_of(CODES, st.sampled_from(["a", "b", "1=2", "5", "true", "false", "Khác", "d" * 3000, "A, a"]))
FILTERS = st.one_of(
    st.builds(Having, NAMES, st.sampled_from(["=", "in", "not-in"]), VALUES),
    st.builds(Having, st.just("concept"), st.sampled_from(["is-a", "descendent-of", "is-not-a", "generalizes"]), CODES),
    st.builds(Having, NAMES, st.just("exists"), st.sampled_from(["true", "false"])),
    st.builds(Having, NAMES, st.just("regex"), st.sampled_from(["A.*", "[ab]", r"\d", "tru|false", "B[12]"])),
)
LEAVES = st.one_of(st.just(Every()), st.lists(CODES, max_size=4).map(lambda found: Codes(tuple(found))), FILTERS)
SELECTIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Both(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Either(tuple(parts))),
        st.builds(Without, inner, inner),
    ),
    max_leaves=6,
)
WORDS = st.lists(st.sampled_from(["viem", "phoi", "pneu", "a", "1", "do", "d", "khac", "xxxx"]), max_size=2)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(selection=SELECTIONS, words=WORDS, active_only=st.booleans())
async def test_any_selection_takes_the_same_from_the_table_as_from_memory(
    database: Database,
    selection: Selection,
    words: list[str],
    active_only: bool,  # noqa: FBT001
) -> None:
    memory = MemorySystem(ListedSystem(HEAD, MIXED), database)
    number = await take_in(database, StoppedClock(), HEAD, "mixed", MIXED)
    stored = StoredSystem(HEAD, number, database)
    expected = await memory.page(selection, words, active_only=active_only, offset=0, count=100)
    found = await stored.page(selection, words, active_only=active_only, offset=0, count=100)
    if isinstance(selection, Codes):
        assert {each.code for each in found} == {each.code for each in expected}
    else:
        assert found == expected
    assert await stored.count(selection, words, active_only=active_only) == len(expected)
    for each in MIXED:
        is_taken = await stored.takes(selection, each.code) is not None
        assert is_taken == (await memory.takes(selection, each.code) is not None)


async def test_neighbours_are_the_same_from_the_table_as_from_memory(database: Database) -> None:
    memory = MemorySystem(ListedSystem(HEAD, MIXED), database)
    stored = StoredSystem(HEAD, await take_in(database, StoppedClock(), HEAD, "mixed", MIXED), database)
    for each in MIXED:
        assert await stored.ancestors(each.code) == await memory.ancestors(each.code)
        assert set(await stored.descendants(each.code, 100)) == set(await memory.descendants(each.code, 100))
        assert await stored.find(each.code) == each


async def test_a_hierarchy_that_is_a_circle_has_an_end(database: Database) -> None:
    circle = [Concept("A", parents=("C",)), Concept("B", parents=("A",)), Concept("C", parents=("B", "C"))]
    stored = StoredSystem(HEAD, await take_in(database, StoppedClock(), HEAD, "circle", circle), database)
    assert await stored.ancestors("A") == ["B", "C"]
    assert await stored.descendants("A", 10) == ["B", "C"]


async def test_case_does_not_matter_where_the_system_says_so(database: Database) -> None:
    loose = SystemHead(URL, is_case_sensitive=False)
    for head, expected in ((loose, True), (HEAD, False)):
        number = await take_in(database, StoppedClock(), head, f"case {expected}", concepts(3))
        for each in (StoredSystem(head, number, database), MemorySystem(ListedSystem(head, concepts(3)), database)):
            assert (await each.find("c2") is not None) is expected


# ── loading ──


async def test_nobody_sees_a_list_before_it_is_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH", 10)
    told = {"resourceType": "CodeSystem", "url": URL, "version": "2026", "status": "active", "content": "not-present"}
    await save(store, told)
    await loaded(store.database, concepts(50, "cu"))
    seen: list[tuple[int | None, str]] = []

    async def look() -> None:
        expansion = await store.terminology.expand(f"{URL}?fhir_vs", count=1)
        seen.append((expansion.total, expansion.members[0].concept.display.split()[0]))

    await look()
    number = await take_in(store.database, StoppedClock(), HEAD, "file 2", concepts(80, "moi"))
    await look()
    async with store.database.transaction() as connection:
        await activate(connection, number, MORNING)
        await look()
    await look()
    assert seen == [(50, "cu"), (50, "cu"), (50, "cu"), (80, "moi")]


async def test_a_loading_that_was_stopped_goes_on_where_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH", 10)
    found = concepts(45)
    steps: list[int] = []

    class Stopped(Exception):
        pass

    def stop_at_20(done: int) -> None:
        if done == 20:
            raise Stopped

    with pytest.raises(Stopped):
        await take_in(database, StoppedClock(), HEAD, "file 1", found, stop_at_20)
    assert await database.fetchval("select count(*) from concept") == 20
    await take_in(database, StoppedClock(), HEAD, "file 1", found, steps.append)
    assert steps == [30, 40, 45]
    assert await database.fetchval("select count(distinct code) from concept") == 45


async def test_one_loads_a_list_at_a_time(database: Database) -> None:
    inner: list[BaseException] = []

    async def again(_done: int) -> None:
        try:
            await take_in(database, StoppedClock(), HEAD, "file 1", concepts(5))
        except Busy as fault:
            inner.append(fault)

    tasks: list[asyncio.Task[None]] = []
    await take_in(
        database,
        StoppedClock(),
        HEAD,
        "file 1",
        concepts(3000),
        lambda done: tasks.append(asyncio.create_task(again(done))),
    )
    await asyncio.gather(*tasks)
    assert inner
    assert await database.fetchval("select count(*) from concept") == 3000


async def test_a_code_twice_is_refused_with_nothing_written(database: Database) -> None:
    with pytest.raises(Incorrect, match="BA-2265"):
        await take_in(database, StoppedClock(), HEAD, "file 1", [Concept("A"), Concept("A")])
    assert await database.fetchval("select count(*) from code_system") == 0


async def test_a_list_that_was_replaced_is_cleared_away_after_an_hour(database: Database) -> None:
    first = await loaded(database, concepts(30))
    second = await loaded(database, concepts(20), source="file 2")
    clock = StoppedClock()
    assert await clear_away(database, clock.now()) == 0
    assert await clear_away(database, clock.now() + loading.KEPT * 2) == 1
    rows = await database.fetch("select system, count(*) from concept group by system")
    assert [tuple(row) for row in rows] == [(second, 20)]
    assert first != second


async def test_a_list_from_a_file_is_a_code_system_of_the_api(store: Store) -> None:
    head = SystemHead(URL, "2026", "Danh mục", "vi")
    actor = system("terminology")
    await load_list(store, actor, head, "digest 1", concepts(12), [].append)
    await load_list(store, actor, head, "digest 2", concepts(15), [].append)
    await load_list(store, actor, head, "digest 2", concepts(15), [].append)
    assert (await store.terminology.expand(f"{URL}?fhir_vs", count=0)).total == 15
    found = await store.terminology.definitions.find("CodeSystem", URL)
    assert found is not None
    assert (found.resource["content"], found.resource["count"]) == ("not-present", 15)
    assert found.resource["meta"]["versionId"] == "3"
    await remove(store, "CodeSystem", found.resource["id"])
    with pytest.raises(NotFound, match="BA-2250"):
        await store.terminology.expand(f"{URL}?fhir_vs", count=0)


# ── the port ──


async def test_a_large_code_system_of_the_api_goes_into_the_tables(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "LISTED_MAX", 100)
    saved = await save(store, code_system(300))
    assert await store.terminology.is_member(f"{URL}?fhir_vs", URL, "C300") is True
    assert await store.database.fetchval("select count(*) from concept") == 300
    await save(store, code_system(301, id=saved.id))
    codes = await store.terminology.expand(f"{URL}?fhir_vs", count=1, words=["301"])
    assert [each.concept.code for each in codes.members] == ["C301"]
    states = await store.database.fetch("select state from code_system order by id")
    assert [row["state"] for row in states] == ["retired", "active"]
    await remove(store, "CodeSystem", saved.id)
    known = await store.terminology._library.known()
    assert await store.terminology._library.system(known, SystemKey(URL)) is None


async def test_large_code_systems_are_taken_in_before_anybody_asks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "LISTED_MAX", 100)
    monkeypatch.setattr(keeper, "SEALED_BYTES_LEAST", 1)
    watching = keeper.TerminologyKeeper(store.database, store.clock, store.opener, store.terminology)
    assert await watching.step() == 0
    await save(store, code_system(90, url=f"{URL}/small"))
    saved = await save(store, code_system(300))
    assert await watching.step() == 2
    assert await store.database.fetchval("select count(*) from concept") == 300
    await watching.step()
    assert await watching.step() == 0
    await save(store, code_system(301, id=saved.id))
    await watching.step()
    assert await store.database.fetchval("select done from code_system where state = 'active'") == 301


async def test_the_port_answers_and_says_when_it_cannot(store: Store) -> None:
    port = store.terminology
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
    system = "http://hl7.org/fhir/administrative-gender"
    assert await port.codes_of(gender) == [(system, code) for code in ("male", "female", "other", "unknown")]
    assert await port.is_member(gender, system, "male") is True
    assert await port.is_member(gender, "", "male") is True
    assert await port.is_member(gender, system, "nam") is False
    assert await port.is_member("http://nowhere.example", system, "male") is None
    assert await port.codes_of("http://nowhere.example") is None
    assert await port.codes_of("http://hl7.org/fhir/ValueSet/mimetypes") is None
    assert await port.is_member("http://hl7.org/fhir/ValueSet/mimetypes", "urn:ietf:bcp:13", "text/plain") is True
    snomed = "http://hl7.org/fhir/ValueSet/clinical-findings"
    assert await port.codes_of(snomed) is None
    assert await port.is_member(snomed, "http://snomed.info/sct", "404684003") is None
    role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
    below = await port.descendants(role, "PRN")
    assert below is not None
    assert {(role, "PRN"), (role, "MTH")} <= set(below)
    above = await port.ancestors(role, "MTH")
    assert above is not None
    assert {(role, "PRN"), (role, "MTH")} <= set(above)
    assert await port.descendants("http://nowhere.example", "x") is None


async def test_more_codes_than_one_answer_holds_are_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from benhan.store.terminology import terminology

    monkeypatch.setattr(terminology, "EXPANSION_MAX", 3)
    with pytest.raises(Incorrect, match="BA-2256") as raised:
        await store.terminology.codes_of("http://hl7.org/fhir/ValueSet/administrative-gender")
    assert [each.kind for each in raised.value.issues] == ["too-costly"]


async def test_matches_of_a_filter_are_counted_where_that_costs_nothing(store: Store) -> None:
    await save(store, code_system(12))

    async def total(**asked: Any) -> int | None:
        return (await store.terminology.expand(f"{URL}?fhir_vs", **asked)).total

    assert await total(words=["benh"], count=2) is None
    assert await total(words=["benh"], count=20) == 12
    assert await total(words=["benh"], count=5, offset=10) == 12
    assert await total(words=["benh"], count=5, offset=40) == 12
    assert await total(words=["c12"], count=2) == 1
    assert await total(words=["khong"], count=2) == 0
    assert await total(count=2) == 12


async def test_what_one_process_changes_another_sees_within_a_second(
    timed_store: Store, clock: StoppedClock, kek: Any, database_url: str
) -> None:
    from datetime import timedelta

    other = await Store.open(await Database.connect(database_url, pool_size=4), kek, clock=clock)
    try:
        asked = (f"{URL}?fhir_vs", URL, "C2")
        assert await other.terminology.is_member(*asked) is None
        await save(timed_store, code_system(3))
        clock.at += timedelta(seconds=library.EPOCH_LIFE_S + 0.1)
        assert await other.terminology.is_member(*asked) is True
    finally:
        await other.close()


async def test_a_version_that_is_no_number_is_lower_than_one(store: Store) -> None:
    for version, codes in (("²", 2), ("1", 3), ("1.²", 3), ("½", 4)):
        await save(store, code_system(codes, version=version))
    assert (await store.terminology.expand(f"{URL}?fhir_vs", count=1)).total == 3


async def test_of_two_versions_the_higher_active_one_is_meant(store: Store) -> None:
    for version, status, codes in (("2", "active", 2), ("10", "active", 3), ("11", "draft", 4)):
        await save(store, code_system(codes, version=version, status=status))

    async def count(url: str) -> int:
        listed = {
            "resourceType": "ValueSet",
            "compose": {"include": [{"system": URL, **({"version": url} if url else {})}]},
        }
        return (await store.terminology.expand(listed)).total

    assert [await count(version) for version in ("", "2", "10", "11")] == [3, 2, 3, 4]


async def test_every_value_set_of_r4_is_expanded_or_says_why_not(store: Store) -> None:
    from benhan.fhir.terminology.shipped import shipped_urls
    from benhan.kernel.faults import Fault

    done, why = 0, set()
    for url in shipped_urls("ValueSet"):
        try:
            await store.terminology.expand(url, count=5)
        except Fault as fault:
            why.add(fault.code)
        else:
            done += 1
    assert done > 1_150
    assert why <= {"BA-2250", "BA-2251", "BA-2257"}
