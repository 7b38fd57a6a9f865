"""With a token for one patient, nothing of another is seen, counted, changed or told of, by any way of the API.

What the API does not offer yet is asked for too: its refusal hides as well, and once it is offered this test holds it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.smart.conftest import House, observation

from benhan.access.middleware import Door
from benhan.access.routes import GuardedRoute, route
from benhan.fhir_api.api import FhirApi, endpoint
from benhan.fhir_api.routes import KEEPS_LIMITS, OPERATIONS_KEEP_LIMITS, every_row
from benhan.kernel.actors import Role, system
from benhan.kernel.permissions import Permission

Json = dict[str, Any]
SECRET = "BIMATKHONGDUOCLO"


@dataclass
class Between:
    """Two patients, what they have, what they share, and a client with a token for the first one only."""

    house: House
    own: str
    other: str
    mine: str
    theirs: str
    sent: str
    gone: str
    practitioner: str
    fhir: httpx.AsyncClient


@pytest.fixture
async def between(house: House, own: str, other: str) -> AsyncIterator[Between]:
    write = house.write
    practitioner = await write({"resourceType": "Practitioner", "name": [{"family": "Chung"}]})
    theirs = await write(
        observation(
            other,
            note=[{"text": SECRET}],
            performer=[{"reference": f"Practitioner/{practitioner}"}],
            identifier=[{"system": "urn:x", "value": SECRET}],
            meta={"tag": [{"system": "urn:x", "code": SECRET}]},
        )
    )
    mine = await write(observation(own, hasMember=[{"reference": f"Observation/{theirs}"}]))
    sent = f"sent-{own}"
    await write({**observation(other, note=[{"text": SECRET}]), "id": sent})
    gone = await write(observation(other, note=[{"text": SECRET}]))
    unit = house.store.begin(system("tests"))
    unit.delete("Observation", gone)
    await house.store.commit(unit)
    await write(
        {
            "resourceType": "Provenance",
            "recorded": "2026-01-01T00:00:00Z",
            "target": [{"reference": f"Observation/{theirs}", "display": SECRET}],
            "agent": [{"who": {"display": SECRET}}],
        }
    )
    app, person = await house.register(scopes="launch/patient patient/*.cruds"), await house.person(Role.CITIZEN, own)
    token = (await app.tokens(person, scope="patient/*.cruds"))["access_token"]
    async with app.fhir(token) as fhir:
        yield Between(house, own, other, mine, theirs, sent, gone, practitioner, fhir)


GETS = (
    "Patient/{other}",
    "Patient/{other}/_history",
    "Patient/{other}/_history/1",
    "Patient/{other}/$everything",
    "Patient/{own}/$everything",
    "Observation/{theirs}/$meta",
    "Observation/$meta",
    "$meta",
    "Patient/$match",
    "Patient/{other}/Observation",
    "Patient/{other}/*",
    "Observation/{theirs}",
    "Observation/{theirs}/_history",
    "Observation/{theirs}/_history/1",
    "Observation/{gone}",
    "Observation/{gone}/_history",
    "Observation/{gone}/_history/1",
    "Observation?",
    "Observation?_id={theirs}",
    "Observation?_id={mine},{theirs}",
    "Observation?patient={other}",
    "Observation?subject=Patient/{other}&_total=accurate",
    "Observation?identifier=urn:x|" + SECRET,
    "Observation?identifier=urn:x|" + SECRET + "&_summary=count",
    "Observation?code=718-7&_count=1000",
    "Observation?_id={mine}&_include=Observation:has-member",
    "Observation?_id={mine}&_include=*",
    "Observation?_id={mine}&_include=Observation:has-member&_include:iterate=Observation:subject",
    "Observation?subject:Patient.family=Khac",
    "Observation?patient.family=Khac",
    "Observation?has-member.identifier=urn:x|" + SECRET,
    "Observation?has-member:Observation.subject=Patient/{other}",
    "Observation?_filter=subject eq Patient/{other}",
    "Observation?_content=" + SECRET,
    "Observation?_text=" + SECRET,
    "Observation?_lastUpdated=ge2000-01-01&_sort=-_lastUpdated",
    "Patient?family=Khac",
    "Patient?_id={other}",
    "Patient?_has:Observation:patient:identifier=urn:x|" + SECRET,
    "Patient?_revinclude=Observation:patient&_id={other}",
    "Practitioner?_id={practitioner}&_revinclude=Observation:performer",
    "Practitioner?_id={practitioner}&_revinclude:iterate=Observation:performer",
    "Practitioner?_id={practitioner}&_has:Observation:performer:patient={other}",
    "Practitioner?_id={practitioner}&_has:Observation:performer:identifier=urn:x|" + SECRET,
    "Provenance?target=Observation/{theirs}",
    "Provenance?",
    "AuditEvent?patient={other}",
    "AuditEvent?",
    "_history",
    "Observation/_history",
    "Patient/_history",
    "?_type=Observation,Patient",
    "?_type=Provenance",
    "?_type=Observation,Patient&_total=accurate",
    "Patient/{other}/Condition?_total=accurate",
    "Practitioner/{practitioner}/Observation?_total=accurate",
    "$export",
    "Patient/$export",
    "Group/x/$export",
)


def told(answer: httpx.Response, between: Between) -> str:
    """What an answer says, without what the question said."""
    text = answer.text
    for link in answer.json().get("link", []) if answer.content else []:
        text = text.replace(link["url"].replace("/", "\\/"), "").replace(link["url"], "")
    return text


def check_hidden(answer: httpx.Response, between: Between) -> None:
    text = told(answer, between)
    assert SECRET not in text
    assert "Khac" not in text
    if answer.status_code == 200 and answer.content:
        body = answer.json()
        shown = [each.get("resource", {}) for each in body.get("entry", [])]
        ids = {each.get("id") for each in shown}
        assert not ids & {between.theirs, between.other, between.sent, between.gone}


@pytest.mark.parametrize("address", GETS)
async def test_a_question_shows_nothing_of_another_patient(between: Between, address: str) -> None:
    address = address.format(**vars(between))
    answer = await between.fhir.get(address)
    assert answer.status_code < 500 or answer.status_code == 501, answer.text
    check_hidden(answer, between)
    if "$" in address or address.partition("?")[0].endswith("/*") or "_history" in address:
        return
    if answer.status_code == 200:
        assert answer.json().get("total", 0) <= address.count(",") + 1  # one of each type, where several are asked


async def test_a_practitioner_is_not_found_by_what_others_have(between: Between) -> None:
    for address in GETS:
        if "_has:Observation:performer" in address:
            answer = await between.fhir.get(address.format(**vars(between)))
            assert "Chung" not in answer.text


async def test_what_is_hidden_is_answered_as_what_never_was(between: Between) -> None:
    for method, path, how in (
        ("GET", "Observation/{}", {}),
        ("GET", "Observation/{}/_history", {}),
        ("GET", "Observation/{}/_history/1", {}),
        ("GET", "Patient/{}", {}),
        ("DELETE", "Observation/{}", {}),
        ("DELETE", "Observation/{}", {"headers": {"if-match": 'W/"1"'}}),
    ):
        answers = set()
        for id_ in (between.theirs, between.sent, between.gone, "never-was-there"):
            answer = await between.fhir.request(method, path.format(id_), **how)
            trace = answer.headers["traceresponse"].split("-")[1]
            headers = {name: value for name, value in answer.headers.items() if name not in ("traceresponse",)}
            text = answer.text.replace(trace, "?").replace(id_, "?")
            headers.pop("content-length", None)
            answers.add((answer.status_code, text, str(sorted(headers.items()))))
        assert len(answers) == 1, (method, path, answers)


async def test_a_citizens_app_writes_nothing(between: Between) -> None:
    body = observation(between.own)
    answers = [
        await between.fhir.post("Observation", json=body),
        await between.fhir.put(f"Observation/{between.mine}", json={**body, "id": between.mine}),
        await between.fhir.put(f"Observation/{between.theirs}", json={**body, "id": between.theirs}),
    ]
    assert {each.status_code for each in answers} == {403}


def entry(method: str, url: str, resource: Json | None = None, **more: str) -> Json:
    return {"request": {"method": method, "url": url, **more}, **({"resource": resource} if resource else {})}


TAGGED = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}]}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_an_operation_in_a_bundle_gives_an_app_what_it_gives_outside(between: Between, kind: str) -> None:
    asked = [entry("POST", f"Observation/{between.mine}/$meta"), entry("POST", f"Patient/{between.own}/$everything")]
    answer = await between.fhir.post("", json={"resourceType": "Bundle", "type": kind, "entry": asked})
    outside = [await between.fhir.post(each["request"]["url"]) for each in asked]
    assert [each["response"]["status"] for each in answer.json()["entry"]] == ["200", "200"]
    assert [each.status_code for each in outside] == [200, 200]
    check_hidden(answer, between)
    no_scope = entry("POST", "Observation/$validate", observation(between.own))
    answer = await between.fhir.post("", json={"resourceType": "Bundle", "type": "batch", "entry": [no_scope]})
    status = (await between.fhir.post("Observation/$validate", json=observation(between.own))).status_code
    assert [each["response"]["status"] for each in answer.json()["entry"]] == [str(status)] == ["403"]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_a_bundle_reaches_no_further_than_its_entries(between: Between, kind: str) -> None:
    own, other, theirs = between.own, between.other, between.theirs
    body = {**observation(other), "id": theirs}
    for each in (
        entry("GET", f"Observation/{theirs}"),
        entry("GET", f"Patient/{other}"),
        entry("GET", "Observation?_count=1000"),
        entry("GET", f"Observation?subject=Patient/{other}"),
        entry("PUT", f"Observation/{theirs}", body),
        entry("PUT", f"Observation/{theirs}", {**observation(own), "id": theirs}),
        entry("POST", "Observation", observation(other)),
        entry("POST", "Observation", observation(other), ifNoneExist=f"identifier=urn:x|{SECRET}"),
        entry("PUT", f"Observation?identifier=urn:x|{SECRET}", observation(own)),
        entry("DELETE", f"Observation/{theirs}"),
        entry("DELETE", f"Observation?identifier=urn:x|{SECRET}"),
        entry("PATCH", f"Observation/{theirs}", {"resourceType": "Parameters"}),
        entry("POST", f"Observation/{theirs}/$meta"),
        entry("POST", f"Observation/{theirs}/$meta-add", TAGGED),
        entry("POST", f"Observation/{theirs}/$meta-delete", TAGGED),
        entry("POST", f"Patient/{other}/$everything"),
        entry("GET", f"Patient/{other}/$everything"),
        entry("POST", "Observation/$validate", observation(other)),
    ):
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [each]}
        answer = await between.fhir.post("", json=bundle)
        assert answer.status_code < 500 or answer.status_code == 501
        check_hidden(answer, between)
    there = await between.house.store.resources.read("Observation", theirs, system("tests"))
    assert there.version == 1


# ── what may write ──


@pytest.fixture
async def writer(house: House, between: Between) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose token may write for the first patient only (as for a role that may write)."""
    from benhan.access import roles

    reading = roles.PERMISSIONS[Role.NURSE]
    roles.PERMISSIONS[Role.NURSE] = reading | {Permission.FHIR_WRITE, Permission.FHIR_DELETE}
    try:
        app, person = await house.register(scopes="launch/patient patient/*.cruds"), await house.person(Role.NURSE)
        token = (await app.tokens(person, between.own, scope="launch/patient patient/*.cruds"))["access_token"]
        async with app.fhir(token) as fhir:
            yield fhir
    finally:
        roles.PERMISSIONS[Role.NURSE] = reading


