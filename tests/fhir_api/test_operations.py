"""The frame of operations: who may ask what, where; what is not there is told with what is."""

from __future__ import annotations

import httpx
import pytest
from tests.fhir_api.conftest import BASE, codes_of

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.table import OPERATIONS
from benhan.fhir_api.routes import routes
from benhan.store.store import Store


@pytest.mark.parametrize(
    ("address", "valid"), [("$nothing", ""), ("Patient/$nothing", "$everything"), ("Patient/1/$nothing", "$everything")]
)
async def test_an_operation_that_is_not_there_is_told_with_those_that_are(
    fhir: httpx.AsyncClient, address: str, valid: str
) -> None:
    for answer in (await fhir.get(address), await fhir.post(address)):
        assert (answer.status_code, codes_of(answer)) == (404, ["BA-2350"])
        assert valid in answer.text


async def test_an_operation_of_another_type_is_told(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.get("Observation/1/$everything")
    assert (answer.status_code, codes_of(answer)) == (404, ["BA-2350"])
    assert "Patient" in answer.text


async def test_a_method_an_operation_does_not_take_is_refused(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.delete("Patient/1/$everything")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


async def test_every_operation_is_among_the_routes_with_its_permission(api_store: Store) -> None:
    by_path = {
        (each.path, method): each.permission
        for each in routes(FhirApi(api_store, BASE))
        for method in each.methods or ()
    }
    for operation in OPERATIONS:
        for method, path, _, permission in operation.rows():
            assert by_path["/fhir" + path, method] is permission


async def test_a_body_that_is_no_parameters_is_refused(fhir: httpx.AsyncClient) -> None:
    for body in ({"resourceType": "Patient"}, [], {"resourceType": "Parameters", "parameter": [{"name": 1}]}):
        answer = await fhir.post("Patient/1/$everything", json=body)
        assert (answer.status_code, codes_of(answer)) == (400, ["BA-2354"])


async def test_too_many_parameters_are_refused(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.get("Patient/1/$everything?" + "a=1&" * 1_001)
    assert codes_of(answer) == ["BA-2355"]
