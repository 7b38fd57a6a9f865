"""search and capabilities: what is asked is found, what is not understood is named and never passed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import BASE, codes_of, patient

Unique = Callable[[], str]


@pytest.fixture
async def family(fhir: httpx.AsyncClient, unique: Unique) -> str:
    """An identifier system of this test's own, of three patients 1, 2, 3."""
    system = f"urn:test:{unique()}"
    for number, name in (("1", "Nguyễn"), ("2", "Trần"), ("3", "Đỗ")):
        body = patient(identifier=[{"system": system, "value": number}], name=[{"family": name}], gender="male")
        assert (await fhir.post("Patient", json=body)).status_code == 201
    return system


def values(bundle: dict[str, Any]) -> list[str]:
    return [each["resource"]["identifier"][0]["value"] for each in bundle.get("entry", [])]


def linked(bundle: dict[str, Any], relation: str) -> str:
    return next((each["url"] for each in bundle.get("link", []) if each["relation"] == relation), "")


async def test_a_search_gives_a_searchset_of_matches_with_its_self_link(fhir: httpx.AsyncClient, family: str) -> None:
    answer = await fhir.get("Patient", params={"identifier": f"{family}|2", "gender": "male"})
    bundle = answer.json()
    assert (answer.status_code, bundle["type"], values(bundle)) == (200, "searchset", ["2"])
    entry = bundle["entry"][0]
    assert entry["search"] == {"mode": "match"}
    assert entry["fullUrl"] == f"{BASE}/Patient/{entry['resource']['id']}"
    assert linked(bundle, "self").startswith(f"{BASE}/Patient?identifier=urn%3Atest%3A")
    assert (await fhir.get(linked(bundle, "self"))).json()["entry"] == bundle["entry"]


async def test_what_is_not_there_is_an_empty_searchset(fhir: httpx.AsyncClient, family: str) -> None:
    bundle = (await fhir.get("Patient", params={"identifier": f"{family}|9", "_total": "accurate"})).json()
    assert (bundle["total"], "entry" in bundle) == (0, False)


async def test_a_search_may_be_posted_as_a_form(fhir: httpx.AsyncClient, family: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = await fhir.post("Patient/_search", data={"identifier": f"{family}|1,{family}|3"}, headers=form)
    assert (answer.status_code, sorted(values(answer.json()))) == (200, ["1", "3"])


async def test_pages_lead_to_every_match_once(fhir: httpx.AsyncClient, family: str) -> None:
    answer = await fhir.get("Patient", params={"identifier": f"{family}|", "_count": "1"})
    found: list[str] = []
    for _ in range(5):
        found += values(answer.json())
        if not linked(answer.json(), "next"):
            break
        answer = await fhir.get(linked(answer.json(), "next"))
    assert sorted(found) == ["1", "2", "3"]


async def test_a_spoilt_page_link_is_refused(fhir: httpx.AsyncClient, family: str) -> None:
    bundle = (await fhir.get("Patient", params={"identifier": f"{family}|", "_count": "1"})).json()
    link = linked(bundle, "next")
    answer = await fhir.get(link[:-3] + ("aaa" if not link.endswith("aaa") else "bbb"))
    assert answer.status_code in (400, 410)
    assert codes_of(answer)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("foo=1", "foo"),
        ("nmae=x", "nmae"),
        ("birthdate=yesterday", "birthdate"),
        ("birthdate:exact=2020", "birthdate"),
        ("gender:contains=male", "gender"),
        ("_count=many", "_count"),
        ("_sort=link-of", "_sort"),
        ("_include=Patient:name", "_include"),
        ("_total=perhaps", "_total"),
        ("name=", "name"),
        ("_has:Observation:code:code=1", "_has"),
        ("organization.nmae=x", "nmae"),
        ("birthdate.name=x", "birthdate"),
        ("_query=all", "_query"),
        ("_filter=name", "_filter"),
        ("_list=$current-allergies", "_list"),
    ],
)
async def test_what_is_not_understood_is_refused_by_its_name(fhir: httpx.AsyncClient, query: str, place: str) -> None:
    answer = await fhir.get(f"Patient?{query}")
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-0220"])
    assert answer.json()["issue"][1]["expression"] == [place]


