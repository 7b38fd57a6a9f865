"""Clients that write, read, search and look into histories at random, and note each request with what was answered."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from tests.crashes.recorded import ABSENT, Op, Outcome

SYSTEM, KEY = "urn:crash:mark", "urn:crash:key"
TYPES = ("Patient", "Basic")
SHARED = tuple(f"{type_}/crash-{number}" for type_ in TYPES for number in range(4))
"""Resources that all clients write."""
ONCE = 40
"""Keys that all clients create under a condition."""
LOST = 599
"""Stands for the status where the connection ended without one."""
MAY_COME = (200, 201, 204, 404, 409, 410, 412, 503, LOST)
INTERRUPTED = "BA-0423"
"""The one 500 that may come: the connection was lost during COMMIT, so that nobody can tell."""
PATCH = "application/json-patch+json"
Json = dict[str, Any]


class Recorder:
    """The requests of all clients, in no order."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.keys: dict[str, set[str]] = {}
        """Which resource each conditional create of a key was answered with."""
        self.statuses: Counter[int] = Counter()
        self.broken: list[str] = []
        """Answers that no client should ever get."""
        self._numbers = itertools.count(1)

    def mark(self) -> str:
        """A mark that no other version has."""
        return f"m{next(self._numbers)}"

    @property
    def done(self) -> int:
        """Requests that were answered with success."""
        return self.statuses[200] + self.statuses[201] + self.statuses[204]

    async def worked(self, more: int) -> None:
        """Return when so many more requests were answered; a machine that does much else takes its time."""
        goal = self.done + more
        async with asyncio.timeout(600):
            while self.done < goal:  # noqa: ASYNC110  # the clients have no event for each answer
                await asyncio.sleep(0.05)

    def group(self) -> int:
        return next(self._numbers)


