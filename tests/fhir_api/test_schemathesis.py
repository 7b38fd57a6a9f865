"""Hundreds of queries that schemathesis makes of the parameters of R4 and of what joins them: none fails the API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

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

SPECIAL = {
    "_filter": {
        "pattern": '^(not ?)?\\(?[a-z_-]{2,12}(\\.[a-z]{2,8})? (eq|ne|co|sw|pr|ge|xx) "?[a-zA-Z0-9é%|:,-]{1,12}"?\\)?$'
    },
    "_has:Observation:patient:code": {"maxLength": 20},
    "_has:Encounter:subject:_has:Observation:encounter:status": {"maxLength": 20},
    "_has:Observation": {"maxLength": 20},
    "_list": {"pattern": "^(List/)?[$A-Za-z0-9,/.-]{1,20}$"},
    "_contained": {"enum": ["true", "false", "both", "x"]},
    "_containedType": {"enum": ["container", "contained", "x"]},
    "_text": {"maxLength": 20},
    "_content": {"maxLength": 20},
}
"""What is no parameter of a type; the schemas of the results' parameters follow them."""


def described(type_: str) -> dict[str, Any]:
    """The search of a type in OpenAPI's words."""
    named = {
        code: SCHEMAS.get(each.type, {"type": "string", "maxLength": 30}) for code, each in parameters_of(type_).items()
    }
    named |= {name: {"type": "string", **schema} for name, schema in SPECIAL.items()}
    named |= {name: {"type": "string", "maxLength": 20} for name in RESULT_PARAMETERS if name not in SPECIAL}
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
