"""The demonstration: two hospitals, the repository and the health book on this machine, and what happens there."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from benhan.access.roles import MACHINE_PERMISSIONS
from benhan.demo.accounts import ACCOUNTS
from benhan.demo.certificates import DemoCertificates
from benhan.demo.check_ups import handed_in
from benhan.demo.hub import fill_hub, registry_of
from benhan.demo.portal import fill_portal
from benhan.demo.receivers import Credentials, Receivers, credentials_of, environment_of
from benhan.demo.scenario import (
    BACK_DAYS,
    HOSPITALS,
    SHARED_PEOPLE,
    claims,
    claims_file,
    in_order,
    make_people,
    stays,
    ward_stays,
)
from benhan.demo.ward import DemoWard
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import system
from benhan.kernel.clock import SystemClock
from benhan.kernel.faults import FaultCode, Unavailable
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.kernel.texts import Text
from benhan.node.records.life import Facility as RecordFacility
from benhan.node.signatures.keys import Devices, SignerPlace, Signers
from benhan.serving.database_keeper import DatabaseKeeper
from benhan.serving.supervisor import Child, Supervisor
from benhan.store.database import ensure_database
from benhan.store.inbox import Inbox
from benhan.store.opening import key_encryption, open_store
from benhan.synth.as_hl7v2 import Message
from benhan.synth.facilities import Facility
from benhan.synth.person import Person
from benhan.transports.mllp_client import MllpClient
from benhan.vn.forms.catalogue import Catalogue
from benhan.wiring import build_access, open_reporter

TITLES = {
    "bacsi": "Bác sĩ điều trị",
    "truongkhoa": "Trưởng khoa",
    "dieuduong": "Điều dưỡng",
    "khth": "Phòng kế hoạch tổng hợp",
}
"""Who has a certificate in the demonstration, and signs as what."""
HEAD = "truongkhoa"
PORTAL, HUB = "Cổng theo dõi triển khai", "Trục điều phối"
MIN_LYING = 3
"""How many lie in the full ward at least."""
FILL_TRIES = 120
CHECK_UPS = 4
"""How many people of each hospital had a check-up this morning."""
NOT_READY = FaultCode(
    "BA-6252",
    Unavailable,
    Text(
        "{title} chưa sẵn sàng sau {seconds} giây: máy quá tải hoặc thiếu bộ nhớ. Đóng bớt chương trình rồi chạy lại.",
        "{title} is not ready after {seconds} seconds: the machine is overloaded or short of memory. Run again later.",
    ),
)
MLLP_ABOVE = 4495
"""How far above the first port the first hospital listens for HL7 v2: 12575 with the usual 8080."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a part of the demonstration answers."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Files:
    """What a hospital's own systems hand to its node: a token, a file of claims, check-ups."""

    url: str
    token: str
    claims: bytes
    check_ups: list[bytes]


@dataclass(frozen=True, slots=True)
class WardAt:
    """The hospital whose ward is full, and the citizen numbers of those who lie there."""

    node: Settings
    citizens: frozenset[str]


