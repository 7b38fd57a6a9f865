"""`_contained`, `_list`, `near`, hierarchies by reference and `:iterate`: what each finds, and where it ends.

Source: FHIR R4 search.html#contained, #list, #include; location.html#positional; search.html#modifiers (`:above`).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.store.searching import check, ids, put
from tests.store.writing import DOCTOR, note, remove

from benhan.fhir.search_query import parse_search
from benhan.kernel.faults import Fault, Incorrect
from benhan.store.store import Store

Json = dict[str, Any]


async def page_of(store: Store, type_: str, *pairs: tuple[str, str]) -> Any:
    return await store.search.search(parse_search(type_, pairs), DOCTOR)


# ── _contained ──


def order(id_: str, code: str, amount: str, **more: Any) -> Json:
    medication = {
        "resourceType": "Medication",
        "id": "m",
        "code": {"coding": [{"system": "urn:drug", "code": code}]},
        "amount": {"numerator": {"value": Decimal(amount)}},
    }
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/an"},
        "medicationReference": {"reference": "#m"},
        "contained": [medication, {"resourceType": "Organization", "id": "o", "name": f"Kho {code}"}],
        **more,
    }


@pytest.fixture
async def orders(store: Store) -> Store:
    alone = {"resourceType": "Medication", "id": "alone", "code": {"coding": [{"system": "urn:drug", "code": "a"}]}}
    await put(store, order("r1", "a", "1.10"), order("r2", "b", "2.0"), order("r3", "a", "3"), alone)
    return store


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], {"alone"}),
        ([("_contained", "false")], {"alone"}),
        ([("_contained", "true")], {"r1", "r3"}),
        ([("_contained", "both")], {"alone", "r1", "r3"}),
        ([("_contained", "true"), ("_containedType", "contained")], {"r1#m", "r3#m"}),
        ([("_contained", "both"), ("_containedType", "contained")], {"alone", "r1#m", "r3#m"}),
    ],
)
async def test_contained_resources_are_found_as_they_are_asked_for(
    orders: Store, pairs: list[tuple[str, str]], expected: set[str]
) -> None:
    assert await ids(orders, "Medication", ("code", "urn:drug|a"), *pairs) == expected


async def test_a_contained_match_is_told_with_its_numbers_as_they_are_written(orders: Store) -> None:
    pairs = [("code", "a"), ("_contained", "true"), ("_containedType", "contained")]
    page = await page_of(orders, "Medication", *pairs)
    told = {each.id: each.content for each in page.matches}
    assert b'"value":1.10' in told["r1#m"]
    assert b'"value":3}' in told["r3#m"]
    assert told["r1#m"].startswith(b'{"resourceType":"Medication","id":"m"')


async def test_criteria_are_held_against_one_contained_resource_and_not_against_its_container(orders: Store) -> None:
    inside = ("_contained", "true")
    assert await ids(orders, "Organization", ("name", "kho a"), inside) == {"r1", "r3"}
    assert await ids(orders, "Organization", ("name", "a"), ("name", "b"), inside) == set()
    assert await ids(orders, "Medication", ("status:missing", "false"), inside) == set()
    assert await ids(orders, "Medication", inside) == {"r1", "r2", "r3"}
    await remove(orders, "MedicationRequest", "r1")
    assert await ids(orders, "Medication", ("code", "a"), inside) == {"r3"}
    await put(orders, order("r3", "b", "3"))
    assert await ids(orders, "Medication", ("code", "a"), inside) == set()


async def test_pages_of_contained_matches_give_each_once(orders: Store) -> None:
    pairs, seen, page = [("_contained", "both"), ("_count", "1")], [], ""
    for _ in range(9):
        found = await page_of(orders, "Medication", *pairs, *([("_page", page)] if page else []))
        seen += [each.id for each in found.matches]
        page = found.next
        if not page:
            break
    assert sorted(seen) == ["alone", "r1", "r2", "r3"]


@pytest.mark.parametrize("pair", [("_sort", "code"), ("_list", "l"), ("_has:MedicationRequest:medication:status", "x")])
async def test_what_does_not_go_with_contained_is_refused(orders: Store, pair: tuple[str, str]) -> None:
    with pytest.raises(Incorrect, match="BA-2107"):
        await ids(orders, "Medication", ("_contained", "true"), pair)


# ── _list ──


def listed(id_: str, *references: str, **more: Any) -> Json:
    entries = [{"item": {"reference": each}} for each in references]
    return {"resourceType": "List", "id": id_, "status": "current", "mode": "working", "entry": entries, **more}


async def test_a_list_finds_its_entries_of_the_type_and_no_others(store: Store) -> None:
    await put(store, *[{"resourceType": "Patient", "id": each, "active": each != "c"} for each in "abcd"])
    gone = {"item": {"reference": "Patient/d"}, "deleted": True}
    entries = [*listed("x", "Patient/a", "Patient/c", "Observation/b", "Patient/never", "urn:uuid:1")["entry"], gone]
    await put(
        store,
        listed("l", entry=[*entries, {"item": {"display": "x"}}]),
        listed("m", "Patient/b/_history/1", "http://node.example/fhir/Patient/a"),
        listed("none"),
    )
    base = "http://node.example/fhir"
    await check(
        store,
        "Patient",
        [
            ("_list", "l", {"a", "c"}),
            ("_list", "List/l", {"a", "c"}),
            ("_list", "none", set()),
            ("_list", "never", set()),
            ("_list", "m", {"a", "b"}),
            ("_list", "l,m", {"a", "b", "c"}),
        ],
        base_url=base,
    )
    assert await ids(store, "Patient", ("_list", "l"), ("active", "true")) == {"a"}
    assert await ids(store, "Patient", ("_list", "l"), ("_list", "m"), base_url=base) == {"a"}
    assert await ids(store, "Observation", ("_list", "l")) == set()
    await put(store, listed("l", "Patient/b"))
    assert await ids(store, "Patient", ("_list", "l")) == {"b"}
    await remove(store, "List", "l")
    assert await ids(store, "Patient", ("_list", "l")) == set()


# ── near ──


def place(id_: str, latitude: float, longitude: float) -> Json:
    return {"resourceType": "Location", "id": id_, "position": {"latitude": latitude, "longitude": longitude}}


async def test_near_takes_a_distance_and_a_unit_and_has_both_by_itself(store: Store) -> None:
    """A degree of latitude is 111.2 km: from 21 to 21.1 about 11 km."""
    nowhere = {"resourceType": "Location", "id": "nowhere", "name": "Kho"}
    await put(
        store, place("here", 21.0, 105.8), place("3km", 21.027, 105.8), place("11km", 21.1, 105.8), nowhere,
        place("east", 0.0, 179.99), place("west", 0.0, -179.99), place("pole", 89.999, 10.0),
    )  # fmt: skip
    await check(
        store,
        "Location",
        [
            ("near", "21|105.8", {"here", "3km"}),
            ("near", "21|105.8||km", {"here", "3km"}),
            ("near", "21|105.8|12", {"here", "3km", "11km"}),
            ("near", "21|105.8|2900|m", {"here"}),
            ("near", "21|105.8|3100|m", {"here", "3km"}),
            ("near", "21|105.8|0", {"here"}),
            ("near", "21|105.8|6|[mi_us]", {"here", "3km"}),
            ("near", "0|180|3", {"east", "west"}),
            ("near", "0|-180|3", {"east", "west"}),
            ("near", "89.999|-170|1", {"pole"}),
            ("near", "50|50|1,21|105.8|1", {"here"}),
            ("near:missing", "true", {"nowhere"}),
        ],
    )
    for text in ("21", "21|", "|105.8", "91|0", "0|181", "21|105.8|-1", "21|105.8|1|parsec", "x|y", "1|2|3|km|5"):
        with pytest.raises(Incorrect, match="BA-0220"):
            parse_search("Location", [("near", text)])


# ── hierarchies ──


def within(id_: str, whole: str = "", type_: str = "Location") -> Json:
    return {"resourceType": type_, "id": id_, **({"partOf": {"reference": f"{type_}/{whole}"}} if whole else {})}


async def test_above_and_below_follow_part_of_as_far_as_it_goes(store: Store) -> None:
    wards = [within("w0"), *[within(f"w{number}", f"w{number - 1}") for number in range(1, 15)]]
    visits = [
        {
            "resourceType": "Encounter",
            "id": f"e{number}",
            "status": "finished",
            "class": {"code": "IMP"},
            "location": [{"location": {"reference": f"Location/w{number}"}}],
        }
        for number in (0, 1, 7, 14)
    ]
    await put(store, *wards, within("other"), *visits)
    await check(
        store,
        "Encounter",
        [
            ("location", "Location/w1", {"e1"}),
            ("location:below", "Location/w0", {"e0", "e1", "e7", "e14"}),
            ("location:below", "Location/w1", {"e1", "e7", "e14"}),
            ("location:below", "Location/w14", {"e14"}),
            ("location:above", "Location/w14", {"e0", "e1", "e7", "e14"}),
            ("location:above", "Location/w1", {"e0", "e1"}),
            ("location:above", "Location/w0", {"e0"}),
            ("location:below", "Location/other", set()),
        ],
    )


async def test_a_hierarchy_that_turns_back_on_itself_ends(store: Store) -> None:
    parts = [within("a", "c", "Organization"), within("b", "a", "Organization"), within("c", "b", "Organization")]
    patient = {"resourceType": "Patient", "id": "an", "managingOrganization": {"reference": "Organization/b"}}
    await put(store, *parts, patient)
    for modifier in ("above", "below"):
        assert await ids(store, "Patient", (f"organization:{modifier}", "Organization/a")) == {"an"}


async def test_a_hierarchy_of_too_many_is_refused_and_never_answered_in_part(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.search, "limits", replace(store.search.limits, linked_max=3))
    await put(store, within("top"), *[within(f"l{number}", "top") for number in range(4)])
    with pytest.raises(Fault, match="BA-3130"):
        await ids(store, "Encounter", ("location:below", "Location/top"))
    assert await ids(store, "Encounter", ("location:above", "Location/l1")) == set()


# ── :iterate ──


def links(page: Any) -> set[str]:
    return {f"{each.type}/{each.id}" for each in page.included}


async def test_iterate_follows_what_came_along_and_without_it_nothing_more_comes(store: Store) -> None:
    chain = [within("o0", "", "Organization")]
    chain += [within(f"o{number}", f"o{number - 1}", "Organization") for number in range(1, 4)]
    patient = {"resourceType": "Patient", "id": "an", "managingOrganization": {"reference": "Organization/o3"}}
    await put(store, *chain, patient, note("an", id="n"))
    subject, managing = ("_include", "Observation:subject"), ("_include:iterate", "Patient:organization")
    part_of = ("_include:iterate", "Organization:partof")
    for pairs, expected in (
        ([subject], {"Patient/an"}),
        ([subject, ("_include", "Patient:organization")], None),
        ([subject, managing], {"Patient/an", "Organization/o3"}),
        ([subject, managing, part_of], {"Patient/an", *(f"Organization/o{number}" for number in range(4))}),
        ([managing, part_of], set()),
    ):
        if expected is None:  # it starts from what is not searched, so that only `:iterate` could use it
            with pytest.raises(Incorrect, match="BA-0220"):
                parse_search("Observation", pairs)
            continue
        assert links(await page_of(store, "Observation", *pairs)) == expected, pairs
    back = [("_revinclude", "Patient:organization"), ("_revinclude:iterate", "Observation:subject")]
    found = await page_of(store, "Organization", ("_id", "o3"), *back)
    assert links(found) == {"Patient/an", "Observation/n"}
    assert links(await page_of(store, "Organization", ("_id", "o3"), ("_revinclude", "*"))) == {"Patient/an"}


async def test_iterate_ends_in_a_circle_with_each_resource_once(store: Store) -> None:
    parts = [within("a", "c", "Organization"), within("b", "a", "Organization"), within("c", "b", "Organization")]
    await put(store, *parts)
    for include in ("_include", "_revinclude"):
        page = await page_of(store, "Organization", ("_id", "a"), (f"{include}:iterate", "Organization:partof"))
        assert sorted(each.id for each in page.included) == ["b", "c"]
        assert page.notes == []


async def test_iterate_says_where_it_stopped(store: Store) -> None:
    chain = [within("o0", "", "Organization")]
    chain += [within(f"o{number}", f"o{number - 1}", "Organization") for number in range(1, 9)]
    await put(store, *chain)
    page = await page_of(store, "Organization", ("_id", "o8"), ("_include:iterate", "Organization:partof"))
    assert len(page.included) == 6
    assert [each.kind for each in page.notes] == ["too-costly"]
    whole = await page_of(store, "Organization", ("_id", "o6"), ("_include:iterate", "Organization:partof"))
    assert len(whole.included) == 6
    assert whole.notes == []
