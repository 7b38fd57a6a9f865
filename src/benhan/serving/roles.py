"""What each role serves: its ASGI application and its tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.cares import Cares
from benhan.access.middleware import ASGIApp, Door, Refuse, Scope
from benhan.access.owners import KnownOwners
from benhan.access.rates import Rate
from benhan.access.routes import GuardedRoute, route
from benhan.access.smart.endpoints import SmartEndpoints, oauth_error
from benhan.access.staff import Staff
from benhan.demo.accounts import shown_accounts
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bulk.bulk import Bulk
from benhan.fhir_api.bulk.import_sources import ImportSources
from benhan.fhir_api.responses import fault_response
from benhan.fhir_api.routes import routes as fhir_routes
from benhan.fhir_api.subscriptions.socket import PATH as SOCKET
from benhan.fhir_api.subscriptions.tasks import SubscriptionParts, subscription_parts
from benhan.healthbook.book import Books
from benhan.hub.routes import routes as hub_routes
from benhan.hub.transactions.routes import routes as log_routes
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.node.access.emergency import Emergencies
from benhan.node.access.grants import Grants
from benhan.node.access.looks import Looks
from benhan.node.bhyt_folder import bhyt_folder
from benhan.node.chart.charts import Charts
from benhan.node.dead_letters import DeadLetters
from benhan.node.deployment.reporting import Reports
from benhan.node.exchange.repository import Exchange
from benhan.node.exchange.routes import routes as exchange_routes
from benhan.node.message_files import message_folder
from benhan.node.nursing.bedside import Bedside
from benhan.node.nursing.handover import Handovers
from benhan.node.orders.orders import Orders
from benhan.node.orders.picker import OrderPicker
from benhan.node.orders.templates import OrderTemplates
from benhan.node.packages.arrivals import Arrivals
from benhan.node.patients import Patients
from benhan.node.records.life import Facility
from benhan.node.records.offers import Offers
from benhan.node.records.papers import Papers
from benhan.node.records.phrases import Phrases
from benhan.node.records.prints import Prints
from benhan.node.records.requests import Requests
from benhan.node.sends.desk import Desk
from benhan.node.sends.planner import Planner
from benhan.node.sends.sender import Sender
from benhan.node.traces import Traces
from benhan.node.ward.leaving import Leaving
from benhan.node.ward.newborns import Newborns
from benhan.node.ward.wards import Wards
from benhan.portal.routes import MACHINE_PATHS, PortalDoor
from benhan.repository.routes import routes as repository_routes
from benhan.serving.database_keeper import DatabaseKeeper
from benhan.serving.health import Readiness, healthz
from benhan.serving.metrics import GaugeReader, Measured, Metrics
from benhan.serving.role_server import OpenRole, Running
from benhan.serving.sockets import WithSockets
from benhan.serving.supervisor import is_supervised
from benhan.serving.tasks import Task
from benhan.serving.workers import import_workers
from benhan.store.catalogues import Catalogues
from benhan.store.keepers import keepers
from benhan.store.migrations import check_schema
from benhan.store.store import Store
from benhan.transports.mllp_server import MllpLimits, MllpServer
from benhan.transports.rest_hook import RestHook
from benhan.web.access_pages import AccessPages
from benhan.web.account_pages import AccountPages
from benhan.web.bhyt_pages import BhytPages
from benhan.web.book_pages import BookPages
from benhan.web.confirmation_pages import ConfirmationPages
from benhan.web.consent_pages import AUTHORIZE, ConsentPages, LaunchPages
from benhan.web.deployment_pages import DeploymentPages
from benhan.web.destruction_pages import DestructionPages
from benhan.web.exchange_pages import ExchangePages
from benhan.web.flow_pages import FlowPages
from benhan.web.grant_pages import GrantPages
from benhan.web.leaving_pages import LeavingPages
from benhan.web.loan_pages import LoanPages
from benhan.web.message_pages import MessagePages
from benhan.web.newborn_pages import NewbornPages
from benhan.web.nursing_pages import NursingPages
from benhan.web.order_pages import OrderPages
from benhan.web.own_account import OwnAccount
from benhan.web.package_pages import PackagePages
from benhan.web.pages import Site
from benhan.web.patient_pages import PatientPages
from benhan.web.portal_pages import PortalPages, PortalParts
from benhan.web.record_pages import RecordPages
from benhan.web.request_pages import RequestPages
from benhan.web.sealed_text import SealedText
from benhan.web.send_pages import SendPages
from benhan.web.sign_in import SignIn
from benhan.web.signature_pages import SignaturePages
from benhan.web.ward_pages import WardPages
from benhan.web.writing_pages import Writing, WritingPages
from benhan.wiring import Access, Node, open_hub, open_node, open_portal, open_repository, packages_of, trust_of

MACHINES = ("/exchange", "/fhir", "/hub", "/metrics", "/.well-known")
MACHINES_OF = {"repository": ("/deliveries",), "portal": MACHINE_PATHS}
"""What machines ask of one kind of site, besides."""


def application(
    routes: Sequence[BaseRoute],
    store: Store,
    access: Access,
    gauges: dict[str, GaugeReader],
    site: Site | None = None,
) -> ASGIApp:
    """The application of a role: its routes behind the door, with health and metrics; `site` where it has pages."""

    async def schema() -> None:
        await check_schema(store.database)

    metrics = Metrics({**gauges, "validation_findings": store.findings.totals})
    every = [
        route("/healthz", healthz, permission=Permission.PUBLIC),
        route("/readyz", Readiness({"database": schema}).endpoint, permission=Permission.PUBLIC),
        route("/metrics", metrics.endpoint, permission=Permission.METRICS_READ),
        *routes,
    ]
    return Measured(Door(every, access.sessions, store.random, refusing(site), access.smart.grants), metrics)


def refusing(site: Site | None) -> Refuse:
    """A page for people, an OperationOutcome for machines, an OAuth error for apps."""
    from benhan.web.refusals import refused_page

    def refuse(scope: Scope, fault: Fault) -> ASGIApp:
        path = scope["path"]
        if path.startswith("/oauth/") and path != AUTHORIZE:
            return oauth_error(fault)
        if site is None or path.startswith((*MACHINES, *MACHINES_OF.get(site.kind, ()))):
            return fault_response(scope, fault)
        return refused_page(scope, fault, site)

    return refuse


def fhir_api(store: Store, settings: Settings, access: Access) -> FhirApi:
    """The FHIR API of a role, with the limits of its settings and a place for the files of exports."""
    base_url = f"{settings.base_url}/fhir"
    sources = ImportSources.allowed(settings.import_hosts, settings.import_folder)
    return FhirApi(
        store,
        base_url,
        settings.body_bytes_max,
        settings.bundle_entries_max,
        settings.conditional_deletes_max,
        security=access.smart.security(),
        bulk=Bulk.on(
            store,
            settings.data / "bulk",
            base_url,
            life_s=settings.bulk_life_s,
            sources=sources,
            import_workers=import_workers(settings),
        ),
    )


@asynccontextmanager
async def kept_database(settings: Settings) -> AsyncIterator[None]:
    """The embedded database kept running, where this process is the one to keep it."""
    if settings.database or is_supervised():
        yield
        return
    keeper = DatabaseKeeper(settings.data)
    await keeper.start()
    try:
        yield
    finally:
        await keeper.stop()


@asynccontextmanager
async def node_role(settings: Settings) -> AsyncIterator[Running]:
    """A hospital: FHIR, pages, the MLLP listener, the applier, the ledger's chain."""
    async with kept_database(settings), open_node(settings) as node:
        api = fhir_api(node.store, settings, node.access)
        tasks: dict[str, Task] = {"apply": node.applier, **keepers(node.store), **bulk_tasks(api)}
        parts = subscriptions(node.store, settings, node.access.cares)
        tasks |= subscription_tasks(parts)
        if settings.mllp_port:
            limits = MllpLimits(settings.mllp_frame_bytes_max, settings.mllp_connections_max)
            tasks["mllp"] = MllpServer(
                settings.mllp_host,
                settings.mllp_port,
                node.intake.receive,
                node.intake.refuse_long,
                limits,
                shares_port=is_supervised(),
            )
        if settings.bhyt_folder:
            folder = Path(settings.bhyt_folder)
            tasks["bhyt"] = bhyt_folder(node.store.database, node.bhyt, folder, settings.bhyt_look_s)
        if settings.hl7v2_folder:
            folder = Path(settings.hl7v2_folder)
            tasks["hl7v2"] = message_folder(node.store.database, node.intake, folder, settings.bhyt_look_s)
        if node.client is not None:
            tasks["exchange"] = Exchange(node.store, node.outbox, node.exports, node.client, settings.facility_code)
        if node.network is not None:
            tasks |= {"collect": node.network.collector, "register": node.network.registrar}
        if node.destinations:
            tasks["plan"] = Planner(node.store, node.sends, node.destinations)
            tasks |= {f"send-{each.name}": Sender(node.store, node.sends, each) for each in node.destinations}
        if node.reporter is not None:
            tasks["portal"] = node.reporter
        gauges: dict[str, GaugeReader] = {"queue_waiting": node.queue_counts}
        tasks["signatures"] = node.signing.keeper
        site = site_of("node", settings)
        routes = [*app_doors(node.access, node.store), *fhir_routes(api), *node_pages(node, site)]
        if node.network is not None:
            routes += exchange_routes(api, node.network.asker, node.network.pusher)
        app = application(routes, node.store, node.access, gauges, site)
        yield Running(WithSockets(app, {SOCKET: parts.sockets}), tasks)


