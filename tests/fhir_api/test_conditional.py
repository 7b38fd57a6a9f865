"""Writes under a condition: none, one, many; and never two where one was asked for, however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import BASE, EVERYTHING, codes_of, patient

from benhan.access.middleware import Door
from benhan.access.sessions import Sessions
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.routes import routes
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.serving.roles import refusing
from benhan.store.database import Database
from benhan.store.store import Store

JSON_PATCH = {"content-type": "application/json-patch+json"}
CLIENTS = 16


@pytest.fixture
def system(unique: Callable[[], str]) -> str:
    return f"urn:test:conditional:{unique()}"


def marked(system: str, value: str = "1", **more: Any) -> dict[str, Any]:
    return patient(identifier=[{"system": system, "value": value}], **more)


async def count(fhir: httpx.AsyncClient, system: str) -> int:
    answer = await fhir.get("Patient", params={"identifier": f"{system}|", "_total": "accurate"})
    return int(answer.json()["total"])


async def two(fhir: httpx.AsyncClient, system: str) -> list[str]:
    return [str((await fhir.post("Patient", json=marked(system))).json()["id"]) for _ in range(2)]


# ── create ──


async def test_a_conditional_create_makes_one_and_then_finds_it(fhir: httpx.AsyncClient, system: str) -> None:
    headers = {"if-none-exist": f"identifier={system}|1"}
    first = await fhir.post("Patient", json=marked(system), headers=headers)
    second = await fhir.post("Patient", json=marked(system, gender="male"), headers=headers)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.content == first.content
    assert second.headers["etag"] == 'W/"1"'
    assert await count(fhir, system) == 1


async def test_a_conditional_create_that_finds_many_makes_nothing(fhir: httpx.AsyncClient, system: str) -> None:
    await two(fhir, system)
    answer = await fhir.post("Patient", json=marked(system), headers={"if-none-exist": f"identifier={system}|1"})
    assert (answer.status_code, codes_of(answer)) == (412, ["BA-2152"])
    assert await count(fhir, system) == 2


async def test_a_match_beyond_the_first_page_is_found_too(
    fhir: httpx.AsyncClient, api_store: Store, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_store.search, "limits", replace(api_store.search.limits, scanned_max=1))
    await fhir.post("Patient", json=marked(system, "a", birthDate="1850-01-01"))
    for _ in range(60):
        await fhir.post("Patient", json=marked(f"{system}:other", birthDate="1851-01-01"))
    await fhir.post("Patient", json=marked(system, "b", birthDate="1852-01-01"))
    answer = await fhir.post("Patient", json=marked(system), headers={"if-none-exist": f"identifier={system}|"})
    assert answer.status_code == 412
    assert codes_of(answer) == ["BA-2152"]


@pytest.mark.parametrize("condition", ["", "?", "_count=1", "identifier=a&_sort=name", "identifier=a&foo=b"])
async def test_a_condition_that_is_not_understood_writes_nothing(
    fhir: httpx.AsyncClient, system: str, condition: str
) -> None:
    answer = await fhir.post(
        "Patient", json=marked(system), headers={"if-none-exist": condition, "prefer": "handling=lenient"}
    )
    assert (answer.status_code, codes_of(answer)[0]) in [(400, "BA-2151"), (400, "BA-0220")]
    assert await count(fhir, system) == 0


async def test_many_conditional_creates_at_once_make_one(fhir: httpx.AsyncClient, system: str) -> None:
    for value in range(4):
        headers = {"if-none-exist": f"identifier={system}{value}|1"}
        answers = await asyncio.gather(
            *(fhir.post("Patient", json=marked(f"{system}{value}"), headers=headers) for _ in range(CLIENTS))
        )
        assert sorted(answer.status_code for answer in answers) == [200] * (CLIENTS - 1) + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert await count(fhir, f"{system}{value}") == 1


async def test_many_conditional_creates_on_two_servers_at_once_make_one(
    fhir: httpx.AsyncClient, api_store: Store, sessions: Sessions, token: str, system: str
) -> None:
    """Two processes share nothing but the database, as two stores here do."""
    other = await Store.open(await Database.connect(api_store.database.url, pool_size=8), api_store.keyring.kek)
    door = Door(routes(FhirApi(other, BASE)), sessions, SystemRandom(), refusing(None))
    try:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
        transport = httpx.ASGITransport(door)
        async with httpx.AsyncClient(transport=transport, base_url=BASE + "/", headers=headers) as elsewhere:
            for value in range(8):
                condition = {"if-none-exist": f"identifier={system}{value}|1"}
                answers = await asyncio.gather(
                    *(
                        client.post("Patient", json=marked(f"{system}{value}"), headers=condition)
                        for client in (fhir, elsewhere) * (CLIENTS // 2)
                    )
                )
                assert sorted(answer.status_code for answer in answers) == [200] * (CLIENTS - 1) + [201]
                assert await count(fhir, f"{system}{value}") == 1
    finally:
        await other.close()


async def test_many_conditional_creates_in_transactions_at_once_make_one(fhir: httpx.AsyncClient, system: str) -> None:
    note = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "urn:uuid:1"},
    }
    entries = [
        {
            "fullUrl": "urn:uuid:1",
            "resource": marked(system),
            "request": {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={system}|1"},
        },
        {"resource": note, "request": {"method": "POST", "url": "Observation"}},
    ]
    body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    headers = {"prefer": "return=representation"}
    answers = await asyncio.gather(*(fhir.post("", json=body, headers=headers) for _ in range(CLIENTS)))
    told = [answer.json()["entry"] for answer in answers]
    assert sorted(each[0]["response"]["status"] for each in told) == ["200"] * (CLIENTS - 1) + ["201"]
    subjects = {each[1]["resource"]["subject"]["reference"] for each in told}
    assert subjects == {f"Patient/{told[0][0]['resource']['id']}"}
    assert await count(fhir, system) == 1


async def test_a_condition_needs_the_permission_to_search(
    fhir: httpx.AsyncClient, sessions: Sessions, system: str
) -> None:
    writer = await sessions.make_token("writer", [each for each in EVERYTHING if each is not Permission.FHIR_SEARCH])
    headers = {"authorization": f"Bearer {writer}", "if-none-exist": f"identifier={system}|1"}
    answer = await fhir.post("Patient", json=marked(system), headers=headers)
    assert (answer.status_code, codes_of(answer)) == (403, ["BA-0902"])


# ── update ──


async def test_a_conditional_update_of_nothing_creates_and_then_updates(fhir: httpx.AsyncClient, system: str) -> None:
    first = await fhir.put(f"Patient?identifier={system}|1", json=marked(system))
    second = await fhir.put(f"Patient?identifier={system}|1", json=marked(system, gender="male"))
    id_ = first.json()["id"]
    third = await fhir.put(f"Patient?identifier={system}|1", json=marked(system, id=id_))
    assert [each.status_code for each in (first, second, third)] == [201, 200, 200]
    assert third.json()["id"] == second.json()["id"] == id_
    assert third.headers["etag"] == 'W/"3"'
    assert await count(fhir, system) == 1


async def test_a_conditional_update_of_nothing_takes_the_id_of_the_body_where_it_is_free(
    fhir: httpx.AsyncClient, system: str, unique: Callable[[], str]
) -> None:
    id_ = f"own-{unique()}"
    answer = await fhir.put(f"Patient?identifier={system}|1", json=marked(system, id=id_))
    assert (answer.status_code, answer.json()["id"]) == (201, id_)
    answer = await fhir.put(f"Patient?identifier={system}|2", json=marked(system, "2", id=id_))
    assert (answer.status_code, codes_of(answer)) == (412, ["BA-2150"])


async def test_a_conditional_update_of_many_or_under_another_id_is_refused(
    fhir: httpx.AsyncClient, system: str
) -> None:
    await fhir.post("Patient", json=marked(system))
    answer = await fhir.put(f"Patient?identifier={system}|1", json=marked(system, id="other"))
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-2155"])
    await fhir.post("Patient", json=marked(system))
    answer = await fhir.put(f"Patient?identifier={system}|1", json=marked(system))
    assert (answer.status_code, codes_of(answer)) == (412, ["BA-2152"])


async def test_many_conditional_updates_at_once_make_one_resource_of_as_many_versions(
    fhir: httpx.AsyncClient, system: str
) -> None:
    answers = await asyncio.gather(
        *(fhir.put(f"Patient?identifier={system}|1", json=marked(system)) for _ in range(CLIENTS))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * (CLIENTS - 1) + [201]
    assert sorted(int(answer.headers["etag"][3:-1]) for answer in answers) == list(range(1, CLIENTS + 1))
    assert await count(fhir, system) == 1


async def test_an_update_that_wants_nothing_there_creates_once(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    id_ = f"once-{unique()}"
    asked = [fhir.put(f"Patient/{id_}", json=patient(id=id_), headers={"if-none-match": "*"}) for _ in range(CLIENTS)]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201] + [412] * (CLIENTS - 1)
    assert (await fhir.get(f"Patient/{id_}")).headers["etag"] == 'W/"1"'


# ── delete ──


async def test_a_conditional_delete_of_nothing_or_of_one(fhir: httpx.AsyncClient, system: str) -> None:
    assert (await fhir.delete(f"Patient?identifier={system}|1")).status_code == 204
    id_ = (await fhir.post("Patient", json=marked(system))).json()["id"]
    assert (await fhir.delete(f"Patient?identifier={system}|1")).status_code == 204
    assert (await fhir.get(f"Patient/{id_}")).status_code == 410


async def test_a_conditional_delete_of_many_is_refused_and_deletes_nothing(
    fhir: httpx.AsyncClient, system: str
) -> None:
    await two(fhir, system)
    answer = await fhir.delete(f"Patient?identifier={system}|1")
    assert (answer.status_code, codes_of(answer)) == (412, ["BA-2152"])
    assert await count(fhir, system) == 2


@pytest.fixture
async def multiple(api_store: Store, sessions: Sessions, token: str) -> Any:
    """A client of a server that deletes up to three at once."""
    api = FhirApi(api_store, BASE, conditional_deletes_max=3)
    headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
    transport = httpx.ASGITransport(Door(routes(api), sessions, SystemRandom(), refusing(None)))
    async with httpx.AsyncClient(transport=transport, base_url=BASE + "/", headers=headers) as client:
        yield client


async def test_where_it_is_allowed_many_are_deleted_up_to_the_limit(
    fhir: httpx.AsyncClient, multiple: httpx.AsyncClient, system: str
) -> None:
    await two(fhir, system)
    await two(fhir, system)
    refused = await multiple.delete(f"Patient?identifier={system}|1")
    assert (refused.status_code, codes_of(refused)) == (412, ["BA-2161"])
    assert await count(fhir, system) == 4
    told = await multiple.delete(
        f"Patient?identifier={system}|1&_count=2", headers={"prefer": "return=OperationOutcome"}
    )
    assert (told.status_code, told.json()["issue"][0]["details"]["text"]) == (200, "Resources deleted: 2.")
    assert await count(fhir, system) == 2
    assert (await multiple.delete(f"Patient?identifier={system}|1")).status_code == 204
    assert await count(fhir, system) == 0


# ── patch ──


async def test_a_patch_makes_the_next_version_and_keeps_every_digit(fhir: httpx.AsyncClient) -> None:
    head = '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}'
    id_ = (await fhir.post("Observation", content=head)).json()["id"]
    added = '{"op":"add","path":"/referenceRange","value":[{"low":{"value":0.50}}]}'
    body = f'[{added},{{"op":"replace","path":"/status","value":"amended"}}]'
    answer = await fhir.patch(f"Observation/{id_}", content=body, headers=JSON_PATCH)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert b'"value":1.10}' in answer.content
    assert b'"value":0.50}' in answer.content
    assert answer.json()["status"] == "amended"


@pytest.mark.parametrize(
    ("operations", "status", "code"),
    [
        ('[{"op":"test","path":"/gender","value":"male"}]', 409, "BA-2033"),
        ('[{"op":"replace","path":"/nowhere/0","value":1}]', 400, "BA-2032"),
        ('[{"op":"replace","path":"/id","value":"other"}]', 400, "BA-2159"),
        ('[{"op":"replace","path":"/resourceType","value":"Group"}]', 400, "BA-2159"),
        ('[{"op":"add","path":"/nmae","value":"x"}]', 422, "BA-0210"),
        ('{"op":"add"}', 415, "BA-2158"),
        ("[", 400, "BA-0201"),
    ],
)
async def test_a_patch_that_cannot_be_done_changes_nothing(
    fhir: httpx.AsyncClient, operations: str, status: int, code: str
) -> None:
    id_ = (await fhir.post("Patient", json=patient(gender="female"))).json()["id"]
    answer = await fhir.patch(f"Patient/{id_}", content=operations, headers=JSON_PATCH)
    assert (answer.status_code, codes_of(answer)[0]) == (status, code)
    assert (await fhir.get(f"Patient/{id_}")).headers["etag"] == 'W/"1"'


async def test_a_patch_under_a_stale_version_is_refused(fhir: httpx.AsyncClient) -> None:
    id_ = (await fhir.post("Patient", json=patient())).json()["id"]
    body = '[{"op":"add","path":"/gender","value":"male"}]'
    for version, status in (("2", 412), ("1", 200), ("1", 412)):
        headers = {**JSON_PATCH, "if-match": f'W/"{version}"'}
        assert (await fhir.patch(f"Patient/{id_}", content=body, headers=headers)).status_code == status


async def test_a_patch_of_nothing_or_of_what_is_deleted(fhir: httpx.AsyncClient) -> None:
    assert (await fhir.patch("Patient/never-there", content="[]", headers=JSON_PATCH)).status_code == 404
    id_ = (await fhir.post("Patient", json=patient())).json()["id"]
    await fhir.delete(f"Patient/{id_}")
    assert (await fhir.patch(f"Patient/{id_}", content="[]", headers=JSON_PATCH)).status_code == 410


async def test_no_patch_of_many_at_once_is_lost(fhir: httpx.AsyncClient) -> None:
    id_ = (await fhir.post("Patient", json=patient())).json()["id"]
    bodies = [f'[{{"op":"add","path":"/name/-","value":{{"text":"name {number}"}}}}]' for number in range(CLIENTS)]
    answers = await asyncio.gather(*(fhir.patch(f"Patient/{id_}", content=body, headers=JSON_PATCH) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    now = (await fhir.get(f"Patient/{id_}")).json()
    assert {each.get("text") for each in now["name"][1:]} == {f"name {number}" for number in range(CLIENTS)}
    assert now["meta"]["versionId"] == str(CLIENTS + 1)


async def test_a_conditional_patch_of_one_and_of_many(fhir: httpx.AsyncClient, system: str) -> None:
    await fhir.post("Patient", json=marked(system))
    body = '[{"op":"add","path":"/gender","value":"male"}]'
    answer = await fhir.patch(f"Patient?identifier={system}|1", content=body, headers=JSON_PATCH)
    assert (answer.status_code, answer.json()["gender"]) == (200, "male")
    await fhir.post("Patient", json=marked(system))
    answer = await fhir.patch(f"Patient?identifier={system}|1", content=body, headers=JSON_PATCH)
    assert (answer.status_code, codes_of(answer)) == (412, ["BA-2152"])


# ── read ──


async def test_a_reader_who_has_it_since_then_gets_no_body(fhir: httpx.AsyncClient) -> None:
    created = await fhir.post("Patient", json=patient())
    address, since = f"Patient/{created.json()['id']}", created.headers["last-modified"]
    known = await fhir.get(address, headers={"if-modified-since": since})
    assert (known.status_code, known.content) == (304, b"")
    old = {"if-modified-since": "Mon, 05 Jan 2015 00:00:00 GMT"}
    assert (await fhir.get(address, headers=old)).status_code == 200
    both = {"if-modified-since": since, "if-none-match": 'W/"7"'}
    assert (await fhir.get(address, headers=both)).status_code == 200  # the version goes before the time
    garbled = await fhir.get(address, headers={"if-modified-since": "yesterday"})
    assert (garbled.status_code, codes_of(garbled)) == (400, ["BA-2157"])


async def test_head_is_a_read_without_its_body(fhir: httpx.AsyncClient) -> None:
    created = await fhir.post("Patient", json=patient())
    answer = await fhir.head(f"Patient/{created.json()['id']}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == created.headers["etag"]
    assert int(answer.headers["content-length"]) == len(created.content)
    assert (await fhir.head("Patient/never-there")).status_code == 404
