"""$everything: the whole compartment of a patient or an encounter, page by page, as of one moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from starlette.requests import Request
from tests.fhir_api.conftest import BASE, codes_of, patient

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.everything import everything
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Forbidden, NotFound
from benhan.kernel.limits import Act, Rule
from benhan.kernel.permissions import Permission

Json = dict[str, Any]


async def made(fhir: httpx.AsyncClient, body: Json) -> str:
    answer = await fhir.post(body["resourceType"], json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def observation(of: str, **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "a"},
        "subject": {"reference": f"Patient/{of}"},
        **more,
    }


def encounter(of: str, **more: Any) -> Json:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{of}"},
        **more,
    }


def shown(answer: httpx.Response, mode: str = "match") -> list[str]:
    assert answer.status_code == 200, answer.text
    entries = answer.json().get("entry", [])
    return [
        f"{each['resource']['resourceType']}/{each['resource']['id']}"
        for each in entries
        if each["search"]["mode"] == mode
    ]


def next_of(answer: httpx.Response) -> str | None:
    return next((each["url"] for each in answer.json()["link"] if each["relation"] == "next"), None)


async def test_a_patients_everything_is_the_patient_first_then_the_whole_compartment(fhir: httpx.AsyncClient) -> None:
    an, other = await made(fhir, patient()), await made(fhir, patient())
    mine = [f"Observation/{await made(fhir, observation(an))}" for _ in range(3)]
    mine += [f"Encounter/{await made(fhir, encounter(an))}"]
    await made(fhir, observation(other))
    found = shown(await fhir.get(f"Patient/{an}/$everything"))
    assert found[0] == f"Patient/{an}"
    assert sorted(found[1:]) == sorted(mine)
    assert shown(await fhir.post(f"Patient/{an}/$everything")) == found


async def test_what_the_compartment_refers_to_outside_of_it_comes_with_it(fhir: httpx.AsyncClient) -> None:
    doctor = await made(fhir, {"resourceType": "Practitioner"})
    an, other = await made(fhir, patient()), await made(fhir, patient())
    performers = [{"reference": f"Practitioner/{doctor}"}, {"reference": f"Patient/{other}"}]
    await made(fhir, observation(an, performer=performers))
    answer = await fhir.get(f"Patient/{an}/$everything")
    assert shown(answer, "include") == [f"Practitioner/{doctor}"]
    assert f"Patient/{other}" not in shown(answer)


async def test_pages_lead_through_everything_once_as_it_was_when_the_first_was_read(fhir: httpx.AsyncClient) -> None:
    an = await made(fhir, patient())
    ids = [await made(fhir, observation(an)) for _ in range(7)]
    answer = await fhir.get(f"Patient/{an}/$everything", params={"_count": 3})
    found = shown(answer)
    await made(fhir, observation(an))
    changed = await fhir.put(f"Observation/{ids[6]}", json=observation(an, id=ids[6], status="amended"))
    assert changed.status_code == 200
    assert (await fhir.delete(f"Observation/{ids[5]}")).status_code == 204
    entries = []
    while address := next_of(answer):
        answer = await fhir.get(address)
        assert len(shown(answer)) <= 3
        found += shown(answer)
        entries += answer.json()["entry"]
    assert sorted(found) == sorted([f"Patient/{an}", *(f"Observation/{each}" for each in ids)])
    assert {each["resource"]["status"] for each in entries} == {"final"}


async def test_a_link_serves_only_who_was_given_it_for_what_was_asked(fhir: httpx.AsyncClient) -> None:
    an, other = await made(fhir, patient()), await made(fhir, patient())
    for _ in range(2):
        await made(fhir, observation(an))
    address = next_of(await fhir.get(f"Patient/{an}/$everything", params={"_count": 1}))
    assert address is not None
    assert codes_of(await fhir.get(address.replace(f"Patient/{an}", f"Patient/{other}"))) == ["BA-0320"]
    assert codes_of(await fhir.get(address.replace("_count=1", "_count=2"))) == ["BA-0320"]
    assert codes_of(await fhir.get(f"Patient/{an}/$everything?_page=x")) == ["BA-0320"]


async def test_types_and_dates_narrow_it(fhir: httpx.AsyncClient) -> None:
    an = await made(fhir, patient(birthDate="1950-01-01"))
    early = f"Observation/{await made(fhir, observation(an, effectiveDateTime='2020-05-01'))}"
    late = f"Observation/{await made(fhir, observation(an, effectiveDateTime='2024-05-01'))}"
    visit = f"Encounter/{await made(fhir, encounter(an))}"

    async def found(**asked: str) -> set[str]:
        return set(shown(await fhir.get(f"Patient/{an}/$everything", params=asked)))

    assert await found(_type="Observation") == {early, late}
    assert await found(start="2024-01-01") == {f"Patient/{an}", late, visit}
    assert await found(end="2020-05-01") == {f"Patient/{an}", early, visit}
    assert await found(start="2021", end="2022") == {f"Patient/{an}", visit}


async def test_since_gives_what_has_changed_after_it(fhir: httpx.AsyncClient) -> None:
    an = await made(fhir, patient())
    seen = (await fhir.get(f"Patient/{an}")).json()["meta"]["lastUpdated"]
    later = await made(fhir, observation(an))
    stamped = (await fhir.get(f"Observation/{later}")).json()["meta"]["lastUpdated"]
    found = shown(await fhir.get(f"Patient/{an}/$everything", params={"_since": seen}))
    assert found == ([f"Observation/{later}"] if stamped > seen else [])
    assert shown(await fhir.get(f"Patient/{an}/$everything", params={"_since": "2090-01-01T00:00:00Z"})) == []


async def test_an_encounters_everything_is_what_names_it_with_its_patient(fhir: httpx.AsyncClient) -> None:
    an = await made(fhir, patient())
    visit, other = await made(fhir, encounter(an)), await made(fhir, encounter(an))
    inside = await made(fhir, observation(an, encounter={"reference": f"Encounter/{visit}"}))
    await made(fhir, observation(an, encounter={"reference": f"Encounter/{other}"}))
    await made(fhir, observation(an))
    found = shown(await fhir.get(f"Encounter/{visit}/$everything"))
    assert sorted(found) == sorted([f"Patient/{an}", f"Encounter/{visit}", f"Observation/{inside}"])


async def test_large_attachments_end_a_page_early_and_are_all_given(
    fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benhan.store.everything.PAGE_BYTES", 100)
    an = await made(fhir, patient())
    for _ in range(8):
        await made(fhir, observation(an))
    answer, found, pages = await fhir.get(f"Patient/{an}/$everything"), [], 0
    while True:
        found, pages = [*found, *shown(answer)], pages + 1
        if (address := next_of(answer)) is None:
            break
        answer = await fhir.get(address)
    assert len(found) == len(set(found)) == 9
    assert pages > 2


async def test_a_patient_that_is_not_there_or_was_deleted_is_told(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    assert (await fhir.get(f"Patient/{unique()}/$everything")).status_code == 404
    an = await made(fhir, patient())
    await fhir.delete(f"Patient/{an}")
    assert (await fhir.get(f"Patient/{an}/$everything")).status_code == 410


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("_typ=Observation", "BA-2351"),
        ("_count=0", "BA-2352"),
        ("_count=x", "BA-2352"),
        ("_type=Obs", "BA-2352"),
        ("_since=yesterday", "BA-2352"),
        ("start=2020&start=2021", "BA-2352"),
    ],
)
async def test_what_is_not_understood_is_named(fhir: httpx.AsyncClient, asked: str, code: str) -> None:
    an = await made(fhir, patient())
    answer = await fhir.get(f"Patient/{an}/$everything?{asked}")
    assert (answer.status_code, codes_of(answer)) == (400, [code])


async def test_a_view_of_everything_is_in_the_ledger(fhir: httpx.AsyncClient, api_store: Any) -> None:
    an = await made(fhir, patient())
    await made(fhir, observation(an))
    await fhir.get(f"Patient/{an}/$everything")
    rid = api_store.workshop.ids.rid_of("Patient", an)
    found = await api_store.database.fetch("select event, detail from ledger_waiting where patient = $1", rid)
    assert (80, '{"count":2}') in [tuple(each) for each in found]


async def limited(store: Any, id_: str, *rules: Rule) -> list[str]:
    """What an app with these rules is shown of a patient's everything, by pages of two."""
    actor = Actor("app:1", Role.DOCTOR, frozenset(Permission), limits=rules)
    api, found, query = FhirApi(store, BASE), [], "_count=2"
    while True:
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": []}
        scope |= {"path_params": {"type": "Patient", "id": id_}, "state": {"actor": actor}}
        answer = await everything(api, Request(scope))
        bundle = orjson.loads(answer.body)
        found += [each["resource"]["resourceType"] for each in bundle.get("entry", [])]
        address = next((each["url"] for each in bundle["link"] if each["relation"] == "next"), None)
        if address is None:
            return found
        query = address.partition("?")[2]


async def test_an_app_is_shown_what_its_rules_let_it_see_and_nothing_else(
    fhir: httpx.AsyncClient, api_store: Any
) -> None:
    an, other = await made(fhir, patient()), await made(fhir, patient())
    for status in ("final", "final", "final", "amended"):
        await made(fhir, observation(an, status=status))
    await made(fhir, encounter(an))
    reading = frozenset({Act.READ, Act.SEARCH})
    own = Rule("Patient", reading, an)
    assert await limited(api_store, an, own) == ["Patient"]
    assert await limited(api_store, an, own, Rule("Encounter", reading, an)) == ["Patient", "Encounter"]
    narrow = Rule("Observation", reading, an, (("status", "final"),))
    assert await limited(api_store, an, own, narrow) == ["Patient", *["Observation"] * 3]
    assert len(await limited(api_store, an, Rule("*", reading, an))) == 6
    with pytest.raises(NotFound):
        await limited(api_store, other, Rule("*", reading, an))
    with pytest.raises(Forbidden):
        await limited(api_store, an, Rule("Observation", reading, an))