@dataclass(slots=True)
class Country:
    """The running demonstration."""

    addresses: list[Address]
    messages: list[tuple[int, list[Message]]]
    """MLLP port and messages of each hospital."""
    repository: Settings
    supervisor: Supervisor
    keeper: DatabaseKeeper
    receivers: Receivers
    files: list[Files]
    ward: WardAt
    nodes: list[Settings]

    async def fill_ward(self) -> int:
        """Let the doctor and the nurse of the first hospital have done their work today; gives for how many patients.

        Waits until the hospital has applied what it received, a minute at the most.
        """
        async with open_store(self.ward.node, "node") as store:
            inbox = Inbox(store.database, store.keyring, store.workshop.tokens, store.clock, store.random)
            for _ in range(FILL_TRIES):
                if not (await inbox.counts())["received"]:
                    break
                await asyncio.sleep(0.5)
            facility = RecordFacility(self.ward.node.facility_code, self.ward.node.facility_name)
            return await DemoWard(store, facility).fill(self.ward.citizens)

    async def tell_portal(self) -> None:
        """Let both hospitals measure and tell the portal again, now that something has happened in them."""
        for node in self.nodes:
            async with (
                open_store(node, "node") as store,
                open_reporter(node, store, Catalogue()) as (_, reporter),
            ):
                if reporter is not None:
                    await reporter.send()

    async def hand_in(self) -> tuple[int, int]:
        """Hand every hospital's claims and check-ups in, as its own systems do; gives how many were taken of each."""
        claimed = checked = 0
        async with httpx.AsyncClient(trust_env=False, timeout=60.0) as client:
            for files in self.files:
                headers = {"authorization": f"Bearer {files.token}", "content-type": "application/xml"}
                answer = await client.post(f"{files.url}/bhyt", content=files.claims, headers=headers)
                claimed += answer.json()["taken"]
                for check_up in files.check_ups:
                    answer = await client.post(f"{files.url}/sends/emrhub", content=check_up, headers=headers)
                    checked += bool(answer.json()["key"])
        return claimed, checked

    async def feed(self, progress: Callable[[int], None]) -> int:
        """Send every hospital's messages over its socket; gives how many were accepted."""
        done = [0]
        await asyncio.gather(*(self._feed_one(port, messages, done, progress) for port, messages in self.messages))
        return done[0]

    async def _feed_one(
        self, port: int, messages: list[Message], done: list[int], progress: Callable[[int], None]
    ) -> None:
        client = MllpClient("127.0.0.1", port)
        for message in messages:
            answer = await client.send(message.content)
            msa = answer.first("MSA")
            done[0] += msa is not None and msa.text(1) == "AA"
            progress(done[0])
        await client.close()

    async def link_citizens(self) -> int:
        """Give the citizens' accounts the books of people who were in both hospitals; gives how many were linked."""
        people = make_people(0, _now())
        citizens = [each for each in ACCOUNTS if each.site == "book"]
        linked = 0
        async with open_store(self.repository, "repository") as store:
            accounts = build_access(store, self.repository).accounts
            for account, person in zip(citizens, people, strict=False):
                found = await store.search.search(
                    parse_search("Patient", [("identifier", person.citizen_number)]), system("demo")
                )
                known = await accounts.find(account.login)
                if found.matches and known is not None:
                    await accounts.link_patient(known.id, found.matches[0].id)
                    linked += 1
        return linked

    async def stop(self) -> None:
        await self.supervisor.stop()
        await self.receivers.stop()
        await self.keeper.stop()


def _now() -> datetime:
    return SystemClock().now()


