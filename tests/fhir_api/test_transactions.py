"""batch and transaction: a transaction is done whole or not at all, a batch entry by entry."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import codes_of, patient

from benhan.access.sessions import Sessions
from benhan.kernel.permissions import Permission

Json = dict[str, Any]
ONE, TWO = "urn:uuid:00000000-0000-4000-8000-000000000001", "urn:uuid:00000000-0000-4000-8000-000000000002"


def entry(method: str, url: str, resource: Json | None = None, full_url: str = "", **request: Any) -> Json:
    found: Json = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        found["resource"] = resource
    if full_url:
        found["fullUrl"] = full_url
    return found


def patching(url: str, *operations: Json, **request: Any) -> Json:
    """A PATCH entry: a Binary with a JSON Patch."""
    data = json.dumps(operations or [{"op": "add", "path": "/gender", "value": "male"}]).encode()
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(data).decode(),
    }
    return entry("PATCH", url, binary, **request)


def bundle(type_: str, *entries: Any) -> Json:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


async def sent(fhir: httpx.AsyncClient, type_: str, *entries: Any, **headers: str) -> httpx.Response:
    return await fhir.post("", json=bundle(type_, *entries), headers=headers)


async def count(fhir: httpx.AsyncClient, system: str) -> int:
    answer = await fhir.get("Patient", params={"identifier": f"{system}|", "_total": "accurate"})
    return int(answer.json()["total"])


def marked(system: str, **more: Any) -> Json:
    return patient(identifier=[{"system": system, "value": "1"}], **more)


@pytest.fixture
def system(unique: Callable[[], str]) -> str:
    return f"urn:test:transaction:{unique()}"


async def test_a_transaction_answers_each_entry_in_its_place(fhir: httpx.AsyncClient, system: str) -> None:
    id_ = (await fhir.post("Patient", json=marked(system))).json()["id"]
    answer = await sent(
        fhir,
        "transaction",
        entry("GET", f"Patient/{id_}"),
        entry("PUT", f"Patient/{id_}", marked(system, id=id_, gender="female")),
        entry("POST", "Patient", marked(system)),
        entry("DELETE", "Patient/never-there"),
    )
    told = answer.json()
    assert (answer.status_code, told["type"]) == (200, "transaction-response")
    assert [each["response"]["status"] for each in told["entry"]] == ["200", "200", "201", "204"]
    assert told["entry"][0]["resource"]["gender"] == "female"  # reads come after writes
    assert told["entry"][1]["response"]["etag"] == 'W/"2"'
    assert told["entry"][2]["response"]["location"].endswith("/_history/1")
    assert await count(fhir, system) == 2


async def test_references_among_the_entries_become_real_even_in_a_circle(fhir: httpx.AsyncClient) -> None:
    first = patient(link=[{"other": {"reference": TWO}, "type": "seealso"}])
    second = patient(link=[{"other": {"reference": ONE}, "type": "seealso"}])
    answer = await sent(
        fhir, "transaction", entry("POST", "Patient", first, ONE), entry("POST", "Patient", second, TWO),
        prefer="return=representation",
    )  # fmt: skip
    one, two = (each["resource"] for each in answer.json()["entry"])
    assert one["link"][0]["other"]["reference"] == f"Patient/{two['id']}"
    assert two["link"][0]["other"]["reference"] == f"Patient/{one['id']}"


async def test_an_entry_may_point_to_itself_and_to_a_patient_that_stands_after_it(fhir: httpx.AsyncClient) -> None:
    note = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": TWO},
        "hasMember": [{"reference": ONE}],
    }
    answer = await sent(
        fhir, "transaction", entry("POST", "Observation", note, ONE), entry("POST", "Patient", patient(), TWO),
        prefer="return=representation",
    )  # fmt: skip
    observation, person = (each["resource"] for each in answer.json()["entry"])
    assert observation["subject"]["reference"] == f"Patient/{person['id']}"
    assert observation["hasMember"][0]["reference"] == f"Observation/{observation['id']}"
    found = (await fhir.get("Observation", params={"subject": f"Patient/{person['id']}"})).json()
    assert len(found["entry"]) == 1


BAD: dict[str, tuple[Any, int, str]] = {
    "no request": ({"resource": patient()}, 400, "BA-0311"),
    "not an object": (7, 400, "BA-0311"),
    "unknown method": (entry("BREW", "Patient", patient()), 400, "BA-0311"),
    "unknown type": (entry("POST", "Nobody", patient()), 400, "BA-0311"),
    "no resource": (entry("POST", "Patient"), 400, "BA-0311"),
    "resource of another type": (entry("POST", "Observation", patient()), 400, "BA-0311"),
    "resource that is a list": ({"request": {"method": "POST", "url": "Patient"}, "resource": []}, 400, "BA-0311"),
    "post to an id": (entry("POST", "Patient/1", patient()), 400, "BA-0311"),
    "put without an id": (entry("PUT", "Patient", patient()), 400, "BA-0311"),
    "another id": (entry("PUT", "Patient/a", patient(id="b")), 400, "BA-0305"),
    "invalid resource": (entry("POST", "Patient", patient(nmae="x")), 422, "BA-0210"),
    "invalid subject": (entry("POST", "Observation", {"resourceType": "Observation", "subject": "x"}), 422, "BA-0210"),
    "subject that is a list": (
        entry("POST", "Observation", {"resourceType": "Observation", "subject": [{"reference": 5}]}), 422, "BA-0210"),
    "reference that is a number": (
        entry("POST", "Observation", {"resourceType": "Observation", "subject": {"reference": 5}}), 422, "BA-0210"),
    "stale version": (entry("PUT", "Patient/never", patient(id="never"), ifMatch='W/"4"'), 412, "BA-0412"),
    "if-match of another form": (entry("PUT", "Patient/a", patient(id="a"), ifMatch=4), 400, "BA-0306"),
    "condition that asks nothing": (entry("POST", "Patient", patient(), ifNoneExist=""), 400, "BA-2151"),
    "condition that is not understood": (entry("POST", "Patient", patient(), ifNoneExist="foo=1"), 400, "BA-0220"),
    "conditional put with a paging parameter": (entry("PUT", "Patient?_count=1", patient()), 400, "BA-2151"),
    "patch that is none": (entry("PATCH", "Patient/a", patient()), 400, "BA-0311"),
    "patch of what is not there": (patching("Patient/never-there"), 404, "BA-0401"),
    "conditional patch of nothing": (patching("Patient?identifier=never|there"), 404, "BA-2153"),
    "put only if absent, garbled": (entry("PUT", "Patient/a", patient(id="a"), ifNoneMatch="x"), 400, "BA-2156"),
    "conditional reference to nobody": (entry("POST", "Observation", {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient?identifier=never|there"}}), 412, "BA-2163"),
    "read of what is not there": (entry("GET", "Patient/never-there"), 404, "BA-0401"),
    "search that is not understood": (entry("GET", "Patient?foo=1"), 400, "BA-0220"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_one_bad_entry_and_nothing_changes(fhir: httpx.AsyncClient, system: str, name: str) -> None:
    bad, status, code = BAD[name]
    good = [entry("POST", "Patient", marked(system)) for _ in range(2)]
    answer = await sent(fhir, "transaction", good[0], bad, good[1])
    assert (answer.status_code, codes_of(answer)[0]) == (status, code)
    assert await count(fhir, system) == 0


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_entry_of_a_batch_is_answered_in_its_place_and_the_others_are_done(
    fhir: httpx.AsyncClient, system: str, name: str
) -> None:
    bad, status, code = BAD[name]
    answer = await sent(fhir, "batch", entry("POST", "Patient", marked(system)), bad)
    told = answer.json()
    assert (answer.status_code, told["type"]) == (200, "batch-response")
    assert [each["response"]["status"] for each in told["entry"]] == ["201", str(status)]
    assert told["entry"][1]["response"]["outcome"]["issue"][0]["details"]["coding"][0]["code"] == code
    assert await count(fhir, system) == 1


async def test_the_same_resource_twice_in_one_transaction_is_refused(fhir: httpx.AsyncClient, system: str) -> None:
    twice = [entry("PUT", "Patient/twice", marked(system, id="twice")) for _ in range(2)]
    answer = await sent(fhir, "transaction", *twice)
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-0414"])
    assert await count(fhir, system) == 0


async def test_the_same_full_url_twice_is_refused(fhir: httpx.AsyncClient, system: str) -> None:
    answer = await sent(fhir, "transaction", *[entry("POST", "Patient", marked(system), ONE) for _ in range(2)])
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-0311"])


async def test_more_entries_than_the_limit_are_refused(fhir: httpx.AsyncClient, system: str) -> None:
    answer = await sent(fhir, "transaction", *[entry("POST", "Patient", marked(system)) for _ in range(51)])
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-0312"])
    assert await count(fhir, system) == 0


@pytest.mark.parametrize(
    "body",
    [{}, [], patient(), {"resourceType": "Bundle"}, bundle("collection"), {**bundle("batch"), "entry": {}}, 7],
)
async def test_what_is_no_batch_or_transaction_is_refused(fhir: httpx.AsyncClient, body: Any) -> None:
    answer = await fhir.post("", json=body)
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-0310"])


async def test_an_empty_bundle_is_answered_empty(fhir: httpx.AsyncClient) -> None:
    for type_ in ("batch", "transaction"):
        answer = await fhir.post("", json={"resourceType": "Bundle", "type": type_})
        assert (answer.status_code, answer.json()) == (200, {"resourceType": "Bundle", "type": f"{type_}-response"})


async def test_every_entry_is_held_against_its_own_permission(
    fhir: httpx.AsyncClient, sessions: Sessions, system: str
) -> None:
    reader = await sessions.make_token("reader", [Permission.FHIR_READ])
    only_reads = {"authorization": f"Bearer {reader}"}
    for bad in (entry("POST", "Patient", marked(system)), entry("DELETE", "Patient/a"), entry("GET", "Patient?name=a")):
        answer = await sent(fhir, "transaction", bad, **only_reads)
        assert (answer.status_code, codes_of(answer)) == (403, ["BA-0902"])
        told = (await sent(fhir, "batch", bad, **only_reads)).json()
        assert [each["response"]["status"] for each in told["entry"]] == ["403"]
    assert await count(fhir, system) == 0


async def test_a_read_of_what_the_transaction_itself_deletes_tells_that_it_is_gone(
    fhir: httpx.AsyncClient, system: str
) -> None:
    id_ = (await fhir.post("Patient", json=marked(system))).json()["id"]
    answer = await sent(fhir, "transaction", entry("GET", f"Patient/{id_}"), entry("DELETE", f"Patient/{id_}"))
    assert [each["response"]["status"] for each in answer.json()["entry"]] == ["410", "204"]


async def test_a_search_in_a_transaction_sees_what_it_wrote(fhir: httpx.AsyncClient, system: str) -> None:
    answer = await sent(
        fhir, "transaction", entry("GET", f"Patient?identifier={system}|1"), entry("POST", "Patient", marked(system))
    )
    found = answer.json()["entry"][0]["resource"]
    assert (found["type"], len(found["entry"])) == ("searchset", 1)
