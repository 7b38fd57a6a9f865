"""The only place that constructs: stores and services out of settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benhan.access.accounts import Accounts
from benhan.access.cares import Cares
from benhan.access.matrix import Matrix, read_rights, usual_rights
from benhan.access.sessions import Sessions
from benhan.access.smart.smart import Smart, build_smart
from benhan.hub.keeper import HubKeeper
from benhan.hub.members.members import Members
from benhan.hub.persons import AsTold
from benhan.hub.post.door import Door
from benhan.hub.post.office import Office
from benhan.hub.transactions.log import TransactionLog
from benhan.kernel.settings import Settings
from benhan.mapping.mapped import Context
from benhan.network.keys import PublicKey, read_key_file
from benhan.node.apply import Applier
from benhan.node.bhyt_episodes import KnownEpisodes
from benhan.node.bhyt_intake import BhytIntake
from benhan.node.bhyt_knowledge import BhytKnowledge
from benhan.node.deployment.measuring import Measuring
from benhan.node.deployment.reporting import Reporter
from benhan.node.exchange.asker import Asker
from benhan.node.exchange.collector import Collector
from benhan.node.exchange.holder import Holder
from benhan.node.exchange.party import Party
from benhan.node.exchange.pusher import Pusher
from benhan.node.exchange.registrar import Registrar
from benhan.node.exports import Exports
from benhan.node.intake import Intake
from benhan.node.packages.making import Packages, SignedFile
from benhan.node.packages.organisation import organisation_signer
from benhan.node.records.life import Facility, Records
from benhan.node.records.models import Record
from benhan.node.records.order import Order, read_order, usual_order
from benhan.node.sends.desk import Desk
from benhan.node.sends.destination import Destination
from benhan.node.sends.opening import open_destinations
from benhan.node.signatures.chain import read_chains, usual_chains
from benhan.node.signatures.opening import SigningParts, must_sign, open_signing
from benhan.portal.deployments import Deployments
from benhan.portal.evidence import Evidence
from benhan.portal.facilities import Facilities
from benhan.portal.papers import Papers as PortalPapers
from benhan.repository.ingest import Ingest
from benhan.signing.trust import Trust, parse_trust
from benhan.store.catalogues import Catalogues
from benhan.store.inbox import Inbox
from benhan.store.opening import open_store
from benhan.store.outbox import Outbox
from benhan.store.send_state import SendState
from benhan.store.sends import Sends
from benhan.store.store import Store
from benhan.transports.hub_client import HubClient
from benhan.transports.portal_client import PortalClient
from benhan.transports.repository_client import RepositoryClient
from benhan.vn.forms.catalogue import Catalogue
from benhan.vn.writing.abbreviations import Abbreviations, read_abbreviations, usual_abbreviations


@dataclass(slots=True)
class Access:
    """Who may come in."""

    accounts: Accounts
    sessions: Sessions
    smart: Smart
    cares: Cares | None


def build_access(store: Store, settings: Settings, role: str = "node") -> Access:
    """Accounts, sessions and apps on a store; at a hospital people are held to its rights matrix.

    Raises Incorrect BA-5301, BA-5302, BA-5303.
    """
    cares = None
    if role == "node":
        rights = read_rights(Path(settings.access_matrix)) if settings.access_matrix else usual_rights()
        cares = Cares(store.database, store.clock, Matrix(rights, settings.access_mode))
    return Access(
        Accounts(store.database, store.clock),
        Sessions(
            store.database,
            store.clock,
            store.random,
            idle_s=settings.session_idle_s,
            life_s=settings.session_life_s,
            secure=settings.base_url.startswith("https://"),
            cares=cares,
        ),
        build_smart(store, settings, cares),
        cares,
    )


@dataclass(slots=True)
class NetworkParts:
    """What a hospital has in the exchange network."""

    party: Party
    asker: Asker
    pusher: Pusher
    collector: Collector
    registrar: Registrar


@asynccontextmanager
async def open_network(settings: Settings, store: Store) -> AsyncIterator[NetworkParts | None]:
    """The hospital's part in the network, None where no hub is set. Raises Incorrect BA-6016."""
    anchor = anchor_of(settings)
    if not settings.hub_url or anchor is None:
        yield None
        return
    client = HubClient(settings.hub_url)
    code = settings.facility_code
    file = settings.data / "network" / "configuration.jws"
    party = Party(store, client, anchor, code, settings.hub_key_generation, file)
    facility, address = (code, settings.facility_name), f"{settings.base_url}/fhir"
    holder, asker = Holder(store, party, facility, address), Asker(store, party)
    pusher = Pusher(store, party, facility, address)
    try:
        yield NetworkParts(party, asker, pusher, Collector(store, party, holder, asker), Registrar(store, party))
    finally:
        await client.close()


