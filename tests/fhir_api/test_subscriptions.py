"""Subscriptions end to end: the ledger followed, receivers that answer, fail, are slow, and disappear."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.fhir_api.conftest import BASE, EVERYTHING, codes_of, patient
from tests.fhir_api.subscribing import House, observation, read, subscription

from benhan.access.owners import KnownOwners
from benhan.fhir.resource import resource_of
from benhan.fhir.subscription import BACKPORT, TOPIC
from benhan.fhir_api.subscriptions import following, telling
from benhan.fhir_api.subscriptions import socket as socket_module
from benhan.fhir_api.subscriptions.tasks import subscription_parts
from benhan.kernel.actors import system
from benhan.store import subscriptions as tables
from benhan.store.ledger.chain import chain_all
from benhan.transports.rest_hook import RECEIVER_AWAY

Json = dict[str, Any]


# ── the usual way ──


async def test_a_subscription_is_shaken_hands_with_then_told_in_order(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation"))
    assert house.receiver.kinds() == ["handshake"]
    assert await house.state(id_) == "active"
    made = [(await house.fhir.post("Observation", json=observation())).json()["id"] for _ in range(3)]
    await house.settle()
    await house.fhir.put(f"Observation/{made[0]}", json=observation("amended", id=made[0]))
    await house.fhir.post("Patient", json=patient())
    await house.settle()
    assert house.receiver.kinds() == ["handshake", "event-notification", "event-notification"]
    assert house.receiver.numbers() == [1, 2, 3, 4]
    last = read(house.receiver.got[-1])
    assert last["events-since-subscription-start"] == "4"
    assert last["focus"] == [f"Observation/{made[0]}"]
    assert last["subscription"] == {"reference": f"{BASE}/Subscription/{id_}"}
    entry = house.receiver.got[-1]["entry"][1]
    assert entry["request"] == {"method": "PUT", "url": f"Observation/{made[0]}"}
    assert "resource" not in entry


@pytest.mark.parametrize(("content", "entries", "is_told"), [("empty", 1, False), ("full-resource", 2, True)])
async def test_a_notification_carries_as_much_as_was_asked_for(
    house: House,
    content: str,
    entries: int,
    is_told: bool,  # noqa: FBT001
) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation", content, header=["Authorization: Bearer geheim"]))
    await house.fhir.post("Observation", json=observation())
    await house.settle()
    bundle = house.receiver.got[-1]
    assert bundle["type"] == "history"
    assert len(bundle["entry"]) == entries
    assert ("resource" in bundle["entry"][-1] and bundle["entry"][-1]["resource"].get("status") == "final") is is_told
    assert ("topic" in read(bundle)) is is_told
    assert bundle["timestamp"]
    assert read(bundle)["focus"] == ([f"Observation/{bundle['entry'][-1]['resource']['id']}"] if is_told else [None])
    assert house.receiver.headers == [("Authorization", "Bearer geheim")]


@pytest.mark.parametrize(
    "told",
    [
        subscription(f"{TOPIC}Observation", "id-only", "Observation?status=final"),
        subscription("Observation?status=final"),
    ],
)
async def test_only_what_the_filter_finds_is_an_event(house: House, told: Json) -> None:
    await house.subscribe(told)
    await house.fhir.post("Observation", json=observation("preliminary"))
    final = (await house.fhir.post("Observation", json=observation("final"))).json()["id"]
    await house.settle()
    assert [read(each)["focus"] for each in house.receiver.got[1:]] == [[f"Observation/{final}"]]


async def test_a_filter_may_ask_for_what_a_resource_refers_to(house: House) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation", "id-only", "subject:Patient.gender=female"))
    for id_, gender in (("cha", "male"), ("me", "female")):
        await house.fhir.put(f"Patient/{id_}", json=patient(id=id_, gender=gender))
        about = {"subject": {"reference": f"Patient/{id_}"}}
        await house.fhir.put(f"Observation/cua-{id_}", json=observation(id=f"cua-{id_}", **about))
    await house.settle()
    assert [read(each)["focus"] for each in house.receiver.got[1:]] == [["Observation/cua-me"]]


async def test_of_versions_written_within_a_moment_the_last_is_told(house: House) -> None:
    await house.subscribe(subscription("Observation?status=final", "full-resource"))
    id_ = (await house.fhir.post("Observation", json=observation("preliminary"))).json()["id"]
    await house.fhir.put(f"Observation/{id_}", json=observation("final", id=id_))
    await house.settle()
    assert house.receiver.numbers() == [1]
    assert house.receiver.got[-1]["entry"][1]["resource"]["meta"]["versionId"] == "2"


async def test_what_was_there_before_and_what_is_deleted_is_no_event(house: House) -> None:
    await house.fhir.post("Observation", json=observation())
    id_ = (await house.fhir.post("Observation", json=observation())).json()["id"]
    await house.subscribe(subscription(f"{TOPIC}Observation"))
    await house.fhir.delete(f"Observation/{id_}")
    await house.settle()
    assert house.receiver.kinds() == ["handshake"]


async def test_a_heartbeat_comes_when_nothing_else_does(house: House) -> None:
    beat = [{"url": f"{BACKPORT}/backport-heartbeat-period", "valueUnsignedInt": 60}]
    await house.subscribe(subscription(f"{TOPIC}Observation", extension=beat))
    await house.tell()
    house.clock.ahead += timedelta(seconds=61)
    await house.tell()
    await house.tell()
    assert house.receiver.kinds() == ["handshake", "heartbeat"]


async def test_a_subscription_ends_when_it_said_so(house: House) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    id_ = await house.subscribe({**subscription(f"{TOPIC}Observation"), "end": end})
    house.clock.ahead += timedelta(hours=2)
    await house.settle()
    assert await house.state(id_) == "off"


async def test_a_deleted_subscription_leaves_nothing(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation"))
    await house.fhir.post("Observation", json=observation())
    await house.settle()
    await house.fhir.delete(f"Subscription/{id_}")
    await house.follow()
    for table in ("subscription", "subscription_event"):
        assert await house.store.database.fetchval(f"select count(*) from {table}") == 0


# ── receivers that do not answer ──


async def test_a_receiver_that_fails_is_told_again_and_misses_nothing(house: House) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation"))
    house.receiver.faults = [RECEIVER_AWAY(), RECEIVER_AWAY()]
    for _ in range(2):
        await house.fhir.post("Observation", json=observation())
        await house.settle()
    assert house.receiver.numbers() == []
    for _ in range(3):
        house.clock.ahead += timedelta(seconds=200)
        await house.tell()
    assert house.receiver.numbers() == [1, 2]


async def test_a_receiver_that_is_gone_puts_its_subscription_in_error_and_can_catch_up(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation"))
    house.receiver.is_away = True
    await house.fhir.post("Observation", json=observation())
    await house.settle()
    for _ in range(telling.ATTEMPTS_MAX):
        house.clock.ahead += timedelta(seconds=200)
        await house.tell()
    resource = (await house.fhir.get(f"Subscription/{id_}")).json()
    assert (resource["status"], resource["error"][:7]) == ("error", "BA-2281")
    await house.fhir.post("Observation", json=observation())
    await house.settle()
    answer = await house.fhir.get(f"Subscription/{id_}/$events", params={"eventsSinceNumber": 1})
    assert read(answer.json())["numbers"] == [1, 2]
    house.receiver.is_away = False
    await house.fhir.put(f"Subscription/{id_}", json={**resource, "status": "requested"})
    await house.settle()
    assert await house.state(id_) == "active"
    assert house.receiver.kinds() == ["handshake", "handshake", "event-notification"]
    assert house.receiver.numbers() == [1, 2]


async def test_a_handshake_that_is_refused_for_good_ends_at_once(house: House) -> None:
    from benhan.transports.rest_hook import BAD_ADDRESS

    house.receiver.faults = [BAD_ADDRESS(reason="private address")]
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation"))
    assert await house.state(id_) == "error"
    assert "subscription_hosts" in (await house.fhir.get(f"Subscription/{id_}")).json()["error"]


async def test_a_handshake_that_is_not_answered_is_not_tried_again_until_it_is_asked_for(house: House) -> None:
    house.receiver.faults = [RECEIVER_AWAY()]
    told = subscription(f"{TOPIC}Observation")
    id_ = await house.subscribe(told)
    assert await house.state(id_) == "error"
    house.clock.ahead += timedelta(seconds=500)
    await house.settle()
    assert house.receiver.got == []
    await house.fhir.put(f"Subscription/{id_}", json={**told, "id": id_})
    await house.settle()
    assert (await house.state(id_), house.receiver.kinds()) == ("active", ["handshake"])


async def test_a_subscription_written_as_active_is_requested_until_its_receiver_answers(house: House) -> None:
    answer = await house.fhir.post("Subscription", json={**subscription(f"{TOPIC}Observation"), "status": "active"})
    id_ = answer.json()["id"]
    await house.follow()
    assert await house.state(id_) == "requested"
    await house.settle()
    assert await house.state(id_) == "active"
    assert [read(each)["status"] for each in house.receiver.got] == ["requested"]


@pytest.mark.parametrize(
    "payload", ["application/json", "application/fhir+xml", "application/fhir+json; fhirVersion=4.0"]
)
async def test_a_notification_is_of_the_media_type_that_was_asked_for(house: House, payload: str) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation", payload=payload))
    await house.fhir.post("Observation", json=observation())
    await house.settle()
    assert house.receiver.kinds_of_content == [payload, payload]
    assert house.receiver.numbers() == [1]


@pytest.mark.parametrize("form", ["status=final", "Observation.status=final", "Observation?status=final"])
async def test_a_filter_is_written_in_each_form_of_the_guide(house: House, form: str) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation", "id-only", form))
    await house.fhir.post("Observation", json=observation("preliminary"))
    final = (await house.fhir.post("Observation", json=observation("final"))).json()["id"]
    await house.settle()
    assert [read(each)["focus"] for each in house.receiver.got[1:]] == [[f"Observation/{final}"]]


async def test_a_slow_receiver_makes_no_other_wait_and_gets_one_at_a_time(house: House) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation"))
    house.receiver.wait = asyncio.Event()
    for _ in range(2):
        await house.fhir.post("Observation", json=observation())
        await house.follow()
        await house.teller.step()
    assert await house.teller.step() == 0
    waiting = house.receiver.wait
    house.receiver.wait = None
    other = await house.fhir.post("Subscription", json=subscription(f"{TOPIC}Patient"))
    await house.follow()
    await house.teller.step()
    for _ in range(500):
        if house.receiver.kinds() == ["handshake", "handshake"]:
            break
        await asyncio.sleep(0.01)
    assert house.receiver.kinds() == ["handshake", "handshake"]
    waiting.set()
    await house.teller.settle()
    await house.settle()
    assert sorted(house.receiver.numbers()) == [1, 2]
    assert await house.state(other.json()["id"]) == "active"


async def test_a_worker_that_dies_gives_its_subscription_back(house: House) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation"))
    await house.fhir.post("Observation", json=observation())
    await house.follow()
    subscriptions = tables.Subscriptions(house.store.database, house.clock)
    assert len(await subscriptions.claim(5)) == 1
    assert await subscriptions.claim(5) == []
    house.clock.ahead += tables.LEASE + timedelta(seconds=1)
    await house.tell()
    assert house.receiver.numbers() == [1]


async def test_a_burst_is_told_in_notifications_of_a_bounded_size(house: House) -> None:
    most = [{"url": f"{BACKPORT}/backport-max-count", "valuePositiveInt": 10}]
    await house.subscribe(subscription(f"{TOPIC}Observation", extension=most))
    await asyncio.gather(*(house.fhir.post("Observation", json=observation()) for _ in range(25)))
    await house.settle()
    assert house.receiver.numbers() == list(range(1, 26))
    assert [len(read(each)["numbers"]) for each in house.receiver.got[1:]] == [10, 10, 5]


async def test_following_that_was_stopped_before_its_commit_counts_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation"))
    await house.fhir.post("Observation", json=observation())
    await chain_all(house.store.database)
    followers = [
        subscription_parts(house.store, BASE, KnownOwners(house.store.database, house.clock), house.receiver)[0]
        for _ in range(3)
    ]
    await asyncio.gather(*(each.step() for each in followers))
    await house.settle()
    assert house.receiver.numbers() == [1]


# ── who may see ──


async def test_a_subscriber_who_loses_their_permission_is_told_no_more(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation"))
    reader = await house.sessions.make_token("reader", EVERYTHING)
    await house.sessions.revoke_tokens("subscriber")
    headers = {"authorization": f"Bearer {reader}"}
    await house.fhir.post("Observation", json=observation(), headers=headers)
    await house.settle()
    resource = (await house.fhir.get(f"Subscription/{id_}", headers=headers)).json()
    assert (resource["status"], resource["error"][:7]) == ("error", "BA-2284")
    assert house.receiver.kinds() == ["handshake"]


# ── wrong ones ──

HOOK = {"type": "rest-hook", "endpoint": "https://receiver.example/"}
OTHER_CHANNEL = {"extension": [{"url": f"{BACKPORT}/backport-channel-type", "valueCoding": {"code": "zulip"}}]}
OTHER_CONTENT = {"extension": [{"url": f"{BACKPORT}/backport-payload-content", "valueCode": "everything"}]}
WRONG = [
    ({"criteria": "urn:benhan:topic:Nothing"}, "BA-2283"),
    ({"criteria": "http://elsewhere.example/topic"}, "BA-3923"),
    ({"criteria": "Observation?nothing=1"}, "BA-0220"),
    ({"criteria": "Subscription?status=active"}, "BA-2283"),
    (
        {"_criteria": {"extension": [{"url": f"{BACKPORT}/backport-filter-criteria", "valueString": "nothing=1"}]}},
        "BA-0220",
    ),
    ({"channel": {"type": "email", "endpoint": "mailto:a@b.example"}}, "BA-2283"),
    ({"channel": {"type": "rest-hook"}}, "BA-2283"),
    ({"channel": {**HOOK, "_type": OTHER_CHANNEL}}, "BA-2283"),
    ({"channel": {**HOOK, "header": ["Host: other"]}}, "BA-2283"),
    ({"channel": {**HOOK, "payload": "text/plain"}}, "BA-2283"),
    ({"channel": {**HOOK, "payload": "application/fhir+json; fhirVersion=5.0"}}, "BA-2283"),
    ({"channel": {**HOOK, "payload": "application/fhir+json", "_payload": OTHER_CONTENT}}, "BA-2283"),
]


@pytest.mark.parametrize(("wrong", "code"), WRONG, ids=lambda each: str(each)[:60])
async def test_a_subscription_that_cannot_be_is_refused_by_name(house: House, wrong: Json, code: str) -> None:
    told = {**subscription(f"{TOPIC}Observation"), **wrong}
    answer = await house.fhir.post("Subscription", json=told)
    assert (answer.status_code, codes_of(answer)) == (400, [code])
    kept = await house.fhir.post("Subscription", json={**told, "status": "off"})
    assert kept.status_code == 201
    await house.settle()
    assert house.receiver.got == []


async def test_a_subscription_that_comes_past_the_door_is_in_error_and_says_why(house: House) -> None:
    unit = house.store.begin(system("import"))
    id_ = unit.create(resource_of(subscription("http://elsewhere.example/topic")))
    await house.store.commit(unit)
    await house.settle()
    resource = (await house.fhir.get(f"Subscription/{id_}")).json()
    assert (resource["status"], resource["error"][:7]) == ("error", "BA-2284")


# ── operations ──


async def test_status_tells_how_each_stands(house: House) -> None:
    ids = [await house.subscribe(subscription(f"{TOPIC}{type_}")) for type_ in ("Observation", "Patient")]
    await house.fhir.post("Observation", json=observation())
    await house.settle()
    one = (await house.fhir.get(f"Subscription/{ids[0]}/$status")).json()
    assert one["type"] == "searchset"
    assert read(one)["type"] == "query-status"
    assert read(one)["events-since-subscription-start"] == "1"
    both = (await house.fhir.get("Subscription/$status", params={"id": ",".join(ids), "status": "active"})).json()
    assert both["total"] == 2
    none = (await house.fhir.get("Subscription/$status", params={"id": ids[0], "status": "off"})).json()
    assert none["total"] == 0
    every = (await house.fhir.get("Subscription/$status")).json()
    assert every["total"] == 2
    assert (await house.fhir.get("Subscription/$status", params={"status": "error"})).json()["total"] == 0
    same = (await house.fhir.get(f"Subscription/{ids[0]}/$status", params={"status": "off", "id": "x"})).json()
    assert same["total"] == 1  # of one subscription both are passed over
    missing = await house.fhir.get("Subscription/$status", params={"id": "khong-co"})
    assert (missing.status_code, codes_of(missing)) == (404, ["BA-0401"])


async def write_one_by_one(house: House, count: int) -> None:
    for _ in range(count):
        await house.fhir.post("Observation", json=observation())
        await house.follow()


async def test_events_that_are_no_longer_kept_are_said_to_be_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "EVENTS_KEPT", 2)
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation"))
    await write_one_by_one(house, 3)
    first = await house.fhir.get(f"Subscription/{id_}/$events", params={"eventsSinceNumber": 1})
    assert read(first.json())["numbers"] == [1, 2, 3]  # there are more than two, but none is a day old
    house.clock.ahead += timedelta(days=2)
    await write_one_by_one(house, 2)
    gone = await house.fhir.get(f"Subscription/{id_}/$events", params={"eventsSinceNumber": 2})
    assert (gone.status_code, codes_of(gone)) == (404, ["BA-2287"])
    asked: dict[str, str | int] = {"eventsSinceNumber": 4, "eventsUntilNumber": 4, "content": "full-resource"}
    kept = (await house.fhir.get(f"Subscription/{id_}/$events", params=asked)).json()
    assert read(kept)["numbers"] == [4]
    assert read(kept)["type"] == "query-event"
    assert kept["entry"][1]["resource"]["resourceType"] == "Observation"


async def test_never_more_events_are_kept_than_the_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "EVENTS_KEPT", 1)
    monkeypatch.setattr(tables, "EVENTS_KEPT_MOST", 3)
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation"))
    await write_one_by_one(house, 5)
    kept = await house.fhir.get(f"Subscription/{id_}/$events", params={"eventsSinceNumber": 3})
    assert read(kept.json())["numbers"] == [3, 4, 5]
    assert await house.store.database.fetchval("select min(number) from subscription_event") == 3


async def test_the_tasks_follow_and_tell_by_themselves(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAUSE_S", 0.02)
    stop = asyncio.Event()
    running = [asyncio.create_task(each.run(stop)) for each in (house.follower, house.teller)]
    await house.fhir.post("Subscription", json=subscription(f"{TOPIC}Observation"))
    async with asyncio.timeout(20):
        while "handshake" not in house.receiver.kinds():
            await chain_all(house.store.database)
            await asyncio.sleep(0.02)
        await house.fhir.post("Observation", json=observation())
        while house.receiver.numbers() != [1]:
            await chain_all(house.store.database)
            await asyncio.sleep(0.02)
    stop.set()
    async with asyncio.timeout(20):
        await asyncio.gather(*running)


# ── websockets ──


class Listener:
    """A websocket client."""

    def __init__(self, house: House) -> None:
        self._to: asyncio.Queue[Json] = asyncio.Queue()
        self._from: asyncio.Queue[Json] = asyncio.Queue()
        self.say({"type": "websocket.connect"})
        self.running = asyncio.create_task(house.sockets({"type": "websocket"}, self._to.get, self._take))

    async def _take(self, message: Any) -> None:
        await self._from.put(dict(message))

    def say(self, message: Json) -> None:
        self._to.put_nowait(message)

    def bind(self, token: str) -> None:
        self.say({"type": "websocket.receive", "text": f"bind-with-token {token}"})

    async def heard(self) -> Json:
        async with asyncio.timeout(10):
            return await self._from.get()

    async def notice(self) -> Json:
        message = await self.heard()
        assert message["type"] == "websocket.send", message
        found: Json = orjson.loads(message["text"])
        return found


async def binding(house: House, id_: str) -> str:
    answer = await house.fhir.get(f"Subscription/{id_}/$get-ws-binding-token")
    assert answer.status_code == 200, answer.text
    told = {each["name"]: each for each in answer.json()["parameter"]}
    assert told["websocket-url"]["valueUrl"] == "ws://node.example/fhir/subscription-socket"
    return str(told["token"]["valueString"])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_module, "POLL_S", 0.02)


async def test_a_socket_is_told_of_what_happens_while_it_is_bound(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation", "full-resource", type="websocket"))
    assert await house.state(id_) == "active"
    await house.fhir.post("Observation", json=observation())
    await house.settle()
    listener = Listener(house)
    assert await listener.heard() == {"type": "websocket.accept"}
    listener.bind(await binding(house, id_))
    hello = read(await listener.notice())
    assert (hello["type"], hello["events-since-subscription-start"]) == ("handshake", "1")
    await house.fhir.post("Observation", json=observation("amended"))
    await house.settle()
    bundle = await listener.notice()
    assert (read(bundle)["type"], read(bundle)["numbers"]) == ("event-notification", [2])
    assert bundle["entry"][1]["resource"]["status"] == "amended"
    listener.say({"type": "websocket.disconnect"})
    await listener.running
    assert house.receiver.got == []


async def test_a_socket_ends_with_its_subscription(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation", type="websocket"))
    listener = Listener(house)
    await listener.heard()
    listener.bind(await binding(house, id_))
    await listener.notice()
    await house.fhir.delete(f"Subscription/{id_}")
    await house.follow()
    assert await listener.heard() == {"type": "websocket.close", "code": 1000}


async def test_a_token_may_follow_a_colon(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation", type="websocket"))
    listener = Listener(house)
    await listener.heard()
    listener.say({"type": "websocket.receive", "text": f"bind-with-token: {await binding(house, id_)}"})
    assert read(await listener.notice())["type"] == "handshake"
    listener.say({"type": "websocket.disconnect"})
    await listener.running


@pytest.mark.parametrize("text", ["", "hello", "bind-with-token x", "bind-with-token " + "x" * 5000])
async def test_a_socket_that_says_anything_else_is_closed(house: House, text: str) -> None:
    listener = Listener(house)
    await listener.heard()
    listener.say({"type": "websocket.receive", "text": text})
    assert await listener.heard() == {"type": "websocket.close", "code": 1008}


async def test_a_token_that_is_old_binds_nothing(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation", type="websocket"))
    token = await binding(house, id_)
    house.clock.ahead += timedelta(seconds=socket_module.TOKEN_LIFE_S + 1)
    listener = Listener(house)
    await listener.heard()
    listener.bind(token)
    assert await listener.heard() == {"type": "websocket.close", "code": 1008}


async def test_there_are_no_more_sockets_than_the_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_module, "SOCKETS_MAX", 1)
    first, second = Listener(house), Listener(house)
    assert await first.heard() == {"type": "websocket.accept"}
    assert await second.heard() == {"type": "websocket.close", "code": 1013}
    first.say({"type": "websocket.disconnect"})
    await first.running


async def test_only_who_subscribed_gets_a_token_and_only_for_a_websocket(house: House) -> None:
    hook = await house.subscribe(subscription(f"{TOPIC}Observation"))
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation", type="websocket"))
    other = await house.sessions.make_token("other", EVERYTHING)
    for address, headers, expected in (
        (hook, {}, (400, "BA-2286")),
        (id_, {"authorization": f"Bearer {other}"}, (403, "BA-2284")),
        ("khong-co", {}, (404, "BA-0401")),
    ):
        answer = await house.fhir.get(f"Subscription/{address}/$get-ws-binding-token", headers=headers)
        assert (answer.status_code, codes_of(answer)[0]) == expected


# ── the secret of a receiver ──

SECRET = "Authorization: Bearer geheim-7"


async def test_a_header_of_the_channel_is_sent_and_never_shown(house: House) -> None:
    told = subscription(f"{TOPIC}Observation", header=[SECRET, "X-Khoa: xet-nghiem"])
    id_ = await house.subscribe(told)
    bundle = {"resourceType": "Bundle", "type": "batch"}
    reads = [f"Subscription/{id_}", f"Subscription/{id_}/_history/1", "Subscription?_pretty=true"]
    answers = [
        await house.fhir.put(f"Subscription/{id_}", json={**told, "id": id_, "reason": "Khoa"}),
        *[await house.fhir.get(path) for path in [*reads, "Subscription/_history", "_history", "?_type=Subscription"]],
        await house.fhir.get(f"Subscription/{id_}?_format=xml"),
        await house.fhir.post("", json={**bundle, "entry": [{"request": {"method": "GET", "url": reads[0]}}]}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert "X-Khoa: ***" in answer.text
        assert "geheim-7" not in answer.text
        assert "xet-nghiem" not in answer.text
        if "content-encoding" not in answer.headers:
            assert len(answer.content) == int(answer.headers["content-length"])
    await house.fhir.post("Observation", json=observation())
    await house.settle()
    assert house.receiver.headers == [("Authorization", "Bearer geheim-7"), ("X-Khoa", "xet-nghiem")]


async def test_a_hidden_header_is_neither_written_back_nor_patched_nor_searched(house: House) -> None:
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation", header=[SECRET]))
    shown = (await house.fhir.get(f"Subscription/{id_}")).json()
    assert codes_of(await house.fhir.put(f"Subscription/{id_}", json=shown)) == ["BA-3110"]
    change = [{"op": "copy", "from": "/channel/header/0", "path": "/reason"}]
    kind = {"content-type": "application/json-patch+json"}
    assert codes_of(await house.fhir.patch(f"Subscription/{id_}", json=change, headers=kind)) == ["BA-3111"]
    parameter = {
        "resourceType": "SearchParameter",
        "url": "urn:test:tieu-de",
        "name": "TieuDe",
        "status": "active",
        "description": "x",
        "code": "tieu-de",
        "base": ["Subscription"],
        "type": "string",
        "expression": "Subscription.channel.header",
    }
    assert codes_of(await house.fhir.post("SearchParameter", json=parameter)) == ["BA-2120"]
    del shown["channel"]["header"]
    assert (await house.fhir.put(f"Subscription/{id_}", json=shown)).status_code == 200
    shown["reason"] = "***"
    assert (await house.fhir.put(f"Subscription/{id_}", json=shown)).status_code == 200


# ── deletions, and only what is named ──


async def test_a_topic_of_deletions_tells_them_alone_and_names_what_is_gone(house: House) -> None:
    chosen = {"resourceType": "Observation", "id": "own-1", "status": "final", "code": {"text": "x"}}
    id_ = await house.subscribe(subscription(f"{TOPIC}Observation:delete", "full-resource"))
    for body in (chosen, {**chosen, "id": "own-2"}):
        await house.fhir.put(f"Observation/{body['id']}", json=body)
    await house.settle()
    assert house.receiver.kinds() == ["handshake"]
    assert (await house.fhir.delete("Observation/own-1")).status_code == 204
    await house.settle()
    assert house.receiver.kinds() == ["handshake", "event-notification"]
    told = read(house.receiver.got[-1])
    assert (told["numbers"], told["focus"], told["topic"]) == (
        [1],
        ["Observation/own-1"],
        f"{TOPIC}Observation:delete",
    )
    [entry] = house.receiver.got[-1]["entry"][1:]
    assert entry["request"] == {"method": "DELETE", "url": "Observation/own-1"}
    assert entry["response"] == {"status": "204"}
    assert "resource" not in entry
    again = (await house.fhir.get(f"Subscription/{id_}/$events")).json()
    assert again["entry"][1]["request"] == {"method": "DELETE", "url": "Observation/own-1"}


@pytest.mark.parametrize(
    ("interactions", "told"),
    [
        ("", ["POST", "PUT"]),
        (":create", ["POST"]),
        (":update", ["PUT"]),
        (":create-delete", ["POST", "DELETE"]),
        (":update-delete-create", ["POST", "PUT", "DELETE"]),
    ],
)
async def test_a_topic_tells_the_interactions_that_it_names(house: House, interactions: str, told: list[str]) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation{interactions}"))
    made = (await house.fhir.post("Observation", json=observation())).json()
    await house.settle()
    await house.fhir.put(f"Observation/{made['id']}", json={**made, "status": "amended"})
    await house.settle()
    await house.fhir.delete(f"Observation/{made['id']}")
    await house.settle()
    events = [each for each in house.receiver.got if read(each)["type"] == "event-notification"]
    assert [entry["request"]["method"] for each in events for entry in each["entry"][1:]] == told
    assert house.receiver.numbers() == list(range(1, len(told) + 1))


async def test_a_deletion_is_told_where_what_was_deleted_satisfied_the_filters(house: House) -> None:
    await house.subscribe(subscription(f"{TOPIC}Observation:delete", "id-only", "Observation?status=final"))
    bodies = (observation(), observation("amended"))
    one, other = [(await house.fhir.post("Observation", json=each)).json()["id"] for each in bodies]
    for each in (one, other, one):
        await house.fhir.delete(f"Observation/{each}")
    await house.settle()
    assert read(house.receiver.got[-1])["focus"] == [f"Observation/{one}"]
    assert house.receiver.numbers() == [1]


@pytest.mark.parametrize("names", [":", ":delete-delete", ":read", ":create-", ":create,delete"])
async def test_an_interaction_that_is_none_is_an_error(house: House, names: str) -> None:
    answer = await house.fhir.post("Subscription", json=subscription(f"{TOPIC}Observation{names}"))
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-2283"])


async def test_deletions_take_no_filter_that_only_others_can_tell(house: House) -> None:
    told = subscription(f"{TOPIC}Observation:delete", "id-only", "Observation?subject:Patient.name=x")
    id_ = await house.subscribe(told)
    found = (await house.fhir.get(f"Subscription/{id_}")).json()
    assert found["status"] == "error"
    assert found["error"].startswith("BA-3112")
