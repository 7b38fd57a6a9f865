"""What a person sees when an app asks: who it is, what it wants, for which patient; and their yes or no.

The request of the app goes through the pages in hidden fields and is understood anew at each step. A yes is a form of
our own page with the session's token. Source: SMART App Launch 2.2, app-launch.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.accounts import Account
from benhan.access.middleware import content_security_policy
from benhan.access.routes import route
from benhan.access.smart.authorize import (
    FIELDS,
    Asked,
    answer_address,
    asking_client,
    error_address,
    form_target,
    understood,
)
from benhan.access.smart.clients import Client
from benhan.access.smart.faults import DENIED, NO_PATIENT, NO_SUCH_CLIENT
from benhan.access.smart.grants import Consent
from benhan.access.smart.launches import Launch
from benhan.access.smart.opening import open_app, read_patient
from benhan.access.smart.people import account_of, fhir_user_of
from benhan.access.smart.scopes import parse_scopes
from benhan.access.smart.smart import Smart
from benhan.fhir.resource import is_id
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.patients import PatientLine, PatientPage, Patients, line_of
from benhan.store.ledger.events import Event
from benhan.web.pages import Page, Site, page, render
from benhan.web.scope_words import ScopeLine, scope_lines
from benhan.web.sign_in import form_of, session_of

AUTHORIZE = "/oauth/authorize"


@dataclass(frozen=True, slots=True)
class Context:
    """For whom an app is opened, as far as it is known: a patient, an encounter."""

    patient: str = ""
    encounter: str = ""


class ConsentPages:
    """The authorization endpoint, and the apps that an account lets act for it."""

    def __init__(self, site: Site, smart: Smart, patients: Patients) -> None:
        self._site = site
        self._smart = smart
        self._patients = patients

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page], ...] = (
            ("GET", AUTHORIZE, self.ask),
            ("POST", AUTHORIZE, self.answer),
            ("GET", "/account/apps", self.apps),
            ("POST", "/account/apps", self.withdraw),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=Permission.SIGNED_IN)
            for method, path, handler in table
        ]

    async def ask(self, request: Request) -> Response:
        """The question; an error that the app may know goes back to it, any other stays on our page."""
        return await self._step(request, dict(request.query_params), {})

    async def answer(self, request: Request) -> Response:
        """A step of the pages: a patient found or chosen, yes or no."""
        form = form_of(request)
        return await self._step(request, {name: form[name] for name in FIELDS if name in form}, form)

    async def apps(self, request: Request) -> Response:
        grants = await self._smart.grants.living(account_of(session_of(request)))
        return render(request, self._site, "apps.html", grants=grants, lines=_lines_of)

    async def withdraw(self, request: Request) -> Response:
        number = form_of(request).get("grant", "")
        if number.isascii() and number.isdecimal() and len(number) < 19:
            await self._smart.grants.withdraw(account_of(session_of(request)), int(number))
        return RedirectResponse("/account/apps", 303)

    async def _step(self, request: Request, fields: Mapping[str, str], form: Mapping[str, str]) -> Response:
        client = await self._client(fields)
        account = account_of(session_of(request))
        try:
            user = await fhir_user_of(self._smart.store.database, account.id)
            asked = understood(fields, client, account, self._smart.fhir_url, user)
            return await self._decided(request, asked, account, form)
        except Fault as fault:
            if fault.category in ("broken", "unavailable", "busy", "interrupted"):
                raise
            await self._smart.grants.refused(client.id, fault, Event.GRANT_REFUSE)
            return self._back(error_address(fields["redirect_uri"], fields.get("state", ""), self._smart.issuer, fault))

    async def _client(self, fields: Mapping[str, str]) -> Client:
        try:
            return await asking_client(fields, self._smart.clients)
        except Fault as fault:
            await self._smart.grants.refused("?", fault, Event.GRANT_REFUSE)
            raise

    async def _decided(self, request: Request, asked: Asked, account: Account, form: Mapping[str, str]) -> Response:
        act = form.get("act", "")
        if act == "deny":
            raise DENIED()
        context = await self._context(asked, account, form)
        if asked.scopes.needs_patient and not context.patient:
            return await self._picker(request, asked, form)
        if act == "allow":
            return await self._allowed(request, asked, account, context)
        patient = await self._patient(request, context)
        return self._page(request, asked, "consent.html", context=context, patient=patient)

    async def _context(self, asked: Asked, account: Account, form: Mapping[str, str]) -> Context:
        """A citizen is their own patient; a launch says for whom; else who was picked. Raises BA-2322, BA-2324."""
        if account.role is Role.CITIZEN:
            if asked.scopes.needs_patient and not account.patient:
                raise NO_PATIENT()
            return Context(account.patient if asked.scopes.needs_patient else "")
        if asked.launch:
            launch = await self._smart.launches.find(asked.launch, asked.client, account)
            return Context(launch.patient, launch.encounter)
        picked = form.get("patient", "")
        return Context(picked if asked.scopes.needs_patient and is_id(picked) else "")

    async def _allowed(self, request: Request, asked: Asked, account: Account, context: Context) -> Response:
        """The way back to the app with a code; the person must be able to see the patient."""
        await self._patient(request, context)
        if asked.launch:
            await self._smart.launches.use(asked.launch, asked.client, account)
        code = await self._smart.grants.open(
            Consent(
                asked.client,
                account,
                asked.scopes,
                context.patient,
                context.encounter,
                asked.redirect_uri,
                asked.challenge,
                asked.nonce,
                session_of(request).token_hash,
            )
        )
        return self._back(answer_address(asked.redirect_uri, asked.state, self._smart.issuer, code=code))

    async def _picker(self, request: Request, asked: Asked, form: Mapping[str, str]) -> Response:
        actor = session_of(request).actor
        if not actor.may(Permission.PATIENT_LIST):
            raise NO_PATIENT()
        text = form.get("q", "").strip()[:100]
        found = await self._patients.listed(text, actor) if text else PatientPage([], "")
        return self._page(request, asked, "pick_patient.html", q=text, found=found)

    async def _patient(self, request: Request, context: Context) -> PatientLine | None:
        """The patient in context, read by the person who asks. Raises Forbidden BA-2324 where they may not see them."""
        if not context.patient:
            return None
        return await patient_line(self._smart, context.patient, session_of(request).actor)

    def _page(self, request: Request, asked: Asked, template: str, **more: Any) -> Response:
        lines = scope_lines(asked.scopes)
        answer = render(request, self._site, template, asked=asked, lines=lines, action=AUTHORIZE, **more)
        answer.headers["content-security-policy"] = content_security_policy(form_target(asked.redirect_uri))
        return answer

    def _back(self, address: str) -> Response:
        return RedirectResponse(address, 303, {"cache-control": "no-store"})


class LaunchPages:
    """The apps that a signed-in person can open for a patient."""

    def __init__(self, site: Site, smart: Smart) -> None:
        self._site = site
        self._smart = smart

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/patients/{id}/apps", self.list),
            ("POST", "/patients/{id}/apps", self.open),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=Permission.PATIENT_VIEW)
            for method, path, handler in table
        ]

    async def list(self, request: Request) -> Response:
        patient = await patient_line(self._smart, request.path_params["id"], session_of(request).actor)
        clients = await self._smart.clients.launchable()
        asked = request.query_params.get("encounter", "")
        encounter = asked if is_id(asked) else ""
        answer = render(request, self._site, "launch.html", patient=patient, clients=clients, encounter=encounter)
        targets = (form_target(each.launch_uri) for each in clients)
        answer.headers["content-security-policy"] = content_security_policy(*targets)
        return answer

    async def open(self, request: Request) -> Response:
        """Away to the app, with a launch that it alone can use."""
        form, session = form_of(request), session_of(request)
        client = await self._smart.clients.find(form.get("client", ""))
        if client is None or not client.launch_uri:
            raise NO_SUCH_CLIENT()
        launch = Launch(request.path_params["id"], form.get("encounter", ""))
        address = await open_app(self._smart, client, account_of(session), session.actor, launch)
        return RedirectResponse(address, 303, {"cache-control": "no-store"})


def _lines_of(text: str) -> list[ScopeLine]:
    return scope_lines(parse_scopes(text))


async def patient_line(smart: Smart, patient_id: str, actor: Actor) -> PatientLine:
    """A patient as a banner shows them. Raises Forbidden BA-2324 where the actor may not see them."""
    stored = await read_patient(smart, patient_id, actor)
    return line_of(stored.read(), day_in_vietnam(smart.store.clock.now()).isoformat())
