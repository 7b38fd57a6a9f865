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
    "an operation that is answered by a job": (entry("POST", "Patient/$export"), 400, "BA-0311"),
    "an operation of the whole server": (entry("POST", "$reindex"), 400, "BA-0311"),
    "an operation that there is not": (entry("POST", "Patient/$nothing"), 400, "BA-0311"),
    "an operation by PUT": (entry("PUT", "Patient/a/$meta-add", patient()), 400, "BA-0311"),
    "a meta of no resource": (entry("POST", "Patient/$meta-add", patient()), 400, "BA-0311"),
    "a meta that is not told": (entry("POST", "Patient/a/$meta-add"), 400, "BA-0311"),
    "a document that would be stored": (entry("GET", "Composition/a/$document?persist=true"), 400, "BA-0311"),
    "an export": (entry("GET", "Patient/$export"), 400, "BA-0311"),
    "the file of a job": (entry("GET", "$job/a4624c9d0e189a66a4ee7c4a512849b0/Patient.1"), 400, "BA-0311"),
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


async def conditional(fhir: httpx.AsyncClient, system: str) -> str:
    """The address of a patient who bears the system."""
    return f"Patient/{(await fhir.post('Patient', json=marked(system))).json()['id']}"


def observed(subject: str, **more: Any) -> Json:
    basic = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    return {**basic, "subject": {"reference": subject}, **more}


async def test_conditions_of_entries_find_update_patch_and_delete(fhir: httpx.AsyncClient, system: str) -> None:
    address = await conditional(fhir, system)
    others = [f"{system}:{number}" for number in range(2)]
    patched, deleted = [await conditional(fhir, other) for other in others]
    answer = await sent(
        fhir,
        "transaction",
        entry("PUT", f"Patient?identifier={system}|1", marked(system, gender="female")),
        patching(f"Patient?identifier={others[0]}|1"),
        entry("DELETE", f"Patient?identifier={others[1]}|1"),
        entry("POST", "Patient", marked(f"{system}:new"), ifNoneExist=f"identifier={system}:new|1"),
        prefer="return=representation",
    )
    told = answer.json()["entry"]
    assert [each["response"]["status"] for each in told] == ["200", "200", "204", "201"]
    assert [each["resource"].get("gender") for each in told[:2]] == ["female", "male"]
    assert [f"Patient/{each['resource']['id']}" for each in told[:2]] == [address, patched]
    assert (await fhir.get(deleted)).status_code == 410


async def test_a_fhirpath_patch_in_an_entry_points_to_another_entry(fhir: httpx.AsyncClient, system: str) -> None:
    id_ = (await fhir.post("Observation", json=observed("Patient/x"))).json()["id"]
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Observation.subject"},
        {"name": "value", "valueReference": {"reference": ONE}},
    ]
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    answer = await sent(
        fhir, "transaction", entry("PATCH", f"Observation/{id_}", parameters), entry("POST", "Patient", patient(), ONE),
        prefer="return=representation",
    )  # fmt: skip
    observation, person = (each["resource"] for each in answer.json()["entry"])
    assert observation["subject"]["reference"] == f"Patient/{person['id']}"


@pytest.mark.parametrize("verbs", ["PUT PUT", "PUT DELETE", "POST PUT", "DELETE POST", "PATCH PUT", "POST POST"])
async def test_what_a_condition_finds_and_another_entry_names_is_the_same_resource_twice(
    fhir: httpx.AsyncClient, system: str, verbs: str
) -> None:
    address = await conditional(fhir, system)
    query, id_ = f"identifier={system}|1", address.removeprefix("Patient/")
    by_search = {
        "PUT": entry("PUT", f"Patient?{query}", marked(system)),
        "POST": entry("POST", "Patient", marked(system), ifNoneExist=query),
        "PATCH": patching(f"Patient?{query}"),
        "DELETE": entry("DELETE", f"Patient?{query}"),
    }
    by_id = {
        "PUT": entry("PUT", address, marked(system, id=id_)),
        "DELETE": entry("DELETE", address),
        "POST": entry("POST", "Patient", marked(system), ifNoneExist=f"_id={id_}"),
    }
    first, second = verbs.split()
    answer = await sent(fhir, "transaction", by_search[first], by_id[second])
    if "DELETE" in verbs:  # what is deleted comes first, and no condition finds it after
        assert {each["response"]["status"] for each in answer.json()["entry"]} == {"204", "201"}
        return
    assert (answer.status_code, codes_of(answer)[0]) in [(400, "BA-0414"), (400, "BA-2164")]
    assert (await fhir.get(address)).headers["etag"] == 'W/"1"'


