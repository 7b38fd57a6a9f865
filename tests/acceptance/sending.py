"""A hospital that sends: its destinations, the receivers as documented, and a certificate made for the tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.clocks import SetClock
from tests.unit.vn.ksk_making import GLN

from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.secrets import Secret
from benhan.mapping.mapped import Context
from benhan.node.bhyt_episodes import KnownEpisodes
from benhan.node.bhyt_intake import BhytIntake
from benhan.node.bhyt_knowledge import BhytKnowledge
from benhan.node.loaded_lists import LoadedLists
from benhan.node.sends.bhyt_portal import BhytPortal, BhytWishes
from benhan.node.sends.check_ups import CheckUps
from benhan.node.sends.desk import Desk
from benhan.node.sends.destination import Mode
from benhan.node.sends.facility_signer import FacilitySigner
from benhan.node.sends.ministry_hub import MinistryHub
from benhan.node.sends.planner import Planner
from benhan.node.sends.sender import Sender
from benhan.store.catalogues import Catalogues
from benhan.store.ledger.chain import chain_all
from benhan.store.sends import Message, Sends
from benhan.testing.fake_bhxh_gateway import FakeBhxhGateway
from benhan.testing.fake_emrhub import FakeEmrhub
from benhan.transports.bhxh_client import BhxhAccount, BhxhClient
from benhan.transports.emrhub_client import SANDBOX, EmrhubClient
from benhan.transports.emrhub_client import Sender as HubSender
from benhan.vn.ksk.check import CATALOGUES

FACILITY = "99001"
PASSWORD = "mat-khau-rat-bi-mat"
CLERK = Actor("account:5", Role.RECORDS)
EVERY_EPISODE = BhytWishes(since=date(2026, 1, 1), delay_s=0)
EVENING = datetime(2026, 11, 26, 13, 0, tzinfo=UTC)


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bệnh viện Thử")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key().public_key())
    made = made.serial_number(1).not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2036, 1, 1))  # noqa: DTZ001
    return made.sign(key(), hashes.SHA256())


def signer() -> FacilitySigner:
    return FacilitySigner(key(), [certificate().public_bytes(Encoding.PEM).decode()])


class Cut(httpx.AsyncBaseTransport):
    """The line to a receiver: `behave` says what becomes of each request."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app)
        self.behave: Callable[[], str] = lambda: "up"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        how = self.behave()
        if how == "down":
            raise httpx.ConnectError("nobody there")
        answer = await self._app.handle_async_request(request)
        if how == "answer lost":
            await answer.aread()
            raise httpx.ReadError("the line broke")
        return answer


@dataclass
class Sending:
    """A hospital with both destinations; its tasks are done by hand."""

    hospital: Any
    sends: Sends
    gateway: FakeBhxhGateway
    hub: FakeEmrhub
    lines: dict[str, Cut]
    planner: Planner
    portal: BhytPortal
    ministry: MinistryHub
    senders: dict[str, Sender]
    desk: Desk
    clock: SetClock

    async def take(self, file: bytes) -> None:
        """A file of the hospital's own system into the record."""
        known = BhytKnowledge(Catalogues(self.hospital.store.database, self.clock), self.clock)
        episodes = KnownEpisodes(self.hospital.store, FACILITY)
        intake = BhytIntake(
            self.hospital.inbox, self.clock, self.hospital.store.random, Context(FACILITY), known, episodes
        )
        await intake.receive([file], system("clerk"))
        await self.hospital.apply()

    async def plan(self) -> None:
        """Look through everything that was written."""
        await chain_all(self.hospital.store.database)
        for each in (self.portal, self.ministry):
            while await self.planner.step(each):
                pass

    async def send(self, name: str = "bhxh") -> None:
        """Send what is due now."""
        await self.senders[name].send_some()

    async def whole_way(self, file: bytes) -> None:
        await self.take(file)
        await self.plan()
        await self.send()

    async def messages(self, name: str = "bhxh", state: str = "") -> list[Message]:
        return await self.desk.listed(name, state)

    async def states(self, name: str = "bhxh") -> list[str]:
        return [each.state.value for each in reversed(await self.messages(name))]


def sending_of(
    hospital: Any,
    clock: SetClock,
    *,
    mode: Mode = Mode.AUTO,
    is_signing: bool = True,
    wishes: BhytWishes = EVERY_EPISODE,
) -> Sending:
    """The hospital's destinations on fake receivers."""
    store = hospital.store
    sends = Sends(store.database, store.keyring, clock, store.random)
    gateway = FakeBhxhGateway({"cs": (FACILITY, PASSWORD)}, now=clock.now)
    hub = FakeEmrhub({"cs": PASSWORD}, {GLN: key().public_key()}, clock, store.random)
    lines = {"bhxh": Cut(gateway), "emrhub": Cut(hub)}
    account = BhxhAccount(FACILITY, "cs", Secret(PASSWORD))

    async def no_wait(_seconds: float) -> None: ...

    known = BhytKnowledge(Catalogues(store.database, clock), clock)
    portal = BhytPortal(
        store,
        sends,
        known,
        FACILITY,
        mode,
        client=BhxhClient("https://cong.test", account, clock, transport=lines["bhxh"]),
        signer=signer() if is_signing else None,
        wishes=wishes,
    )
    ministry = MinistryHub(
        sends,
        store.workshop.tokens,
        clock,
        store.random,
        mode,
        LoadedLists(Catalogues(store.database, clock), CATALOGUES),
        client=EmrhubClient(
            SANDBOX,
            HubSender(GLN, "cs", Secret(PASSWORD), key()),
            clock=clock,
            random=store.random,
            tries=1,
            sleep=no_wait,
            transport=lines["emrhub"],
        ),
        signer=signer() if is_signing else None,
        check_ups=CheckUps(store, FACILITY, GLN),
    )
    both = [portal, ministry]
    senders = {each.name: Sender(store, sends, each) for each in both}
    desk = Desk(store, sends, both)
    return Sending(
        hospital, sends, gateway, hub, lines, Planner(store, sends, both), portal, ministry, senders, desk, clock
    )