async def start_country(settings: Settings, *, people: int, first_port: int) -> Country:
    """Start everything, make the accounts and tokens; the processes are up when it returns, perhaps not ready."""
    settings.data.mkdir(parents=True, exist_ok=True)
    key_encryption(settings)
    keeper = DatabaseKeeper(settings.data)
    await keeper.start()
    repository_port, book_port = first_port + len(HOSPITALS), first_port + len(HOSPITALS) + 1
    centre = await _centre(settings, keeper, book_port + 4)
    repository = await _role(settings, keeper, "repository", repository_port, "Kho quốc gia (trình diễn)")
    children = [_child("repository", "repository", repository)]
    addresses: list[Address] = []
    messages: list[tuple[int, list[Message]]] = []
    now = _now()
    lying = max(MIN_LYING, people // 2)
    everybody = make_people(people * len(HOSPITALS) + lying, now)
    in_ward = [each for each in everybody[-lying:] if each.age(now.date()) >= 16 and each.citizen_number]
    tokens = await _provision(repository, "repository", "book", [each.code for each in HOSPITALS])
    held = [(each, credentials_of(settings.data / "demo", each)) for each in HOSPITALS]
    receivers = Receivers(settings, book_port + 1, held)
    receivers.start()
    files: list[Files] = []
    nodes: list[tuple[Settings, Facility]] = []
    ward = WardAt(settings, frozenset())
    for index, hospital in enumerate(HOSPITALS):
        node = await _role(settings, keeper, f"node{index + 1}", first_port + index, hospital.name)
        node = replace(
            node,
            facility_code=hospital.code,
            mllp_port=first_port + MLLP_ABOVE + index,
            repository_url=repository.base_url,
            portal_url=centre.portal.base_url,
            hub_url=centre.hub.base_url,
            hub_anchor=centre.hub.hub_anchor,
        )
        nodes.append((node, hospital))
        await _provision(node, "node", "node", [])
        own = everybody[SHARED_PEOPLE + index * people : SHARED_PEOPLE + (index + 1) * people]
        patients = everybody[:SHARED_PEOPLE] + own
        told = stays(hospital, patients, now)
        if hospital is HOSPITALS[0]:
            told += ward_stays(hospital, in_ward, now)
            ward = WardAt(node, frozenset(each.citizen_number for each in in_ward))
        messages.append((node.mllp_port, in_order(told)))
        credentials = held[index][1]
        since = now - timedelta(days=BACK_DAYS)
        sends = environment_of(credentials, hospital, receivers.portal_url, receivers.hub_url, since)
        token = {"BENHAN_REPOSITORY_TOKEN": tokens[hospital.code]}
        signs = await _signers(node, hospital, receivers.certificates)
        children.append(_child(f"node{index + 1}", "node", node, **token, **sends, **signs))
        files.append(await _files(node, hospital, patients, now, credentials, receivers))
        addresses.append(Address(hospital.name, node.base_url))
    book = replace(repository, http_port=book_port, facility_name="Sổ sức khoẻ điện tử (trình diễn)")
    children.append(_child("healthbook", "healthbook", book))
    addresses += [Address("Sổ sức khoẻ điện tử", book.base_url), Address("Kho quốc gia (FHIR)", repository.base_url)]
    await fill_portal(centre.portal, nodes)
    await fill_hub(centre.hub, nodes)
    children += [_child("portal", "portal", centre.portal), _child("hub", "hub", centre.hub)]
    addresses += [Address(PORTAL, centre.portal.base_url), Address(HUB, centre.hub.base_url)]
    supervisor = Supervisor(children)
    supervisor.start()
    return Country(
        addresses, messages, repository, supervisor, keeper, receivers, files, ward, [node for node, _ in nodes]
    )


@dataclass(frozen=True, slots=True)
class Centre:
    """What stands above the hospitals, besides the repository."""

    portal: Settings
    hub: Settings


async def _centre(settings: Settings, keeper: DatabaseKeeper, first_port: int) -> Centre:
    portal = await _role(settings, keeper, "portal", first_port, f"{PORTAL} (trình diễn)")
    hub = await _role(settings, keeper, "hub", first_port + 1, f"{HUB} (trình diễn)")
    return Centre(portal, replace(hub, hub_anchor=str(registry_of(settings.data / "demo" / "network"))))


async def _files(
    node: Settings,
    hospital: Facility,
    patients: list[Person],
    now: datetime,
    credentials: Credentials,
    receivers: Receivers,
) -> Files:
    """What a hospital hands in; the portal refuses one claim, one lacks a sum, as happens."""
    made = claims(hospital, patients, now)
    if len(made) > 2:
        receivers.portal.refused[made[1].ma_lk] = "202"
        made[2].tables["XML1"][0]["T_BHTT"] = "0"
    grown_up = [each for each in patients if each.age(now.date()) >= 18 and each.citizen_number]
    async with open_store(node, "node") as store:
        sessions = build_access(store, node).sessions
        permissions = frozenset({Permission.BHYT_UPLOAD, Permission.CHECK_UP_UPLOAD})
        token = await sessions.make_token(f"his-{hospital.code}", permissions, facility=hospital.code)
    check_ups = handed_in(hospital, grown_up[-CHECK_UPS:], now, credentials)
    return Files(node.base_url, token, claims_file(hospital, made, now), check_ups)


async def _role(settings: Settings, keeper: DatabaseKeeper, database: str, port: int, name: str) -> Settings:
    url = await ensure_database(keeper.server.url("postgres"), database)
    return replace(settings, database=url, http_port=port, facility_name=name, demo=True)


async def _provision(settings: Settings, role: str, site: str, facilities: list[str]) -> dict[str, str]:
    """Make the accounts of a door and a token for each facility; gives the tokens."""
    async with open_store(settings, role) as store:
        access = build_access(store, settings)
        for account in ACCOUNTS:
            if account.site == site and await access.accounts.find(account.login) is None:
                await access.accounts.create(account.login, account.name, account.role, account.password)
                if account.is_officer:
                    await access.accounts.grant(account.login, Permission.ACCESS_REVIEW, given=True)
        return {
            code: await access.sessions.make_token(f"node-{code}", MACHINE_PERMISSIONS["repository"], facility=code)
            for code in facilities
        }


async def _signers(node: Settings, hospital: Facility, certificates: DemoCertificates) -> Mapping[str, str]:
    """Give the hospital's people who sign their certificates; gives the settings by which it signs."""
    async with open_store(node, "node") as store:
        accounts = build_access(store, node).accounts
        signers = Signers(store.database, store.clock, Devices())
        for each in ACCOUNTS:
            title = TITLES.get(each.login)
            known = await accounts.find(each.login)
            if title is None or known is None:
                continue
            file = certificates.file_of(f"{hospital.code}-{each.login}", each.name, title)
            duties = frozenset({"head"}) if each.login == HEAD else frozenset[str]()
            await signers.set(known.id, SignerPlace("file", str(file), ""), title=title, duties=duties)
    return certificates.environment(certificates.file_of(f"{hospital.code}-seal", hospital.name))


def _child(name: str, role: str, settings: Settings, **environment: str) -> Child:
    told = {
        "BENHAN_DATA": settings.data,
        "BENHAN_DATABASE": settings.database,
        "BENHAN_HTTP_PORT": settings.http_port,
        "BENHAN_FACILITY_CODE": settings.facility_code,
        "BENHAN_FACILITY_NAME": settings.facility_name,
        "BENHAN_MLLP_PORT": settings.mllp_port,
        "BENHAN_WORKERS": 1,  # five roles on one small machine
        "BENHAN_REPOSITORY_URL": settings.repository_url,
        "BENHAN_PORTAL_URL": settings.portal_url,
        "BENHAN_HUB_URL": settings.hub_url,
        "BENHAN_HUB_ANCHOR": settings.hub_anchor,
        "BENHAN_DEMO": "true",
        "BENHAN_LOG_LEVEL": settings.log_level,
    }
    return Child(name, ["serve", role], {**{key: str(value) for key, value in told.items()}, **environment})


async def until_ready(country: Country, *, timeout_s: float = 240.0) -> None:
    """Return when every part answers /readyz.

    Raises Unavailable BA-6252 after `timeout_s`, and BA-3950 where a part does not start.
    """
    loop = asyncio.get_running_loop()
    late_at = loop.time() + timeout_s
    async with httpx.AsyncClient(trust_env=False) as client:
        for address in country.addresses:
            while not await _is_ready(client, address.url):
                if country.supervisor.given_up is not None:
                    raise country.supervisor.given_up.fault
                if loop.time() > late_at:
                    raise NOT_READY(title=address.title, seconds=round(timeout_s))
                await asyncio.sleep(0.1)


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def until_stopped() -> None:
    """Return on SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