async def test_writes_stay_in_the_compartment(between: Between, writer: httpx.AsyncClient) -> None:
    own, other, theirs = between.own, between.other, between.theirs
    made = await writer.post("Observation", json=observation(own))
    assert made.status_code == 201
    id_ = made.json()["id"]
    put = await writer.put(f"Observation/{id_}", json={**observation(own), "id": id_, "status": "amended"})
    assert put.status_code == 200
    moved = await writer.put(f"Observation/{id_}", json={**observation(other), "id": id_})
    assert moved.status_code == 403
    stolen = await writer.put(f"Observation/{theirs}", json={**observation(own), "id": theirs})
    made_up = await writer.put("Observation/never-was", json={**observation(own), "id": "never-was"})
    assert (stolen.status_code, made_up.status_code) == (404, 404)
    assert (await writer.post("Observation", json=observation(other))).status_code == 403
    assert (await writer.post("Patient", json={"resourceType": "Patient"})).status_code == 403
    assert (await writer.post("Practitioner", json={"resourceType": "Practitioner"})).status_code == 403
    assert (await writer.delete(f"Observation/{theirs}")).status_code == 204
    assert (await writer.delete(f"Observation/{id_}")).status_code == 204
    assert (await writer.get(f"Observation/{id_}")).status_code == 410
    assert (await between.house.store.resources.read("Observation", theirs, system("tests"))).version == 1


