"""SubscriptionTopics of one's own: who writes them, what is an event by them, what comes of it when they end."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.fhir_api.conftest import EVERYTHING, codes_of
from tests.fhir_api.subscribing import House, observation, read, subscription
from tests.unit.fhir.test_subscription_topic import extensions

from benhan.access.sessions import Sessions
from benhan.fhir.subscription_topic import EXTENSION
from benhan.fhir_api.subscriptions.following import Follower
from benhan.kernel.permissions import Permission
from benhan.store.bulk_import import import_file
from benhan.store.ledger.events import Event as LedgerEvent
from benhan.store.subscriptions import Written

Json = dict[str, Any]
URL = "http://hospital.example/topics/encounter-finished"
_names = itertools.count(1)

CLASS = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
FINISHED = {
    "resource": "Encounter",
    "supportedInteraction": ["create", "update"],
    "queryCriteria": {
        "previous": "status:not=finished",
        "resultForCreate": "test-passes",
        "current": "status=finished",
        "resultForDelete": "test-fails",
        "requireBoth": True,
    },
}


def topic(url: str = URL, status: str = "active", **members: Any) -> Json:
    told = {"url": url, **({"resourceTrigger": FINISHED} | members)}
    found = [each for name, value in told.items() for each in extensions(f"{EXTENSION}{name}", value)]
    return {
        "resourceType": "Basic",
        "modifierExtension": [{"url": f"{EXTENSION}status", "valueCode": status}],
        "extension": found,
        "code": {"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "SubscriptionTopic"}]},
    }


def encounter(status: str = "in-progress", **more: Any) -> Json:
    return {"resourceType": "Encounter", "status": status, "class": CLASS, **more}


async def headers_of(house: House) -> dict[str, str]:
    """Of an administrator, who may write topics."""
    token = await house.sessions.make_token(f"admin-{next(_names)}", [*EVERYTHING, Permission.SUBSCRIPTION_TOPIC])
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def administrator(sessions: Sessions) -> dict[str, str]:
    token = await sessions.make_token("topics", [*EVERYTHING, Permission.SUBSCRIPTION_TOPIC])
    return {"authorization": f"Bearer {token}"}


async def put_topic(house: House, body: Json, id_: str = "finished") -> int:
    answer = await house.fhir.put(f"Basic/{id_}", json={**body, "id": id_}, headers=await headers_of(house))
    assert answer.status_code in (200, 201), answer.text
    return answer.status_code


async def put_encounter(house: House, id_: str, status: str, **more: Any) -> None:
    answer = await house.fhir.put(f"Encounter/{id_}", json=encounter(status, id=id_, **more))
    assert answer.status_code in (200, 201), answer.text


def told(house: House) -> list[str]:
    """What the events that arrived were on, with how it came about."""
    return [
        f"{entry['request']['method']} {entry['fullUrl'].rpartition('/fhir/')[2]}"
        for each in house.receiver.got
        for entry in each["entry"][1:]
    ]


# ── what is an event ──


async def test_only_the_step_that_the_topic_names_is_an_event(house: House) -> None:
    await put_topic(house, topic())
    id_ = await house.subscribe(subscription(URL))
    for status in ("planned", "in-progress", "finished", "finished"):
        await put_encounter(house, "a", status)
        await house.settle()
    await put_encounter(house, "b", "finished")
    await house.settle()
    assert told(house) == ["PUT Encounter/a", "POST Encounter/b"] or told(house) == [
        "PUT Encounter/a",
        "POST Encounter",
    ]
    assert house.receiver.numbers() == [1, 2]
    status = read((await house.fhir.get(f"Subscription/{id_}/$status")).json())
    assert status["topic"] == URL


async def test_a_step_that_lasted_a_moment_is_told_however_soon_the_next_came(house: House) -> None:
    await put_topic(house, topic())
    await house.subscribe(subscription(URL))
    for status in ("in-progress", "finished", "entered-in-error", "finished", "in-progress"):
        await put_encounter(house, "a", status)
    await house.settle()
    events = [read(each) for each in house.receiver.got[1:]]
    assert [number for each in events for number in each["numbers"]] == [1, 2]
    versions = (await house.fhir.get("Encounter/a/_history")).json()["total"]
    assert versions == 5


async def test_what_is_made_again_after_its_deletion_is_created(house: House) -> None:
    await put_topic(house, topic(resourceTrigger={"resource": "Encounter", "supportedInteraction": ["create"]}))
    await house.subscribe(subscription(URL))
    await put_encounter(house, "a", "planned")
    await house.fhir.delete("Encounter/a")
    await put_encounter(house, "a", "planned")
    await house.settle()
    assert house.receiver.numbers() == [1, 2]


async def test_a_topic_watches_several_types_with_a_trigger_each(house: House) -> None:
    triggers = [
        {"resource": "Encounter", "queryCriteria": {"current": "status=finished"}},
        {"resource": "http://hl7.org/fhir/StructureDefinition/Observation", "supportedInteraction": "create"},
    ]
    allowed = [{"resource": "Observation", "filterParameter": "status"}]
    await put_topic(house, topic(resourceTrigger=triggers, canFilterBy=allowed))
    await house.subscribe(subscription(URL, "id-only", "Observation.status=final"))
    await house.fhir.put("Observation/o1", json=observation("preliminary", id="o1"))
    await house.fhir.put("Observation/o2", json=observation("final", id="o2"))
    await put_encounter(house, "a", "finished")
    await house.fhir.post("Patient", json={"resourceType": "Patient"})
    await house.settle()
    assert [focus for each in house.receiver.got[1:] for focus in read(each)["focus"]] == [
        "Observation/o2",
        "Encounter/a",
    ]


async def test_a_rule_that_cannot_be_evaluated_tells_too_much_rather_than_too_little(house: House) -> None:
    rule = {"resource": "Encounter", "fhirPathCriteria": "type.text.length() > 3"}
    await put_topic(house, topic(resourceTrigger=rule))
    await house.subscribe(subscription(URL))
    await put_encounter(house, "one", "planned", type=[{"text": "nội trú"}])
    await put_encounter(house, "two", "planned", type=[{"text": "nội trú"}, {"text": "ngoại trú"}])
    await put_encounter(house, "none", "planned")
    await house.settle()
    assert [focus for each in house.receiver.got[1:] for focus in read(each)["focus"]] == [
        "Encounter/one",
        "Encounter/two",
    ]


# ── what comes along ──

SHAPE = {"resource": "Encounter", "include": ["Encounter:subject"], "revInclude": ["Observation:encounter"]}


@pytest.mark.parametrize("content", ["empty", "id-only", "full-resource"])
async def test_what_the_shape_names_comes_along_with_its_event(house: House, content: str) -> None:
    await put_topic(house, topic(notificationShape=SHAPE))
    id_ = await house.subscribe(subscription(URL, content))
    await house.fhir.put("Patient/p1", json={"resourceType": "Patient", "id": "p1"})
    await put_encounter(house, "a", "in-progress", subject={"reference": "Patient/p1"})
    about = {"encounter": {"reference": "Encounter/a"}, "subject": {"reference": "Patient/p1"}}
    await house.fhir.put("Observation/o1", json=observation("final", id="o1", **about))
    await put_encounter(house, "a", "finished", subject={"reference": "Patient/p1"})
    await house.settle()
    bundle = house.receiver.got[-1]
    again = (await house.fhir.get(f"Subscription/{id_}/$events")).json()
    assert len(again["entry"]) == len(bundle["entry"])
    [event] = [each for each in bundle["entry"][0]["resource"]["parameter"] if each["name"] == "notification-event"]
    along = {each["valueReference"]["reference"] for each in event["part"] if each["name"] == "additional-context"}
    if content == "empty":
        assert (len(bundle["entry"]), along) == (1, set())
        return
    assert along == {"Patient/p1", "Observation/o1"}
    assert [each["request"]["method"] for each in bundle["entry"][1:]] == ["PUT", "GET", "GET"]
    assert all(("resource" in each) is (content == "full-resource") for each in bundle["entry"][1:])


# ── filters that the topic offers ──

OFFERED = [
    {"resource": "Encounter", "filterParameter": "subject"},
    {"filterParameter": "class", "modifier": "not"},
    {"resource": "Encounter", "filterParameter": "date", "comparator": "ge"},
]


@pytest.mark.parametrize(
    ("filter_", "code"),
    [
        ("subject=Patient/p1", ""),
        ("Encounter.subject=Patient/p1", ""),
        ("class:not=AMB", ""),
        ("date=ge2020-01-01", ""),
        ("date=lt2020-01-01", "BA-2283"),
        ("class:text=AMB", "BA-2283"),
        ("status=finished", "BA-2283"),
        ("Observation.status=final", "BA-2283"),
        ("date=yesterday", "BA-0220"),
    ],
)
async def test_a_subscriber_filters_as_the_topic_offers(
    fhir: httpx.AsyncClient, administrator: dict[str, str], filter_: str, code: str
) -> None:
    url = f"{URL}-{next(_names)}"
    made = await fhir.post("Basic", json=topic(url, canFilterBy=OFFERED), headers=administrator)
    assert made.status_code == 201, made.text
    answer = await fhir.post("Subscription", json=subscription(url, "id-only", filter_))
    assert (answer.status_code, codes_of(answer) if code else "") == ((400, [code]) if code else (201, ""))


async def test_a_filter_narrows_the_events_of_a_topic(house: House) -> None:
    await put_topic(house, topic(canFilterBy=OFFERED))
    for id_ in ("p1", "p2"):
        await house.fhir.put(f"Patient/{id_}", json={"resourceType": "Patient", "id": id_})
    await house.subscribe(subscription(URL, "id-only", "subject=Patient/p1"))
    for id_ in ("p1", "p2"):
        await put_encounter(house, f"of-{id_}", "finished", subject={"reference": f"Patient/{id_}"})
    await house.settle()
    assert [focus for each in house.receiver.got[1:] for focus in read(each)["focus"]] == ["Encounter/of-p1"]


# ── who writes topics, and what is one ──


async def test_only_who_may_writes_changes_and_deletes_a_topic(house: House) -> None:
    refused = await house.fhir.put("Basic/finished", json={**topic(), "id": "finished"})
    assert (refused.status_code, codes_of(refused)) == (403, ["BA-3921"])
    await put_topic(house, topic())
    other = {"resourceType": "Basic", "id": "finished", "code": {"text": "khác"}}
    for answer in (
        await house.fhir.put("Basic/finished", json=other),
        await house.fhir.delete("Basic/finished"),
        await house.fhir.delete("Basic?_id=finished"),
    ):
        assert answer.status_code == 403, answer.text
        assert "BA-3921" in codes_of(answer)
    assert (await house.fhir.put("Basic/other", json={**other, "id": "other"})).status_code == 201
    assert (await house.fhir.delete("Basic/other")).status_code == 204
    found = (await house.fhir.get("Basic?code=http://hl7.org/fhir/fhir-types|SubscriptionTopic")).json()
    assert [each["resource"]["id"] for each in found["entry"]] == ["finished"]


async def test_a_url_leads_to_one_topic(house: House) -> None:
    await put_topic(house, topic())
    answer = await house.fhir.put("Basic/two", json={**topic(), "id": "two"}, headers=await headers_of(house))
    assert (answer.status_code, codes_of(answer)[0]) == (409, "BA-3922")
    assert await put_topic(house, topic(status="retired")) == 200


async def test_topics_in_force_are_told_in_the_capability_statement(house: House) -> None:
    await put_topic(house, topic())
    await put_topic(house, topic(f"{URL}-draft", "draft"), "draft")
    statement = (await house.fhir.get("metadata")).json()
    [entry] = [each for each in statement["rest"][0]["resource"] if each["type"] == "Subscription"]
    told = [each["valueCanonical"] for each in entry["extension"]]
    assert URL in told
    assert f"{URL}-draft" not in told
    assert "urn:benhan:topic:Observation" in told
    assert entry["supportedProfile"][0].endswith("/backport-subscription")
    assert statement["instantiates"][0].endswith("/backport-subscription-server-r4")


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"url": "finished"}, "SubscriptionTopic.url"),
        ({"url": f"{URL}|1"}, "SubscriptionTopic.url"),
        ({"resourceTrigger": []}, "SubscriptionTopic.resourceTrigger"),
        ({"eventTrigger": {"description": "x"}}, "SubscriptionTopic.eventTrigger[0]"),
        ({"colour": "red"}, "SubscriptionTopic.colour"),
        ({"resourceTrigger": {"resource": "Nothing"}}, "SubscriptionTopic.resourceTrigger[0].resource"),
        ({"resourceTrigger": {"resource": "AuditEvent"}}, "SubscriptionTopic.resourceTrigger[0].resource"),
        ({"resourceTrigger": {**FINISHED, "colour": "red"}}, "SubscriptionTopic.resourceTrigger[0].colour"),
        (
            {"resourceTrigger": {**FINISHED, "supportedInteraction": "read"}},
            "SubscriptionTopic.resourceTrigger[0].supportedInteraction",
        ),
        (
            {"resourceTrigger": {**FINISHED, "queryCriteria": {"requireBoth": True}}},
            "SubscriptionTopic.resourceTrigger[0].queryCriteria",
        ),
        (
            {"resourceTrigger": {**FINISHED, "queryCriteria": {"current": "nothing=1"}}},
            "SubscriptionTopic.resourceTrigger[0].queryCriteria.current",
        ),
        (
            {"resourceTrigger": {**FINISHED, "queryCriteria": {"current": "_count=1"}}},
            "SubscriptionTopic.resourceTrigger[0].queryCriteria.current",
        ),
        (
            {"resourceTrigger": {**FINISHED, "queryCriteria": {"previous": "subject:Patient.name=x"}}},
            "SubscriptionTopic.resourceTrigger[0].queryCriteria.previous",
        ),
        (
            {"resourceTrigger": {**FINISHED, "queryCriteria": {"current": "x", "resultForCreate": "yes"}}},
            "SubscriptionTopic.resourceTrigger[0].queryCriteria.resultForCreate",
        ),
        (
            {"resourceTrigger": {**FINISHED, "fhirPathCriteria": "status ="}},
            "SubscriptionTopic.resourceTrigger[0].fhirPathCriteria",
        ),
        (
            {"resourceTrigger": {**FINISHED, "fhirPathCriteria": "subject.where(resolve().exists()).exists()"}},
            "SubscriptionTopic.resourceTrigger[0].fhirPathCriteria",
        ),
        ({"canFilterBy": {"filterParameter": "_in"}}, "SubscriptionTopic.canFilterBy[0].filterParameter"),
        ({"canFilterBy": {"resource": "Encounter"}}, "SubscriptionTopic.canFilterBy[0].filterParameter"),
        (
            {"canFilterBy": {"resource": "Patient", "filterParameter": "name"}},
            "SubscriptionTopic.canFilterBy[0].resource",
        ),
        (
            {"notificationShape": {"resource": "Encounter", "include": "Encounter:nothing"}},
            "SubscriptionTopic.notificationShape[0].include[0]",
        ),
        ({"notificationShape": {"include": "Encounter:subject"}}, "SubscriptionTopic.notificationShape[0].resource"),
    ],
    ids=str,
)
async def test_a_topic_that_cannot_be_is_refused_with_the_place(
    fhir: httpx.AsyncClient, administrator: dict[str, str], wrong: Json, place: str
) -> None:
    answer = await fhir.post("Basic", json=topic(**wrong), headers=administrator)
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-3920"])
    assert place in [each["expression"][0] for each in answer.json()["issue"] if "expression" in each]


async def test_the_topic_of_the_page_is_one(fhir: httpx.AsyncClient, administrator: dict[str, str]) -> None:
    page = Path(__file__).parents[2] / "docs" / "interfaces" / "fhir" / "subscription-topics.md"
    body = orjson.loads(page.read_text(encoding="utf-8").partition("```json")[2].partition("```")[0])
    assert (await fhir.put(f"Basic/{body['id']}", json=body, headers=administrator)).status_code == 201
    asked = subscription("http://benhvien.example/topics/ra-vien", "id-only", "service-provider=Organization/k1")
    assert (await fhir.post("Subscription", json=asked)).status_code == 201


async def test_an_include_goes_on_from_what_it_included(house: House) -> None:
    shape = {"resource": "Encounter", "include": "Encounter:subject&iterate=Patient.general-practitioner"}
    await put_topic(house, topic(notificationShape=shape))
    await house.subscribe(subscription(URL))
    await house.fhir.put("Organization/k1", json={"resourceType": "Organization", "id": "k1", "name": "Khoa"})
    person = {"resourceType": "Patient", "id": "p1", "generalPractitioner": [{"reference": "Organization/k1"}]}
    await house.fhir.put("Patient/p1", json=person)
    await put_encounter(house, "a", "finished", subject={"reference": "Patient/p1"})
    await house.settle()
    assert sorted(told(house))[:2] == ["GET Organization/k1", "GET Patient/p1"]


# ── topics that change and end ──


async def test_a_topic_that_changes_is_followed_from_its_change_on(house: House) -> None:
    await put_topic(house, topic())
    await house.subscribe(subscription(URL))
    await put_encounter(house, "a", "finished")
    await put_encounter(house, "b", "planned")
    planned = {"resource": "Encounter", "queryCriteria": {"current": "status=planned"}}
    await put_topic(house, topic(resourceTrigger=planned))
    await put_encounter(house, "c", "finished")
    await put_encounter(house, "d", "planned")
    await house.settle()
    assert [focus for each in house.receiver.got[1:] for focus in read(each)["focus"]] == [
        "Encounter/a",
        "Encounter/d",
    ]


async def error_of(house: House, id_: str) -> str:
    resource = (await house.fhir.get(f"Subscription/{id_}")).json()
    return str(resource["error"])[:7] if resource["status"] == "error" else str(resource["status"])


@pytest.mark.parametrize("end", ["deleted", "draft", "unknown", "another thing"])
async def test_a_topic_that_ends_puts_its_subscriptions_in_error(house: House, end: str) -> None:
    await put_topic(house, topic())
    id_ = await house.subscribe(subscription(URL))
    await put_encounter(house, "a", "finished")
    headers = await headers_of(house)
    if end == "deleted":
        await house.fhir.delete("Basic/finished", headers=headers)
    elif end == "another thing":
        other = {"resourceType": "Basic", "id": "finished", "code": {"text": "khác"}}
        await house.fhir.put("Basic/finished", json=other, headers=headers)
    else:
        await put_topic(house, topic(status=end))
    await put_encounter(house, "b", "finished")
    await house.settle()
    assert await error_of(house, id_) == "BA-3924"
    events = (await house.fhir.get(f"Subscription/{id_}/$events")).json()
    assert read(events)["focus"] == ["Encounter/a"]
    anew = await house.fhir.post("Subscription", json=subscription(URL))
    assert (anew.status_code, codes_of(anew)[0]) == (400, "BA-3923")
    await put_topic(house, topic())
    await put_encounter(house, "c", "finished")
    await house.follow()
    await house.fhir.put(f"Subscription/{id_}", json={**subscription(URL), "id": id_})
    await house.settle()
    assert read(house.receiver.got[-1])["focus"][-1] == "Encounter/c"


async def test_a_retired_topic_keeps_its_subscribers_and_takes_no_new_ones(house: House) -> None:
    await put_topic(house, topic())
    id_ = await house.subscribe(subscription(URL))
    await put_topic(house, topic(status="retired"))
    await put_encounter(house, "a", "finished")
    await house.settle()
    assert (await error_of(house, id_), house.receiver.numbers()) == ("active", [1])
    anew = await house.fhir.post("Subscription", json=subscription(URL))
    assert (anew.status_code, codes_of(anew)[0]) == (400, "BA-3923")


async def test_a_topic_that_no_longer_offers_a_filter_puts_who_used_it_in_error(house: House) -> None:
    await put_topic(house, topic(canFilterBy=OFFERED))
    with_filter = await house.subscribe(subscription(URL, "id-only", "class:not=AMB"))
    without = await house.subscribe(subscription(URL))
    await put_topic(house, topic())
    await house.settle()
    assert [await error_of(house, each) for each in (with_filter, without)] == ["BA-2283", "active"]


async def test_a_version_of_a_topic_may_be_asked_for(house: House) -> None:
    await put_topic(house, topic(version="2.0"))
    assert (await house.fhir.post("Subscription", json=subscription(f"{URL}|2.0"))).status_code == 201
    other = await house.fhir.post("Subscription", json=subscription(f"{URL}|1.0"))
    assert (other.status_code, codes_of(other)) == (400, ["BA-3923"])


@pytest.mark.parametrize("criteria", [URL, "urn:benhan:topic:Encounter"])
async def test_who_was_told_of_a_patient_is_in_the_ledger(house: House, criteria: str) -> None:
    await put_topic(house, topic())
    await house.subscribe(subscription(criteria))
    await house.fhir.put("Patient/p1", json={"resourceType": "Patient", "id": "p1"})
    await put_encounter(house, "a", "finished", subject={"reference": "Patient/p1"})
    await house.settle()
    searches = await house.store.database.fetch(
        "select actor from ledger_entry where event = $1 and patient <> 0", LedgerEvent.RESOURCE_SEARCH.number
    )
    assert [row["actor"] for row in searches] == ["machine:subscriber"]


async def test_what_a_subscriber_may_not_see_is_no_event_of_a_topic(house: House) -> None:
    await put_topic(house, topic())
    id_ = await house.subscribe(subscription(URL))
    await house.sessions.revoke_tokens("subscriber")
    await house.fhir.put("Encounter/a", json=encounter("finished", id="a"), headers=await headers_of(house))
    await house.settle()
    resource = (await house.fhir.get(f"Subscription/{id_}", headers=await headers_of(house))).json()
    assert (resource["status"], resource["error"][:7]) == ("error", "BA-2284")


# ── imports ──


async def test_what_is_imported_is_told_in_the_order_of_the_file(house: House, tmp_path: Path) -> None:
    await put_topic(house, topic())
    of_type = await house.subscribe(subscription("urn:benhan:topic:Encounter"))
    of_topic = await house.subscribe(subscription(URL))
    path = tmp_path / "stays.ndjson"
    lines = [encounter("finished" if number % 2 else "planned", id=f"i{number}") for number in range(30)]
    path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in lines))
    done = await import_file(house.store, path, path.stat().st_size, lambda _: None)
    assert (done.written, done.rejected) == (30, 0)
    await house.settle()
    for id_, expected in ((of_type, range(30)), (of_topic, range(1, 30, 2))):
        events = (await house.fhir.get(f"Subscription/{id_}/$events", params={"content": "id-only"})).json()
        assert read(events)["focus"] == [f"Encounter/i{number}" for number in expected]
        assert read(events)["numbers"] == list(range(1, len(expected) + 1))
    assert len(house.receiver.numbers()) == 45


async def test_an_import_sets_aside_a_topic_that_is_none_and_takes_in_the_rest(house: House, tmp_path: Path) -> None:
    await put_topic(house, topic())
    path = tmp_path / "topics.ndjson"
    lines = [
        {**topic(f"{URL}-new"), "id": "new"},
        {**topic(f"{URL}-wrong", eventTrigger={"description": "x"}), "id": "wrong"},
        {**topic(), "id": "taken"},
        encounter("planned", id="stays"),
    ]
    path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in lines))
    done = await import_file(house.store, path, path.stat().st_size, lambda _: None)
    assert (done.written, done.rejected) == (2, 2)
    aside = path.with_suffix(".rejected.ndjson").read_text(encoding="utf-8")
    assert "BA-3920" in aside
    assert "BA-3922" in aside
    assert (await house.fhir.get("Basic/new")).status_code == 200
    assert (await house.fhir.get("Encounter/stays")).status_code == 200


async def test_more_than_one_look_is_followed_without_a_pause(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from benhan.store import subscriptions as tables

    monkeypatch.setattr(tables, "READ_MAX", 10)
    looks: list[int] = []
    usual = Follower._events_of_type

    async def noted(self: Follower, wish: Any, owner: Any, found: list[Written], judge: Any) -> list[Written]:
        looks.append(len(found))
        return await usual(self, wish, owner, found, judge)

    monkeypatch.setattr(Follower, "_events_of_type", noted)
    await house.subscribe(subscription("urn:benhan:topic:Encounter"))
    for number in range(25):
        await put_encounter(house, f"n{number}", "planned")
    await house.settle()
    assert looks == [10, 10, 5]
    assert house.receiver.numbers() == list(range(1, 26))