@dataclass(slots=True)
class Node:
    """The parts of a hospital node."""

    settings: Settings
    store: Store
    access: Access
    inbox: Inbox
    outbox: Outbox
    intake: Intake
    bhyt: BhytIntake
    applier: Applier
    exports: Exports
    forms: Catalogue
    order: Order
    abbreviations: Abbreviations
    client: RepositoryClient | None
    sends: Sends
    destinations: list[Destination]
    records: Records
    signing: SigningParts
    measuring: Measuring
    reporter: Reporter | None
    """Tells the portal of deployment, where one is set."""
    network: NetworkParts | None

    async def queue_counts(self) -> dict[str, float]:
        """What waits in the inbox, the outbox and for each authority; what waits for a person is not counted."""
        inbox, outbox = await self.inbox.counts(), await self.outbox.counts()
        waiting = {"inbox": inbox["received"], "outbox": outbox["waiting"]}
        for each in self.destinations:
            counts = (await self.sends.counts(each.name)).by_state
            waiting[each.name] = float(counts.get(SendState.WAITING, 0) + counts.get(SendState.SENT, 0))
        return waiting


def build_records(settings: Settings, store: Store, forms: Catalogue) -> Records:
    """The records of a hospital, with its own order of papers and of signatures."""
    return Records(
        store,
        Facility(settings.facility_code, settings.facility_name),
        forms,
        read_order(Path(settings.record_order)) if settings.record_order else usual_order(),
        read_chains(Path(settings.signing_chains)) if settings.signing_chains else usual_chains(),
        must_sign=must_sign(settings),
    )


def _abbreviations(file: str) -> Abbreviations:
    """The hospital's own list, the usual one where none is named."""
    return read_abbreviations(Path(file)) if file else usual_abbreviations()


@asynccontextmanager
async def open_reporter(
    settings: Settings, store: Store, forms: Catalogue
) -> AsyncIterator[tuple[Measuring, Reporter | None]]:
    """What measures a hospital's deployment, and what tells the portal of it where one is set."""
    measuring = Measuring(store, settings, forms)
    if not settings.portal_url:
        yield measuring, None
        return
    client = PortalClient(settings.portal_url)
    try:
        yield measuring, Reporter(store, measuring, client, settings.facility_code)
    finally:
        await client.close()


@asynccontextmanager
async def open_node(settings: Settings) -> AsyncIterator[Node]:
    """A hospital node, its inbox open."""
    async with open_store(settings, "node") as store:
        inbox = Inbox(store.database, store.keyring, store.workshop.tokens, store.clock, store.random)
        outbox = Outbox(store.database, store.clock, store.random, settings.repository_url)
        context = Context(settings.facility_code, settings.timezone, settings.facility_name)
        address = f"{settings.base_url}/fhir"
        client = (
            RepositoryClient(settings.repository_url, settings.repository_token) if settings.repository_url else None
        )
        known = BhytKnowledge(Catalogues(store.database, store.clock), store.clock)
        sends = Sends(store.database, store.keyring, store.clock, store.random)
        forms = Catalogue([Path(settings.forms_folder)] if settings.forms_folder else ())
        records = build_records(settings, store, forms)
        inbox.start()
        outbox.start()
        try:
            async with (
                open_destinations(settings, store, sends, known) as destinations,
                open_signing(settings, store, records) as signing,
                open_reporter(settings, store, forms) as (measuring, reporter),
                open_network(settings, store) as network,
            ):
                yield Node(
                    settings,
                    store,
                    build_access(store, settings),
                    inbox,
                    outbox,
                    Intake(inbox, store.clock, store.random, charset=settings.mllp_charset),
                    BhytIntake(
                        inbox, store.clock, store.random, context, known, KnownEpisodes(store, settings.facility_code)
                    ),
                    Applier(store, inbox, outbox, context, charset=settings.mllp_charset),
                    Exports(store, settings.facility_code, settings.facility_name, address),
                    forms,
                    records.order,
                    _abbreviations(settings.abbreviations),
                    client,
                    sends,
                    destinations,
                    records,
                    signing,
                    measuring,
                    reporter,
                    network,
                )
        finally:
            await inbox.stop()
            await outbox.stop()
            if client is not None:
                await client.close()