async def test_the_near_name_is_offered(fhir: httpx.AsyncClient) -> None:
    told = (await fhir.get("Patient?birthdat=2020")).json()["issue"][1]["details"]["text"]
    assert "Có phải birthdate?" in told


async def test_lenient_handling_tells_what_it_left_out(fhir: httpx.AsyncClient, family: str) -> None:
    answer = await fhir.get(
        "Patient", params={"identifier": f"{family}|1", "foo": "1"}, headers={"prefer": "handling=lenient"}
    )
    bundle = answer.json()
    match, outcome = bundle["entry"]
    assert answer.status_code == 200
    assert (match["search"]["mode"], outcome["search"]["mode"]) == ("match", "outcome")
    assert [issue["severity"] for issue in outcome["resource"]["issue"]] == ["warning"]
    assert outcome["resource"]["issue"][0]["expression"] == ["foo"]
    assert "foo" not in linked(bundle, "self")


@pytest.mark.parametrize("lenient", [False, True])
async def test_more_parameters_than_the_limit_are_refused_and_none_is_dropped(
    fhir: httpx.AsyncClient, family: str, *, lenient: bool
) -> None:
    query = "_format=json&" * 200 + f"identifier={family}|1"
    headers = {"prefer": "handling=lenient"} if lenient else {}
    got = await fhir.get(f"Patient?{query}", headers=headers)
    form = {"content-type": "application/x-www-form-urlencoded", **headers}
    posted = await fhir.post("Patient/_search", content=query, headers=form)
    assert [(each.status_code, codes_of(each)) for each in (got, posted)] == [(400, ["BA-0220"])] * 2


async def test_a_form_over_its_limit_is_refused(fhir: httpx.AsyncClient) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = await fhir.post("Patient/_search", content="name=" + "x" * 70_000, headers=form)
    assert (answer.status_code, codes_of(answer)) == (413, ["BA-0301"])


async def test_too_many_or_too_long_values_are_refused(fhir: httpx.AsyncClient) -> None:
    for query in ("name=" + ",".join("abc" for _ in range(201)), "name=" + "x" * 1025, "&".join(["name=a"] * 51)):
        answer = await fhir.get(f"Patient?{query}")
        assert (answer.status_code, codes_of(answer)) == (400, ["BA-0220"])


async def test_an_unknown_type_is_not_found(fhir: httpx.AsyncClient) -> None:
    for path in ("Nobody", "nobody", "Patient2"):
        answer = await fhir.get(path)
        assert (answer.status_code, codes_of(answer)) == (404, ["BA-0221"])


async def test_the_capability_statement_is_public_and_says_what_is_done(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.get("metadata", headers={"authorization": ""})
    statement = answer.json()
    assert (answer.status_code, statement["resourceType"], statement["fhirVersion"]) == (
        200,
        "CapabilityStatement",
        "4.0.1",
    )
    (rest,) = statement["rest"]
    told = {each["type"]: each for each in rest["resource"]}
    assert {"read", "vread", "update", "delete", "create", "search-type", "history-instance"} <= {
        each["code"] for each in told["Patient"]["interaction"]
    }
    assert {each["code"] for each in rest["interaction"]} == {"batch", "transaction", "search-system", "history-system"}


async def test_every_parameter_the_statement_names_is_taken(fhir: httpx.AsyncClient) -> None:
    statement = (await fhir.get("metadata")).json()
    (told,) = [each for each in statement["rest"][0]["resource"] if each["type"] == "Patient"]
    samples = {"date": "2020-01-01", "token": "a", "reference": "Patient/1", "string": "a", "uri": "urn:x"}
    for parameter in told["searchParam"]:
        value = samples["token" if parameter["name"] == "_id" else parameter["type"]]
        answer = await fhir.get("Patient", params={parameter["name"]: value, "_count": "1"})
        assert answer.status_code == 200, (parameter, answer.text)
