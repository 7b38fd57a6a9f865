"""Signing: the tray, a batch as it goes, who has not signed, signing for others, the signatures of a paper."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path, read_content
from benhan.fhir_api.responses import status_of
from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.kernel.secrets import Secret
from benhan.node.chart.charts import Charts
from benhan.node.patients import Patients
from benhan.node.records.admission import relaxed
from benhan.node.signatures.faults import CHANGED_SINCE, NOTHING_CHOSEN, PIN_MISSING
from benhan.node.signatures.keys import PIN_CHARACTERS_MAX
from benhan.node.signatures.models import PATIENT, Chosen, StepState
from benhan.node.signatures.opening import SigningParts
from benhan.node.signatures.shown import shown
from benhan.node.signatures.tray import Line
from benhan.signing.remote import Approval
from benhan.signing.verdicts import Indication
from benhan.web.form_inputs import Change, changes_between, grouped
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.record_paths import department_in, number_in
from benhan.web.sign_in import form_of
from benhan.web.words import date_of

BODY_BYTES_MAX = 256 * 1024
CHANGES_MAX = 12
INDICATIONS = {Indication.PASSED: "passed", Indication.FAILED: "failed", Indication.INDETERMINATE: "unknown"}


class SignaturePages:
    """What people who sign see."""

    def __init__(self, site: Site, parts: SigningParts, patients: Patients, charts: Charts) -> None:
        self._site = site
        self._parts = parts
        self._patients = patients
        self._charts = charts
        self._clock = parts.signatures.store.clock

    def routes(self) -> list[BaseRoute]:
        sign, view = Permission.RECORD_SIGN, Permission.RECORD_VIEW
        paper = "/records/{id}/papers/{number}"
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/signing", self.tray, sign),
            ("POST", "/signing", self.start, sign),
            ("GET", "/signing/unsigned", self.unsigned, view),
            ("GET", "/signing/delegations", self.delegations, sign),
            ("POST", "/signing/delegations", self.delegate, sign),
            ("POST", "/signing/delegations/{number}/end", self.end_delegation, sign),
            ("GET", "/signing/batches/{id}", self.batch, sign),
            ("GET", f"{paper}/signatures", self.signatures, view),
            ("POST", f"{paper}/refuse", self.refuse, sign),
            ("GET", f"{paper}/page", self.page, view),
            ("GET", f"{paper}/signed/{{version}}", self.signed, view),
            ("GET", f"{paper}/signed/{{version}}/evidence", self.evidence, view),
        )
        # what a page asks by itself does not keep a session from ending
        polled = (("/signing/count", self.count), ("/signing/batches/{id}/state", self.batch))
        return [
            *(route(path, page(self._site, handler), permission=sign, is_poll=True) for path, handler in polled),
            *(
                route(path, page(self._site, handler), methods=[method], permission=permission)
                for method, path, handler, permission in table
            ),
        ]

    async def tray(self, request: Request) -> Response:
        """What waits for me, longest first, with what changed since I saw it; what came back."""
        return await self._tray(request)

    async def _tray(
        self, request: Request, fault: Fault | None = None, ticked: frozenset[str] = frozenset()
    ) -> Response:
        actor = actor_of(request)
        tray = await self._parts.trays.of(actor)
        return render(
            request,
            self._site,
            "signing.html",
            status_of(fault) if fault is not None else 200,
            tray=tray,
            keys={each.step: value_of(each) for each in tray.waiting},
            changes={each.step: _changes(each) for each in tray.waiting},
            ticked=ticked,
            signer=await self._parts.signers.of(actor),
            names=await self._names(tray.waiting + tray.returned),
            now=self._clock.now(),
            **_told(request, fault),
        )

    async def start(self, request: Request) -> Response:
        """Sign what is ticked by one PIN or approval; a mistake is told in the tray, which keeps the ticks."""
        body = await read_content(request, BODY_BYTES_MAX)
        typed = grouped(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        ticked = typed.get("paper", [])
        try:
            chosen = [chosen_of(each) for each in ticked]
            id_ = await self._parts.batches.start(chosen, actor_of(request), await self._approval(request, typed))
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect", "forbidden", "busy", "unavailable"):
                raise
            return await self._tray(request, fault, frozenset(ticked))
        return RedirectResponse(f"/signing/batches/{id_}", 303)

    async def _approval(self, request: Request, typed: dict[str, list[str]]) -> Approval:
        """The PIN and the one-time code as they were typed. Raises Incorrect BA-5111."""
        pin, otp = (typed.get(name, [""])[0][:PIN_CHARACTERS_MAX] for name in ("pin", "otp"))
        own = await self._parts.signers.of(actor_of(request))
        if not pin and own is not None and own.place.kind != "remote":
            raise PIN_MISSING()
        return Approval(Secret(pin) if pin else None, Secret(otp) if otp else None)

    async def batch(self, request: Request) -> Response:
        """How far a batch is, paper by paper; the page asks again while it goes."""
        found = await self._parts.batches.read(id_of_path(request), actor_of(request))
        forms = self._parts.signatures.records.forms
        names = {each.form: forms.by_key(each.form).name if each.form else "" for each in found.papers}
        return render(request, self._site, "signing_batch.html", batch=found, names=names)

    async def count(self, request: Request) -> Response:
        """How many papers wait for me, for the menu."""
        waiting, late = await self._parts.trays.count(actor_of(request))
        return render(request, self._site, "signing_count.html", waiting=waiting, late=late)

    async def unsigned(self, request: Request) -> Response:
        """Who has not signed what, longest first."""
        department = department_in(request.query_params.get("department", ""))
        lines = await self._parts.trays.unsigned(actor_of(request), department)
        return render(
            request,
            self._site,
            "signing_unsigned.html",
            lines=lines,
            department=department,
            names=await self._names(lines),
            now=self._clock.now(),
        )

    async def delegations(self, request: Request) -> Response:
        return await self._delegations(request)

    async def _delegations(
        self, request: Request, fault: Fault | None = None, typed: dict[str, str] | None = None
    ) -> Response:
        given = await self._parts.delegations.given(actor_of(request))
        return render(
            request,
            self._site,
            "signing_delegations.html",
            status_of(fault) if fault is not None else 200,
            given=[(each, date_of(each.ends_at - timedelta(seconds=1))) for each in given],
            names=await self._patients.names_of({f"account:{each.deputy}" for each in given}),
            typed=typed or {},
            **_told(request, fault),
        )

    async def delegate(self, request: Request) -> Response:
        """Let somebody sign in my place, as what, until the end of which day."""
        form = form_of(request)
        try:
            await self._parts.delegations.give(
                actor_of(request), form.get("login", "")[:200], form.get("title", ""), _end_of(form.get("until", ""))
            )
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._delegations(
                request, fault, {key: form.get(key, "") for key in ("login", "title", "until")}
            )
        return RedirectResponse("/signing/delegations", 303)

    async def end_delegation(self, request: Request) -> Response:
        await self._parts.delegations.take_back(actor_of(request), number_in(request))
        return RedirectResponse("/signing/delegations", 303)

    async def signatures(self, request: Request) -> Response:
        """The signatures of a paper: who, as what, when, and the verdict in words; what is still waited for."""
        return await self._signatures(request)

    async def _signatures(self, request: Request, fault: Fault | None = None) -> Response:
        actor = actor_of(request)
        found = await shown(self._parts.signatures, id_of_path(request), number_in(request), actor)
        opened = await self._parts.signatures.records.opened(found.record, relaxed(actor))
        confirmations = await self._parts.confirmations.of_paper(found.record, found.paper.number)
        actors = {each.signed_by for each in confirmations}
        actors |= {one for each in found.versions for step, _ in each.steps for one in (step.signer, step.assigned)}
        return render(
            request,
            self._site,
            "signatures.html",
            status_of(fault) if fault is not None else 200,
            found=found,
            form=self._parts.signatures.records.forms.by_key(found.paper.form),
            patient=self._patients.line_of_record(opened.patient.read()),
            allergies=await self._charts.allergies(found.record.patient, relaxed(actor)),
            mine=await self._mine(found.versions[0].steps, actor) if actor.may(Permission.RECORD_SIGN) else "",
            key=f"{found.record.id}/{found.paper.number}/{found.paper.version}",
            signer=await self._parts.signers.of(actor),
            names=await self._patients.names_of(actors),
            indications=INDICATIONS,
            confirmations=confirmations,
            waits_for_patient=any(
                step.duty == PATIENT and step.state is StepState.WAITING for step, _ in found.versions[0].steps
            ),
            now=self._clock.now(),
            **_told(request, fault),
        )

    async def _mine(self, steps: list[Any], actor: Actor) -> str:
        """`waiting` where the paper waits for me, `countersign` where I may add mine, else ""."""
        standings = await self._parts.signers.standings(actor)
        own = [step for step, _ in steps]
        if any(step.state is StepState.WAITING and one.fits(step) for step in own for one in standings):
            return "waiting"
        is_whole = bool(own) and all(step.state is StepState.SIGNED for step in own)
        return "countersign" if is_whole and all(step.signer != actor.id for step in own) else ""

    async def refuse(self, request: Request) -> Response:
        """Send a paper back to its author with the reason."""
        form = form_of(request)
        try:
            await self._parts.signatures.refuse(
                chosen_of(form.get("paper", "")), actor_of(request), form.get("reason", "")[:2000]
            )
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._signatures(request, fault)
        return RedirectResponse("/signing", 303)

    async def page(self, request: Request) -> Response:
        """The very page that is signed, as PDF."""
        pdf = await self._parts.signatures.present(id_of_path(request), number_in(request), actor_of(request))
        return _pdf(pdf, f"to-{number_in(request)}")

    async def signed(self, request: Request) -> Response:
        """The signed file of a version, byte for byte."""
        text: str = request.path_params["version"]
        version = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
        number = number_in(request)
        pdf = await self._parts.signatures.file(id_of_path(request), number, version, actor_of(request))
        return _pdf(pdf, f"to-{number}-ban-{version}-da-ky")

    async def evidence(self, request: Request) -> Response:
        """The evidence record of a signed file (RFC 4998), to lie beside it. Raises NotFound BA-5480."""
        text: str = request.path_params["version"]
        version = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
        number = number_in(request)
        file = await self._parts.signatures.kept(id_of_path(request), number, version, actor_of(request))
        record = await self._parts.evidence.record_of(file.evidence_tree or 0, file.content_hash)
        name = f"to-{number}-ban-{version}-da-ky.pdf.ers"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return Response(record, media_type="application/octet-stream", headers=headers)

    async def _names(self, lines: list[Line]) -> dict[str, str]:
        return await self._patients.names_of(
            {one for each in lines for one in (each.step.assigned, each.paper.author, each.on_behalf, each.step.signer)}
        )


def value_of(line: Line) -> str:
    """A version of a paper as a form names it."""
    return f"{line.record.id}/{line.paper.number}/{line.paper.version}"


def chosen_of(text: str) -> Chosen:
    """What a form names. Raises Incorrect BA-5110, Conflict BA-5105 where it is no version."""
    record_id, _, rest = text.partition("/")
    number, _, version = rest.partition("/")
    if not record_id:
        raise NOTHING_CHOSEN()
    if not all(each.isascii() and each.isdecimal() and len(each) < 9 for each in (number, version)):
        raise CHANGED_SINCE(version=0)
    return Chosen(record_id, int(number), int(version))


def _changes(line: Line) -> list[Change]:
    if line.before is None or line.after is None:
        return []
    return changes_between(line.form, line.before, line.after)[:CHANGES_MAX]


def _end_of(text: str) -> datetime:
    """The end of a day as a date field sends it; the far past where it is none, which no delegation may end in."""
    try:
        day = datetime.strptime(text[:10], "%Y-%m-%d").date()  # noqa: DTZ007  # a day, put into Vietnam below
    except ValueError:
        return datetime.min.replace(tzinfo=VIETNAM)
    return datetime.combine(day, time(), VIETNAM) + timedelta(days=1)


def _told(request: Request, fault: Fault | None) -> dict[str, Any]:
    text = fault.text.in_language(language_of(request.scope)) if fault is not None else ""
    return {"fault": fault, "text": text}


def _pdf(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}.pdf"', "cache-control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
