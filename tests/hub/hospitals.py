"""Two hospitals with their own stores beside the hub of `hub_house`, speaking to it through its real routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from tests.hub.hub_house import OPERATOR, HubHouse
from tests.postgres import fresh
from tests.unit.network.people import ANCHOR, AT

from benhan.access.roles import PERMISSIONS
from benhan.fhir.resource import resource_of
from benhan.fhir_api.api import FhirApi
from benhan.hub.routes import routes
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.ids import SystemRandom
from benhan.kernel.settings import Settings
from benhan.network.configuration import Environment, Kind, Member, MemberKey, Use
from benhan.network.exchanges import Person
from benhan.network.keys import read_public_key
from benhan.node.exchange.asker import Asker
from benhan.node.exchange.collector import Collector
from benhan.node.exchange.holder import Holder
from benhan.node.exchange.party import Party, public_keys
from benhan.node.exchange.registrar import Registrar
from benhan.serving.roles import application
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.ledger.chain import chain_all
from benhan.store.store import Store
from benhan.transports.hub_client import HubClient
from benhan.vn import systems
from benhan.vn.secrecy.kinds import secrecy_kinds
from benhan.wiring import build_access

DOCTOR = Actor("account:7", Role.DOCTOR, PERMISSIONS[Role.DOCTOR], facility="48010")
ASSERTED = Person("account:7", "doctor", "012345/BYT-GPHN")


class Line(httpx.AsyncBaseTransport):
    """The line to the hub, which can be cut, and can alter what passes."""

    def __init__(self, app: object) -> None:
        self._inner = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        self.is_cut = False
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("cut")
        self.sent += 1
        return await self._inner.handle_async_request(request)


@dataclass
class Hospital:
    """A hospital in the network."""

    code: str
    store: Store
    line: Line
    party: Party
    holder: Holder
    asker: Asker
    collector: Collector
    registrar: Registrar

    async def patient(self, number: str, *, label: str = "") -> str:
        """A patient with a diagnosis, an allergy, a blood result; one of special secrecy where `label` names a kind."""
        unit = self.store.begin(system("test"))
        patient = unit.create(
            resource_of(
                {
                    "resourceType": "Patient",
                    "identifier": [{"system": systems.CCCD, "value": number}],
                    "name": [{"text": "Trần Thị Mận"}],
                    "gender": "female",
                    "birthDate": "1984-03-02",
                }
            )
        )
        subject = {"reference": f"Patient/{patient}"}
        resources: list[dict[str, object]] = [
            {"resourceType": "Condition", "code": {"text": "Tăng huyết áp"}, "subject": subject},
            {"resourceType": "AllergyIntolerance", "code": {"text": "Penicillin"}, "patient": subject},
            {"resourceType": "Observation", "status": "final", "code": {"text": "Kali"}, "subject": subject,
             "category": [{"coding": [{"code": "laboratory"}]}], "valueQuantity": {"value": 6.9, "unit": "mmol/L"}},
        ]  # fmt: skip
        if label:
            security = secrecy_kinds()[label].security
            secret = {"resourceType": "Condition", "code": {"text": "SECRET"}, "subject": subject}
            resources.append({**secret, "meta": {"security": security}})
        for each in resources:
            unit.create(resource_of(each))
        await self.store.commit(unit)
        return patient

    async def bare_patient(self, number: str) -> str:
        """A patient of whom nothing is known yet."""
        unit = self.store.begin(system("test"))
        patient = unit.create(
            resource_of(
                {
                    "resourceType": "Patient",
                    "identifier": [{"system": systems.CCCD, "value": number}],
                    "name": [{"text": "Trần Thị Mận"}],
                    "gender": "female",
                    "birthDate": "1984-03-02",
                }
            )
        )
        await self.store.commit(unit)
        return patient

    async def register(self) -> None:
        """What is held here reaches the hub's locator."""
        await chain_all(self.store.database)
        while await self.registrar.step():
            pass

    async def collect(self) -> int:
        """Collect until nothing waits."""
        count = 0
        while found := await self.collector.step():
            count += found
        await self.collector.step()
        return count


@asynccontextmanager
async def open_hospital(embedded_url: str, folder: Path, house: HubHouse, code: str) -> AsyncIterator[Hospital]:
    """A hospital that is a member."""
    async with fresh(embedded_url) as url:
        kek = make_kek_file(folder / f"{code}.json", SystemRandom())
        store = await Store.open(
            await Database.connect(url, pool_size=4), kek, clock=house.clock, care_grace=timedelta(days=30)
        )
        settings = Settings(data=folder / code)
        api = FhirApi(house.store, "https://truc.example/fhir")
        doors = routes(api, house.office, house.members)
        line = Line(application(doors, house.store, build_access(house.store, settings, "hub"), {}))
        client = HubClient("https://truc.example", transport=line)
        party = Party(store, client, ANCHOR.key.public, code, 1, folder / code / "configuration.jws")
        name = f"Bệnh viện {code}"
        holder = Holder(store, party, (code, name), f"https://{code}.example/fhir")
        asker = Asker(store, party)
        since, until = AT - timedelta(days=1), AT + timedelta(days=400)
        keys = []
        for each in public_keys(store, 1):
            public = read_public_key(each)
            keys.append(MemberKey(public, Use.SEAL if public.curve == "X25519" else Use.SIGN, since, until))
        member = Member(
            code, name, Kind.FACILITY, Environment.LIVE, capabilities=("ask", "hold"), attests=("paper",),
            keys=tuple(keys),
        )  # fmt: skip
        await house.members.add(member, {}, OPERATOR)
        await house.members.publish(ANCHOR, OPERATOR)
        collector = Collector(store, party, holder, asker)
        yield Hospital(code, store, line, party, holder, asker, collector, Registrar(store, party))
        await client.close()
        await store.close()
