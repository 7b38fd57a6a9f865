"""Asking other hospitals about a patient, how far each ask is, and what came."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.network.bases import legal_bases
from benhan.network.consent import REASONS
from benhan.network.exchanges import Person
from benhan.network.kinds import data_kinds
from benhan.node.chart.charts import Charts
from benhan.node.exchange.asker import Asker, Wish
from benhan.node.exchange.faults import NO_NETWORK
from benhan.node.exchange.outside import OutsideDocuments
from benhan.store.store import Store
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.patient_pages import head_of
from benhan.web.sign_in import form_of

KINDS_USUAL = ("summary", "allergies", "medications", "laboratory")
"""What is ticked before anybody has chosen: what a doctor needs who does not know the person."""
CODE_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.")


class ExchangePages:
    """What doctors see of the network; `asker` is None where this hospital is not in it."""

    def __init__(self, site: Site, store: Store, charts: Charts, asker: Asker | None) -> None:
        self._site = site
        self._store = store
        self._charts = charts
        self._asker = asker
        self._outside = OutsideDocuments(store)

    def routes(self) -> list[BaseRoute]:
        asks = "/patients/{id}/asks"
        table: tuple[tuple[str, str, Page], ...] = (
            ("GET", asks, self.show),
            ("POST", asks, self.ask),
            ("GET", f"{asks}/{{holder}}/{{exchange}}", self.document),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=Permission.EXCHANGE_ASK)
            for method, path, handler in table
        ]

    async def show(self, request: Request) -> Response:
        return await self._show(request, None)

    async def _show(self, request: Request, fault: Fault | None) -> Response:
        patient_id, actor = id_of_path(request), actor_of(request)
        banner, _ = await self._charts.banner(patient_id, actor, page="exchange")
        asked = []
        if self._asker is not None:
            asked = await self._asker.of_patient(await self._store.resources.read("Patient", patient_id, actor))
        return render(
            request,
            self._site,
            "patient_asks.html",
            status_of(fault) if fault is not None else 200,
            **head_of(banner),
            tab="records",
            is_member=self._asker is not None,
            asked=asked,
            kinds=data_kinds(),
            usual=KINDS_USUAL,
            bases={name: each for name, each in legal_bases().items() if each.is_enabled and each.purposes},
            reasons=REASONS,
            waits=any(part.state == "waiting" for each in asked for part in each.parts),
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def ask(self, request: Request) -> Response:
        """Ask; what the network refuses is told on the page."""
        patient_id, actor, form = id_of_path(request), actor_of(request), form_of(request)
        basis = form.get("basis", "")
        known = legal_bases().get(basis)
        purpose = form.get("purpose", "") or (sorted(known.purposes)[0] if known is not None else "")
        kinds = tuple(each for each in data_kinds() if form.get(f"kind-{each}"))
        try:
            if self._asker is None:
                raise NO_NETWORK()
            wish = Wish(kinds or KINDS_USUAL, purpose, basis, form.get("note", "").strip()[:500])
            await self._asker.ask(patient_id, wish, person_of(actor), actor)
        except Fault as fault:
            if fault.category in ("not_found", "broken"):
                raise
            return await self._show(request, fault)
        return RedirectResponse(f"/patients/{patient_id}/asks", 303)

    async def document(self, request: Request) -> Response:
        """What a hospital gave, as lines; the look is in the ledger as that of any document."""
        patient_id, actor = id_of_path(request), actor_of(request)
        banner, _ = await self._charts.banner(patient_id, actor, page="exchange")
        holder, exchange = (_code(request.path_params[name]) for name in ("holder", "exchange"))
        told = await self._outside.read(patient_id, holder, exchange, actor)
        return render(
            request, self._site, "patient_given.html", **head_of(banner), tab="records", told=told, kinds=data_kinds()
        )


def person_of(actor: Actor) -> Person:
    """Who asks, as the ask says it."""
    return Person(actor.id, actor.role.value)


def _code(text: str) -> str:
    return "".join(each for each in text[:80] if each in CODE_CHARACTERS)
