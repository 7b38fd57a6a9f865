"""A store of one's own with what follows it and what tells its subscribers, which work when a test tells them to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from tests.clocks import MovedClock

from benhan.access.sessions import Sessions
from benhan.fhir.subscription import BACKPORT
from benhan.fhir.xml_format import parse_xml_tree
from benhan.fhir_api.subscriptions.following import Follower
from benhan.fhir_api.subscriptions.socket import SubscriptionSockets
from benhan.fhir_api.subscriptions.telling import Teller
from benhan.kernel.faults import Fault
from benhan.store.ledger.chain import chain_all
from benhan.store.store import Store
from benhan.transports.rest_hook import RECEIVER_AWAY

Json = dict[str, Any]


@dataclass
class Receiver:
    """Takes notifications as a rest-hook would; `faults` are raised one by one before it takes again."""

    got: list[Json] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    kinds_of_content: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    is_away: bool = False
    wait: asyncio.Event | None = None

    async def send(self, address: str, content: bytes, headers: Sequence[tuple[str, str]], timeout_s: float) -> None:
        assert address.startswith("https://receiver.example/")
        if self.is_away:
            raise RECEIVER_AWAY()
        if self.faults:
            raise self.faults.pop(0)
        if self.wait is not None:
            await self.wait.wait()
        (_, kind), *more = headers
        self.kinds_of_content.append(kind)
        self.headers = more
        self.got.append(orjson.loads(content) if "json" in kind else parse_xml_tree(content)[0])

    def kinds(self) -> list[str]:
        return [read(each)["type"] for each in self.got]

    def numbers(self) -> list[int]:
        return [number for each in self.got for number in read(each)["numbers"]]


def read(bundle: Json) -> Json:
    """The status of a notification: type, status, events since start, numbers of its events, what they were on."""
    status = bundle["entry"][0]["resource"]
    found: Json = {"numbers": [], "focus": []}
    for each in status["parameter"]:
        if each["name"] == "notification-event":
            part = {one["name"]: value for one in each["part"] for key, value in one.items() if key != "name"}
            found["numbers"].append(int(part["event-number"]))
            found["focus"].append(part.get("focus", {}).get("reference"))
        else:
            found[each["name"]] = next(value for key, value in each.items() if key != "name")
    return found


@dataclass
class House:
    """A store of one's own with its API, its follower and its teller, which work when they are told to."""

    store: Store
    clock: MovedClock
    follower: Follower
    teller: Teller
    receiver: Receiver
    fhir: httpx.AsyncClient
    sessions: Sessions
    sockets: SubscriptionSockets

    async def follow(self) -> None:
        """Everything written so far becomes events."""
        await chain_all(self.store.database)
        while await self.follower.step():
            await chain_all(self.store.database)

    async def tell(self) -> None:
        """What is due is told."""
        while await self.teller.step():
            await self.teller.settle()

    async def settle(self) -> None:
        for _ in range(3):
            await self.follow()
            await self.tell()

    async def subscribe(self, told: Json) -> str:
        answer = await self.fhir.post("Subscription", json=told)
        assert answer.status_code == 201, answer.text
        await self.settle()
        return str(answer.json()["id"])

    async def state(self, id_: str) -> str:
        return str((await self.fhir.get(f"Subscription/{id_}")).json()["status"])


def subscription(criteria: str, content: str = "id-only", *filters: str, **channel: Any) -> Json:
    told: Json = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Theo dõi kết quả",
        "criteria": criteria,
        "channel": {
            "type": "rest-hook",
            "endpoint": "https://receiver.example/hook",
            "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": f"{BACKPORT}/backport-payload-content", "valueCode": content}]},
            **channel,
        },
    }
    if filters:
        listed = [{"url": f"{BACKPORT}/backport-filter-criteria", "valueString": each} for each in filters]
        told["_criteria"] = {"extension": listed}
    return told


def observation(status: str = "final", **more: Any) -> Json:
    return {"resourceType": "Observation", "status": status, "code": {"text": "đường huyết"}, **more}