async def test_links_to_further_pages_hold_the_limits_of_who_uses_them(house: House, own: str) -> None:
    for _ in range(3):
        await house.write(observation(own))
        await house.write(observation(own, "vital-signs"))
    app, person = await house.register(), await house.person()
    wide = await app.tokens(person, own)
    narrow = await app.tokens(person, own, scope="launch/patient patient/Observation.rs?category=vital-signs")
    async with app.fhir(wide["access_token"]) as fhir, app.fhir(narrow["access_token"]) as narrowed:
        first = (await fhir.get("Observation?_count=1")).json()
        further = next(each["url"] for each in first["link"] if each["relation"] == "next")
        seen = (await narrowed.get(further.replace("_count=1", "_count=1"))).json()
        for each in seen.get("entry", []):
            assert each["resource"]["category"][0]["coding"][0]["code"] == "vital-signs"


async def test_a_narrowed_scope_narrows_every_way(house: House, own: str) -> None:
    lab, vital = await house.write(observation(own)), await house.write(observation(own, "vital-signs"))
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope="launch/patient patient/Observation.rs?category=laboratory")
    async with app.fhir(told["access_token"]) as fhir:
        found = (await fhir.get("Observation?_total=accurate")).json()
        assert [each["resource"]["id"] for each in found["entry"]] == [lab]
        assert found["total"] == 1
        assert (await fhir.get(f"Observation/{lab}")).status_code == 200
        assert (await fhir.get(f"Observation/{vital}")).status_code == 404
        assert (await fhir.get(f"Patient/{own}")).status_code == 403