async def test_a_conditional_reference_finds_one_in_the_store_or_here(fhir: httpx.AsyncClient, system: str) -> None:
    address = await conditional(fhir, system)
    answer = await sent(
        fhir, "transaction",
        entry("POST", "Observation", observed(f"Patient?identifier={system}|1")),
        entry("POST", "Observation", observed(f"Patient?identifier={system}:new|1")),
        entry("POST", "Patient", marked(f"{system}:new")),
        prefer="return=representation",
    )  # fmt: skip
    first, second, person = (each["resource"] for each in answer.json()["entry"])
    assert first["subject"]["reference"] == address
    assert second["subject"]["reference"] == f"Patient/{person['id']}"
    await conditional(fhir, system)
    many = await sent(fhir, "transaction", entry("POST", "Observation", observed(f"Patient?identifier={system}|1")))
    assert (many.status_code, codes_of(many)[0]) == (412, "BA-2163")
    assert many.json()["issue"][-1]["expression"] == ["Bundle.entry[0]"]


async def test_references_of_every_form_become_real(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    person, own = "http://elsewhere.example/fhir/Patient/7", f"own-{unique()}"
    await fhir.put(f"Patient/{own}", json=patient(id=own))
    narrative = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{TWO}">x</a></div>'
    identifier = [{"system": "urn:ietf:rfc:3986", "value": TWO}]
    note = observed(
        "Patient/7", hasMember=[{"reference": f"{TWO}/_history/4"}], text={"status": "generated", "div": narrative},
        identifier=identifier, performer=[{"reference": "urn:oid:1.2.3/_history/1"}],
    )  # fmt: skip
    answer = await sent(
        fhir, "transaction",
        entry("POST", "Observation", note, "http://elsewhere.example/fhir/Observation/1"),
        entry("POST", "Patient", patient(), person),
        entry("POST", "Observation", observed(person), TWO),
        entry("PUT", f"Patient/{own}", patient(id=own), "urn:oid:1.2.3"),
        prefer="return=representation",
    )  # fmt: skip
    first, who, second, _ = (each["resource"] for each in answer.json()["entry"])
    assert first["subject"]["reference"] == second["subject"]["reference"] == f"Patient/{who['id']}"
    assert first["hasMember"][0]["reference"] == f"Observation/{second['id']}/_history/1"
    assert first["performer"][0]["reference"] == f"Patient/{own}/_history/2"
    assert f'href="Observation/{second["id"]}"' in first["text"]["div"]
    assert first["identifier"] == identifier  # an identifier is no reference


async def test_a_reference_to_a_urn_that_nobody_bears_is_refused(fhir: httpx.AsyncClient, system: str) -> None:
    answer = await sent(
        fhir, "transaction", entry("POST", "Observation", observed(TWO)), entry("POST", "Patient", marked(system), ONE)
    )
    assert (answer.status_code, codes_of(answer)[0]) == (400, "BA-2166")
    assert await count(fhir, system) == 0


async def test_an_entry_of_a_batch_must_not_refer_to_another(fhir: httpx.AsyncClient, system: str) -> None:
    answer = await sent(
        fhir, "batch", entry("POST", "Observation", observed(ONE)), entry("POST", "Patient", marked(system), ONE)
    )
    told = answer.json()["entry"]
    assert [each["response"]["status"] for each in told] == ["400", "201"]
    assert told[0]["response"]["outcome"]["issue"][0]["details"]["coding"][0]["code"] == "BA-2165"


async def test_reads_of_a_bundle_are_answered_as_outside_with_their_conditions(fhir: httpx.AsyncClient) -> None:
    id_ = (await fhir.post("Patient", json=patient(gender="male"))).json()["id"]
    entries = [
        entry("GET", f"Patient/{id_}", ifNoneMatch='W/"1"'),
        entry("GET", f"Patient/{id_}", ifModifiedSince="2020-01-01T00:00:00Z"),
        entry("HEAD", f"Patient/{id_}"),
        entry("GET", f"Patient/{id_}/_history/1"),
        entry("GET", f"Patient/{id_}?_elements=name&_format=xml"),
        entry("GET", "metadata"),
    ]
    for type_ in ("batch", "transaction"):
        told = (await sent(fhir, type_, *entries)).json()["entry"]
        assert [each["response"]["status"] for each in told] == ["304", *["200"] * 5]
        assert ["resource" in each for each in told] == [False, True, False, True, True, True]
        assert "gender" not in told[4]["resource"]
    refused = await sent(fhir, "batch", entry("GET", "no/such/thing/here"))
    assert refused.json()["entry"][0]["response"]["status"] == "400"


async def test_entries_of_a_batch_about_one_resource_keep_their_order(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    id_ = f"ordered-{unique()}"
    entries = [entry("PUT", f"Patient/{id_}", patient(id=id_, language=f"x-{number}")) for number in range(20)]
    told = (await sent(fhir, "batch", *entries, entry("GET", f"Patient/{id_}"))).json()["entry"]
    assert [each["response"]["etag"] for each in told[:-1]] == [f'W/"{number}"' for number in range(1, 21)]
    assert told[-1]["resource"]["language"] == "x-19"


@pytest.mark.parametrize("levels", [40, 70, 124, 200, 400])
async def test_an_entry_that_is_too_deep_is_refused(fhir: httpx.AsyncClient, levels: int) -> None:
    deep: Json = {"reference": "Patient/1"}
    for _ in range(levels):
        deep = {"extension": [deep]}
    answer = await sent(fhir, "transaction", entry("POST", "Observation", observed("x") | {"subject": deep}))
    assert (answer.status_code, codes_of(answer)[0]) == (400, "BA-0205")


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_an_operation_that_is_read_is_answered_in_a_bundle(fhir: httpx.AsyncClient, kind: str) -> None:
    place = (await fhir.post("Patient", json=patient())).headers["location"].split("/fhir/")[1].split("/_history")[0]
    expand = "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender"
    answer = await sent(fhir, kind, entry("GET", expand), entry("GET", f"{place}/$everything"))
    assert [each["resource"]["resourceType"] for each in answer.json()["entry"]] == ["ValueSet", "Bundle"]


def parameters(**told: Any) -> Json:
    """Parameters of `name={"valueString": …}` or `name=resource`."""
    listed = [
        {"name": name, **({"resource": value} if "resourceType" in value else value)} for name, value in told.items()
    ]
    return {"resourceType": "Parameters", "parameter": listed}


def meta(*codes: str) -> Json:
    return parameters(meta={"valueMeta": {"tag": [{"system": "urn:test", "code": code} for code in codes]}})


async def placed(fhir: httpx.AsyncClient, **more: Any) -> str:
    """`Patient/…` of a new patient."""
    made = await fhir.post("Patient", json=patient(**more))
    return made.headers["location"].split("/fhir/")[1].split("/_history")[0]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_operations_by_post_are_answered_in_a_bundle_as_outside_of_it(
    fhir: httpx.AsyncClient, system: str, kind: str
) -> None:
    place = await placed(fhir, identifier=[{"system": system, "value": "7"}])
    url = {"valueUri": "http://hl7.org/fhir/ValueSet/administrative-gender"}
    asked = [
        ("Patient/$match", parameters(resource=patient(identifier=[{"system": system, "value": "7"}]))),
        ("Observation/$validate", {"resourceType": "Observation", "status": "final", "nmae": 1}),
        ("ValueSet/$expand", parameters(url=url)),
        ("ValueSet/$validate-code", parameters(url=url, code={"valueCode": "male"})),
        (f"{place}/$meta", None),
        (f"{place}/$everything", parameters(_count={"valueInteger": 5})),
    ]
    outside = [await fhir.post(path, json=body) for path, body in asked]
    answer = await sent(fhir, kind, *(entry("POST", path, body) for path, body in asked))
    assert answer.status_code == 200, answer.text
    found = answer.json()["entry"]
    assert [each["response"]["status"] for each in found] == [str(each.status_code) for each in outside] == ["200"] * 6
    kinds = ["Bundle", "OperationOutcome", "ValueSet", "Parameters", "Parameters", "Bundle"]
    assert [each["resource"]["resourceType"] for each in found] == kinds
    for index in (0, 1, 3, 4):
        assert found[index]["resource"] == outside[index].json()


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_meta_of_several_resources_is_changed_in_a_bundle(fhir: httpx.AsyncClient, kind: str) -> None:
    one, other, third = [await placed(fhir) for _ in range(3)]
    await fhir.post(f"{other}/$meta-add", json=meta("a", "b"))
    answer = await sent(
        fhir,
        kind,
        entry("POST", f"{one}/$meta-add", meta("a")),
        entry("POST", f"{other}/$meta-delete", meta("a"), ifMatch='W/"2"'),
        entry("POST", f"{third}/$meta-delete", meta("a")),
        entry("GET", f"{one}/$meta"),
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()["entry"]
    told = [[tag["code"] for tag in each["resource"]["parameter"][0]["valueMeta"].get("tag", [])] for each in found]
    assert told == [["a"], ["b"], [], ["a"]]
    assert [each["response"]["etag"] for each in found[:3]] == ['W/"2"', 'W/"3"', 'W/"1"']
    assert (await fhir.get(one)).json()["meta"]["tag"] == [{"system": "urn:test", "code": "a"}]
    assert (await fhir.get(third)).json()["meta"]["versionId"] == "1"


async def test_a_change_of_meta_is_done_with_the_transaction_or_not_at_all(fhir: httpx.AsyncClient) -> None:
    one, other = [await placed(fhir) for _ in range(2)]
    stale = entry("POST", f"{other}/$meta-add", meta("b"), ifMatch='W/"9"')
    answer = await sent(fhir, "transaction", entry("POST", f"{one}/$meta-add", meta("a")), stale)
    assert (answer.status_code, codes_of(answer)[0]) == (412, "BA-0412")
    twice = await sent(fhir, "transaction", *[entry("POST", f"{one}/$meta-add", meta(code)) for code in "ab"])
    assert (twice.status_code, codes_of(twice)[0]) == (400, "BA-0414")
    assert "tag" not in (await fhir.get(one)).json()["meta"]
    gone = await sent(fhir, "batch", stale, entry("POST", f"{one}/$meta-add", meta("a")))
    assert [each["response"]["status"] for each in gone.json()["entry"]] == ["412", "200"]


async def test_what_an_operation_is_asked_in_a_transaction_refers_to_what_was_written(fhir: httpx.AsyncClient) -> None:
    asked = parameters(resource=observed(ONE))
    answer = await sent(
        fhir,
        "transaction",
        entry("POST", "Observation/$validate", asked),
        entry("POST", "Patient", patient(), ONE),
    )
    assert answer.status_code == 200, answer.text
    outcome = answer.json()["entry"][0]["resource"]
    assert [each["severity"] for each in outcome["issue"] if each["severity"] in ("error", "fatal")] == []


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_who_may_only_read_asks_in_a_bundle_and_changes_no_meta(
    fhir: httpx.AsyncClient, sessions: Sessions, kind: str
) -> None:
    place = await placed(fhir)
    token = await sessions.make_token("reader", [Permission.FHIR_READ])
    reader = {"authorization": f"Bearer {token}"}
    asked = await sent(fhir, kind, entry("POST", f"{place}/$meta"), **reader)
    assert asked.json()["entry"][0]["response"]["status"] == "200"
    refused = await sent(fhir, kind, entry("POST", f"{place}/$meta-add", meta("a")), **reader)
    status = refused.json()["entry"][0]["response"]["status"] if kind == "batch" else str(refused.status_code)
    assert status == "403"
    assert (await fhir.get(place)).json()["meta"]["versionId"] == "1"


@pytest.mark.parametrize(
    "query",
    [
        "name=Th%E1%BB%AD&birthdate=1971-02-03&_tag={system}|ward",
        "birthdate=ge1971-02-03&birthdate=lt1971-02-04&_tag={system}|",
        "_tag={system}|ward&gender:not=male",
        "_tag={system}|ward&address-city:contains=h%C3%A0 n%E1%BB%99i",
        "_tag={system}|ward&identifier:missing=true",
        '_filter=_tag eq "{system}|ward" and birthdate eq 1971-02-03',
    ],
)
async def test_a_conditional_reference_is_found_here_by_every_parameter(
    fhir: httpx.AsyncClient, system: str, query: str
) -> None:
    tagged = {"meta": {"tag": [{"system": system, "code": "ward"}]}, "address": [{"city": "TP Hà Nội cũ"}]}
    sought = patient(birthDate="1971-02-03", gender="female", **tagged)
    other = patient(birthDate="1999-02-03", gender="male", identifier=[{"value": "x"}])
    asking = entry("POST", "Observation", observed(f"Patient?{query.format(system=system)}"))
    entries = [asking, entry("POST", "Patient", other), entry("POST", "Patient", sought)]
    answer = await sent(fhir, "transaction", *entries, prefer="return=representation")
    assert answer.status_code == 200, answer.text
    found, _, person = (each["resource"] for each in answer.json()["entry"])
    assert found["subject"]["reference"] == f"Patient/{person['id']}"
    twice = await sent(fhir, "transaction", *entries)  # now one is stored and one is here
    assert (twice.status_code, codes_of(twice)[0]) == (412, "BA-2163")


async def test_a_condition_and_what_a_post_makes_are_the_same_by_every_parameter(
    fhir: httpx.AsyncClient, system: str
) -> None:
    tagged = patient(meta={"tag": [{"system": system, "code": "ward"}]})
    entries = [entry("POST", "Patient", tagged), entry("PUT", f"Patient?_tag={system}|ward&name=th", tagged)]
    answer = await sent(fhir, "transaction", *entries)
    assert (answer.status_code, codes_of(answer)[0]) == (400, "BA-2164")


async def test_an_entry_that_is_not_valid_is_no_answer_to_a_reference(fhir: httpx.AsyncClient, system: str) -> None:
    asking = entry("POST", "Observation", observed(f"Patient?identifier={system}|1"))
    for wrong in ({"identifier": "x"}, {"identifier": [7]}, {"name": {"text": []}}, {"birthDate": 7}):
        broken = {"resourceType": "Patient", **wrong}
        answer = await sent(fhir, "transaction", asking, entry("POST", "Patient", broken))
        assert (answer.status_code, codes_of(answer)[0]) == (422, "BA-0210")