def subscriptions(store: Store, settings: Settings, cares: Cares | None = None) -> SubscriptionParts:
    """What follows the ledger for subscriptions, and what tells their receivers."""
    hosts = [host.strip() for host in settings.subscription_hosts.split(",") if host.strip()]
    owners = KnownOwners(store.database, store.clock, cares)
    return subscription_parts(store, f"{settings.base_url}/fhir", owners, RestHook(hosts))


def subscription_tasks(parts: SubscriptionParts) -> dict[str, Task]:
    """The background work of subscriptions."""
    return {"subscriptions": parts.follower, "notifications": parts.teller}


def bulk_tasks(api: FhirApi) -> dict[str, Task]:
    """What does the jobs of an API."""
    return {"jobs": api.bulk.runner()} if api.bulk is not None else {}


def node_pages(node: Node, site: Site) -> list[BaseRoute]:
    """The pages of a hospital."""
    store, settings, patients = node.store, node.settings, Patients(node.store)
    sealed = SealedText(store.keyring.derived_key("search-text"))
    records = node.records
    papers, wards = Papers(records), Wards(store)
    picker = OrderPicker(Catalogues(store.database, store.clock), store.clock)
    packages, prints = packages_of(node, records), Prints(records, settings.base_url)
    charts = Charts(store, node.forms)
    writing = Writing(
        Phrases(store.database, store.clock), Offers(store, papers), node.abbreviations, node.settings.voice_typing
    )
    desk = Desk(store, node.sends, node.destinations)
    letters = DeadLetters(store, node.inbox, charset=node.settings.mllp_charset)
    return [
        *door_pages(site, node.access, store),
        *FlowPages(site, Traces(store, node.inbox, node.outbox)).routes(),
        *PatientPages(site, patients, charts, node.exports, sealed, Looks(store)).routes(),
        *WardPages(site, wards).routes(),
        *NursingPages(site, wards, Bedside(store, papers), Handovers(store, wards), patients).routes(),
        *OrderPages(site, Orders(store, papers, picker), OrderTemplates(store)).routes(),
        *LeavingPages(site, Leaving(store, papers), wards).routes(),
        *NewbornPages(site, Newborns(store, records)).routes(),
        *RecordPages(site, records, papers, prints, patients, charts, writing).routes(),
        *WritingPages(site, papers, writing).routes(),
        *ConfirmationPages(site, node.signing, patients, charts, node.settings.base_url).routes(),
        *SignaturePages(site, node.signing, patients, charts).routes(),
        *DestructionPages(site, records, patients).routes(),
        *LoanPages(site, records, patients).routes(),
        *ExchangePages(site, store, charts, node.network.asker if node.network is not None else None).routes(),
        *PackagePages(site, packages, Arrivals(store, trust_of(settings)), charts, settings.body_bytes_max).routes(),
        *RequestPages(site, records, Requests(records, prints, packages), charts).routes(),
        *DeploymentPages(site, node.measuring, Reports(store.database), settings.portal_url).routes(),
        *ConsentPages(site, node.access.smart, patients).routes(),
        *LaunchPages(site, node.access.smart).routes(),
        *MessagePages(site, letters, node.outbox).routes(),
        *BhytPages(site, node.bhyt, node.settings.body_bytes_max).routes(),
        *SendPages(site, desk, node.settings.body_bytes_max).routes(),
        *access_pages(node, site, records.facility, sealed),
    ]