# ── every route ──

ALL_TYPES = ("/fhir", "/fhir/", "/fhir/_history")


async def test_a_token_of_no_use_opens_no_route(house: House, own: str) -> None:
    """A token of a scope that no route needs: everything but the public addresses is closed."""
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, scope="user/Basic.rs")
    door: Any = house.app
    while not isinstance(door, Door):
        door = door._app
    headers = {"authorization": f"Bearer {told['access_token']}", "content-type": "application/fhir+json"}
    tried = 0
    async with house.client(**headers) as client:
        for each in door._table.routes:
            assert isinstance(each, GuardedRoute)
            if each.permission is Permission.PUBLIC:
                continue
            path = each.path.replace("{type}", "Patient" if "{wanted}" in each.path else "Observation")
            path = re.sub(r"\{\w+(:\w+)?\}", "1", path.replace("{wanted}", "Observation"))
            for method in sorted(each.methods or ()):
                body = observation(own)
                if each.path in ("/fhir", "/fhir/"):
                    body = {"resourceType": "Bundle", "type": "transaction", "entry": [entry("GET", "Observation/1")]}
                if method == "PUT":
                    body["id"] = "1"
                how: Json = {"json": body}
                if path.endswith("_search"):
                    how = {"content": "", "headers": {"content-type": "application/x-www-form-urlencoded"}}
                answer = await client.request(method, path, **how)
                if path in ALL_TYPES and method != "POST":  # of those that are granted; there is nothing of them
                    assert answer.status_code == 400 or method == "HEAD" or "entry" not in answer.json()
                elif path == "/fhir/_search":
                    assert answer.status_code in (400, 403) or "entry" not in answer.json()
                elif path == "/fhir/$meta":  # what is in use of what it may see: of nothing
                    assert answer.status_code in (200, 400)  # a POST has no body that it takes
                    assert b"valueMeta" not in answer.content
                elif "$job" in path:  # an app of a person has no jobs, and here is no place for any
                    assert answer.status_code in (404, 501)
                else:
                    assert answer.status_code == 403, (method, path, answer.text[:200])
                tried += 1
    assert tried > 20


def test_an_interaction_that_does_not_say_so_is_closed_to_apps() -> None:
    async def new(_api: Any, _request: Any) -> Any: ...

    made = route("/fhir/new", endpoint(FhirApi.__new__(FhirApi), new), permission=Permission.FHIR_READ)
    assert made.keeps_limits is False
    assert {interaction for _, _, interaction, _ in every_row()} >= KEEPS_LIMITS
    names = {path.partition("$")[2] for _, path, _, _ in every_row()}
    assert names >= OPERATIONS_KEEP_LIMITS


