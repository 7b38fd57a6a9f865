"""Hospitals and the repository in one process, each on a real database; time and the line between them are ours."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette
from tests.clocks import SetClock
from tests.postgres import fresh

from benhan.fhir.search_query import parse_search
from benhan.fhir_api.api import FhirApi
from benhan.healthbook.book import Book, Books
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.kernel.secrets import Secret
from benhan.kernel.trace import current_trace, trace_of_traceparent
from benhan.mapping.mapped import Context
from benhan.node.apply import Applier
from benhan.node.exchange.repository import Exchange
from benhan.node.exports import Exports
from benhan.node.intake import Intake
from benhan.repository.ingest import Ingest
from benhan.repository.routes import routes
from benhan.store.database import Database
from benhan.store.inbox import Inbox
from benhan.store.key_encryption import FileKek, make_kek_file
from benhan.store.outbox import Outbox
from benhan.store.store import Store
from benhan.transports.repository_client import RepositoryClient

NAME = "NGUYỄN^VĂN THỬ"
EVERYTHING = system("test")


class Line(httpx.AsyncBaseTransport):
    """The line to the repository: what it does with the next requests is set; it counts them."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app)
        self.behave: Callable[[], str] = lambda: "up"
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        how = self.behave()
        if how == "down":
            raise httpx.ConnectError("nobody there")
        if how.isdigit():
            return httpx.Response(int(how))
        answer = await self._app.handle_async_request(request)
        if how == "answer lost":
            await answer.aread()
            raise httpx.ReadError("the line broke")
        return answer


@dataclass
class Repository:
    """The national repository."""

    store: Store
    ingest: Ingest
    app: Any

    async def found(self, type_: str, **criteria: str) -> list[dict[str, Any]]:
        return await _found(self.store, type_, criteria)

    async def book(self, patient: str) -> Book:
        """The citizen's own book, as they open it."""
        actor = Actor("account:9", Role.CITIZEN, frozenset({Permission.BOOK_READ}), patient=patient)
        return await Books(self.store).open(actor)

    async def rows(self, sql: str) -> list[asyncpg.Record]:
        return await self.store.database.fetch(sql)


@dataclass
class Hospital:
    """A hospital node, its tasks done by hand."""

    code: str
    store: Store
    clock: SetClock
    inbox: Inbox
    outbox: Outbox
    intake: Intake
    applier: Applier
    exchange: Exchange
    line: Line
    heard: list[bytes] = field(default_factory=list)

    async def hear(self, *frames: bytes) -> list[str]:
        """Take frames from the line one after another; gives MSA-1 of each answer."""
        answers = [await self.intake.receive(frame) for frame in frames]
        return [answer.split(b"MSA|")[1][:2].decode() for answer in answers]

    async def apply(self) -> None:
        while await self.applier.apply_batch():
            pass

    async def send(self) -> None:
        """Send all that is due, and what is due soon; a repository that is away is probed twice."""
        for _ in range(2):
            while await self.exchange.send_some() and not self.exchange.failed_probes:
                self.clock.advance(seconds=0.001)
            self.clock.advance(seconds=4)

    async def pass_on(self, *frames: bytes) -> None:
        """Frames through the whole thread."""
        assert set(await self.hear(*frames)) <= {"AA"}
        await self.apply()
        await self.send()

    async def found(self, type_: str, **criteria: str) -> list[dict[str, Any]]:
        return await _found(self.store, type_, criteria)

    async def rows(self, sql: str) -> list[asyncpg.Record]:
        return await self.store.database.fetch(sql)


async def _found(store: Store, type_: str, criteria: dict[str, str]) -> list[dict[str, Any]]:
    query = parse_search(type_, [*criteria.items(), ("_count", "1000")])
    return [each.read() for each in (await store.search.search(query, EVERYTHING)).matches]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def kek(tmp_path: Path) -> FileKek:
    return make_kek_file(tmp_path / "kek.json", SystemRandom())


OpenStore = Callable[[], Awaitable[Store]]


@pytest.fixture
async def open_store(embedded_url: str, kek: FileKek, clock: SetClock) -> AsyncIterator[OpenStore]:
    """Opens stores, each on a fresh database; all are closed and dropped after the test."""
    async with AsyncExitStack() as open_:

        async def open_one() -> Store:
            url = await open_.enter_async_context(fresh(embedded_url))
            store = await Store.open(await Database.connect(url, pool_size=8), kek, clock=clock)
            open_.push_async_callback(store.close)
            return store

        yield open_one


