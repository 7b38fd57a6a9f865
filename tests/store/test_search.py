"""Search parameters: each kind finds what FHIR says it finds, and nothing else. Source: FHIR R4 search.html."""

from __future__ import annotations

from typing import Any

import pytest
from tests.store.searching import check, ids, put
from tests.store.writing import DOCTOR, events, note, remove

from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Incorrect
from benhan.store.store import Store

LOINC = "http://loinc.org"


def person(id_: str, family: str, *given: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "name": [{"family": family, "given": list(given)}], **more}


def coded(id_: str, *codings: tuple[str, str], **more: Any) -> dict[str, Any]:
    coding = [{"system": system, "code": code} if system else {"code": code} for system, code in codings]
    return note("an", id=id_, **{"code": {"coding": coding}, **more})


# ── tokens ──


@pytest.fixture
async def measured(store: Store) -> Store:
    await put(
        store,
        coded("hb", (LOINC, "718-7")),
        coded("local-hb", ("urn:local", "718-7"), status="amended"),
        coded("both", (LOINC, "2345-7"), ("urn:local", "GLU")),
        coded("bare", ("", "GLU"), identifier=[{"system": "urn:sid", "value": "A,1|x"}]),
    )
    return store


TOKENS = [
    ("code", "718-7", {"hb", "local-hb"}),
    ("code", f"{LOINC}|718-7", {"hb"}),
    ("code", f"{LOINC}|", {"hb", "both"}),
    ("code", "|GLU", {"bare"}),
    ("code", "GLU", {"both", "bare"}),
    ("code", f"{LOINC}|GLU", set()),
    ("code", "718-7,GLU", {"hb", "local-hb", "both", "bare"}),
    ("code", "glu", set()),
    ("code:not", "718-7", {"both", "bare"}),
    ("status", "amended", {"local-hb"}),
    ("identifier", r"urn:sid|A\,1\|x", {"bare"}),
    ("identifier", "A", set()),
]


async def test_tokens(measured: Store) -> None:
    await check(measured, "Observation", TOKENS)


async def test_parameters_must_all_hold_and_of_their_values_one(measured: Store) -> None:
    assert await ids(measured, "Observation", ("code", "718-7,GLU"), ("status", "final")) == {"hb", "both", "bare"}
    assert await ids(measured, "Observation", ("code", "GLU"), ("code", f"{LOINC}|")) == {"both"}
    assert await ids(measured, "Observation", ("code", "GLU"), ("code", "718-7")) == set()


# ── references ──


REFERENCES = [
    ("subject", "Patient/an", {"of-an"}),
    ("patient", "an", {"of-an"}),
    ("subject", "an", {"of-an", "of-group"}),
    ("subject:Group", "an", {"of-group"}),
    ("subject", "Group/an", {"of-group"}),
    ("subject", "https://here.example/fhir/Patient/an", {"of-an"}),
    ("subject", "https://there.example/fhir/Patient/an", {"from-there"}),
    ("subject", "Patient/an,Patient/binh", {"of-an", "of-binh"}),
    ("subject", "Patient/a", set()),
    ("subject:identifier", "urn:bhyt|GD4790000000001", {"of-binh"}),
    ("performer", "Practitioner/p", {"of-binh"}),
]


async def test_references(store: Store) -> None:
    bhyt = {"system": "urn:bhyt", "value": "GD4790000000001"}
    await put(
        store,
        note("an", id="of-an"),
        note("binh", id="of-binh", subject={"reference": "Patient/binh", "identifier": bhyt})
        | {"performer": [{"reference": "Practitioner/p/_history/3"}]},
        note("", id="of-group", subject={"reference": "Group/an"}),
        note("", id="from-there", subject={"reference": "https://there.example/fhir/Patient/an"}),
    )
    await check(store, "Observation", REFERENCES, base_url="https://here.example/fhir")


async def test_a_contained_resource_is_of_the_patient_whom_it_names_itself(store: Store) -> None:
    inside = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    of_binh = inside | {"subject": {"reference": "Patient/binh"}}
    report = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"}}
    of_an = report | {"subject": {"reference": "Patient/an"}, "result": [{"reference": "#o"}]}
    await put(store, of_an | {"id": "an-binh", "contained": [of_binh]}, of_an | {"id": "an", "contained": [inside]})
    contained = ("_contained", "true")
    assert await ids(store, "Observation", ("subject", "Patient/binh"), contained) == {"an-binh"}
    assert await ids(store, "Observation", ("subject", "Patient/an"), contained) == set()


# ── texts ──


async def test_a_word_that_the_index_leaves_out_is_found_too(store: Store) -> None:
    await put(store, note("an", id="a", text="Normal count"), note("an", id="b", text="Abnormal count"))
    assert await ids(store, "Observation", ("_content", "normal")) == {"a"}
    assert await ids(store, "Observation", ("_content", "normal count")) == {"a"}


