"""Identifiers are found by value and by system, whichever of it the index tells."""

from __future__ import annotations

from typing import Any

import pytest
from tests.store.searching import check, ids, put
from tests.store.writing import DOCTOR

from benhan.fhir.identifier_terms import identifier_terms
from benhan.fhir.indexing import index_resource
from benhan.fhir.search_query import parse_search
from benhan.fhir.terms import SOURCE_KEY, code_term, system_code_term
from benhan.store.identities import Identities
from benhan.store.store import Store

Json = dict[str, Any]
PATH = "ServiceRequest.identifier"


def order(id_: str, *identifiers: Json) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "id": id_,
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/an"},
        "identifier": list(identifiers),
    }


def report(id_: str, of: str) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "id": id_,
        "status": "final",
        "code": {"text": "x"},
        "basedOn": [{"reference": f"ServiceRequest/{of}"}],
    }


@pytest.fixture
async def orders(store: Store) -> Store:
    """Three orders of one number: of system a, of system b and of none; one of another number."""
    await put(
        store,
        {"resourceType": "Patient", "id": "an", "identifier": [{"system": "urn:a", "value": "1"}]},
        order("a1", {"system": "urn:a", "value": "1"}),
        order("b1", {"system": "urn:b", "value": "1"}, {"system": "urn:a", "value": "2"}),
        order("none", {"value": "1"}),
        report("of-a1", "a1"),
        report("of-b1", "b1"),
    )
    return store


def test_what_is_of_a_patient_has_one_term_for_an_identifier_and_a_patient_two() -> None:
    terms = {
        type_: set(index_resource({"resourceType": type_, "identifier": [{"system": "urn:a", "value": "1"}]}).terms)
        for type_ in ("Patient", "ServiceRequest")
    }
    assert terms["ServiceRequest"] == {code_term(PATH, "1")}
    assert len(terms["Patient"]) == 2
    assert identifier_terms(PATH, SOURCE_KEY, "1") == (system_code_term(PATH, SOURCE_KEY, "1"),)


async def test_an_identifier_is_found_with_its_system_without_and_with_none(orders: Store) -> None:
    await check(
        orders,
        "ServiceRequest",
        [
            ("identifier", "1", {"a1", "b1", "none"}),
            ("identifier", "urn:a|1", {"a1"}),
            ("identifier", "urn:b|1", {"b1"}),
            ("identifier", "|1", {"none"}),
            ("identifier", "urn:b|2", set()),
            ("identifier", "urn:a|1,urn:b|1", {"a1", "b1"}),
            ("identifier:not", "urn:a|1", {"b1", "none"}),
        ],
    )
    await check(orders, "Patient", [("identifier", "urn:a|1", {"an"}), ("identifier", "urn:b|1", set())])


async def test_an_identifier_with_its_system_is_followed_and_counted(orders: Store) -> None:
    assert await ids(orders, "DiagnosticReport", ("based-on:ServiceRequest.identifier", "urn:a|1")) == {"of-a1"}
    counted = parse_search("ServiceRequest", [("identifier", "urn:a|1"), ("_summary", "count")])
    assert (await orders.search.search(counted, DOCTOR)).total == 1


async def test_rows_of_an_earlier_version_with_a_term_of_both_are_found_as_well(orders: Store) -> None:
    both = orders.workshop.tokens.of(system_code_term(PATH, "urn:a", "1"))
    rid = orders.workshop.ids.rid_of("ServiceRequest", "a1")
    await orders.database.execute(
        "update resource set tokens = tokens || $2::bigint where bucket >= 0 and rid = $1", rid, both
    )
    await check(
        orders, "ServiceRequest", [("identifier", "urn:a|1", {"a1"}), ("identifier", "1", {"a1", "b1", "none"})]
    )


async def test_match_or_create_tells_two_systems_of_one_value_apart(orders: Store) -> None:
    await put(
        orders,
        {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "identifier": {"value": "1"}},
    )
    wanted = [
        ("ServiceRequest", "urn:a", "1"),
        ("ServiceRequest", "urn:b", "1"),
        ("ServiceRequest", "urn:b", "2"),
        ("QuestionnaireResponse", "", "1"),
        ("Patient", "urn:a", "1"),
    ]
    found = await Identities(orders.database, orders.workshop.tokens, orders.opener).find(wanted)
    assert {key: stored.id for key, stored in found.items()} == {
        wanted[0]: "a1",
        wanted[1]: "b1",
        wanted[3]: "q",
        wanted[4]: "an",
    }