def packages_of(node: Node, records: Records) -> Packages:
    """What makes packages of a node's records, signed where the facility's certificate is set."""
    settings = node.settings
    signer = None
    if settings.facility_certificate:
        signer = organisation_signer(Path(settings.facility_certificate), settings.facility_certificate_password)
    signatures, evidence = node.signing.signatures, node.signing.evidence

    async def signed(record: Record) -> Sequence[SignedFile]:
        files = await signatures.rows.files(record)
        return [
            SignedFile(each.number, each.version, await signatures.bytes_of(each), proof)
            for each, proof in zip(files, await evidence.of_files(files), strict=True)
        ]

    return Packages(records, f"{settings.base_url}/fhir", signer, signed)


def trust_of(settings: Settings) -> Trust:
    """The roots that this hospital trusts; none where no folder is set."""
    if not settings.trust_folder:
        return Trust()
    endings = (".pem", ".crt", ".cer", ".der")
    files = [each for each in sorted(Path(settings.trust_folder).iterdir()) if each.suffix.lower() in endings]
    return parse_trust(each.read_bytes() for each in files)


@dataclass(slots=True)
class Portal:
    """The parts of the portal of deployment."""

    settings: Settings
    store: Store
    access: Access
    facilities: Facilities
    evidence: Evidence
    papers: PortalPapers
    deployments: Deployments


@asynccontextmanager
async def open_portal(settings: Settings) -> AsyncIterator[Portal]:
    """The portal of deployment."""
    async with open_store(settings, "portal") as store:
        facilities = Facilities(store.database, store.clock)
        evidence = Evidence(store.database, store.clock, store.random)
        papers = PortalPapers(store.database, store.clock)
        deployments = Deployments(store.database, store.clock, facilities, evidence, papers)
        access = build_access(store, settings, "portal")
        yield Portal(settings, store, access, facilities, evidence, papers, deployments)


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """The messages to authorities alone, for a command beside the running node; what is to be sent, that one sends."""
    async with open_store(settings, "node") as store:
        sends = Sends(store.database, store.keyring, store.clock, store.random)
        known = BhytKnowledge(Catalogues(store.database, store.clock), store.clock)
        async with open_destinations(settings, store, sends, known) as destinations:
            yield Desk(store, sends, destinations)


@dataclass(slots=True)
class Repository:
    """The parts of the national repository."""

    settings: Settings
    store: Store
    access: Access
    ingest: Ingest


@asynccontextmanager
async def open_repository(settings: Settings, role: str = "repository") -> AsyncIterator[Repository]:
    """The national repository; the health book opens the same store."""
    async with open_store(settings, role) as store:
        ingest = Ingest(store)
        ingest.start()
        try:
            yield Repository(settings, store, build_access(store, settings, role), ingest)
        finally:
            await ingest.stop()


@dataclass(slots=True)
class Hub:
    """The parts of a coordination hub."""

    settings: Settings
    store: Store
    access: Access
    members: Members
    office: Office
    keeper: HubKeeper
    log: TransactionLog


def anchor_of(settings: Settings) -> PublicKey | None:
    """The network's registry key, None where none is set. Raises Incorrect BA-6016."""
    return read_key_file(Path(settings.hub_anchor)) if settings.hub_anchor else None


@asynccontextmanager
async def open_hub(settings: Settings) -> AsyncIterator[Hub]:
    """A coordination hub, its office open."""
    async with open_store(settings, "hub") as store:
        members = Members(store, settings.hub_code, anchor_of(settings))
        persons = AsTold()
        office = Office(store, members, persons, Door(store, members))
        log = TransactionLog(store, persons, office.letters)
        office.start()
        try:
            access = build_access(store, settings, "hub")
            yield Hub(settings, store, access, members, office, HubKeeper(store, office), log)
        finally:
            await office.stop()
