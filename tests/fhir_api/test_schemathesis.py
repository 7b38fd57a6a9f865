"""Hundreds of queries that schemathesis makes of R4's parameters, and of our own grammar: none makes the API fail."""

from __future__ import annotations

import random
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from benhan.fhir.search_names import MODIFIERS
from benhan.fhir.search_parameters import parameters_of
from benhan.fhir.search_query import RESULT_PARAMETERS

TYPES = ("Patient", "Observation", "Encounter", "Condition", "MedicationRequest", "Location", "ValueSet", "Task")
PER_TYPE = 70
SCHEMAS = {
    "date": {"type": "string", "pattern": "^(eq|ne|gt|lt|ge|le|sa|eb|ap)?20[0-9]{2}(-[01][0-9](-[0-3][0-9])?)?$"},
    "number": {"type": "string", "pattern": "^(gt|lt)?-?[0-9]{1,4}(\\.[0-9]{1,3})?$"},
    "quantity": {"type": "string", "pattern": "^(ap|ge)?[0-9]{1,3}(\\|[a-z:/.]{0,20}\\|[a-zA-Z/%]{0,6})?$"},
    "reference": {"type": "string", "pattern": "^([A-Z][a-z]{2,11}/)?[A-Za-z0-9.-]{1,20}$"},
    "token": {"type": "string", "maxLength": 40},
    "string": {"type": "string", "maxLength": 40},
    "uri": {"type": "string", "maxLength": 60},
}


def described(type_: str) -> dict[str, Any]:
    """The search of a type in OpenAPI's words."""
    named = {
        code: SCHEMAS.get(each.type, {"type": "string", "maxLength": 30}) for code, each in parameters_of(type_).items()
    }
    named |= {name: {"type": "string", "maxLength": 20} for name in RESULT_PARAMETERS}
    parameters = [{"name": name, "in": "query", "schema": schema} for name, schema in sorted(named.items())]
    operation = {"parameters": parameters, "responses": {"200": {"description": "a searchset"}}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "search", "version": "4.0.1"},
        "paths": {f"/{type_}": {"get": operation}},
    }


def cases_of(type_: str, count: int) -> list[Any]:
    """Cases that schemathesis makes, valid and not."""
    operation = schemathesis.openapi.from_dict(described(type_))[f"/{type_}"]["GET"]
    found: list[Any] = []

    @settings(
        max_examples=count, database=None, derandomize=True, phases=(Phase.generate,), deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy())
    def collect(case: Any) -> None:
        found.append(case)

    collect()
    return found


def held(answer: httpx.Response, query: object) -> None:
    """200 with a Bundle, or a refusal in words; nothing of ours fails."""
    assert answer.status_code < 500 or answer.status_code == 501, (query, answer.text)
    body = answer.json()
    assert body["resourceType"] == ("Bundle" if answer.status_code == 200 else "OperationOutcome"), query
    if answer.status_code != 200:
        assert all(issue["details"]["text"] for issue in body["issue"]), query


@pytest.mark.parametrize("type_", TYPES)
async def test_no_query_of_schemathesis_makes_it_fail(fhir: httpx.AsyncClient, type_: str) -> None:
    cases = cases_of(type_, PER_TYPE)
    assert len(cases) > PER_TYPE // 3
    for case in cases:
        query = {name: str(value) for name, value in (case.query or {}).items()}
        held(await fhir.get(type_, params=query, headers={"accept-language": "en"}), query)


VALUES = (
    "a", "true", "2026", "gt2026-02-31", "1|2|3", "|x", "x|", "5.4|http://unitsofmeasure.org|mg", "a$b", "\\,", ",,",
    "%", "Patient/1", "Nguyễn", "ap1e3", "", "10.8|106.7|5|km", "http://x/y|1", "x" * 300,
)  # fmt: skip
SHAPES = (
    ("_sort", "-_lastUpdated,name"), ("_include", "*"), ("_revinclude:iterate", "Observation:patient"),
    ("_has:Observation:patient:code", "x"), ("_filter", 'name eq "a" and not (gender eq male)'), ("_filter", "((("),
    ("_total", "accurate"), ("_count", "0"), ("_page", "abc"), ("_summary", "count"), ("_elements", "id,name"),
    ("_contained", "both"), ("_type", "Patient,Nothing"), ("_query", "x"), ("_list", "1"), ("_text", "đau"),
)  # fmt: skip


def phrase(chance: random.Random, type_: str) -> list[tuple[str, str]]:
    """A query of our grammar, one part of some spoilt: parameters, modifiers, chains, prefixes, values, results."""
    parameters, pairs = parameters_of(type_), []
    for _ in range(chance.randint(1, 4)):
        code = chance.choice(sorted(parameters))
        known = MODIFIERS.get(parameters[code].type, ())
        modifier = chance.choice(["", "", "", *known, "missing", "wrong", "Patient.name", "Patient"])
        pairs.append((f"{code}:{modifier}" if modifier else code, chance.choice(VALUES)))
    return pairs + ([chance.choice(SHAPES)] if chance.random() < 0.5 else [])


async def test_no_query_of_our_grammar_makes_it_fail(fhir: httpx.AsyncClient) -> None:
    found, chance = {"200": 0, "refused": 0}, random.Random(20260105)
    for _ in range(500):
        type_ = chance.choice(TYPES)
        pairs = phrase(chance, type_)
        answer = await fhir.get(type_, params=pairs)
        held(answer, pairs)
        found["200" if answer.status_code == 200 else "refused"] += 1
    assert min(found.values()) > 20, found