async def test_everything_of_the_own_patient_is_what_the_scopes_grant_of_it(between: Between) -> None:
    answer = await between.fhir.get(f"Patient/{between.own}/$everything")
    assert answer.status_code == 200, answer.text
    ids = {each["resource"]["id"] for each in answer.json()["entry"]}
    assert {between.own, between.mine} <= ids
    assert (await between.fhir.get(f"Patient/{between.other}/$everything")).status_code == 404


async def test_an_operation_of_a_type_that_is_not_granted_is_refused(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope="launch/patient patient/Observation.rs")
    async with app.fhir(told["access_token"]) as fhir:
        for address in (f"Patient/{own}/$everything", "ValueSet/$expand?url=x", f"Patient/{own}/$meta", "$export"):
            assert (await fhir.get(address)).status_code == 403, address


NEVER = "KHONGAICO"


async def test_conditions_of_writes_see_the_own_compartment_only(between: Between, writer: httpx.AsyncClient) -> None:
    """What another patient has decides nothing: each answer is that of a value that nobody has."""
    own, theirs = between.own, between.theirs
    patch = [{"op": "replace", "path": "/status", "value": "amended"}]
    as_patch = {"content-type": "application/json-patch+json"}
    for of in (lambda value: f"identifier=urn:x|{value}", lambda value: f"_id={value}"):
        statuses = []
        for value in (SECRET if "identifier" in of("") else theirs, NEVER):
            query = of(value)
            answers = [
                await writer.post("Observation", json=observation(own), headers={"if-none-exist": query}),
                await writer.patch(f"Observation?{query}", json=patch, headers=as_patch),
                await writer.delete(f"Observation?{query}"),
                await writer.put(f"Observation?{query}", json=observation(own)),
            ]
            for answer in answers:
                assert SECRET not in answer.text
                assert theirs not in answer.text.replace(value, "")
            statuses.append([answer.status_code for answer in answers])
        assert statuses[0] == statuses[1], of("")
    for path, body in (
        (f"Observation/{theirs}", patch),
        ("Observation/never-was-there", patch),
    ):
        assert (await writer.patch(path, json=body, headers=as_patch)).status_code == 404
    stale = {"if-match": 'W/"1"'}
    refused = [
        await writer.put(f"Observation/{id_}", json={**observation(own), "id": id_}, headers=stale)
        for id_ in (theirs, "never-was-there")
    ]
    assert refused[0].status_code == refused[1].status_code
    there = await between.house.store.resources.read("Observation", theirs, system("tests"))
    assert there.version == 1


async def test_references_by_a_condition_find_no_other_patient(between: Between, writer: httpx.AsyncClient) -> None:
    answers = []
    for family in ("Khac", NEVER):
        body = observation(between.own)
        body["performer"] = [{"reference": f"Patient?family={family}"}]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry("POST", "Observation", body)]}
        answer = await writer.post("", json=bundle)
        trace = answer.headers["traceresponse"].split("-")[1]
        answers.append((answer.status_code, answer.text.replace(trace, "?").replace(family, "?")))
    assert answers[0] == answers[1]
    assert answers[0][0] >= 400


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_an_app_that_writes_changes_no_meta_of_others(
    between: Between, writer: httpx.AsyncClient, kind: str
) -> None:
    for id_, is_granted in ((between.theirs, False), (between.mine, True)):
        asked = entry("POST", f"Observation/{id_}/$meta-add", TAGGED)
        answer = await writer.post("", json={"resourceType": "Bundle", "type": kind, "entry": [asked]})
        there = await between.house.store.resources.read("Observation", id_, system("tests"))
        assert ('"code":"x"' in there.content.decode()) is is_granted, answer.text


async def test_a_transaction_moves_nothing_between_patients(between: Between, writer: httpx.AsyncClient) -> None:
    own, other, theirs = between.own, between.other, between.theirs
    for entries in (
        [entry("PUT", f"Observation/{theirs}", {**observation(own), "id": theirs})],
        [entry("POST", "Observation", observation(own)), entry("POST", "Observation", observation(other))],
        [entry("POST", "Patient", {"resourceType": "Patient"})],
        [entry("PATCH", f"Observation/{theirs}", {"resourceType": "Parameters", "parameter": []})],
    ):
        before = await between.house.store.database.fetchval("select count(*) from resource where bucket >= 0")
        answer = await writer.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})
        assert answer.status_code in (403, 404, 400, 422), answer.text
        assert SECRET not in answer.text
        assert before == await between.house.store.database.fetchval("select count(*) from resource where bucket >= 0")