# ── strings ──


STRINGS = [
    ("family", "Nguyễn", {"an", "hoa"}),
    ("family", "nguyen", {"an", "hoa"}),
    ("family", "NGUY", {"an", "hoa"}),
    ("family", "guyen", set()),
    ("family", "do", {"duc"}),
    ("family", "Đỗ", {"duc"}),
    ("given", "duc", {"duc"}),
    ("given", "hoà", {"hoa"}),
    ("given", "hòa", {"hoa"}),
    ("name", "nguyen van", {"an"}),
    ("name", "van nguyen", {"an"}),
    ("name", "nguyễn v a", {"an"}),
    ("name", "do,tran", {"duc", "tran"}),
    ("name", "van nguyen,tran", {"an", "tran"}),
    ("name", "nguyen xuan,tran", {"tran"}),
    ("name", "An,Hòa", {"an", "hoa"}),
    ("name:exact", "Nguyễn", {"an", "hoa"}),
    ("name:exact", "nguyễn", set()),
    ("name:exact", "Nguyễn,Đỗ", {"an", "hoa", "duc"}),
    ("name:contains", "guy", {"an", "hoa"}),
    ("name:contains", "guy,ràn", {"an", "hoa", "tran"}),
    ("name", "...", set()),
    ("name", "alexandrovitch", {"long"}),
    ("name", "alexandrovich", set()),
    ("name", "alexandrovich,tran", {"tran"}),
]


async def test_strings(store: Store) -> None:
    await put(
        store,
        person("an", "Nguyễn", "Văn", "An"),
        person("hoa", "Nguyễn", "Thị", "Hòa"),
        person("duc", "Đỗ", "Minh", "Đức"),
        person("tran", "Trần", "Thị", "Bích"),
        person("long", "Alexandrovitch", "Igor"),
    )
    await check(store, "Patient", STRINGS)


# ── ids, and what is found at all ──


async def test_ids(store: Store) -> None:
    await put(store, note("an", id="a"), note("an", id="b"), note("an", id="c"))
    assert await ids(store, "Observation", ("_id", "a,c,khong-co")) == {"a", "c"}
    assert await ids(store, "Observation", ("_id", "a,b"), ("_id", "b,c")) == {"b"}
    assert await ids(store, "Observation", ("_id", "a"), ("subject", "Patient/binh")) == set()
    assert await ids(store, "Patient", ("_id", "a")) == set()


async def test_only_what_is_current_is_found(store: Store) -> None:
    await put(store, note("an", id="a", status="final"), note("an", id="b"))
    await put(store, note("an", id="a", status="amended"))
    await remove(store, "Observation", "b")
    assert await ids(store, "Observation", ("status", "final")) == set()
    assert await ids(store, "Observation", ("status", "amended")) == {"a"}
    await put(store, note("binh", id="a"))
    assert await ids(store, "Observation", ("patient", "an")) == set()
    assert await ids(store, "Observation", ("patient", "binh")) == {"a"}
    assert await ids(store, "Observation", ("_id", "a")) == {"a"}


# ── what is not understood ──


async def test_a_parameter_that_is_not_known_is_refused_by_name(store: Store) -> None:
    with pytest.raises(Incorrect, match="BA-0220") as raised:
        parse_search("Observation", [("cod", "718-7"), ("date", "hôm qua"), ("status", "final")])
    told = " ".join(issue.text.en for issue in raised.value.issues)
    assert len(raised.value.issues) == 2
    assert "Did you mean code?" in told


async def test_lenient_leaves_out_what_is_not_known_and_says_so(measured: Store) -> None:
    query = parse_search("Observation", [("cod", "718-7"), ("status", "amended")], lenient=True)
    page = await measured.search.search(query, DOCTOR)
    assert {each.id for each in page.matches} == {"local-hb"}
    assert len(query.ignored) == 1
    assert query.applied == [("status", "amended")]


async def test_a_search_is_in_the_ledger_with_each_patient_it_showed_and_without_values(store: Store) -> None:
    await put(store, note("an", id="a"), note("binh", id="b"))
    await ids(store, "Observation", ("status", "final"))
    assert [event for event, _ in await events(store)].count("RESOURCE_SEARCH") == 3
    details = await store.database.fetch("select detail from ledger_waiting where detail <> ''")
    assert all("status" in row["detail"] and "final" not in row["detail"] for row in details)
    citizen = Actor("account:9", Role.CITIZEN)
    await store.search.search(parse_search("Observation", [("_id", "khong-co")]), citizen)
    assert [event for event, _ in await events(store)].count("RESOURCE_SEARCH") == 4
