"""create, read, vread, update, delete and history, with their headers and preferences."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx
import pytest
from tests.fhir_api.conftest import BASE, codes_of, patient

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def made(fhir: httpx.AsyncClient, **more: object) -> str:
    """The id of a new patient."""
    answer = await fhir.post("Patient", json=patient(**more))
    assert answer.status_code == 201
    return str(answer.json()["id"])


async def test_create_gives_the_resource_its_place_and_its_version(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post("Patient", json=patient(id="mine"))
    body = answer.json()
    assert answer.status_code == 201
    assert body["id"] != "mine"  # the server names what is created
    assert answer.headers["location"] == f"{BASE}/Patient/{body['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert body["meta"]["versionId"] == "1"
    assert INSTANT.fullmatch(body["meta"]["lastUpdated"])
    assert parsedate_to_datetime(answer.headers["last-modified"])
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"


async def test_what_was_created_is_read_back_byte_for_byte(fhir: httpx.AsyncClient) -> None:
    created = await fhir.post("Patient", json=patient())
    read = await fhir.get(f"Patient/{created.json()['id']}")
    assert read.content == created.content
    assert read.headers["etag"] == created.headers["etag"]


@pytest.mark.parametrize("digits", ["1.00", "0.10", "100000000000000000000.5", "1.0000000000000000001", "1e3", "-0.0"])
async def test_a_decimal_keeps_every_digit(fhir: httpx.AsyncClient, digits: str) -> None:
    head = '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":'
    body = f"{head}{digits}}}}}"
    created = await fhir.post("Observation", content=body)
    assert created.status_code == 201
    read = await fhir.get(f"Observation/{created.json()['id']}")
    assert f'"value":{digits}}}' in read.text


async def test_update_makes_the_next_version_and_the_old_one_stays(fhir: httpx.AsyncClient) -> None:
    id_ = await made(fhir)
    updated = await fhir.put(f"Patient/{id_}", json=patient(id=id_, gender="female"))
    assert (updated.status_code, updated.headers["etag"]) == (200, 'W/"2"')
    assert "location" not in updated.headers
    first, second = [await fhir.get(f"Patient/{id_}/_history/{version}") for version in (1, 2)]
    assert "gender" not in first.json()
    assert second.json()["gender"] == "female"
    assert (await fhir.get(f"Patient/{id_}")).content == second.content


async def test_an_update_of_what_was_never_there_creates_it_under_its_id(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    id_ = f"client-{unique()}"
    answer = await fhir.put(f"Patient/{id_}", json=patient(id=id_))
    assert (answer.status_code, answer.headers["location"]) == (201, f"{BASE}/Patient/{id_}/_history/1")


@pytest.mark.parametrize("verb", ["PUT", "DELETE"])
async def test_a_stale_if_match_is_refused_and_nothing_changes(fhir: httpx.AsyncClient, verb: str) -> None:
    id_ = await made(fhir)
    await fhir.put(f"Patient/{id_}", json=patient(id=id_, gender="male"))
    body = patient(id=id_, gender="female") if verb == "PUT" else None
    answer = await fhir.request(verb, f"Patient/{id_}", json=body, headers={"if-match": 'W/"1"'})
    assert answer.status_code == 412
    assert codes_of(answer) == ["BA-0412"]
    assert (await fhir.get(f"Patient/{id_}")).json()["gender"] == "male"


async def test_the_current_if_match_is_taken(fhir: httpx.AsyncClient) -> None:
    id_ = await made(fhir)
    answer = await fhir.put(f"Patient/{id_}", json=patient(id=id_), headers={"if-match": 'W/"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')


@pytest.mark.parametrize("header", ["1", "W/1", 'W/"x"', "*", 'W/"1", W/"2"', 'W/"99999999999"', ""])
async def test_an_if_match_of_another_form_is_never_taken_for_none(fhir: httpx.AsyncClient, header: str) -> None:
    id_ = await made(fhir)
    answer = await fhir.put(f"Patient/{id_}", json=patient(id=id_), headers={"if-match": header})
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-0306"])


@pytest.mark.parametrize("header", ['W/"1"', 'W/"7", W/"1"'])
async def test_a_reader_who_has_the_version_gets_no_body(fhir: httpx.AsyncClient, header: str) -> None:
    id_ = await made(fhir)
    answer = await fhir.get(f"Patient/{id_}", headers={"if-none-match": header})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", 'W/"1"')
    await fhir.put(f"Patient/{id_}", json=patient(id=id_))
    assert (await fhir.get(f"Patient/{id_}", headers={"if-none-match": header})).status_code == 200


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [("return=minimal", ""), ("return=representation", "Patient"), ("return=OperationOutcome", "OperationOutcome"),
     ("handling=strict; return=minimal", ""), ("return=other", "Patient")],
)  # fmt: skip
async def test_the_answer_to_a_write_is_what_prefer_asks_for(fhir: httpx.AsyncClient, prefer: str, kind: str) -> None:
    answer = await fhir.post("Patient", json=patient(), headers={"prefer": prefer})
    assert answer.status_code == 201
    assert answer.headers["etag"] == 'W/"1"'
    assert "location" in answer.headers
    assert (answer.json()["resourceType"] if answer.content else "") == kind


async def test_what_is_deleted_is_gone_and_its_history_stays(fhir: httpx.AsyncClient) -> None:
    id_ = await made(fhir)
    deleted = await fhir.delete(f"Patient/{id_}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    gone = await fhir.get(f"Patient/{id_}")
    assert (gone.status_code, codes_of(gone)) == (410, ["BA-0402"])
    assert (await fhir.get(f"Patient/{id_}/_history/1")).status_code == 200
    assert (await fhir.get(f"Patient/{id_}/_history/2")).status_code == 410
    assert (await fhir.delete(f"Patient/{id_}")).status_code == 204
    assert (await fhir.delete("Patient/never-there")).status_code == 204
    again = await fhir.put(f"Patient/{id_}", json=patient(id=id_))
    assert (again.status_code, again.headers["etag"]) == (201, 'W/"3"')


async def test_a_history_tells_every_version_newest_first_page_by_page(fhir: httpx.AsyncClient) -> None:
    id_ = await made(fhir)
    await fhir.put(f"Patient/{id_}", json=patient(id=id_))
    await fhir.delete(f"Patient/{id_}")
    first = (await fhir.get(f"Patient/{id_}/_history?_count=2")).json()
    assert (first["type"], [each["request"]["method"] for each in first["entry"]]) == ("history", ["DELETE", "PUT"])
    assert "resource" not in first["entry"][0]
    link = {each["relation"]: each["url"] for each in first["link"]}
    second = (await fhir.get(link["next"])).json()
    assert [each["response"]["etag"] for each in second["entry"]] == ['W/"1"']
    assert not any(each["relation"] == "next" for each in second["link"])
    whole = (await fhir.get(f"Patient/{id_}/_history")).json()
    assert (whole["total"], len(whole["entry"])) == (3, 3)


@pytest.mark.parametrize("path", ["Patient/never", "Patient/never/_history", "Patient/never/_history/1"])
async def test_what_is_not_there_is_not_found(fhir: httpx.AsyncClient, path: str) -> None:
    answer = await fhir.get(path)
    assert (answer.status_code, codes_of(answer)) == (404, ["BA-0401"])


@pytest.mark.parametrize("version", ["2", "0", "x", "-1", "99999999999999999999", "1.0", "٣"])
async def test_a_version_that_is_none_is_not_found(fhir: httpx.AsyncClient, version: str) -> None:
    id_ = await made(fhir)
    answer = await fhir.get(f"Patient/{id_}/_history/{version}")
    assert (answer.status_code, codes_of(answer)) == (404, ["BA-0403"])
