"""Hundreds of searches of a grammar of ours: none fails the API, and `_filter` keeps the laws of logic."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clocks import MovedClock
from tests.fhir_api.bulk import BulkServer, bulk_server, put
from tests.fhir_api.query_grammar import TYPES, Grammar, Pairs
from tests.fhir_api.test_schemathesis import held

from benhan.store.reindex import SETTLE_S, reindex

Json = dict[str, Any]
QUERIES, LAWS = 600, 60
TELLING = {
    "Patient": ("_id", "birthdate", "family", "gender", "name"),
    "Observation": ("_id", "code", "encounter", "status", "subject", "value-quantity"),
    "Encounter": ("_id", "status", "subject"),
}
VALUES = {
    "_id": ("p1", "o2", "e3"),
    "birthdate": ("1994-02", "1993"),
    "code": ("718-7", "http://loinc.org|718-7"),
    "encounter": ("Encounter/e1", "e5"),
    "gender": ("male", "female"),
    "status": ("final", "amended", "planned", "finished"),
    "subject": ("Patient/p1", "p2"),
}
"""Parameters that part the population, and what they ask for."""
OWN = (
    ("Patient", "biet-danh", "string", "Patient.name.text"),
    ("Observation", "tai-ngay", "date", "Observation.issued"),
    ("Observation", "nguon", "reference", "Observation.derivedFrom"),
    ("Encounter", "do-gap", "token", "Encounter.priority"),
)


def own_parameter(type_: str, code: str, kind: str, expression: str) -> Json:
    return {
        "resourceType": "SearchParameter",
        "id": code,
        "url": f"urn:test:{code}",
        "name": code.replace("-", ""),
        "status": "active",
        "description": expression,
        "code": code,
        "base": [type_],
        "type": kind,
        "expression": expression,
    }


def population() -> list[Json]:
    """A few of each type that refer to each other, some inside others."""
    found: list[Json] = []
    for number in range(8):
        person = {"reference": f"Patient/p{number % 4}"}
        inside = {"resourceType": "Patient", "id": "trong", "gender": "male", "name": [{"text": "Nguyễn Trong"}]}
        name = {"text": f"Nguyễn Thử {number}", "family": "Nguyễn", "given": ["Thử"]}
        sex = ("male", "female")[number % 2]
        found += [
            {
                "resourceType": "Patient", "id": f"p{number}", "gender": sex, "birthDate": f"199{number}-02",
                "name": [name],
            },
            {
                "resourceType": "Encounter", "id": f"e{number}", "status": ("planned", "finished")[number % 2],
                "class": {"code": "IMP"}, "subject": person, "priority": {"text": "gấp", "coding": [{"code": "EM"}]},
            },
            {
                "resourceType": "Observation", "id": f"o{number}", "status": ("final", "amended")[number % 3 == 0],
                "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}, "issued": "2026-03-01T10:00:00Z",
                "encounter": {"reference": f"Encounter/e{number}"}, "contained": [inside],
                "subject": {"reference": "#trong"} if number % 4 == 3 else person,
                "valueQuantity": {"value": number, "system": "http://unitsofmeasure.org", "code": "mmol/L"},
            },
            {
                "resourceType": "Condition", "id": f"c{number}", "subject": person, "code": {"text": "đau đầu"},
                "clinicalStatus": {"coding": [{"code": "active"}]},
            },
        ]  # fmt: skip
    entries = [{"item": {"reference": f"{type_}/{id_}"}} for type_, id_ in (("Patient", "p1"), ("Observation", "o2"))]
    return [*found, {"resourceType": "List", "id": "l1", "status": "current", "mode": "working", "entry": entries}]


@pytest.fixture
async def server(fresh_url: str, tmp_path: Path) -> AsyncIterator[BulkServer]:
    """A store with a few resources and parameters of its own, which are built."""
    clock = MovedClock()
    async for each in bulk_server(fresh_url, tmp_path, clock=clock):
        client = await each.client("writer")
        for body in [*(own_parameter(*one) for one in OWN), *population()]:
            await put(client, body)
        await each.store.parameters.refresh()
        clock.ahead += timedelta(seconds=SETTLE_S)
        await reindex(each.store)
        await each.store.parameters.refresh()
        yield each


async def test_no_query_of_the_grammar_makes_it_fail(server: BulkServer) -> None:
    client, chance, found = await server.client(), random.Random(20261126), Counter[tuple[str, bool]]()
    grammar = Grammar(chance, server.store.search.registry)
    for _ in range(QUERIES):
        type_ = chance.choice(TYPES)
        pairs = grammar.search(type_)
        answer = await client.get(type_, params=pairs)
        held(answer, (type_, pairs))
        for kind in kinds(pairs):
            found[kind, answer.status_code == 200] += 1
    for kind in ("own", "chain", "_has", "_filter", "_contained", "_list"):
        assert min(found[kind, True], found[kind, False]) > 5, (kind, found)


def kinds(pairs: Pairs) -> set[str]:
    """What a search is made of."""
    names = {name for name, _ in pairs}
    own = {code for _, code, _, _ in OWN}
    return {
        *(
            special
            for special in ("_has", "_filter", "_contained", "_list")
            for name in names
            if name.startswith(special)
        ),
        *("own" for name, text in pairs if name.partition(":")[0] in own or own & set(text.replace("(", " ").split())),
        *("chain" for name in names if "." in name and not name.startswith("_")),
    }


async def ids_of(client: httpx.AsyncClient, type_: str, *pairs: tuple[str, str]) -> set[str] | None:
    """What a search finds, None where it is refused."""
    answer = await client.get(type_, params=[*pairs, ("_count", "200")])
    held(answer, pairs)
    if answer.status_code != 200:
        return None
    return {each["resource"]["id"] for each in answer.json().get("entry", [])}


async def test_filters_keep_the_laws_of_logic(server: BulkServer) -> None:
    """What a condition finds and what its contrary finds is everything, nothing twice; and, or are cut and sum."""
    client, chance, checked = await server.client(), random.Random(3), 0
    grammar = Grammar(chance, server.store.search.registry, spoilt=0.02, among=TELLING, values=VALUES)
    for _ in range(LAWS):
        type_ = chance.choice(tuple(TELLING))
        one, two = (f"({grammar.condition(type_)})" for _ in range(2))
        everything = await ids_of(client, type_)
        found, other, contrary, both, either = [
            await ids_of(client, type_, ("_filter", text))
            for text in (one, two, f"not {one}", f"{one} and {two}", f"{one} or {two}")
        ]
        if None in (found, other, contrary, both, either):
            continue
        assert found is not None and other is not None and contrary is not None and everything is not None  # noqa: PT018
        assert contrary == everything - found, (type_, one)
        assert both == found & other, (type_, one, two)
        assert either == found | other, (type_, one, two)
        assert await ids_of(client, type_, ("_filter", one), ("_filter", two)) == both
        checked += bool(found) and found != everything
    assert checked > 5