class Client:
    """One client: `act` until told to stop."""

    def __init__(self, recorder: Recorder, address: str, token: str, chance: random.Random) -> None:
        self.recorder, self.chance, self.key_number = recorder, chance, 0
        headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
        self.http = httpx.AsyncClient(base_url=f"{address}/fhir/", headers=headers, timeout=20, trust_env=False)
        self.latest: dict[str, int] = {}
        self.own: list[str] = []
        self.marks: dict[str, str] = {}
        """The latest mark that this client knows of a resource."""

    async def run(self, stop: asyncio.Event) -> None:
        acts: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.create, 2), (self.create_once, 3), (self.put, 5), (self.put_under_a_condition, 2),
            (self.put_a_version, 5), (self.patch, 2), (self.delete, 1), (self.transact, 3), (self.read, 8),
            (self.search_key, 4), (self.search_mark, 4), (self.history, 3),
        ]  # fmt: skip
        choices, weights = zip(*acts, strict=True)
        async with self.http:
            while not stop.is_set():
                await self.chance.choices(choices, weights)[0]()

    async def ask(self, ops: list[Op], method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """The answer; how and when it ended is noted in `ops`. A connection that ends is answered as LOST."""
        for op in ops:
            op.began = time.monotonic()
        self.recorder.ops += ops
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            answer = await self.http.request(method, path, json=body, headers=told)
        except httpx.HTTPError:
            answer = httpx.Response(LOST)
        self.recorder.statuses[answer.status_code] += 1
        outcome: Outcome = "ok" if answer.is_success else "refused" if answer.is_client_error else "unknown"
        if answer.status_code not in MAY_COME and INTERRUPTED not in answer.text:
            self.recorder.broken.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        for op in ops:
            op.outcome = outcome
            op.ended = time.monotonic() if outcome != "unknown" else op.ended
        if outcome == "unknown":
            await asyncio.sleep(0.05)
        return answer

    def wrote(self, op: Op, answer: httpx.Response) -> None:
        """Note what a write was told of its version."""
        if op.outcome == "ok":
            self.note(op, answer.headers["etag"], f"{answer.json()['resourceType']}/{answer.json()['id']}")

    def note(self, op: Op, etag: str, about: str) -> None:
        op.about, op.version = about, version_of(etag)
        self.latest[about], self.marks[about] = op.version, op.mark

    def some(self) -> str:
        """A resource: mostly one that all write."""
        return self.chance.choice(self.own[-5:] if self.own and self.chance.random() < 0.2 else SHARED)

    # ── writes ──

    async def create(self) -> None:
        op = Op("write", "", 0, mark=self.recorder.mark())
        type_ = self.chance.choice(TYPES)
        answer = await self.ask([op], "POST", type_, body_of(type_, op.mark))
        self.wrote(op, answer)
        if op.about:
            self.own.append(op.about)

    async def create_once(self) -> None:
        """Create under a condition that all clients share: there must never be two."""
        self.key_number += 1
        key, op = f"once-{self.key_number % ONCE}", Op("write", "", 0, mark=self.recorder.mark())
        query = f"identifier={KEY}|{key}"
        answer = await self.ask([op], "POST", "Basic", body_of("Basic", op.mark, key=key), if_none_exist=query)
        if answer.status_code == 201:
            self.wrote(op, answer)
        elif answer.status_code == 200:
            op.outcome = "refused"  # it found one, and wrote nothing
        if answer.is_success:
            self.recorder.keys.setdefault(key, set()).add(f"Basic/{answer.json()['id']}")

    async def put(self) -> None:
        about, op = self.some(), Op("write", "", 0, mark=self.recorder.mark())
        op.about = about
        self.wrote(op, await self.ask([op], "PUT", about, body_of(about, op.mark)))

    async def put_under_a_condition(self) -> None:
        about = self.chance.choice(SHARED)
        op = Op("write", about, 0, mark=self.recorder.mark())
        address = f"{about.partition('/')[0]}?identifier={KEY}|{about.partition('/')[2]}"
        self.wrote(op, await self.ask([op], "PUT", address, body_of(about, op.mark)))

    async def put_a_version(self) -> None:
        about = self.some()
        if about not in self.latest:
            return await self.read()
        op = Op("write", about, 0, mark=self.recorder.mark(), expected=self.latest[about])
        answer = await self.ask([op], "PUT", about, body_of(about, op.mark), if_match=f'W/"{op.expected}"')
        self.wrote(op, answer)
        if answer.status_code in (404, 409, 410, 412):
            del self.latest[about]
        return None

    async def patch(self) -> None:
        about, op = self.some(), Op("write", "", 0, mark=self.recorder.mark())
        op.about = about
        change = [{"op": "replace", "path": "/identifier/0/value", "value": op.mark}]
        self.wrote(op, await self.ask([op], "PATCH", about, change, content_type=PATCH))

    async def delete(self) -> None:
        op = Op("delete", self.some(), 0)
        answer = await self.ask([op], "DELETE", op.about)
        if op.outcome == "ok":
            op.version = version_of(answer.headers["etag"]) if "etag" in answer.headers else ABSENT
            self.latest.pop(op.about, None)

    async def transact(self) -> None:
        """Two resources of two types, both or none."""
        group = self.recorder.group()
        ops = [
            Op("write", self.chance.choice(SHARED[:4]), 0, mark=self.recorder.mark(), group=group),
            Op("write", self.chance.choice(SHARED[4:]), 0, mark=self.recorder.mark(), group=group),
        ]
        entries = [
            {"request": {"method": "PUT", "url": op.about}, "resource": body_of(op.about, op.mark)} for op in ops
        ]
        answer = await self.ask(ops, "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
        if answer.is_success:
            for op, entry in zip(ops, answer.json()["entry"], strict=True):
                self.note(op, entry["response"]["etag"], op.about)

    # ── reads ──

    async def read(self) -> None:
        op = Op("see", self.some(), 0)
        answer = await self.ask([op], "GET", op.about)
        if answer.is_success:
            self.saw(op, answer.json())
        elif answer.status_code in (404, 410):
            op.outcome, op.version = "ok", ABSENT

    async def search_key(self) -> None:
        """A search by what does not change."""
        about = self.chance.choice(SHARED)
        type_, _, id_ = about.partition("/")
        op = Op("see", about, 0)
        self.found(op, await self.ask([op], "GET", f"{type_}?identifier={KEY}|{id_}"))

    async def search_mark(self) -> None:
        """A search by what each write changes."""
        about = self.some()
        if about not in self.marks:
            return await self.read()
        op = Op("see", about, 0, mark=self.marks[about])
        address = f"{about.partition('/')[0]}?identifier={SYSTEM}|{op.mark}"
        self.found(op, await self.ask([op], "GET", address))
        return None

    async def history(self) -> None:
        op = Op("history", self.some(), 0)
        answer = await self.ask([op], "GET", f"{op.about}/_history?_count=1000")
        if answer.is_success and not any(link["relation"] == "next" for link in answer.json()["link"]):
            op.marks = marks_of(answer.json())
        else:
            op.outcome = "unknown"

    def found(self, op: Op, answer: httpx.Response) -> None:
        if not answer.is_success:
            return
        entries = answer.json().get("entry", [])
        if len(entries) > 1:
            self.recorder.broken.append(f"{len(entries)} resources with the key of {op.about}")
        if entries:
            self.saw(op, entries[0]["resource"])
        else:
            op.version = ABSENT

    def saw(self, op: Op, resource: Json) -> None:
        op.version, op.marks = int(resource["meta"]["versionId"]), (resource["identifier"][0]["value"],)
        if op.about != f"{resource['resourceType']}/{resource['id']}":
            self.recorder.broken.append(f"asked for {op.about}, was shown {resource['id']}")
        self.latest[op.about], self.marks[op.about] = op.version, op.marks[0]


def body_of(about: str, mark: str, *, key: str = "") -> Json:
    """A resource whose first identifier is its mark; what all write has its id for a key."""
    type_, _, id_ = about.partition("/")
    body: Json = {"resourceType": type_, "identifier": [{"system": SYSTEM, "value": mark}]}
    if id_ in {each.partition("/")[2] for each in SHARED}:
        body["id"] = id_
        key = id_
    elif id_:
        body["id"] = id_
    if key:
        body["identifier"].append({"system": KEY, "value": key})
    return body | ({"code": {"text": "x"}} if type_ == "Basic" else {})


def version_of(etag: str) -> int:
    return int(etag.removeprefix('W/"').removesuffix('"'))


def marks_of(history: Json) -> tuple[str | None, ...]:
    """The marks that a history shows, oldest first; None for a deletion."""
    entries = history.get("entry", [])
    return tuple(
        each["resource"]["identifier"][0]["value"] if "resource" in each else None for each in reversed(entries)
    )