def access_pages(node: Node, site: Site, facility: Facility, sealed: SealedText) -> list[BaseRoute]:
    """The pages of who may see what."""
    store, cares = node.store, node.access.cares
    assert cares is not None, "a hospital holds its people to a matrix"
    staff = Staff(store.database, store.clock)
    emergencies = Emergencies(store, node.outbox, facility, node.settings.emergency_s)
    looks, patients = Looks(store), Patients(store)
    grants = GrantPages(site, staff, Grants(store), emergencies, patients, node.records)
    pages = AccessPages(site, cares.matrix, emergencies, looks, patients, sealed)
    return [*pages.routes(), *grants.routes(), *AccountPages(site, staff).routes()]


def door_pages(site: Site, access: Access, store: Store, home: str = "/") -> list[BaseRoute]:
    """Signing in and out, one's own account."""
    rate = Rate(store.clock, burst=60, per_s=2)
    return [
        *SignIn(site, access.accounts, access.sessions, rate, home=home).routes(),
        *OwnAccount(site, access.accounts, access.sessions).routes(),
    ]


def app_doors(access: Access, store: Store) -> list[GuardedRoute]:
    """The endpoints of the authorization server."""
    return SmartEndpoints(access.smart, Rate(store.clock, burst=60, per_s=2)).routes()


