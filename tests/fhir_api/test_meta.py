"""$meta, $meta-add, $meta-delete."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import codes_of, patient
from tests.fhir_api.test_everything import made

from benhan.fhir_api.operations import meta as operation
from benhan.fhir_api.operations import meta_in_use
from benhan.store.faults import STALE_VERSION

Json = dict[str, Any]
TAG = {"system": "urn:x", "code": "a"}
OTHER = {"system": "urn:x", "code": "b"}


def told(**meta: Any) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def returned(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    [parameter] = answer.json()["parameter"]
    assert parameter["name"] == "return"
    found: Json = parameter["valueMeta"]
    return found


async def test_the_meta_of_a_resource_is_given(fhir: httpx.AsyncClient) -> None:
    an = await made(fhir, patient(meta={"tag": [TAG]}))
    assert returned(await fhir.get(f"Patient/{an}/$meta")) == (await fhir.get(f"Patient/{an}")).json()["meta"]


async def test_what_is_added_is_there_once_in_a_new_version(fhir: httpx.AsyncClient) -> None:
    an = await made(fhir, patient(meta={"tag": [TAG]}, multipleBirthInteger=1))
    body = told(tag=[TAG, OTHER], profile=["http://example.org/p"])
    meta = returned(await fhir.post(f"Patient/{an}/$meta-add", json=body))
    assert (meta["tag"], meta["profile"], meta["versionId"]) == ([TAG, OTHER], ["http://example.org/p"], "2")
    now = (await fhir.get(f"Patient/{an}")).json()
    assert now["meta"] == meta
    assert now["multipleBirthInteger"] == 1
    again = returned(await fhir.post(f"Patient/{an}/$meta-add", json=body))
    assert again["versionId"] == "2"


async def test_what_is_deleted_is_gone_and_what_was_not_there_is_passed_over(fhir: httpx.AsyncClient) -> None:
    an = await made(fhir, patient(meta={"tag": [TAG], "profile": ["http://example.org/p"]}))
    meta = returned(await fhir.post(f"Patient/{an}/$meta-delete", json=told(tag=[{**TAG, "display": "A"}, OTHER])))
    assert "tag" not in meta
    assert (meta["profile"], meta["versionId"]) == (["http://example.org/p"], "2")
    assert returned(await fhir.post(f"Patient/{an}/$meta-delete", json=told(tag=[TAG])))["versionId"] == "2"


async def test_a_decimal_keeps_its_digits_through_a_change_of_meta(fhir: httpx.AsyncClient) -> None:
    content = b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":1.10}}'
    id_ = (await fhir.post("Observation", content=content)).json()["id"]
    await fhir.post(f"Observation/{id_}/$meta-add", json=told(tag=[TAG]))
    assert b'"value":1.10}' in (await fhir.get(f"Observation/{id_}")).content


async def test_a_change_in_between_is_kept(fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    an = await made(fhir, patient())
    real, tries = operation._write, []

    async def raced(*arguments: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise STALE_VERSION(type="Patient", id=an, expected=1, found=2)
        return await real(*arguments)

    monkeypatch.setattr(operation, "_write", raced)
    assert returned(await fhir.post(f"Patient/{an}/$meta-add", json=told(tag=[TAG])))["tag"] == [TAG]
    assert len(tries) == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"resourceType": "Parameters"}, "BA-2353"),
        (told(versionId="9"), "BA-2352"),
        (told(tag=[TAG], lastUpdated="2020-01-01T00:00:00Z"), "BA-2352"),
    ],
)
async def test_what_may_not_be_changed_is_refused(fhir: httpx.AsyncClient, body: Json, code: str) -> None:
    an = await made(fhir, patient())
    assert codes_of(await fhir.post(f"Patient/{an}/$meta-add", json=body)) == [code]
    assert (await fhir.get(f"Patient/{an}")).json()["meta"]["versionId"] == "1"


@pytest.mark.parametrize("tag", [[1], "x", [{"system": 5}]])
async def test_what_is_no_meta_is_refused(fhir: httpx.AsyncClient, tag: Any) -> None:
    an = await made(fhir, patient())
    answer = await fhir.post(f"Patient/{an}/$meta-add", json=told(tag=tag))
    assert answer.status_code in (400, 422)


async def test_changing_meta_takes_post_alone_and_the_right_to_write(fhir: httpx.AsyncClient) -> None:
    an = await made(fhir, patient())
    assert (await fhir.get(f"Patient/{an}/$meta-add")).status_code == 405
    assert (await fhir.post("Patient/none-such/$meta-add", json=told(tag=[TAG]))).status_code == 404


PROFILE = "http://example.org/a,b|1.0"
LABEL = {"system": "urn:x", "code": "$|,"}


def organization(meta: Json) -> Json:
    return {"resourceType": "Organization", "name": "Khoa Nội", "meta": meta}


async def test_what_is_in_use_is_told_for_a_type_and_for_the_server(
    fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meta_in_use, "PAGE", 2)
    assert (await fhir.get("Organization/$meta")).json()["parameter"] == [{"name": "return"}]
    metas = [
        {"tag": [{**TAG, "display": "A"}]}, {"tag": [{**TAG, "display": "B"}, OTHER]}, {"tag": [{"code": "c"}]},
        {"profile": [PROFILE]}, {"security": [LABEL]}, {"tag": [{"display": "no code"}]},
    ]  # fmt: skip
    ids = [await made(fhir, organization(each)) for each in metas for _ in range(3)]
    await made(fhir, {"resourceType": "Basic", "code": {"text": "x"}, "meta": {"tag": [{"system": "y", "code": "d"}]}})
    organizations = returned(await fhir.get("Organization/$meta"))
    assert organizations == {"profile": [PROFILE], "security": [LABEL], "tag": [TAG, OTHER, {"code": "c"}]}
    assert returned(await fhir.get("Basic/$meta")) == {"tag": [{"system": "y", "code": "d"}]}
    every = returned(await fhir.post("$meta"))
    assert {each["code"] for each in every["tag"]} >= {"a", "b", "c", "d"}
    for id_ in ids[3:6]:
        await fhir.delete(f"Organization/{id_}")
    assert OTHER not in returned(await fhir.get("Organization/$meta"))["tag"]


async def test_more_than_can_be_opened_is_refused(fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta_in_use, "OPENED_MAX", 1)
    for _ in range(2):
        await made(fhir, patient(meta={"tag": [TAG]}))
    answer = await fhir.get("Patient/$meta")
    assert (answer.status_code, codes_of(answer)) == (501, ["BA-3961"])


async def test_the_capability_statement_names_it_once_for_the_server_and_for_each_type(fhir: httpx.AsyncClient) -> None:
    rest = (await fhir.get("metadata")).json()["rest"][0]
    for told_ in (rest, rest["resource"][0]):
        assert [each["name"] for each in told_["operation"]].count("meta") == 1
