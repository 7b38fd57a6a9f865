"""AuditEvents out of the ledger: who may see which, found how, page by page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest
from tests.smart.conftest import BASE, House, Person, observation

from benhan.fhir.validation import check_structure
from benhan.kernel.actors import Role
from benhan.kernel.clock import day_in_vietnam
from benhan.store.ledger.chain import chain_all


@pytest.fixture
async def keeper(house: House) -> Person:
    """Somebody of the records department, who may see the ledger."""
    return await house.person(Role.RECORDS)


async def chained(house: House) -> None:
    """Chain everything recorded so far."""
    await chain_all(house.store.database)


async def ask(person: Person, address: str) -> dict[str, Any]:
    answer = await person.browser.get(f"/fhir/{address}", headers={"accept-language": "en"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def events_of(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["resource"] for each in bundle.get("entry", [])]


def labels(bundle: dict[str, Any]) -> list[str]:
    return [event["subtype"][-1]["code"] for event in events_of(bundle)]


async def test_who_looked_at_a_patient_is_told(house: House, keeper: Person, own: str) -> None:
    mine = await house.write(observation(own))
    doctor = await house.person()
    assert (await doctor.browser.get(f"/fhir/Observation/{mine}")).status_code == 200
    await chained(house)
    found = await ask(keeper, f"AuditEvent?patient={own}")
    assert labels(found)[0] == "resource:content:view"
    assert labels(found).count("resource:content:create") == 2
    event = events_of(found)[0]
    assert check_structure(event) == []
    assert event["entity"][0]["what"] == {"reference": f"Patient/{own}"}
    assert event["entity"][1]["what"] == {"reference": f"Observation/{mine}/_history/1"}
    one = await ask(keeper, f"AuditEvent/{event['id']}")
    assert one == event
    await chained(house)
    again = await ask(keeper, f"AuditEvent?patient=Patient/{own}")
    assert labels(again)[0] == "resource:content:search"


async def test_the_ledger_is_found_by_time_actor_action_event_and_resource(
    house: House, keeper: Person, own: str
) -> None:
    mine = await house.write(observation(own))
    doctor = await house.person()
    await doctor.browser.get(f"/fhir/Observation/{mine}")
    await chained(house)
    view = events_of(await ask(keeper, f"AuditEvent?patient={own}&action=R"))
    assert [each["subtype"][0]["code"] for each in view] == ["read"]
    who = view[0]["agent"][0]["who"]["identifier"]
    day = day_in_vietnam(datetime.fromisoformat(view[0]["recorded"]))  # what a date without a zone means here
    for query in (
        f"altid={who['value']}", f"agent:identifier={who['system']}|{who['value']}", "subtype=read",
        "subtype=resource:content:view", f"entity=Observation/{mine}&action=R",
        f"date={day}&action=R", f"date=le{day}&action=R", "date=ge2020&action=R",
        "date=gt2020-01-01&date=lt2100&action=R,D",
    ):  # fmt: skip
        found = events_of(await ask(keeper, f"AuditEvent?patient={own}&{query}"))
        assert [each["id"] for each in found] == [view[0]["id"]], query
    for query in ("action=D", "date=2020", "date=gt2100", "altid=account:0", "agent:identifier=urn:x|account:1",
                  f"altid={who['value']}&altid=account:0", "entity=Observation/never&action=R"):  # fmt: skip
        assert events_of(await ask(keeper, f"AuditEvent?patient={own}&{query}")) == [], query


async def test_pages_of_the_ledger_neither_skip_nor_double(house: House, keeper: Person, own: str) -> None:
    for _ in range(5):
        await house.write(observation(own))
    await chained(house)
    seen: list[str] = []
    address = f"AuditEvent?patient={own}&action=C&_count=2"
    while address:
        bundle = await ask(keeper, address)
        seen += [each["id"] for each in events_of(bundle)]
        links = {each["relation"]: each["url"] for each in bundle["link"]}
        address = links.get("next", "").removeprefix(f"{BASE}/")
        await house.write(observation(own))
        await chained(house)
    assert len(seen) == len(set(seen)) == 6
    assert seen == sorted(seen, key=lambda each: -int(each.removeprefix("ledger-")))


@pytest.mark.parametrize(
    "query",
    ["agent=Practitioner/1", "date=ne2026", "date=2026,2025", "entity=x", "patient.name=x", "_sort=date",
     "_include=AuditEvent:patient", "_total=accurate", "agent-name=x", "_page=x", "nonsense=1",
     "entity=Patient/1&entity=Patient/2"],
)  # fmt: skip
async def test_what_the_ledger_is_not_searched_by_is_refused_by_name(keeper: Person, query: str) -> None:
    answer = await keeper.browser.get(f"/fhir/AuditEvent?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_who_may_not_see_the_ledger_does_not(house: House, own: str) -> None:
    await chained(house)
    doctor = await house.person()
    assert events_of(await ask(doctor, f"AuditEvent?patient={own}")) == []
    assert (await doctor.browser.get("/fhir/AuditEvent/ledger-1")).status_code == 404


async def test_an_app_of_who_may_see_the_ledger_sees_the_chosen_patient_only(
    house: House, keeper: Person, own: str, other: str
) -> None:
    app = await house.register()
    told = await app.tokens(keeper, own, scope="launch/patient patient/AuditEvent.rs")
    await chained(house)
    theirs = events_of(await ask(keeper, f"AuditEvent?patient={other}"))[0]["id"]
    mine = events_of(await ask(keeper, f"AuditEvent?patient={own}"))[0]["id"]
    async with app.fhir(told["access_token"]) as fhir:
        found = events_of((await fhir.get("AuditEvent")).json())
        assert found
        assert {each["entity"][0]["what"]["reference"] for each in found} == {f"Patient/{own}"}
        assert events_of((await fhir.get(f"AuditEvent?patient={other}")).json()) == []
        assert (await fhir.get(f"AuditEvent/{mine}")).status_code == 200
        assert (await fhir.get(f"AuditEvent/{theirs}")).status_code == 404
        assert (await fhir.get("AuditEvent/ledger-999999999")).status_code == 404
        assert (await fhir.get(f"Patient/{own}")).status_code == 403
    narrowed = await app.tokens(keeper, own, scope="launch/patient patient/AuditEvent.rs?action=R")
    async with app.fhir(narrowed["access_token"]) as fhir:
        assert (await fhir.get("AuditEvent")).status_code == 403


async def test_what_clients_store_as_audit_events_stays_theirs(house: House) -> None:
    from benhan.kernel.permissions import Permission

    every = [Permission.FHIR_READ, Permission.FHIR_SEARCH, Permission.FHIR_WRITE]
    token = await house.access.sessions.make_token("audited", every)
    body = {
        "resourceType": "AuditEvent", "type": {"code": "x"}, "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"requestor": True}], "source": {"observer": {"display": "x"}},
    }  # fmt: skip
    transport = httpx.ASGITransport(house.app)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    async with httpx.AsyncClient(transport=transport, base_url=f"{BASE}/", headers=headers) as client:
        id_ = (await client.post("AuditEvent", json=body)).json()["id"]
        assert (await client.get(f"AuditEvent/{id_}")).json()["id"] == id_
        assert id_ in [each["id"] for each in events_of((await client.get("AuditEvent")).json())]