def repository_pages(access: Access, store: Store, site: Site) -> list[BaseRoute]:
    """What people see of the repository: signing in, and letting apps in."""

    async def home(_request: Request) -> Response:
        return RedirectResponse("/account", 303)

    return [
        route("/", home, permission=Permission.SIGNED_IN),
        *door_pages(site, access, store),
        *ConsentPages(site, access.smart, Patients(store)).routes(),
    ]


def site_of(kind: str, settings: Settings) -> Site:
    """Whose pages these are; demonstration accounts are named only where the demonstration runs."""
    accounts = shown_accounts(kind) if settings.demo else ()
    return Site(kind, settings.facility_name, settings.demo, accounts)


@asynccontextmanager
async def repository_role(settings: Settings) -> AsyncIterator[Running]:
    """The national repository: FHIR and deliveries."""
    async with kept_database(settings), open_repository(settings) as repository:
        store, access = repository.store, repository.access
        api = fhir_api(store, settings, access)
        parts = subscriptions(store, settings)
        tasks: dict[str, Task] = {**keepers(store), **bulk_tasks(api), **subscription_tasks(parts)}
        site = site_of("repository", settings)
        routes = [
            *app_doors(access, store),
            *fhir_routes(api),
            *repository_routes(api, repository.ingest),
            *repository_pages(access, store, site),
        ]
        app = application(routes, store, access, {}, site)
        yield Running(WithSockets(app, {SOCKET: parts.sockets}), tasks)


@asynccontextmanager
async def healthbook_role(settings: Settings) -> AsyncIterator[Running]:
    """The citizen's book, on the repository's store."""
    async with kept_database(settings), open_repository(settings, "healthbook") as repository:
        store = repository.store
        site = site_of("book", settings)
        routes = [*door_pages(site, repository.access, store), *BookPages(site, Books(store)).routes()]
        tasks: dict[str, Task] = {**keepers(store)}
        yield Running(application(routes, store, repository.access, {}, site), tasks)


@asynccontextmanager
async def portal_role(settings: Settings) -> AsyncIterator[Running]:
    """The portal of deployment: public pages and data, hospitals' own pages, the door for their nodes."""
    async with kept_database(settings), open_portal(settings) as portal:
        store = portal.store
        site = site_of("portal", settings)
        parts = PortalParts(portal.facilities, portal.evidence, portal.papers, portal.deployments, store.clock)
        door = PortalDoor(portal.evidence, portal.facilities, Rate(store.clock, burst=200, per_s=5))
        routes = [
            *door_pages(site, portal.access, store, home="/own"),
            *door.routes(),
            *PortalPages(site, parts).routes(),
        ]
        tasks: dict[str, Task] = {**keepers(store)}
        yield Running(application(routes, store, portal.access, {}, site), tasks)


@asynccontextmanager
async def hub_role(settings: Settings) -> AsyncIterator[Running]:
    """The coordination hub: members' messages, and FHIR for its operators."""
    async with kept_database(settings), open_hub(settings) as hub:
        store, access = hub.store, hub.access
        api = fhir_api(store, settings, access)
        tasks: dict[str, Task] = {**keepers(store), **bulk_tasks(api), "hub": hub.keeper}
        site = site_of("hub", settings)
        doors = [*hub_routes(api, hub.office, hub.members), *log_routes(api, hub.log)]
        routes = [*app_doors(access, store), *fhir_routes(api), *doors, *repository_pages(access, store, site)]
        yield Running(application(routes, store, access, {}, site), tasks)


ROLES: dict[str, OpenRole] = {
    "hub": hub_role,
    "node": node_role,
    "repository": repository_role,
    "healthbook": healthbook_role,
    "portal": portal_role,
}
