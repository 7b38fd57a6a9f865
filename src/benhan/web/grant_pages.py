"""Leave given to one person: all that is in force, for the officer; what was given on one record, on a page of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.access.staff import Member, Staff, day_of
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.care import EVERY_USE, Use
from benhan.kernel.clock import VIETNAM
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Language
from benhan.node.access.emergency import Emergencies
from benhan.node.access.faults import BAD_GRANT, NO_SUCH_GRANT, NO_SUCH_PERSON
from benhan.node.access.grants import LONGEST, PURPOSE_WORDS, Grant, Grants, Purpose
from benhan.node.patients import Patients
from benhan.node.records.life import Records
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.record_paths import number_or
from benhan.web.sign_in import form_of
from benhan.web.words import say

GRANTED = tuple(each for each in EVERY_USE if each is not Use.WRITE)


class GrantPages:
    """What who gives grants sees."""

    def __init__(
        self, site: Site, staff: Staff, grants: Grants, emergencies: Emergencies, patients: Patients, records: Records
    ) -> None:
        self._site = site
        self._staff = staff
        self._grants = grants
        self._emergencies = emergencies
        self._patients = patients
        self._records = records

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/grants", self.listed),
            ("POST", "/grants", self.give),
            ("POST", "/patients/{id}/grants/{number}/revoke", self.revoke),
            ("GET", "/records/{id}/grants", self.of_record),
            ("POST", "/records/{id}/grants", self.give_record),
            ("POST", "/records/{id}/grants/{number}/revoke", self.revoke_of_record),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=Permission.ACCESS_GRANT)
            for method, path, handler in table
        ]

    # ── all that is in force ──

    async def listed(self, request: Request) -> Response:
        return await self._listed(request, None)

    async def give(self, request: Request) -> Response:
        """Give a grant; what is refused is told above the form, which keeps what was typed."""
        try:
            member, uses, purpose, ends = await self._asked(request)
            found = await self._emergencies.find_patient(form_of(request).get("patient", ""))
            await self._grants.grant(
                member.id, found.rid, uses, purpose, ends, actor_of(request), note=_note(request)
            )  # fmt: skip
        except Fault as fault:
            if fault.category not in ("incorrect", "not_found"):
                raise
            return await self._listed(request, fault)
        return RedirectResponse("/grants?given", 303)

    async def revoke(self, request: Request) -> Response:
        patient = self._emergencies.rid_of(id_of_path(request))
        await self._grants.revoke(number_or(request, NO_SUCH_GRANT()), patient, actor_of(request))
        return RedirectResponse("/grants", 303)

    async def _listed(self, request: Request, fault: Fault | None) -> Response:
        active = await self._grants.active()
        patients = await self._patients.lines({each.patient for each in active}, actor_of(request), page="grants")
        return await self._rendered(request, "grants.html", active, fault, patients=patients)

    # ── one record ──

    async def of_record(self, request: Request) -> Response:
        return await self._of_record(request, None)

    async def give_record(self, request: Request) -> Response:
        """Give a grant for this record, or for all there is of its patient."""
        record = (await self._records.admitted(id_of_path(request), actor_of(request))).record
        try:
            member, uses, purpose, ends = await self._asked(request)
            whole = form_of(request).get("of") == "patient"
            await self._grants.grant(
                member.id, record.patient, uses, purpose, ends, actor_of(request), record=0 if whole else record.rid,
                note=_note(request),
            )  # fmt: skip
        except Fault as fault:
            if fault.category not in ("incorrect", "not_found"):
                raise
            return await self._of_record(request, fault)
        return RedirectResponse(f"/records/{record.id}/grants?given", 303)

    async def revoke_of_record(self, request: Request) -> Response:
        record = (await self._records.admitted(id_of_path(request), actor_of(request))).record
        await self._grants.revoke(number_or(request, NO_SUCH_GRANT()), record.patient, actor_of(request))
        return RedirectResponse(f"/records/{record.id}/grants", 303)

    async def _of_record(self, request: Request, fault: Fault | None) -> Response:
        """What was given on a record, or on all there is of its patient: what is in force, and what has ended."""
        actor = actor_of(request)
        record = (await self._records.admitted(id_of_path(request), actor)).record
        given = [
            each for each in await self._grants.of_patient(record.patient, past=True) if each.record in (0, record.rid)
        ]
        now = self._grants.now()
        lines = await self._patients.lines({record.patient}, actor, page="grants")
        return await self._rendered(
            request,
            "record_grants.html",
            [each for each in given if each.revoked_at is None and each.until_at > now],
            fault,
            ended=[each for each in given if each.revoked_at is not None or each.until_at <= now],
            record=record,
            form_name=self._records.forms.by_key(record.form).name,
            patient=lines.get(record.patient),
        )

    # ── both ──

    async def _asked(self, request: Request) -> tuple[Member, Use, Purpose, datetime]:
        """Who shall be let do what, for which purpose, until when. Raises Incorrect BA-5311, NotFound BA-5319."""
        form = form_of(request)
        login = form.get("login", "").strip().casefold()
        member = next((each for each in await self._staff.listed() if each.login == login), None)
        if member is None:
            raise NO_SUCH_PERSON()
        purpose = next((each for each in Purpose if each.value == form.get("purpose")), None)
        until = day_of(form.get("until", ""))
        if purpose is None or until is None:
            raise BAD_GRANT(days=LONGEST.days)
        uses = Use.READ
        for each in GRANTED:
            uses |= each if form.get(f"use_{each.name}") else Use(0)
        return member, uses, purpose, datetime.combine(until + timedelta(days=1), time(), VIETNAM)

    async def _rendered(
        self, request: Request, template: str, active: list[Grant], fault: Fault | None, **more: object
    ) -> Response:
        ended = more.get("ended", [])
        assert isinstance(ended, list)
        everyone = [*active, *ended]
        language = language_of(request.scope)
        return render(
            request,
            self._site,
            template,
            status_of(fault) if fault is not None else 200,
            grants=active,
            names=await self._patients.names_of({f"account:{each.account}" for each in everyone}),
            given={each.id: _uses(each.uses, language) for each in everyone},
            people=sorted(await self._staff.listed(), key=lambda each: each.particulars.kind == "staff"),
            purposes=PURPOSE_WORDS,
            uses=[each for each in GRANTED if each is not Use.READ],
            form=form_of(request) if fault is not None else {},
            is_given="given" in request.query_params,
            fault=fault,
            text=fault.text.in_language(language) if fault is not None else "",
            **more,
        )


def _note(request: Request) -> str:
    return form_of(request).get("note", "")[:500]


def _uses(uses: Use, language: Language) -> str:
    return ", ".join(say(language, f"use.{str(each.name).lower()}") for each in EVERY_USE if uses & each)