@pytest.fixture
async def repository(open_store: OpenStore) -> AsyncIterator[Repository]:
    """The national repository; a bearer token is the code of the facility it was given to."""
    store = await open_store()
    ingest = Ingest(store)
    ingest.start()
    inner = Starlette(routes=routes(FhirApi(store, "http://repository/fhir"), ingest))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        facility = headers[b"authorization"].decode().removeprefix("Bearer ")
        actor = Actor(f"machine:node-{facility}", Role.MACHINE, frozenset(Permission), facility=facility)
        scope["state"] = {"actor": actor, "session": None}
        token = current_trace.set(trace_of_traceparent(headers[b"traceparent"].decode()) or "")
        try:
            await inner(scope, receive, send)
        finally:
            current_trace.reset(token)

    yield Repository(store, ingest, app)
    await ingest.stop()


MakeHospital = Callable[..., Awaitable[Hospital]]


@pytest.fixture
async def make_hospital(open_store: OpenStore, repository: Repository, clock: SetClock) -> AsyncIterator[MakeHospital]:
    """Opens hospitals that deliver to the repository."""
    async with AsyncExitStack() as open_:

        async def make(code: str = "01234", token: str = "") -> Hospital:
            store = await open_store()
            inbox = Inbox(store.database, store.keyring, store.workshop.tokens, clock, store.random)
            outbox = Outbox(store.database, clock, store.random, "http://repository")
            for each in (inbox, outbox):
                each.start()
                open_.push_async_callback(each.stop)
            line = Line(repository.app)
            client = RepositoryClient("http://repository", Secret(token or code), transport=line)
            open_.push_async_callback(client.close)
            exports = Exports(store, code, f"Bệnh viện {code}", "http://node/fhir")
            return Hospital(
                code,
                store,
                clock,
                inbox,
                outbox,
                Intake(inbox, clock, store.random),
                Applier(store, inbox, outbox, Context(code)),
                Exchange(store, outbox, exports, client, code),
                line,
            )

        yield make


@pytest.fixture
async def hospital(make_hospital: MakeHospital) -> Hospital:
    return await make_hospital()


class Frames:
    """HL7 v2 messages of one hospital about synthetic people, each with its own control id."""

    def __init__(self, facility: str = "01234") -> None:
        self.facility = facility
        self._numbers = itertools.count(1)

    def message(self, kind: str, sender: str, *lines: str, control_id: str = "") -> bytes:
        structure = {"ADT": f"ADT_{kind[-3:]}", "ORM": "ORM_O01", "ORU": "ORU_R01"}[kind[:3]]
        control_id = control_id or f"C{next(self._numbers):06d}"
        head = f"MSH|^~\\&|{sender}|{self.facility}|BENHAN|{self.facility}|20260105080000||{kind}^{structure}"
        head += f"|{control_id}|P|2.5.1||||||UNICODE UTF-8"
        return "\r".join([head, *lines, ""]).encode()

    def pid(self, number: int, name: str = NAME, cccd: str = "") -> str:
        ids = f"BN{number:06d}^^^{self.facility}^PI" + (f"~{cccd}^^^CCCD^NI" if cccd else "")
        return f"PID|1||{ids}||{name}||19800215|M"

    def adt(self, number: int, event: str = "A01", *, name: str = NAME, cccd: str = "", **more: str) -> bytes:
        visit = f"PV1|1|I|K01^P1^G{number}||||||||||||||||VV{number:06d}|||||||||||||||||||||||||20260105074500"
        if event == "A03":
            visit += "|20260108100000"
        return self.message(f"ADT^{event}", "HIS", "EVN||20260105", self.pid(number, name, cccd), visit, **more)

    def oru(
        self, number: int, order: int, value: str = "5.60", *, status: str = "F", cccd: str = "", **more: str
    ) -> bytes:
        return self.message(
            "ORU^R01",
            "LIS",
            self.pid(number, cccd=cccd),
            f"PV1|1|I|K01||||||||||||||||VV{number:06d}",
            f"ORC|RE|O{order:06d}|F{order:06d}",
            f"OBR|1|O{order:06d}|F{order:06d}|GLU^Đường huyết^L|||20260105080000|||||||||||||||||{status}",
            f"OBX|1|NM|2345-7^Glucose^LN||{value}|mmol/L|3.9-6.4|N|||{status}|||20260105080000",
            **more,
        )


@pytest.fixture
def frames() -> Frames:
    return Frames()


@pytest.fixture
def make_frames() -> type[Frames]:
    return Frames
